"""What is done with letters in mailboxes: looked at, flagged, copied, moved, expunged, appended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, select

from directory.model import Right
from mailsvc.model.errors import LetterMissing, NotPermitted
from mailsvc.model.flags import SEEN
from mailsvc.services import usage
from mailsvc.storage import arrivals, entries, mailboxes, messages, seen, snapshots, tables
from mailsvc.storage.messages import PreparedContent, prepare
from mailsvc.storage.statement import Statement
from mailsvc.storage.traces import TRACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailsvc.model.ids import MailboxId, MessageId, ModSeq, Uid, UidValidity
    from mailsvc.model.mailbox import FlagsSet, Mailbox
    from mailsvc.model.message import Entry
    from mailsvc.services.permissions import Place
    from mailsvc.storage.entries import Range
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

__all__ = ["PreparedContent", "prepare"]
ALL_BITS = -1


class FlagChange(Enum):
    """How STORE changes flags (RFC 9051 §6.4.6)."""

    REPLACE = "FLAGS"
    ADD = "+FLAGS"
    REMOVE = "-FLAGS"


@dataclass(frozen=True, slots=True)
class Stored:
    """What a STORE did: the mod-sequence it gave (None: nothing changed), and what it left alone."""

    mod_seq: ModSeq | None
    modified: tuple[Uid, ...]
    """UIDs that changed after UNCHANGEDSINCE (RFC 7162 §3.1.3)."""
    change: FlagsSet | None = None
    """What became of the entries' flags."""


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A letter to be appended, with what its sender says of it."""

    prepared: PreparedContent
    system: int
    """Bits of system flags."""
    keywords: tuple[str, ...]
    internal_date: int | None
    """None is now."""


_e, _m = tables.entries, tables.messages
COLUMNS: dict[str, Any] = {
    "message_id": _e.c.message_id,
    "internal_date": _e.c.internal_date,
    "saved_at": _e.c.saved_at,
    "size": _e.c.size,
    "trace": TRACE,
    "content_key": _m.c.content_key,
    "envelope": _m.c.envelope,
    "body": _m.c.body,
    "body_structure": _m.c.body_structure,
    "preview": _m.c.preview,
    "thread_id": _m.c.thread_id,
    "sent_at": _m.c.sent_at,
    "subject": _m.c.subject,
    "base_subject": _m.c.base_subject,
    "from_address": _m.c.from_address,
    "headline": _m.c.headline,
}


@cache
def _columns_statement(names: tuple[str, ...]) -> Statement:
    query: Any = select(_e.c.uid, *(COLUMNS[name] for name in names))
    if any(getattr(COLUMNS[name], "table", None) is _m for name in names):
        query = query.join(_m, _m.c.id == _e.c.message_id)
    return Statement(
        query.where(
            and_(
                _e.c.mailbox_id == bindparam("mailbox"),
                _e.c.uid.between(bindparam("first"), bindparam("last")),
            )
        ).order_by(_e.c.uid)
    )


def columns(db: Reader, place: Place, first: int, last: int, names: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Rows `(uid, *names)` of a range of UIDs, in order; names are keys of COLUMNS. Nothing is parsed."""
    return db.rows(_columns_statement(names), {"mailbox": place.mailbox.id, "first": first, "last": last})


def entry(db: Reader, place: Place, uid: Uid) -> Entry | None:
    """One entry; None if it is gone."""
    return entries.one(db, place.mailbox.id, uid)


def content(db: Reader, message: MessageId) -> bytes:
    """The octets of a content as they were sent, without the trace prefix."""
    return messages.content(db, message)


def octets(db: Reader, held: Entry) -> bytes:
    """BODY[] of an entry: its trace prefix and the content, the same for ever."""
    return held.trace + messages.content(db, held.message_id)


def content_header(db: Reader, message: MessageId) -> bytes:
    """The header of a content as it was sent, without the trace prefix and without reading attachments."""
    return messages.header(db, message)


def header(db: Reader, held: Entry) -> bytes:
    """BODY[HEADER] of an entry: its trace prefix and the content's header, without reading attachments."""
    return held.trace + messages.header(db, held.message_id)


def flag_bits(uow: UnitOfWork, place: Place, system: int, keywords: Iterable[str]) -> int:
    """Bits of system flags and keywords together; new keywords are made (TooMany at the 59th)."""
    names = list(keywords)
    return system | mailboxes.keyword_bits(uow, place.mailbox.account_id, names) if names else system


def store_flags(
    uow: UnitOfWork,
    place: Place,
    ranges: Sequence[Range],
    change: FlagChange,
    system: int,
    keywords: Iterable[str] = (),
    unchanged_since: ModSeq | None = None,
) -> Stored:
    """Change flags of ranges of UIDs, with one new mod-sequence for all that change (RFC 7162 §3.1.3)."""
    names = list(keywords)
    if (names or system & ~SEEN or (change is FlagChange.REPLACE and not place.is_shared)) and not (
        place.rights & Right.ACT
    ):
        raise NotPermitted(place.mailbox.name)
    modified: list[Uid] = []
    if unchanged_since is not None:
        ranges, modified = _leave_modified(uow, place, ranges, unchanged_since)
    bits = flag_bits(uow, place, system, names)
    mailbox = mailboxes.by_id(uow, place.mailbox.id)
    mod_seq: ModSeq | None = None
    keep, add_bits = {
        FlagChange.REPLACE: (0, bits),
        FlagChange.ADD: (ALL_BITS, bits),
        FlagChange.REMOVE: (~bits, 0),
    }[change]
    if place.is_shared:
        if change is FlagChange.REPLACE or bits & SEEN:
            is_seen = bool(bits & SEEN) and change is not FlagChange.REMOVE
            mod_seq = seen.mark(uow, mailbox, place.viewer, ranges, is_seen=is_seen)
            if is_seen and mod_seq is not None:
                usage.opened(uow, place, ranges)
        keep, add_bits = keep | SEEN, add_bits & ~SEEN
        if not place.rights & Right.ACT:
            return Stored(mod_seq, tuple(modified))
    changed = entries.set_flags(uow, mailbox, ranges, keep=keep, add_bits=add_bits)
    if changed is None:
        return Stored(mod_seq, tuple(modified))
    return Stored(changed.mod_seq, tuple(modified), changed)


def _leave_modified(
    uow: UnitOfWork, place: Place, ranges: Sequence[Range], unchanged_since: ModSeq
) -> tuple[list[Range], list[Uid]]:
    """Split ranges into what may still be changed, and what changed after that mod-sequence."""
    newer = {
        uid
        for first, last in ranges
        for uid in snapshots.changed_since(uow, place.mailbox.id, first, last, unchanged_since)
    }
    if place.is_shared:
        for first, last, _, mod_seq in seen.marks(uow, place.mailbox.id, place.viewer):
            if mod_seq > unchanged_since:
                newer.update(entries.uids_in(uow, place.mailbox.id, [(first, last)]))
    kept: list[Range] = []
    modified: list[Uid] = []
    for uid in entries.uids_in(uow, place.mailbox.id, ranges):
        if uid in newer:
            modified.append(uid)
        else:
            kept.append((uid, uid))
    return kept, modified


def mark_seen(uow: UnitOfWork, place: Place, ranges: Sequence[Range]) -> Stored:
    """Reading marks as read (RFC 9051 §6.4.5, BODY[] without PEEK); in a shared box for the reader alone."""
    if not place.is_shared and not place.rights & Right.ACT:
        return Stored(None, ())
    return store_flags(uow, place, ranges, FlagChange.ADD, SEEN)


def copy(
    uow: UnitOfWork, place: Place, target: Place, ranges: Sequence[Range]
) -> tuple[list[Uid], list[Uid]]:
    """Copy letters: (UIDs, their UIDs in the target), in order (RFC 4315 §3)."""
    _need(target, Right.ACT)
    if place.is_watched:
        raise NotPermitted(place.mailbox.name)  # the right to read them ends, a copy would not
    source_box, target_box = mailboxes.by_id(uow, place.mailbox.id), mailboxes.by_id(uow, target.mailbox.id)
    uids, new_uids = entries.copy(uow, source_box, target_box, ranges)
    _carry_seen(uow, place, target, uids, new_uids)
    return uids, new_uids


def move(
    uow: UnitOfWork, place: Place, target: Place, ranges: Sequence[Range]
) -> tuple[list[Uid], list[Uid]]:
    """Move letters (RFC 6851): never twice, never lost."""
    _need(place, Right.ACT)
    _need(target, Right.ACT)
    source_box, target_box = mailboxes.by_id(uow, place.mailbox.id), mailboxes.by_id(uow, target.mailbox.id)
    uids, new_uids = entries.move(uow, source_box, target_box, ranges)
    _carry_seen(uow, place, target, uids, new_uids)
    return uids, new_uids


def _carry_seen(uow: UnitOfWork, place: Place, target: Place, uids: list[Uid], new_uids: list[Uid]) -> None:
    r"""What the viewer has read stays read for them where \Seen is per person."""
    if not target.is_shared or not uids:
        return
    read_before: set[int]
    if place.is_shared:
        spans = [mark for mark in seen.marks(uow, place.mailbox.id, place.viewer) if mark[2]]
        read_before = {uid for uid in uids if any(first <= uid <= last for first, last, _, _ in spans)}
    else:
        pairs = zip(uids, new_uids, strict=True)
        read_before = {
            uid
            for uid, new in pairs
            if (held := entries.one(uow, target.mailbox.id, new)) and held.flags & SEEN
        }
    ranges = [(int(new), int(new)) for uid, new in zip(uids, new_uids, strict=True) if uid in read_before]
    if ranges:
        seen.mark(uow, mailboxes.by_id(uow, target.mailbox.id), target.viewer, ranges, is_seen=True)


def expunge(uow: UnitOfWork, place: Place, ranges: Sequence[Range]) -> list[Uid]:
    """Take letters out of a mailbox; they stay recoverable for a while. The UIDs that went."""
    _need(place, Right.ACT)
    return entries.expunge(uow, mailboxes.by_id(uow, place.mailbox.id), ranges)


def append(
    uow: UnitOfWork,
    place: Place,
    prepared: PreparedContent,
    *,
    system: int = 0,
    keywords: Iterable[str] = (),
    internal_date: int | None = None,
) -> tuple[UidValidity, Uid]:
    """A letter into a mailbox (RFC 9051 §6.3.12); OverQuota leaves nothing behind."""
    _need(place, Right.ACT)
    mailbox = mailboxes.by_id(uow, place.mailbox.id)
    bits = flag_bits(uow, place, system, keywords)
    message = messages.put(uow, prepared)
    entry_bits = bits & ~SEEN if place.is_shared else bits
    at = uow.clock() if internal_date is None else internal_date
    uid, _ = arrivals.add(uow, mailbox, message, prepared.size, flags=entry_bits, internal_date=at)
    if place.is_shared and bits & SEEN:
        seen.mark(uow, mailbox, place.viewer, [(uid, uid)], is_seen=True)
    return mailbox.uid_validity, uid


def append_all(uow: UnitOfWork, place: Place, new: Sequence[NewLetter]) -> tuple[UidValidity, list[Uid]]:
    """Several letters into a mailbox, all or none (RFC 3502 §6.3.11); their UIDs in the same order."""
    uids: list[Uid] = []
    uid_validity = place.mailbox.uid_validity
    for one in new:
        uid_validity, uid = append(
            uow,
            place,
            one.prepared,
            system=one.system,
            keywords=one.keywords,
            internal_date=one.internal_date,
        )
        uids.append(uid)
    return uid_validity, uids


def replace(
    uow: UnitOfWork, place: Place, uid: Uid, target: Place, new: NewLetter
) -> tuple[UidValidity, Uid]:
    """A letter in place of another, in one step (RFC 8508 §3.1); LetterMissing where that is gone."""
    _need(place, Right.ACT)
    if entries.one(uow, place.mailbox.id, uid) is None:
        raise LetterMissing(str(uid))
    expunge(uow, place, [(uid, uid)])  # first, so that a full box takes the new version of a draft
    uid_validity, new_uids = append_all(uow, target, [new])
    return uid_validity, new_uids[0]


def mailbox_now(db: Reader, mailbox: MailboxId) -> Mailbox:
    """The mailbox with its counters as they are now; MailboxMissing once it is deleted."""
    return mailboxes.by_id(db, mailbox)


def _need(place: Place, right: Right) -> None:
    if not place.rights & right:
        raise NotPermitted(place.mailbox.name)
