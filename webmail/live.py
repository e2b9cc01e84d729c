"""Live pages: one stream of server-sent events a page, a task and a queue of a few numbers each, no thread.

The stream says which mailboxes changed; the page asks for what it shows. Nothing of a letter goes over it.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, Final

from webmail.security import session_cookie_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from concurrent.futures import Executor

    from webmail.ports import Viewer, WebServices

    Scope = dict[str, Any]
    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

BEAT_SECONDS: Final = 25
"""A comment now and then, so that proxies keep the connection and the dead are noticed."""
LIFE_SECONDS: Final = 900
"""Then the page connects anew, and is asked again who it is and what it may see."""
GATHER_SECONDS: Final = 0.05
MAX_STREAMS: Final = 20_000
MAX_STREAMS_OF_ONE: Final = 60
RETRY: Final = b"retry: 2000\n\n"


class Stream:
    """One open page."""

    __slots__ = ("account_id", "accounts", "mailboxes", "woken")

    def __init__(self, account_id: int, accounts: frozenset[int]) -> None:
        self.account_id = account_id
        self.accounts = accounts
        self.mailboxes: set[tuple[int, int]] = set()
        self.woken = asyncio.Event()

    def take(self) -> bytes:
        """The event for what changed since the last one."""
        changed, self.mailboxes = self.mailboxes, set()
        self.woken.clear()
        news = {
            "accounts": sorted({account for account, _ in changed}),
            "mailboxes": sorted({mailbox for _, mailbox in changed if mailbox}),
        }
        return b"event: changed\ndata: " + json.dumps(news, separators=(",", ":")).encode() + b"\n\n"


class Live:
    """The ASGI application behind `/live`."""

    def __init__(self, services: WebServices, executor: Executor) -> None:
        self._services = services
        self._executor = executor
        self._cookie = session_cookie_name(services.options)
        self._by_account: defaultdict[int, set[Stream]] = defaultdict(set)
        self._count = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: Callable[[], None] | None = None

    def start(self) -> None:
        """Listen for changes; call it on the event loop."""
        if self._end is None:
            self._loop = asyncio.get_running_loop()
            self._end = self._services.watching.watch(self._changed)

    def stop(self) -> None:
        """Let all streams end."""
        if self._end is not None:
            self._end()
            self._end = None
        for streams in self._by_account.values():
            for stream in streams:
                stream.accounts = frozenset()
                stream.woken.set()

    def _changed(self, account_id: int, mailbox_id: int) -> None:
        """Called from another thread after each commit."""
        if self._loop is not None and account_id in self._by_account:
            self._loop.call_soon_threadsafe(self._spread, account_id, mailbox_id)

    def _spread(self, account_id: int, mailbox_id: int) -> None:
        for stream in self._by_account.get(account_id, ()):
            stream.mailboxes.add((account_id, mailbox_id))
            stream.woken.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request with a stream, until the page goes."""
        self.start()
        found = await asyncio.get_running_loop().run_in_executor(self._executor, self._who, scope)
        if found is None:
            await _refuse(send, 204)  # tells an EventSource not to try again
            return
        viewer, accounts = found
        own = sum(
            stream.account_id == viewer.account_id for stream in self._by_account.get(viewer.account_id, ())
        )
        if self._count >= MAX_STREAMS or own >= MAX_STREAMS_OF_ONE:
            await _refuse(send, 503)
            return
        stream = Stream(viewer.account_id, frozenset(accounts))
        self._add(stream)
        try:
            await self._serve(stream, receive, send)
        finally:
            self._remove(stream)

    async def _serve(self, stream: Stream, receive: Receive, send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": RETRY, "more_body": True})
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            ends = asyncio.get_running_loop().time() + LIFE_SECONDS
            while not gone.done() and stream.accounts and asyncio.get_running_loop().time() < ends:
                try:
                    async with asyncio.timeout(BEAT_SECONDS):
                        await _first_of(gone, stream.woken)
                except TimeoutError:
                    await send({"type": "http.response.body", "body": b": beat\n\n", "more_body": True})
                    continue
                if gone.done() or not stream.accounts:
                    break
                await asyncio.sleep(GATHER_SECONDS)  # a burst of deliveries is one event
                await send({"type": "http.response.body", "body": stream.take(), "more_body": True})
            if not gone.done():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()

    def _who(self, scope: Scope) -> tuple[Viewer, Iterable[int]] | None:
        secret = _cookie(scope, self._cookie)
        session = self._services.accounts.session(secret) if secret else None
        if session is None or session.viewer.must_change_password:
            return None
        return session.viewer, self._services.watching.accounts_of(session.viewer)

    def _add(self, stream: Stream) -> None:
        self._count += 1
        for account_id in stream.accounts | {stream.account_id}:
            self._by_account[account_id].add(stream)

    def _remove(self, stream: Stream) -> None:
        self._count -= 1
        for account_id in list(self._by_account):
            self._by_account[account_id].discard(stream)
            if not self._by_account[account_id]:
                del self._by_account[account_id]


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first_of(gone: asyncio.Future[Any], woken: asyncio.Event) -> None:
    waiting: asyncio.Future[Any] = asyncio.ensure_future(woken.wait())
    try:
        await asyncio.wait((gone, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


async def _refuse(send: Send, status: int) -> None:
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"cache-control", b"no-store")]}
    )
    await send({"type": "http.response.body", "body": b""})


def _cookie(scope: Scope, name: str) -> str:
    for key, value in scope["headers"]:
        if key == b"cookie" and len(value) < 8_000:
            try:
                found = SimpleCookie(value.decode("latin-1")).get(name)
            except CookieError:
                return ""
            return found.value if found else ""
    return ""
