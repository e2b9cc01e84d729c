"""FETCH replies as octets (RFC 3501 §7.4.2), joined from columns of ready-made ones.

Nothing is formatted per letter that could be made before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailsvc.imap.handlers import object_ids
from mailsvc.imap.handlers.sections import Octets, section_reply
from mailsvc.imap.wire import replies
from mailsvc.imap.wire.fetch import Attribute
from mailsvc.services import letters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.handlers.mailbox_view import MailboxView
    from mailsvc.imap.wire.fetch import FetchItem

    Row = tuple[Any, ...]
    Column = bytes | Iterable[bytes]
    """What is the same on every line, or what each line has."""

MAX_PREFIXES = 50_000

MAX_PREVIEW = 200
"""Characters (RFC 8970 §3.3)."""

COLUMNS: dict[Attribute, tuple[str, ...]] = {
    Attribute.ENVELOPE: ("envelope",),
    Attribute.BODY: ("body",),
    Attribute.BODYSTRUCTURE: ("body_structure",),
    Attribute.INTERNALDATE: ("internal_date",),
    Attribute.RFC822_SIZE: ("size",),
    Attribute.EMAILID: ("content_key", "trace", "internal_date"),
    Attribute.THREADID: ("thread_id",),
    Attribute.SAVEDATE: ("saved_at",),
    Attribute.PREVIEW: ("preview",),
}
_prefixes: list[bytes] = []
_uid_words: list[bytes] = []


def columns_for(items: Sequence[FetchItem]) -> tuple[str, ...]:
    """What must be read of each letter for these items."""
    names = [name for item in items if isinstance(item, Attribute) for name in COLUMNS.get(item, ())]
    if any(isinstance(item, Octets) for item in items):
        names += ["message_id", "trace", "size"]
    return tuple(dict.fromkeys(names))


def lines_at_once(
    ctx: Context, view: MailboxView, items: Sequence[FetchItem], indexes: Sequence[int]
) -> bytes:
    """Lines of a few letters, in one go; those that are gone are passed over."""
    names = columns_for(items)
    there, rows = read(ctx, view, indexes, names) if names else (indexes, [()] * len(indexes))
    return b"".join(
        [
            line_with_sections(ctx, view, items, names, index, row)
            for index, row in zip(there, rows, strict=True)
        ]
    )


def read(
    ctx: Context, view: MailboxView, indexes: Sequence[int], names: tuple[str, ...]
) -> tuple[Sequence[int], Sequence[tuple[Any, ...]]]:
    """Rows of these letters, and the indexes of those that are still there."""
    uids = view.known.uids
    rows = letters.columns(ctx.parts.bridge.reader, view.place, uids[indexes[0]], uids[indexes[-1]], names)
    if len(rows) == len(indexes):
        return indexes, rows
    by_uid = {row[0]: row for row in rows}
    there = [index for index in indexes if uids[index] in by_uid]
    return there, [by_uid[uids[index]] for index in there]


def lines(
    ctx: Context,
    view: MailboxView,
    items: Sequence[FetchItem],
    names: Sequence[str],
    indexes: Sequence[int],
    rows: Sequence[tuple[Any, ...]],
) -> bytes:
    """One line a letter, joined from columns."""
    if not indexes:
        return b""
    columns: list[Column] = [_line_starts(indexes)]
    for number, item in enumerate(items):
        assert isinstance(item, Attribute)
        if number:
            columns.append(b" ")
        columns.extend(_column(ctx, view, item, names, indexes, rows))
    columns.append(b")\r\n")
    columns = _merged(columns)
    # The list is made with what is the same on every line in its places; each other column then fills its own.
    width = len(columns)
    parts = [column if isinstance(column, bytes) else b"" for column in columns] * len(indexes)
    for at, column in enumerate(columns):
        if not isinstance(column, bytes):
            parts[at::width] = column
    return b"".join(parts)


def _merged(columns: Sequence[Column]) -> list[Column]:
    """Neighbours that are the same on every line as one."""
    merged: list[Column] = []
    for column in columns:
        if merged and isinstance(column, bytes) and isinstance(merged[-1], bytes):
            merged[-1] += column
        else:
            merged.append(column)
    return merged


def _column(
    ctx: Context,
    view: MailboxView,
    item: Attribute,
    names: Sequence[str],
    indexes: Sequence[int],
    rows: Sequence[tuple[Any, ...]],
) -> tuple[Column, ...]:
    known = view.known
    if item is Attribute.FLAGS:
        return (map(view.flag_lists.__getitem__, _picked(known.flags, indexes)),)
    if item is Attribute.UID:
        return (_uid_items(list(_picked(known.uids, indexes))),)
    if item is Attribute.MODSEQ:
        return (map(b"MODSEQ (%d)".__mod__, _picked(known.mod_seqs, indexes)),)
    at = 1 + names.index(COLUMNS[item][0])
    values = [row[at] for row in rows]
    match item:
        case Attribute.INTERNALDATE | Attribute.SAVEDATE:
            return item.value + b" ", map(ctx.parts.dates.of, values)
        case Attribute.RFC822_SIZE:
            return (map(b"RFC822.SIZE %d".__mod__, values),)
        case Attribute.EMAILID:
            others = [1 + names.index(name) for name in COLUMNS[item][1:]]
            ids = [
                object_ids.of_email(key, *[row[at] for at in others])
                for key, row in zip(values, rows, strict=True)
            ]
            return (map(b"EMAILID (%b)".__mod__, ids),)
        case Attribute.THREADID:
            return (map(b"THREADID (%b)".__mod__, map(object_ids.of_thread, values)),)
        case Attribute.PREVIEW:
            return b"PREVIEW ", [replies.string(text[:MAX_PREVIEW].encode()) for text in values]
        case _:
            return item.value + b" ", values


def _picked(column: Sequence[int], indexes: Sequence[int]) -> Iterable[int]:
    if isinstance(indexes, range):
        return column[indexes.start : indexes.stop]
    return map(column.__getitem__, indexes)


def _line_starts(indexes: Sequence[int]) -> Iterable[bytes]:
    """`* 7 FETCH (` of each; made once for the numbers that mailboxes commonly have."""
    last = indexes[-1] + 1
    if last > MAX_PREFIXES:
        return [b"* %d FETCH (" % (index + 1) for index in indexes]
    _extend(_prefixes, b"* %d FETCH (", last)
    if isinstance(indexes, range):
        return _prefixes[indexes.start : indexes.stop]
    return map(_prefixes.__getitem__, indexes)


def _uid_items(uids: Sequence[int]) -> Iterable[bytes]:
    """`UID 7` of each, ascending; made once for UIDs that are common."""
    last = uids[-1]
    if last > MAX_PREFIXES:
        return map(b"UID %d".__mod__, uids)
    _extend(_uid_words, b"UID %d", last)
    first = uids[0]
    if last - first == len(uids) - 1:
        return _uid_words[first - 1 : last]
    return [_uid_words[uid - 1] for uid in uids]


def _extend(made: list[bytes], form: bytes, last: int) -> None:
    """Have what is made of 1, 2 … up to this number."""
    if last > len(made):
        made.extend([form % number for number in range(len(made) + 1, last + 1)])


def line_with_sections(
    ctx: Context,
    view: MailboxView,
    items: Sequence[FetchItem],
    names: Sequence[str],
    index: int,
    row: Row,
) -> bytes:
    """The line of one letter, whatever was asked of it; PieceDamaged where it cannot be read."""
    parts = [
        section_reply(ctx, item, row[1 + names.index("message_id")], row[1 + names.index("trace")])
        if isinstance(item, Octets)
        else _one(_column(ctx, view, item, names, (index,), (row,)))
        for item in items
    ]
    return replies.fetch(index + 1, b" ".join(parts))


def _one(columns: Iterable[Column]) -> bytes:
    """The only line of columns."""
    return b"".join([column if isinstance(column, bytes) else next(iter(column)) for column in columns])
