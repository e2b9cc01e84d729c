"""Letters of a box that still wait for somebody: unread, flagged, or lately come and unanswered; drafts; what is queued."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, exists, or_, select

from mailsvc.model.flags import ANSWERED, FLAGGED, SEEN
from mailsvc.storage import tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement

    from mailsvc.model.ids import AccountId
    from mailsvc.model.mailbox import Mailbox
    from mailsvc.storage.unit_of_work import Reader

_e, _m, _s = tables.entries, tables.messages, tables.seen_ranges
_o, _r = tables.outbound, tables.outbound_recipients
_read_by_somebody = exists().where(
    and_(
        _s.c.mailbox_id == _e.c.mailbox_id,
        _s.c.seen == 1,
        _e.c.uid.between(_s.c.first_uid, _s.c.last_uid),
        or_(_s.c.viewer_id == bindparam("viewer"), bindparam("viewer") == 0),
    )
)
_columns = (
    _e.c.uid,
    _e.c.flags,
    _e.c.internal_date,
    _m.c.from_name,
    _m.c.from_address,
    _m.c.to_line,
    _m.c.subject,
)


def _waiting(is_read: ColumnElement[bool]) -> Statement:
    flags = _e.c.flags
    lately = and_(flags.op("&")(ANSWERED) == 0, _e.c.internal_date >= bindparam("since"))
    return Statement(
        select(*_columns, is_read.label("is_read"))
        .join(_m, _m.c.id == _e.c.message_id)
        .where(
            _e.c.mailbox_id == bindparam("mailbox"),
            or_(~is_read, flags.op("&")(FLAGGED) != 0, lately),
        )
        .order_by(_e.c.internal_date.desc(), _e.c.uid.desc())
        .limit(bindparam("limit", type_=_e.c.uid.type))
    )


OPEN_IN_SHARED = _waiting(_read_by_somebody)
OPEN_IN_OWN = _waiting(_e.c.flags.op("&")(SEEN) != 0)
EVERY = Statement(
    select(*_columns)
    .join(_m, _m.c.id == _e.c.message_id)
    .where(_e.c.mailbox_id == bindparam("mailbox"))
    .order_by(_e.c.internal_date.desc(), _e.c.uid.desc())
    .limit(bindparam("limit", type_=_e.c.uid.type))
)
QUEUED = Statement(
    select(_r.c.address, _m.c.subject, _o.c.created_at)
    .join(_o, _o.c.id == _r.c.outbound_id)
    .join(_m, _m.c.id == _o.c.message_id)
    .where(and_(_o.c.reverse_path == bindparam("address"), _r.c.state == "waiting"))
    .order_by(_r.c.id)
    .limit(bindparam("limit", type_=_e.c.uid.type))
)


@dataclass(frozen=True, slots=True)
class OpenLetter:
    """One letter and why it is open."""

    uid: int
    internal_date: int
    from_name: str
    from_address: str
    to_line: str
    subject: str
    unread: bool
    flagged: bool
    answered: bool


def open_letters(
    db: Reader, mailbox: Mailbox, *, viewer: AccountId | None, since: int, limit: int
) -> list[OpenLetter]:
    """Letters that wait, newest first; unread by `viewer`, or in a shared box by everybody where that is None."""
    statement = OPEN_IN_SHARED if mailbox.per_person_seen else OPEN_IN_OWN
    values = {"mailbox": mailbox.id, "since": since, "limit": limit}
    if mailbox.per_person_seen:
        values["viewer"] = 0 if viewer is None else viewer
    return [_letter(row, unread=not row[7]) for row in db.rows(statement, values)]


def every_letter(db: Reader, mailbox: Mailbox, *, limit: int) -> list[OpenLetter]:
    """The newest letters of a mailbox, as drafts are listed."""
    return [_letter(row, unread=False) for row in db.rows(EVERY, {"mailbox": mailbox.id, "limit": limit})]


def queued(db: Reader, address: str, *, limit: int) -> list[tuple[str, str, int]]:
    """Letters sent as this address that still wait to go out: (to whom, subject, since when)."""
    return [(row[0], row[1], row[2]) for row in db.rows(QUEUED, {"address": address, "limit": limit})]


def _letter(row: Sequence[object], *, unread: bool) -> OpenLetter:
    uid, flags, at, name, address, to_line, subject = row[:7]
    assert isinstance(uid, int)
    assert isinstance(flags, int)
    assert isinstance(at, int)
    return OpenLetter(
        uid=uid,
        internal_date=at,
        from_name=str(name),
        from_address=str(address),
        to_line=str(to_line),
        subject=str(subject),
        unread=unread,
        flagged=bool(flags & FLAGGED),
        answered=bool(flags & ANSWERED),
    )
