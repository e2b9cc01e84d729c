"""Phiếu bàn giao mật khẩu: who was given a first password, when it was handed over, and what became of it.

The slip itself, with the password, is printed once and kept nowhere; only the argon2 hash is stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, select, update

from directory import audit
from directory.authenticate import NewPassword, store_password
from directory.calendar import OFFICE_HOURS, add_working_seconds
from directory.calendar.hours import Spans
from directory.model import Account, AccountId, AccountState, AddressKind, UnitId
from directory.passwords import first_password
from directory.repository.rows import chunks, insert_rows
from directory.scope import Deed, OutOfScopeError, Scope
from directory.tables import accounts, addresses, password_slips

HOUR: Final = 3600
MAX_AT_ONCE: Final = 2_000
_s: Final = password_slips.c


class Outcome(StrEnum):
    """What became of a first password."""

    CHANGED = "changed"
    LOCKED = "locked"
    REPLACED = "replaced"  # by a later slip or reset


@dataclass(frozen=True, slots=True)
class Slip:
    """What is printed: whom it is for, and the password, which exists here only."""

    account_id: AccountId
    full_name: str
    address: str
    unit: str
    unit_name: str
    password: str

    def __repr__(self) -> str:
        """Never the password: values end in logs."""
        return f"Slip({self.address})"


@dataclass(frozen=True, slots=True)
class IssuedSlip:
    """One slip as a list shows it."""

    id: int
    account_id: AccountId
    address: str
    full_name: str
    unit_id: UnitId | None
    issued_at: int
    issued_by: str
    handed_over_at: int | None
    due_at: int | None
    settled_at: int | None
    outcome: str


def draw(account: Account, unit: str, unit_name: str) -> Slip:
    """A slip with a new one-time password that can be read over the telephone."""
    return Slip(account.id, account.display_name, str(account.address), unit, unit_name, first_password())


def issue(
    conn: Connection,
    scope: Scope,
    issued: Sequence[tuple[Account, NewPassword]],
    *,
    actor: str,
    at: int,
) -> None:
    """Make the passwords of these slips valid, to be changed at the first sign-in; OutOfScopeError for any outside.

    Hashing comes before: it does not belong in a transaction.
    """
    for account, password in issued:
        scope.require(Deed.RESET, account)
        if not account.kind.signs_in or account.state is not AccountState.ACTIVE:
            raise OutOfScopeError(Deed.RESET, str(account.address))
        store_password(conn, account.id, password, at, must_change=True)
    ids = [account.id for account, _ in issued]
    _settle(conn, _open_of(conn, ids), Outcome.REPLACED, at)
    insert_rows(
        conn, password_slips, [{"account_id": number, "issued_at": at, "issued_by": actor} for number in ids]
    )
    for account, _ in issued:
        audit.record(conn, actor, "slip.issue", str(account.address), {}, at)


def hand_over(
    conn: Connection,
    scope: Scope,
    handed: Sequence[Account],
    *,
    hours: int,
    actor: str,
    at: int,
    working_hours: Spans = OFFICE_HOURS,
) -> int:
    """Say that these people have their slips: the term of that many working hours runs from now. How many had one."""
    for account in handed:
        scope.require(Deed.RESET, account)
    due = add_working_seconds(conn, at, hours * HOUR, working_hours)
    by_id = {account.id: account for account in handed}
    waiting = [slip for slip in _open_of(conn, list(by_id)) if slip.handed_over_at is None]
    for some in chunks([slip.id for slip in waiting]):
        values = {"handed_over_at": at, "handed_over_by": actor, "due_at": due}
        conn.execute(update(password_slips).where(_s.id.in_(list(some))).values(**values))
    for slip in waiting:
        audit.record(conn, actor, "slip.hand_over", slip.address, {"due_at": due}, at)
    return len(waiting)


def settle_due(conn: Connection, *, actor: str, at: int, limit: int = MAX_AT_ONCE) -> list[IssuedSlip]:
    """Lock whoever has not changed a first password in time (Cao Bằng: 6 hours); the slips of those who were locked.

    A password that was changed, or replaced by a later reset, settles its slip without a lock.
    """
    query = _OPEN.where(_s.due_at <= at).order_by(_s.due_at, _s.id).limit(limit)
    late: list[IssuedSlip] = []
    for row in conn.execute(query).all():
        slip = IssuedSlip(*row[:11])
        state, must_change, changed_at = row[11], bool(row[12]), row[13]
        replaced = changed_at is not None and changed_at > slip.issued_at
        if not must_change or replaced or state != AccountState.ACTIVE.value:
            _settle(conn, [slip], Outcome.REPLACED if must_change else Outcome.CHANGED, at)
        else:
            late.append(slip)
    for some in chunks([slip.account_id for slip in late]):
        conn.execute(
            update(accounts)
            .where(accounts.c.id.in_(list(some)))
            .values(
                state=AccountState.LOCKED.value,
                locked_at=at,
                credentials_epoch=accounts.c.credentials_epoch + 1,
            )
        )
    _settle(conn, late, Outcome.LOCKED, at)
    for slip in late:
        detail = {"reason": "mật khẩu ban đầu không đổi trong thời hạn / first password not changed in time"}
        audit.record(conn, actor, "account.locked", slip.address, detail, at)
    return late


def list_slips(conn: Connection, scope: Scope, *, limit: int = 500) -> list[IssuedSlip]:
    """The newest slips first, of the accounts that the administrator sees."""
    query = _SLIPS.where(scope.accounts(Deed.SEE)).order_by(_s.id.desc()).limit(limit)
    return [IssuedSlip(*row[:11]) for row in conn.execute(query)]


_SLIPS: Final = (
    select(
        _s.id,
        _s.account_id,
        addresses.c.key,
        accounts.c.display_name,
        accounts.c.unit_id,
        _s.issued_at,
        _s.issued_by,
        _s.handed_over_at,
        _s.due_at,
        _s.settled_at,
        _s.outcome,
        accounts.c.state,
        accounts.c.must_change_password,
        accounts.c.password_changed_at,
    )
    .join(accounts, accounts.c.id == _s.account_id)
    .join(
        addresses,
        (addresses.c.account_id == accounts.c.id) & (addresses.c.kind == AddressKind.PRIMARY.value),
    )
)
_OPEN: Final = _SLIPS.where(_s.settled_at.is_(None))


def _open_of(conn: Connection, account_ids: Sequence[AccountId]) -> list[IssuedSlip]:
    return [
        IssuedSlip(*row[:11])
        for some in chunks(account_ids)
        for row in conn.execute(_OPEN.where(_s.account_id.in_(list(some))).order_by(_s.id))
    ]


def _settle(conn: Connection, slips: Sequence[IssuedSlip], outcome: Outcome, at: int) -> None:
    for some in chunks([slip.id for slip in slips]):
        conn.execute(
            update(password_slips).where(_s.id.in_(list(some))).values(settled_at=at, outcome=outcome.value)
        )
