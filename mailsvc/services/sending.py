"""How much an account may send, and what happens to one that suddenly writes to hundreds outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from directory import audit
from directory.model import vietnam_day
from directory.policies.book import effective_policy
from directory.policies.policy import Defaults, sending_rule
from directory.policies.rules import PolicyName
from directory.repository import boxes as directory_boxes
from directory.scope import Deed, Scope
from directory.tables import policies
from mailsvc.model.errors import SendingStopped, SendingTooFast
from mailsvc.model.ids import AccountId
from mailsvc.storage import sending_counts
from mailsvc.storage.edge_tables import sending_counts as _counts
from mailsvc.storage.edge_tables import sending_stops
from mailsvc.storage.sending_counts import DAY, MINUTE

if TYPE_CHECKING:
    from config.settings import SendingSettings
    from directory.model import Account
    from directory.policies.rules import SendingRule
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

HELD = "450 4.7.1 Giữ lại: tài khoản gửi ra ngoài bất thường / held: the account wrote to too many outside"
_s = sending_stops
_SYSTEM = "system"
_ANY_POLICY = select(policies.c.id).where(policies.c.name == PolicyName.SENDING.value).limit(1)


@dataclass(frozen=True, slots=True)
class Stop:
    """An account that sends no more until an administrator releases it."""

    account_id: AccountId
    address: str
    stopped_at: int
    outside: int
    """Recipients outside that were too many."""
    letter_id: int
    """The queued letter that is held; 0 if there is none."""


def admit(uow: UnitOfWork, account: Account, limits: SendingSettings, *, outside: int) -> bool:
    """Count a letter; False if its recipients outside must be held, for the account is stopped by it.

    The letter itself is taken, not refused: what was counted and decided is then durable with it. SendingTooFast and
    SendingStopped refuse.
    """
    if _is_stopped(uow, account.id):
        raise SendingStopped(str(account.address))
    own = _own_limits(uow, account, limits)
    subjects = [(f"a{account.id}", own.letters_per_minute, own.outside_per_day)]
    if account.unit_id is not None:
        subjects.append((f"u{account.unit_id}", limits.unit_letters_per_minute, limits.unit_outside_per_day))
    for subject, letters_a_minute, outside_a_day in subjects:
        letters, _ = sending_counts.count(uow, subject, MINUTE, letters=1, outside=outside)
        _, reached = sending_counts.count(uow, subject, DAY, letters=1, outside=outside)
        if (letters_a_minute and letters > letters_a_minute) or (
            outside and outside_a_day and reached - outside >= outside_a_day
        ):
            raise SendingTooFast(str(account.address))
    if not outside or not own.burst_outside:
        return True
    since = uow.clock() - limits.burst_minutes * MINUTE
    reached = sending_counts.outside_since(uow, f"a{account.id}", since)
    if reached <= own.burst_outside:
        return True
    _stop(uow, account, reached)
    return False


def _own_limits(db: Reader, account: Account, limits: SendingSettings) -> SendingRule:
    """What the directory's policies say of this account; without any, the settings."""
    default = sending_rule(limits)
    if db.conn.execute(_ANY_POLICY).first() is None:
        return default
    today = vietnam_day(db.clock())
    return effective_policy(db.conn, account.id, today, Defaults(sending=default)).sending


def _is_stopped(db: Reader, account: AccountId) -> bool:
    return db.conn.execute(select(_s.c.account_id).where(_s.c.account_id == account)).first() is not None


def _stop(uow: UnitOfWork, account: Account, outside: int) -> None:
    at = uow.clock()
    uow.conn.execute(insert(_s).values(account_id=account.id, stopped_at=at, outside=outside, letter_id=0))
    audit.record(uow.conn, _SYSTEM, "sending.stop", str(account.address), {"outside": outside}, at)


def name_held_letter(uow: UnitOfWork, account: AccountId, letter: int) -> None:
    """Remember which letter was held when the account was stopped."""
    uow.conn.execute(update(_s).where(_s.c.account_id == account).values(letter_id=letter))


def stop_of(db: Reader, account: AccountId) -> Stop | None:
    """Whether an account is stopped, and why: for its owner's page."""
    return next((one for one in _stops(db) if one.account_id == account), None)


def stops(db: Reader, scope: Scope) -> list[Stop]:
    """Stopped accounts that an administrator may see, the newest first."""
    found = []
    for one in _stops(db):
        account = directory_boxes.account_by_id(db.conn, one.account_id)
        if account is not None and scope.may_touch(Deed.SEE, account):
            found.append(one)
    return found


def release(uow: UnitOfWork, scope: Scope, account: Account, *, actor: str, reason: str) -> bool:
    """Let an account send again; its counts begin anew. False if it was not stopped. What is held stays held."""
    scope.require(Deed.MANAGE, account)
    gone = uow.conn.execute(
        delete(_s).where(_s.c.account_id == account.id).returning(_s.c.account_id)
    ).first()
    if gone is None:
        return False
    uow.conn.execute(delete(_counts).where(_counts.c.subject == f"a{account.id}"))
    audit.record(uow.conn, actor, "sending.release", str(account.address), {"reason": reason}, uow.clock())
    return True


def forget_counts(uow: UnitOfWork) -> None:
    """Housekeeping: windows that no limit looks at any more."""
    sending_counts.forget(uow, uow.clock() - 2 * DAY)


def _stops(db: Reader) -> list[Stop]:
    query = select(_s.c.account_id, _s.c.stopped_at, _s.c.outside, _s.c.letter_id).order_by(
        _s.c.stopped_at.desc()
    )
    rows = db.conn.execute(query).all()
    accounts = directory_boxes.accounts_by_ids(db.conn, [AccountId(row[0]) for row in rows])
    return [
        Stop(AccountId(row[0]), str(accounts[AccountId(row[0])].address), row[1], row[2], row[3])
        for row in rows
        if AccountId(row[0]) in accounts
    ]
