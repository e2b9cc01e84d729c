"""One small document over HTTPS from a server that must be who it says; nothing of it is believed before that."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from mailsvc.net.resolver import Answer

if TYPE_CHECKING:
    import ssl

    from mailsvc.net.resolver import Resolver

MAX_OCTETS = 64 * 1024
_MAX_ADDRESSES = 4


class FetchError(Exception):
    """There is no such document, or nobody to trust for it; the text says why."""


@dataclass(frozen=True, slots=True)
class HttpsClient:
    """How documents are fetched. By default only from addresses of the open internet: names lead where others wish."""

    resolver: Resolver
    context: ssl.SSLContext
    port: int = 443
    seconds: float = 20.0
    private_too: bool = False

    async def get(self, host: str, path: str, media_type: str) -> bytes:
        """The body of a 200 reply of that type; no redirect is followed (RFC 8461 §3.3). Raises FetchError."""
        try:
            async with asyncio.timeout(self.seconds):
                octets = await self._ask(host, path)
        except (OSError, TimeoutError, EOFError, ValueError) as error:
            raise FetchError(str(error) or type(error).__name__) from error
        head, blank, body = octets.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        if not blank or lines[0].split(" ")[1:2] != ["200"]:
            raise FetchError(f"HTTP: {lines[0][:80]}")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (one.partition(":") for one in lines[1:])
        }
        if headers.get("content-type", "").partition(";")[0].strip().lower() != media_type:
            raise FetchError("Content-Type is not " + media_type)
        length = headers.get("content-length")
        if length is not None and length != str(len(body)):
            raise FetchError("the document is cut off")
        return body

    async def _ask(self, host: str, path: str) -> bytes:
        reader, writer = await self._connect(host)
        try:
            # HTTP/1.0: one reply, ended by the end of the connection, never in chunks (RFC 1945 §7.2.2).
            writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: text/plain\r\n\r\n".encode("ascii"))
            octets = b""
            while more := await reader.read(16 * 1024):
                octets += more
                if len(octets) > MAX_OCTETS:
                    raise ValueError("the document is too large")
            return octets
        finally:
            writer.close()

    async def _connect(self, host: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        addresses: list[str] = []
        for found in (await self.resolver.a(host), await self.resolver.aaaa(host)):
            if isinstance(found, Answer):
                addresses += found.records
        allowed = [one for one in addresses if self.private_too or ip_address(one).is_global]
        trouble = OSError(f"{host} has no address")
        for address in allowed[:_MAX_ADDRESSES]:
            try:
                return await asyncio.open_connection(
                    address, self.port, ssl=self.context, server_hostname=host
                )
            except OSError as error:
                trouble = error
        raise trouble
