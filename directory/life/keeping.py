"""Boxes of those who left: archived on their day, a bounded step at a time."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, or_, select

from directory import audit
from directory.life.acts import Reason
from directory.model import Account, AccountId, AccountState
from directory.repository.boxes import ACCOUNTS, set_state, to_account
from directory.tables import absences, accounts, departures

STEP = 200
ACTOR = "congvu"


@dataclass(frozen=True, slots=True)
class Departed:
    """Somebody who left, and until when the box is kept."""

    account_id: AccountId
    reason: Reason
    left_on: date
    keep_until: date


def departure_of(conn: Connection, account_id: AccountId) -> Departed | None:
    """When and why the person of a box left; None while they serve."""
    query = select(departures.c.reason, departures.c.left_on, departures.c.keep_until).where(
        departures.c.account_id == account_id
    )
    row = conn.execute(query).first()
    if row is None:
        return None
    return Departed(account_id, Reason(row[0]), date.fromisoformat(row[1]), date.fromisoformat(row[2]))


def archive_due(conn: Connection, day: date, at: int) -> list[Account]:
    """Archive the boxes whose time is over; those that were archived now, at most STEP."""
    kept = (AccountState.LEFT.value, AccountState.LOCKED.value)
    query = (
        ACCOUNTS.join(departures, departures.c.account_id == accounts.c.id)
        .where(departures.c.keep_until <= day.isoformat(), accounts.c.state.in_(kept))
        .order_by(accounts.c.id)
        .limit(STEP)
    )
    due = [to_account(row) for row in conn.execute(query).all()]
    for account in due:
        set_state(conn, account.id, AccountState.ARCHIVED, at)
        audit.record(conn, ACTOR, "account.archived", str(account.address), {"reason": "left"}, at)
    return due


def is_absent(conn: Connection, account_id: AccountId, day: date) -> bool:
    """Whether the person of a box is on leave that day."""
    today = day.isoformat()
    query = (
        select(absences.c.id)
        .join(accounts, accounts.c.person_id == absences.c.person_id)
        .where(
            accounts.c.id == account_id,
            absences.c.valid_from <= today,
            or_(absences.c.valid_to.is_(None), absences.c.valid_to > today),
        )
    )
    return conn.execute(query).first() is not None
