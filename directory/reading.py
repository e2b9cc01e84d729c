"""Đọc hộp thư của người khác: asked for with a reason and an end, approved by two others, told to the auditor.

What comes of it is a right to read and nothing else, which ends by itself. A help desk has no part in it.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, insert, or_, select, update

from directory import audit
from directory.model import Account, AccountId, AccountKind, AccountState, AdminRole, vietnam_day
from directory.repository import boxes
from directory.repository.administrators import list_administrators
from directory.repository.rows import insert_one
from directory.scope import Deed, Scope, scope_of
from directory.tables import accounts, reading_approvals, reading_requests

APPROVALS: Final = 2
MIN_REASON: Final = 10
MAX_REASON: Final = 500
_READABLE: Final = frozenset({AccountKind.PERSONAL, AccountKind.UNIT, AccountKind.POST})
_r: Final = reading_requests.c
_COLUMNS: Final = (
    _r.id,
    _r.account_id,
    _r.reader_id,
    _r.requested_by,
    _r.requester,
    _r.reason,
    _r.until_day,
    _r.requested_at,
    _r.approved_at,
    _r.ended_at,
)


class ReadingFault(StrEnum):
    """Why a request or an approval is refused."""

    REASON = "reason"  # too short, too long, or with control characters
    UNTIL = "until"  # past, or too far ahead
    BOX = "box"  # of a machine or of the system, or archived
    READER = "reader"  # no person in service, the owner, or of a help desk
    MISSING = "missing"  # no such request, as far as this administrator may know
    OVER = "over"  # ended or approved already
    NOT_ANOTHER = "not_another"  # who asked, reads, owns or approved already does not approve
    NO_AUDITOR = "no_auditor"  # nobody would learn of it


class ReadingRefused(ValueError):
    """The act is refused; `fault` says why."""

    def __init__(self, fault: ReadingFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class ReadingState(StrEnum):
    """How far a request is."""

    WAITING = "waiting"
    IN_FORCE = "in_force"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Reading:
    """A request to read in somebody's box, and what became of it."""

    id: int
    box: AccountId
    reader: AccountId
    requested_by: AccountId | None
    """None: the server's console."""
    requester: str
    reason: str
    until: date
    """The last day."""
    requested_at: int
    approved_at: int | None
    ended_at: int | None
    approvers: tuple[AccountId, ...] = ()

    def state(self, on: date) -> ReadingState:
        """How far it is on a day."""
        if self.ended_at is not None or on > self.until:
            return ReadingState.ENDED
        return ReadingState.WAITING if self.approved_at is None else ReadingState.IN_FORCE


@dataclass(frozen=True, slots=True)
class Approved:
    """What an approval did: once in force, the auditors who have to be told."""

    reading: Reading
    auditors: tuple[Account, ...] = ()


def request_reading(
    conn: Connection,
    scope: Scope,
    box: Account,
    reader: Account,
    *,
    reason: str,
    until: date,
    max_days: int,
    actor: str,
    at: int,
) -> Reading:
    """Ask that `reader` may read in `box` until the end of a day. Nothing may be read yet."""
    scope.require(Deed.ASK_READING, box)
    today = vietnam_day(at)
    said = " ".join(reason.split())
    if not MIN_REASON <= len(said) <= MAX_REASON or any(unicodedata.category(one)[0] == "C" for one in said):
        raise ReadingRefused(ReadingFault.REASON)
    if not today <= until <= today + timedelta(days=max_days):
        raise ReadingRefused(ReadingFault.UNTIL)
    if box.kind not in _READABLE or box.state is AccountState.ARCHIVED:
        raise ReadingRefused(ReadingFault.BOX)
    if (
        reader.id == box.id
        or reader.kind is not AccountKind.PERSONAL
        or reader.state is not AccountState.ACTIVE
        or _is_help_desk(conn, reader.id)
        or (scope.account_id is not None and _is_help_desk(conn, scope.account_id))
    ):
        raise ReadingRefused(ReadingFault.READER)
    number = insert_one(
        conn,
        reading_requests,
        account_id=box.id,
        reader_id=reader.id,
        requested_by=scope.account_id,
        requester=actor,
        reason=said,
        until_day=until.isoformat(),
        requested_at=at,
    )
    detail = {"id": number, "reader": str(reader.address), "reason": said, "until": until.isoformat()}
    audit.record(conn, actor, "reading.request", str(box.address), detail, at)
    return _one(conn, number)


def approve_reading(conn: Connection, scope: Scope, number: int, *, actor: str, at: int) -> Approved:
    """One approval; the second, of somebody else, puts it in force and names the auditors to be told.

    Whoever asked, reads, owns the box or has approved before does not count, and a console is nobody.
    """
    found = _seen(conn, scope, number, Deed.APPROVE_READING)
    box = boxes.account_by_id(conn, found.box)
    assert box is not None
    if found.state(vietnam_day(at)) is not ReadingState.WAITING:
        raise ReadingRefused(ReadingFault.OVER)
    approver = scope.account_id
    others = {found.requested_by, found.reader, found.box, *found.approvers}
    if approver is None or approver in others or _is_help_desk(conn, approver):
        raise ReadingRefused(ReadingFault.NOT_ANOTHER)
    conn.execute(insert(reading_approvals).values(request_id=number, approver_id=approver, approved_at=at))
    audit.record(conn, actor, "reading.approve", str(box.address), {"id": number}, at)
    if len(found.approvers) + 1 < APPROVALS:
        return Approved(_one(conn, number))
    auditors = _auditors(conn, box, vietnam_day(at), without={found.reader})
    if not auditors:
        raise ReadingRefused(ReadingFault.NO_AUDITOR)
    conn.execute(update(reading_requests).where(_r.id == number).values(approved_at=at))
    reader = boxes.account_by_id(conn, found.reader)
    detail = {"id": number, "reader": str(reader.address) if reader else "", "until": found.until.isoformat()}
    audit.record(conn, actor, "reading.begin", str(box.address), detail, at)
    return Approved(_one(conn, number), auditors)


def end_reading(conn: Connection, scope: Scope, number: int, *, actor: str, at: int) -> Reading:
    """End a request or a right before its day; either right, to ask or to approve, is enough for that."""
    deed = Deed.APPROVE_READING if scope.has(Deed.APPROVE_READING) else Deed.ASK_READING
    found = _seen(conn, scope, number, deed)
    if found.ended_at is not None:
        raise ReadingRefused(ReadingFault.OVER)
    _end(conn, found, actor, at)
    return _one(conn, number)


def end_expired(conn: Connection, at: int) -> int:
    """Write down the end of those whose last day is over; how many. The right was gone at midnight already."""
    today = vietnam_day(at).isoformat()
    query = select(*_COLUMNS).where(_r.ended_at.is_(None), _r.until_day < today)
    expired = _with_approvers(conn, query)
    for one in expired:
        _end(conn, one, "congvu", at)
    return len(expired)


def readings(conn: Connection, scope: Scope, *, limit: int = 200) -> list[Reading]:
    """Requests on boxes in the scope, and those of one's own reading; the newest first."""
    mine = or_(
        scope.accounts(Deed.ASK_READING), scope.accounts(Deed.APPROVE_READING), scope.accounts(Deed.READ_LOG)
    )
    query = (
        select(*_COLUMNS)
        .join(accounts, accounts.c.id == _r.account_id)
        .where(or_(mine, _r.reader_id == (scope.account_id or 0)))
        .order_by(_r.id.desc())
        .limit(limit)
    )
    return _with_approvers(conn, query)


def _end(conn: Connection, reading: Reading, actor: str, at: int) -> None:
    box = boxes.account_by_id(conn, reading.box)
    conn.execute(update(reading_requests).where(_r.id == reading.id).values(ended_at=at))
    subject = str(box.address) if box is not None else str(reading.box)
    audit.record(conn, actor, "reading.end", subject, {"id": reading.id}, at)


def _seen(conn: Connection, scope: Scope, number: int, deed: Deed) -> Reading:
    found = _with_approvers(conn, select(*_COLUMNS).where(_r.id == number))
    box = boxes.account_by_id(conn, found[0].box) if found else None
    if box is None or not scope.may_touch(Deed.SEE, box):
        raise ReadingRefused(ReadingFault.MISSING)
    scope.require(deed, box)
    return found[0]


def _one(conn: Connection, number: int) -> Reading:
    return _with_approvers(conn, select(*_COLUMNS).where(_r.id == number))[0]


def _with_approvers(conn: Connection, query: object) -> list[Reading]:
    rows = conn.execute(query).all()  # type: ignore[call-overload]
    ids = [row[0] for row in rows]
    approvers: dict[int, list[AccountId]] = {}
    approvals = reading_approvals.c
    given = select(approvals.request_id, approvals.approver_id).where(approvals.request_id.in_(ids))
    for request, approver in conn.execute(given.order_by(approvals.id)):
        approvers.setdefault(request, []).append(AccountId(approver))
    return [
        Reading(
            row[0],
            AccountId(row[1]),
            AccountId(row[2]),
            None if row[3] is None else AccountId(row[3]),
            row[4],
            row[5],
            date.fromisoformat(row[6]),
            row[7],
            row[8],
            row[9],
            tuple(approvers.get(row[0], ())),
        )
        for row in rows
    ]


def _is_help_desk(conn: Connection, account_id: AccountId) -> bool:
    return any(one.role is AdminRole.HELP_DESK for one in list_administrators(conn, account_id))


def _auditors(conn: Connection, box: Account, on: date, without: Iterable[AccountId]) -> tuple[Account, ...]:
    """Those who read the log of the box's unit in the role of auditor."""
    known = {one.account_id for one in list_administrators(conn) if one.role is AdminRole.AUDITOR}
    found = boxes.accounts_by_ids(conn, known - set(without))
    return tuple(
        account
        for account in found.values()
        if any(
            grant.role is AdminRole.AUDITOR and box.unit_id in grant.units
            for grant in scope_of(conn, account.id, on).grants
        )
    )
