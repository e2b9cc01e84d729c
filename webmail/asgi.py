"""One ASGI application: `/live` to the streams, all else to Flask in a bounded pool of threads."""

from __future__ import annotations

import asyncio
import io
import tempfile
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from concurrent.futures import Executor
    from typing import IO

    from flask import Flask

    from webmail.live import Live

    Scope = dict[str, Any]
    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

IN_MEMORY: Final = 256 * 1024
"""Larger request bodies wait on disk."""
STRANGERS_BODY: Final = 64 * 1024
PROGRAMS_BODY: Final = 16 * 1024 * 1024
WAITING: Final = 200
"""Requests that wait for a thread; past that they are told to come again."""


class WebApp:
    """Pages and streams behind one listener."""

    def __init__(self, flask: Flask, live: Live, executor: Executor, max_body: int) -> None:
        self._flask = flask
        self._live = live
        self._executor = executor
        self._max_body = max_body
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"] == "/live" and scope["method"] == "GET":
            await self._live(scope, receive, send)
        elif scope["type"] == "http":
            await self._page(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                self._live.start()
                await send({"type": "lifespan.startup.complete"})
            elif event["type"] == "lifespan.shutdown":
                self._live.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._waiting >= WAITING:
            await _plain(send, 503)
            return
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            length = await self._read(receive, body, self._limit(scope))
            if length is None:
                await _plain(send, 413)
                return
            self._waiting += 1
            try:
                loop = asyncio.get_running_loop()
                status, headers, content = await loop.run_in_executor(
                    self._executor, self._answer, scope, body, length
                )
            finally:
                self._waiting -= 1
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _limit(self, scope: Scope) -> int:
        """Strangers post a sign-in form and nothing larger; programs with a token or a password a roster at most."""
        for name, value in scope["headers"]:
            if name == b"cookie" and b"congvu=" in value:
                return self._max_body
            if name == b"authorization" and value[:7].lower().startswith((b"bearer ", b"basic ")):
                return PROGRAMS_BODY
        return STRANGERS_BODY

    @staticmethod
    async def _read(receive: Receive, body: IO[bytes], limit: int) -> int | None:
        """Take the request's body; None when it is larger than any form of ours."""
        length = 0
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                return None
            length += len(event.get("body", b""))
            if length > limit:
                return None
            body.write(event.get("body", b""))
            if not event.get("more_body"):
                body.seek(0)
                return length

    def _answer(
        self, scope: Scope, body: IO[bytes], length: int
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Run Flask on one request, in a thread (PEP 3333)."""
        said: dict[str, Any] = {}

        def start_response(
            status: str, headers: list[tuple[str, str]], _exc_info: object = None
        ) -> Callable[..., Any]:
            said["status"] = int(status.split(" ", 1)[0])
            said["headers"] = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            return io.BytesIO().write

        result: Iterable[bytes] = self._flask.wsgi_app(environ_of(scope, body, length), start_response)
        try:
            content = b"".join(result)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()
        return said["status"], said["headers"], content


def environ_of(scope: Scope, body: IO[bytes], length: int) -> dict[str, Any]:
    """The request as WSGI has it (PEP 3333). Header names with an underscore are dropped: they could pose as others."""
    server = scope.get("server") or ("localhost", 80)
    path = unquote_to_bytes(scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape"))
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": str((scope.get("client") or ("",))[0]),
        "CONTENT_LENGTH": str(length),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").upper()
        value = raw_value.decode("latin-1")
        if "_" in name or name == "CONTENT-LENGTH":
            continue
        key = "CONTENT_TYPE" if name == "CONTENT-TYPE" else f"HTTP_{name.replace('-', '_')}"
        if key in environ and key != "CONTENT_TYPE":
            value = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"
        environ[key] = value
    return environ


async def _plain(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0"), (b"retry-after", b"2")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
