"""One HTTPS request from a thread, with one deadline for all of it, a bound on the answer and no redirects."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

MAX_ANSWER: Final = 512 * 1024


class FetchError(Exception):
    """The other side did not answer as it should."""


def fetch_json(
    url: str,
    *,
    seconds: float,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
) -> tuple[int, dict[str, Any]]:
    """The status and the JSON object behind a URL. https only, but for loopback; FetchError in all other cases."""
    parts = urlsplit(url)
    if not parts.hostname or (
        parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname))
    ):
        raise FetchError("https only")
    ends_at = time.monotonic() + seconds
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = tls or ssl.create_default_context()
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=seconds, context=context)
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds)
    try:
        target = parts.path or "/"
        connection.request(
            "GET" if body is None else "POST",
            f"{target}?{parts.query}" if parts.query else target,
            body=body,
            headers={"Accept": "application/json", **(headers or {})},
        )
        answer = connection.getresponse()
        return answer.status, _object(_read(answer, connection.sock, ends_at))
    except (OSError, http.client.HTTPException) as error:
        raise FetchError(type(error).__name__) from error
    finally:
        connection.close()


def _read(answer: http.client.HTTPResponse, sock: socket.socket | None, ends_at: float) -> bytes:
    """However slowly it trickles in: not past the deadline, and not more than the bound."""
    octets = bytearray()
    while True:
        left = ends_at - time.monotonic()
        if left <= 0:
            raise FetchError("too slow")
        if sock is not None and sock.fileno() >= 0:
            sock.settimeout(left)
        piece = answer.read1(65_536)
        if not piece:
            return bytes(octets)
        octets += piece
        if len(octets) > MAX_ANSWER:
            raise FetchError("too much")


def _object(octets: bytes) -> dict[str, Any]:
    try:
        found = json.loads(octets)
    except ValueError:
        raise FetchError("no JSON") from None
    if not isinstance(found, dict):
        raise FetchError("no JSON object")
    return found


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: TLS is not asked for there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
