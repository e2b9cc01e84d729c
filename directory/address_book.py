"""Danh bạ: the directory as correspondents see it, with a revision for each entry, so that a phone fetches only what changed.

Who reads sees the boxes to which they may write: of their own branch, and of others as policy says.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, bindparam, insert, or_, select, update

from directory import audit
from directory.model import AccountId, AccountKind, AccountState, AddressKind, Branch
from directory.policies import effective_policy
from directory.repository.rows import insert_rows, update_rows
from directory.repository.units import IN_FORCE
from directory.tables import (
    accounts,
    address_book_entries,
    address_book_state,
    addresses,
    persons,
    unit_versions,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from sqlalchemy import Connection

    from directory.policies import Defaults

NO_BRANCH: Final = ""
_SHOWN: Final = (AccountKind.PERSONAL.value, AccountKind.UNIT.value, AccountKind.POST.value)
_v, _b, _s = unit_versions.c, address_book_entries.c, address_book_state.c
_ENTRIES: Final = (
    select(
        accounts.c.id,
        accounts.c.kind,
        addresses.c.local,
        addresses.c.domain,
        accounts.c.display_name,
        persons.c.family_name,
        persons.c.middle_name,
        persons.c.given_name,
        accounts.c.title,
        _v.name,
        _v.branch,
        persons.c.phone,
    )
    .select_from(
        accounts.join(
            addresses,
            and_(addresses.c.account_id == accounts.c.id, addresses.c.kind == AddressKind.PRIMARY.value),
        )
        .outerjoin(unit_versions, and_(_v.unit_id == accounts.c.unit_id, IN_FORCE))
        .outerjoin(persons, persons.c.id == accounts.c.person_id)
    )
    .where(accounts.c.state == AccountState.ACTIVE.value, accounts.c.kind.in_(_SHOWN))
)
_BRANCH_OF: Final = (
    select(_v.branch)
    .join(accounts, accounts.c.unit_id == _v.unit_id)
    .where(accounts.c.id == bindparam("account_id"), IN_FORCE)
)


@dataclass(frozen=True, slots=True)
class BookEntry:
    """One box in the address book."""

    account_id: AccountId
    kind: AccountKind
    address: str
    name: str
    family: str
    middle: str
    given: str
    title: str
    unit: str
    branch: str
    phone: str

    @property
    def etag(self) -> str:
        """Changes whenever anything of the entry does (RFC 9110 §8.8.3)."""
        text = json.dumps(astuple(self), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Change:
    """An entry that changed after a revision; gone for who may not, or no longer, see it."""

    account_id: AccountId
    etag: str
    is_there: bool


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """How far somebody has read the changes: a revision, and the last entry of it."""

    revision: int
    account_id: int


START: Final = Position(0, 0)
ALL_OF_IT: Final = 1 << 62
"""As the last entry of a revision: nothing of it is left."""


def branches_seen(
    conn: Connection, account_id: AccountId, on: date, defaults: Defaults | None = None
) -> frozenset[str]:
    """The branches whose boxes this reader may write to, and so sees; boxes of no unit everybody sees."""
    policy = (
        effective_policy(conn, account_id, on)
        if defaults is None
        else effective_policy(conn, account_id, on, defaults)
    )
    text = conn.execute(_BRANCH_OF, {"account_id": account_id, "on": on.isoformat()}).scalar()
    own = None if text is None else Branch(text)
    return frozenset({NO_BRANCH, *(one.value for one in Branch if policy.may_write_to(own, one))})


def entries(
    conn: Connection, branches: frozenset[str], on: date, only: Iterable[AccountId] | None = None
) -> list[BookEntry]:
    """The boxes of these branches, those with the ids in `only` or all, by id."""
    query = _ENTRIES.order_by(accounts.c.id)
    if only is not None:
        query = query.where(accounts.c.id.in_(list(only)))
    return [one for one in _read(conn, query, on) if one.branch in branches]


def _read(conn: Connection, query: object, on: date) -> list[BookEntry]:
    rows = conn.execute(query, {"on": on.isoformat()})  # type: ignore[call-overload]
    return [
        BookEntry(
            AccountId(row[0]),
            AccountKind(row[1]),
            f"{row[2]}@{row[3]}",
            row[4],
            row[5] or "",
            row[6] or "",
            row[7] or "",
            row[8],
            row[9] or "",
            row[10] or NO_BRANCH,
            row[11] or "",
        )
        for row in rows
    ]


# -- revisions


def is_stale(conn: Connection, on: date) -> bool:
    """Whether somebody acted on the directory, or a day began, since the revisions were worked out."""
    row = conn.execute(select(_s.audit_head, _s.day)).first()
    return row is None or (row[0], row[1]) != (audit.head(conn), on.isoformat())


def refresh(conn: Connection, on: date) -> int:
    """Give every entry that changed the next revision; which one it is. Inside a write transaction."""
    audit.hold(conn)
    state = conn.execute(select(_s.id, _s.revision)).first()
    revision = 0 if state is None else int(state[1])
    known = {
        row[0]: (row[1], row[2], row[3])
        for row in conn.execute(select(_b.account_id, _b.etag, _b.branch, _b.id))
    }
    now = {one.account_id: one for one in _read(conn, _ENTRIES, on)}
    new = [one for one in now.values() if one.account_id not in known]
    changed = [
        (known[one.account_id], one)
        for one in now.values()
        if one.account_id in known and known[one.account_id][0] != one.etag
    ]
    gone = [row for account_id, row in known.items() if account_id not in now and row[0]]
    if new or changed or gone:
        revision += 1
        insert_rows(
            conn,
            address_book_entries,
            [
                {
                    "account_id": one.account_id,
                    "etag": one.etag,
                    "branch": one.branch,
                    "former_branch": one.branch,
                    "revision": revision,
                }
                for one in new
            ],
        )
        update_rows(
            conn,
            address_book_entries,
            [
                {
                    "id": row,
                    "etag": one.etag,
                    "branch": one.branch,
                    "former_branch": before,
                    "revision": revision,
                }
                for (_, before, row), one in changed
            ]
            + [
                {"id": row, "etag": "", "branch": before, "former_branch": before, "revision": revision}
                for _, before, row in gone
            ],
        )
    values = {"audit_head": audit.head(conn), "day": on.isoformat(), "revision": revision}
    if state is None:
        conn.execute(insert(address_book_state).values(**values))
    else:
        conn.execute(update(address_book_state).where(_s.id == state[0]).values(**values))
    return revision


def revision_of(conn: Connection) -> int:
    """The newest revision; 0 before the first."""
    return int(conn.execute(select(_s.revision)).scalar() or 0)


def changes_since(
    conn: Connection, branches: frozenset[str], after: Position, limit: int
) -> list[tuple[Position, Change]]:
    """What changed after a position in these branches, the oldest first, each with its position (RFC 6578 §3.2)."""
    query = (
        select(_b.revision, _b.account_id, _b.etag, _b.branch)
        .where(
            or_(
                _b.revision > after.revision,
                and_(_b.revision == after.revision, _b.account_id > after.account_id),
            ),
            or_(_b.branch.in_(branches), _b.former_branch.in_(branches)),
        )
        .order_by(_b.revision, _b.account_id)
        .limit(limit)
    )
    if after == START:  # who has nothing need not hear of what is gone
        query = query.where(_b.etag != "", _b.branch.in_(branches))
    return [
        (
            Position(row[0], row[1]),
            Change(AccountId(row[1]), row[2], bool(row[2]) and row[3] in branches),
        )
        for row in conn.execute(query)
    ]
