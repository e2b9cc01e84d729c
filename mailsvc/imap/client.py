"""A client of another IMAP server, for moving mailboxes from there (RFC 3501 and RFC 9051 servers alike).

It is aioimaplib's, with what that leaves open: a lost connection ends what waits for it; answers stay small, since it
takes a stack frame for each line; names and answers are read by the grammar and not by eye.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

import aioimaplib

from mailsvc.imap.wire.utf7 import MailboxNameError, decode_mailbox

if TYPE_CHECKING:
    import ssl
    from collections.abc import Coroutine, Iterator, Sequence
    from types import TracebackType

SECONDS = 120.0
"""For one answer, however long a letter is on its way."""
LINES = 150
"""Letters asked for at once: aioimaplib takes a stack frame for each line."""
_LIST = re.compile(
    rb'\A\((?P<attributes>[^)]*)\) (?:"(?P<separator>\\?.)"|NIL) (?P<name>.*)\Z', re.DOTALL | re.IGNORECASE
)
_LITERAL = re.compile(rb"\{\d+\+?\}\Z")
_STATUS = re.compile(rb"\((?P<items>[^()]*)\)\Z")
_NEW_ITEM = re.compile(rb"\d+ FETCH \(", re.IGNORECASE)
_UID = re.compile(rb"\bUID (\d+)", re.IGNORECASE)
_FLAGS = re.compile(rb"\bFLAGS \(([^)]*)\)", re.IGNORECASE)
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)", re.IGNORECASE)
_DATE = re.compile(rb'\bINTERNALDATE "([^"]*)"', re.IGNORECASE)


class OldServerError(Exception):
    """The old server refused something, or was lost; the text says what it said."""


class ConnectionLost(OldServerError):
    """It may be tried again."""


@dataclass(frozen=True, slots=True)
class RemoteMailbox:
    """A mailbox there."""

    wire_name: bytes
    """As the server spells it."""
    levels: tuple[str, ...]
    attributes: frozenset[str]
    """In lower case: `\\sent`, `\\noselect` (RFC 6154 §2, RFC 3501 §7.2.2)."""


@dataclass(frozen=True, slots=True)
class RemoteFlags:
    """A letter there, not opened."""

    uid: int
    flags: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True)
class RemoteLetter:
    """A letter from there."""

    uid: int
    flags: tuple[str, ...]
    internal_date: int | None
    octets: bytes


class OldServer:
    """One connection, signed in as one user; `async with`."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, seconds: float = SECONDS) -> None:
        self._host, self._port, self._tls, self._seconds = host, port, tls, seconds
        self._client: Any = None
        self._lost: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        """Connect."""
        self._lost = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._seconds):
                _, writer = await asyncio.open_connection(
                    self._host, self._port
                )  # aioimaplib waits for refused ones
                writer.close()
            self._client = (
                aioimaplib.IMAP4(
                    self._host,
                    self._port,
                    timeout=self._seconds,
                    conn_lost_cb=self._note_loss,
                    ssl_context=self._tls,
                )
                if self._tls is None
                else _WithTls(self._host, self._port, self._seconds, self._note_loss, self._tls)
            )
            await self._do(self._client.wait_hello_from_server())
        except (OSError, TimeoutError) as error:
            raise ConnectionLost(
                f"{self._host}:{self._port}: {str(error) or type(error).__name__}"
            ) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Sign out if that is still possible."""
        if self._lost is not None and not self._lost.done():
            with contextlib.suppress(OldServerError):
                async with asyncio.timeout(5):
                    await self._do(self._client.logout())
        transport = getattr(self._client.protocol, "transport", None)
        if transport is not None:
            transport.close()

    def _note_loss(self, _error: Exception | None) -> None:
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(None)

    async def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """An answer, or the loss of the connection, whichever comes first."""
        assert self._lost is not None
        task = asyncio.ensure_future(work)
        try:
            done, _ = await asyncio.wait(
                {task, self._lost}, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if task not in done:
                raise ConnectionLost(f"{self._host}: mất kết nối / the connection was lost")
            return task.result()
        except (aioimaplib.AioImapException, TimeoutError) as error:
            raise ConnectionLost(f"{self._host}: {str(error) or type(error).__name__}") from error
        finally:
            task.cancel()

    async def _ask(self, work: Coroutine[Any, Any, Any], what: str) -> list[bytes | bytearray]:
        answer = await self._do(work)
        if answer.result != "OK":
            said = b" ".join(bytes(line) for line in answer.lines[-1:]).decode("utf-8", "replace")
            raise OldServerError(f"{what}: {answer.result} {said}")
        lines: list[bytes | bytearray] = answer.lines
        return lines

    async def login(self, user: str, password: str) -> None:
        """Sign in (RFC 3501 §6.2.3)."""
        await self._ask(self._client.login(user, password), f"LOGIN {user}")

    async def mailboxes(self) -> list[RemoteMailbox]:
        """All mailboxes of the user (RFC 3501 §6.3.8)."""
        lines = await self._ask(self._client.list('""', '"*"'), "LIST")
        found = []
        for line, literal in _with_literals(lines):
            match = _LIST.match(line)
            if match is not None:
                found.append(_mailbox(match, literal))
        return found

    async def examine(self, mailbox: RemoteMailbox) -> tuple[int, list[int]]:
        """Open a mailbox for reading: its UIDVALIDITY and all UIDs in it."""
        quoted = _quoted(mailbox.wire_name)
        lines = await self._ask(self._client.status(quoted, "(UIDVALIDITY)"), f"STATUS {quoted}")
        validity = 0
        for line in lines:
            match = _STATUS.search(bytes(line).rstrip())
            if match is not None and match["items"].upper().startswith(b"UIDVALIDITY "):
                validity = int(match["items"].split()[1])
        if not validity:
            raise OldServerError(f"STATUS {quoted}: không có UIDVALIDITY / no UIDVALIDITY")
        await self._ask(self._client.examine(quoted), f"EXAMINE {quoted}")
        self._client.protocol.state = aioimaplib.SELECTED  # which aioimaplib thinks only SELECT leads to
        lines = await self._ask(self._client.uid_search("ALL", charset=None), "UID SEARCH")
        words = b" ".join(bytes(line) for line in lines[:-1]).split()
        return validity, sorted({int(word) for word in words if word.isdigit()})

    async def flags(self, uids: Sequence[int]) -> list[RemoteFlags]:
        """Flags and sizes of letters of the open mailbox."""
        found = []
        for start in range(0, len(uids), LINES):
            some = _uid_set(uids[start : start + LINES])
            lines = await self._ask(self._client.uid("fetch", some, "(UID FLAGS RFC822.SIZE)"), "FETCH FLAGS")
            for text, _ in _items(lines):
                uid, size = _UID.search(text), _SIZE.search(text)
                if uid is not None:
                    found.append(RemoteFlags(int(uid[1]), _flags(text), int(size[1]) if size else 0))
        return found

    async def letters(self, uids: Sequence[int]) -> list[RemoteLetter]:
        """Letters of the open mailbox, whole; those that went meanwhile are left out. At most LINES at once."""
        asked = "(UID FLAGS INTERNALDATE BODY.PEEK[])"
        lines = await self._ask(self._client.uid("fetch", _uid_set(uids), asked), "FETCH BODY")
        wanted, found = set(uids), []
        for text, octets in _items(lines):
            uid = _UID.search(text)
            if uid is not None and octets is not None and int(uid[1]) in wanted:
                found.append(RemoteLetter(int(uid[1]), _flags(text), _date(text), octets))
        return found


class _WithTls(aioimaplib.IMAP4_SSL):  # type: ignore[misc]
    """aioimaplib's TLS client takes no callback for a lost connection, though its base does."""

    def __init__(self, host: str, port: int, seconds: float, lost: Any, tls: ssl.SSLContext) -> None:
        aioimaplib.IMAP4.__init__(self, host, port, None, seconds, lost, tls)


def _with_literals(lines: Sequence[bytes | bytearray]) -> Iterator[tuple[bytes, bytes | None]]:
    """Lines, each with the literal that it ends in (RFC 3501 §4.3)."""
    position = 0
    while position < len(lines):
        line = bytes(lines[position])
        position += 1
        literal = None
        if _LITERAL.search(line) and position < len(lines):
            literal = bytes(lines[position])
            position += 1
        yield line, literal


def _items(lines: Sequence[bytes | bytearray]) -> Iterator[tuple[bytes, bytes | None]]:
    """Each FETCH answer: its text without literals, and the literal of BODY[]."""
    text, octets = b"", None
    for line in lines:
        if isinstance(line, bytearray):
            if text.rstrip().upper().rpartition(b" ")[0].endswith(b"BODY[]"):
                octets = bytes(line)
            continue
        if _NEW_ITEM.match(line):
            if text:
                yield text, octets
            text, octets = line, None
        elif text:
            text += b" " + line
    if text:
        yield text, octets


def _flags(text: bytes) -> tuple[str, ...]:
    match = _FLAGS.search(text)
    return tuple(match[1].decode("utf-8", "replace").split()) if match else ()


def _date(text: bytes) -> int | None:
    match = _DATE.search(text)
    if match is None:
        return None
    try:
        return int(datetime.strptime(match[1].decode().strip(), "%d-%b-%Y %H:%M:%S %z").timestamp())
    except ValueError:
        return None


def _mailbox(match: re.Match[bytes], literal: bytes | None) -> RemoteMailbox:
    name = literal
    if name is None:
        name = match["name"].strip()
        if name.startswith(b'"'):
            name = re.sub(rb"\\(.)", rb"\1", name[1:-1])
    try:
        text = decode_mailbox(name)
    except (MailboxNameError, UnicodeDecodeError):
        text = name.decode("utf-8", "replace")
    separator = (match["separator"] or b"")[-1:].decode()
    attributes = frozenset(match["attributes"].decode("utf-8", "replace").lower().split())
    levels = tuple(text.split(separator)) if separator else (text,)
    return RemoteMailbox(name, tuple(level for level in levels if level), attributes)


def _quoted(name: bytes) -> str:
    return '"' + name.decode("latin-1").replace("\\", "\\\\").replace('"', '\\"') + '"'


def _uid_set(uids: Sequence[int]) -> str:
    """UIDs as a set in few words (RFC 3501 §9, sequence-set); never more than these."""
    ordered, parts = sorted(uids), []
    start = 0
    for end in range(1, len(ordered) + 1):
        if end == len(ordered) or ordered[end] != ordered[end - 1] + 1:
            first, last = ordered[start], ordered[end - 1]
            parts.append(str(first) if first == last else f"{first}:{last}")
            start = end
    return ",".join(parts)
