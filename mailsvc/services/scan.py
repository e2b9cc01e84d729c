"""Letters looked through one by one for a substring (RFC 9051 §6.4.4); what was read is kept for the next search."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING

from mailsvc.mime.charsets import guess
from mailsvc.mime.encoded_word import decode_words
from mailsvc.mime.parse import parse
from mailsvc.mime.section import header_fields
from mailsvc.mime.text import searchable_text
from mailsvc.model.ids import MessageId, Uid
from mailsvc.services import letters
from search.fold import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mailsvc.services.permissions import Place
    from mailsvc.storage.unit_of_work import Reader

    Fold = Callable[[str], str]

MAX_SCANNED_TEXT = 1_000_000
KEPT_OCTETS = 24 << 20
"""Octets that kept texts may take together, two a character."""
SMALL = 16_000
"""Characters of a text that is worth keeping."""
SPREAD = 4
"""Rows read for one that is wanted: a range is one query, and cheaper up to here."""

_COST = 250
"""Octets that a kept text takes besides its characters."""
_FIELD_NAME = re.compile(rb"^[^\s:]+[ \t]*:", re.MULTILINE)
_BODY, _HEADER = "body", "header"


class Texts:
    """Folded texts of the letters that were looked through last; one object a store, for one thread at a time."""

    __slots__ = ("_kept", "_left", "_room")

    def __init__(self, room: int = KEPT_OCTETS) -> None:
        self._kept: OrderedDict[tuple[MessageId, str, bool], str | None] = OrderedDict()
        self._room = self._left = room

    def of(self, message: MessageId, what: str, folded: Fold, read: Callable[[], str | None]) -> str | None:
        """The text as `folded` makes it; `read` gives it where it is not known, None if the letter has none."""
        key = (message, what, folded is fold)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        text = read()
        if text is not None:
            text = folded(text)
            if len(text) > SMALL:
                return text
        self._kept[key] = text
        self._left -= _size(text)
        while self._left < 0:
            self._left += _size(self._kept.popitem(last=False)[1])
        return text


def _size(text: str | None) -> int:
    return _COST + 2 * len(text or "")


def containing(
    db: Reader, place: Place, uids: Sequence[Uid], field: str, wanted: str, folded: Fold, texts: Texts
) -> set[Uid]:
    """UIDs among `uids`, which ascend, whose field holds what is wanted when it is folded likewise.

    Fields: body, text, or the name of a header field; with nothing wanted of a field, those that have it.
    """
    rows = _rows(db, place, uids)
    if field in {"body", "text"}:
        found = {uid for uid, message, _ in rows if wanted in _body(db, texts, message, folded)}
        if field == "text":
            found |= {
                uid for uid, message, trace in rows if wanted in _whole(db, texts, message, trace, folded)
            }
        return found
    name = field.encode("ascii", "replace")
    return {
        uid
        for uid, message, trace in rows
        if any(wanted in text for text in _fields(db, texts, message, trace, name, folded))
    }


def _rows(db: Reader, place: Place, uids: Sequence[Uid]) -> list[tuple[Uid, MessageId, bytes]]:
    """UID, letter and trace of those that are still there; UIDs near each other come with one query."""
    found: list[tuple[Uid, MessageId, bytes]] = []
    for part in _near(uids):
        there = frozenset(part)
        rows = letters.columns(db, place, part[0], part[-1], ("message_id", "trace"))
        found += [
            (Uid(uid), MessageId(message), bytes(trace)) for uid, message, trace in rows if uid in there
        ]
    return found


def _near(uids: Sequence[Uid]) -> Iterator[Sequence[Uid]]:
    start = 0
    for index in range(1, len(uids) + 1):
        if index == len(uids) or uids[index] - uids[start] > SPREAD * (index - start + 1):
            yield uids[start:index]
            start = index


def _body(db: Reader, texts: Texts, message: MessageId, folded: Fold) -> str:
    def read() -> str:
        content = letters.content(db, message)
        return searchable_text(content, parse(content), MAX_SCANNED_TEXT)

    return texts.of(message, _BODY, folded, read) or ""


def _whole(db: Reader, texts: Texts, message: MessageId, trace: bytes, folded: Fold) -> str:
    """The header, with the lines that delivery put before it."""

    def read() -> str:
        return readable(letters.content_header(db, message))

    sent = texts.of(message, _HEADER, folded, read) or ""
    return folded(readable(trace)) + sent if trace else sent


def _fields(
    db: Reader, texts: Texts, message: MessageId, trace: bytes, name: bytes, folded: Fold
) -> Iterator[str]:
    """The texts of a field, as far as there are any: of the content, and of what delivery put before it."""
    kept = texts.of(
        message, name.decode("ascii") + ":", folded, lambda: _field(letters.content_header(db, message), name)
    )
    if kept is not None:
        yield kept
    before = _field(trace, name) if name.lower() in trace.lower() else None
    if before is not None:
        yield folded(before)


def _field(header: bytes, name: bytes) -> str | None:
    fields = header_fields(header, (name,))
    return decode_words(_FIELD_NAME.sub(b"", fields)) if fields.strip() else None


def readable(header: bytes) -> str:
    """A header as SEARCH looks through it: decoded, its field names with it."""
    return decode_words(header) if b"=?" in header else guess(header)
