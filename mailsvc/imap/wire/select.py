"""SELECT and EXAMINE (RFC 3501 §6.3.1, §6.3.2; CONDSTORE and QRESYNC as RFC 7162 §3.1.8, §3.2.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError
from mailsvc.imap.wire.sequence import SAVED, STAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.imap.wire.grammar import Cursor
    from mailsvc.imap.wire.sequence import SequenceSet


@dataclass(frozen=True, slots=True)
class Resync:
    """What the client knew when it left (RFC 7162 §3.2.5)."""

    uid_validity: int
    mod_seq: int
    uids: SequenceSet | None
    """The UIDs it knows; None for all that there may be."""
    matches: tuple[SequenceSet, SequenceSet] | None
    """Some message numbers, and the UIDs they had (RFC 7162 §3.2.5.2)."""


@dataclass(frozen=True, slots=True)
class Select(Command):
    """Open a mailbox, to change it or only to read."""

    mailbox: str
    read_only: bool
    """EXAMINE."""
    condstore: bool
    resync: Resync | None = None
    written: str = field(default="", compare=False)
    """The name as the client wrote it, which need not be normal (RFC 9051 §6.3.2)."""


def parse_select(*, read_only: bool) -> Callable[[bytes, Cursor], Select]:
    """The parser of SELECT or of EXAMINE."""

    def parse(tag: bytes, cursor: Cursor) -> Select:
        cursor.space()
        mailbox, written = cursor.written_mailbox()
        parameters: tuple[Resync | None, ...] = ()
        if cursor.skip(b" "):
            parameters = cursor.list_of(lambda: _parameter(cursor))
        resyncs = [one for one in parameters if one is not None]
        if len(resyncs) > 1:
            raise MalformedError("QRESYNC may be said once")
        resync = resyncs[0] if resyncs else None
        return Select(tag, mailbox, read_only, bool(parameters), resync, written)

    return parse


def _parameter(cursor: Cursor) -> Resync | None:
    """CONDSTORE, which is None, or QRESYNC SP ( … ) (RFC 7162 §7)."""
    word = cursor.keyword()
    if word == b"CONDSTORE":
        return None
    if word != b"QRESYNC":
        raise MalformedError("Unknown parameter")
    cursor.space()
    cursor.expect(b"(")
    uid_validity = cursor.number()
    cursor.space()
    mod_seq = cursor.number64()
    uids: SequenceSet | None = None
    matches: tuple[SequenceSet, SequenceSet] | None = None
    if not mod_seq or not uid_validity:
        raise MalformedError("Not a mod-sequence or UIDVALIDITY")
    while cursor.skip(b" "):
        if matches is not None or (uids is not None and cursor.peek() != b"("):
            raise MalformedError("Too many arguments of QRESYNC")
        if cursor.skip(b"("):
            numbers = _numbers(cursor)
            cursor.space()
            matches = (numbers, _numbers(cursor))
            cursor.expect(b")")
        else:
            uids = _numbers(cursor)
    cursor.expect(b")")
    return Resync(uid_validity, mod_seq, uids, matches)


def _numbers(cursor: Cursor) -> SequenceSet:
    numbers = cursor.sequence_set()
    if numbers == SAVED or any(STAR in pair for pair in numbers):
        raise MalformedError("Neither * nor $ is known yet")  # RFC 7162 §7, known-uids
    return numbers
