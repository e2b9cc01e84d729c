"""Does a listener answer as its protocol says: asked from outside, as a client would."""

from __future__ import annotations

import asyncio
import ssl

import aioimaplib

from config.settings import host_port

SECONDS = 10
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - asked by way of loopback


def _target(listen: str) -> tuple[str, int]:
    host, port = host_port(listen)
    return _ANYWHERE.get(host, host), port


def _trusting() -> ssl.SSLContext:
    """Whether the certificate is a good one is another check's business."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def greeting(listen: str, expected: bytes, *, tls: bool = False) -> str:
    """What is wrong with a listener whose server speaks first (SMTP, LMTP); empty when it answers."""
    host, port = _target(listen)
    try:
        async with asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_connection(host, port, ssl=_trusting() if tls else None)
            line = await reader.readline()
            writer.write(b"QUIT\r\n")
            await reader.read()
            writer.close()
    except (OSError, TimeoutError, ValueError) as error:
        return str(error) or type(error).__name__
    return "" if line.startswith(expected) else line.decode("utf-8", "replace").strip() or "?"


async def imap(listen: str, *, tls: bool = False) -> str:
    """What is wrong with an IMAP listener: greeting, CAPABILITY and LOGOUT as RFC 9051 §7.1, §7.2.2 say."""
    host, port = _target(listen)
    try:
        async with asyncio.timeout(SECONDS):
            _, writer = await asyncio.open_connection(host, port)  # aioimaplib would wait for a refused one
            writer.close()
            if tls:
                client = aioimaplib.IMAP4_SSL(host, port, timeout=SECONDS, ssl_context=_trusting())
            else:
                client = aioimaplib.IMAP4(host, port, timeout=SECONDS)
            await client.wait_hello_from_server()
            speaks = client.has_capability("IMAP4rev1") or client.has_capability("IMAP4rev2")
            await client.logout()
    except (OSError, TimeoutError, ValueError, aioimaplib.AioImapException) as error:
        return str(error) or type(error).__name__
    return "" if speaks else "CAPABILITY?"


async def web(listen: str) -> str:
    """What is wrong with the page."""
    host, port = _target(listen)
    try:
        async with asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
            status = (await reader.readline()).split()
            writer.close()
    except (OSError, TimeoutError, ValueError) as error:
        return str(error) or type(error).__name__
    return "" if len(status) > 1 and status[1][:1] in {b"2", b"3"} else b" ".join(status).decode("latin-1")
