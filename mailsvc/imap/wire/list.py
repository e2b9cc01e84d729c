"""LIST and LSUB (RFC 3501 §6.3.8, §6.3.9; RFC 5258 and RFC 6154 for options)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError
from mailsvc.imap.wire.status import StatusItem, status_item

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor

SELECTION_OPTIONS = frozenset({"SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"})
RETURN_OPTIONS = frozenset({"SUBSCRIBED", "CHILDREN", "SPECIAL-USE", "MYRIGHTS"})


@dataclass(frozen=True, slots=True)
class ListMailboxes(Command):
    """Which mailboxes match."""

    reference: str
    patterns: tuple[str, ...]
    selection: frozenset[str]
    returning: frozenset[str]
    status: tuple[StatusItem, ...]
    """RFC 5819: STATUS of each, in the same answer."""
    extended: bool
    """Any option or several patterns were written (RFC 5258 §3)."""


@dataclass(frozen=True, slots=True)
class ListSubscribed(Command):
    """LSUB."""

    reference: str
    pattern: str


def parse_list(tag: bytes, cursor: Cursor) -> ListMailboxes:
    """LIST in its short form and in that of RFC 5258 §6."""
    cursor.space()
    selection: frozenset[str] = frozenset()
    extended = False
    if cursor.skip(b"("):
        extended = True
        words = () if cursor.skip(b")") else cursor.rest_of_list(lambda: _option(cursor, SELECTION_OPTIONS))
        selection = frozenset(words)
        if "RECURSIVEMATCH" in selection and "SUBSCRIBED" not in selection:
            raise MalformedError("RECURSIVEMATCH needs SUBSCRIBED")  # RFC 5258 §6, list-select-base-opt
        cursor.space()
    reference = cursor.mailbox()
    cursor.space()
    if cursor.skip(b"("):
        extended = True
        patterns = cursor.rest_of_list(cursor.list_pattern)
    else:
        patterns = (cursor.list_pattern(),)
    returning: set[str] = set()
    status: tuple[StatusItem, ...] = ()
    if cursor.skip(b" "):
        extended = True
        if cursor.keyword() != b"RETURN":
            raise MalformedError("Expected RETURN")
        cursor.space()
        cursor.expect(b"(")
        while not cursor.skip(b")"):
            if returning or status:
                cursor.space()
            word = _option(cursor, RETURN_OPTIONS | {"STATUS"})
            if word == "STATUS":
                cursor.space()
                status = cursor.list_of(lambda: status_item(cursor))
            else:
                returning.add(word)
    return ListMailboxes(tag, reference, patterns, selection, frozenset(returning), status, extended)


def parse_lsub(tag: bytes, cursor: Cursor) -> ListSubscribed:
    """LSUB SP reference SP pattern."""
    cursor.space()
    reference = cursor.mailbox()
    cursor.space()
    return ListSubscribed(tag, reference, cursor.list_pattern())


def _option(cursor: Cursor, known: frozenset[str]) -> str:
    word = cursor.keyword().decode("ascii")
    if word not in known:
        raise MalformedError(f"Unknown LIST option {word}")
    return word
