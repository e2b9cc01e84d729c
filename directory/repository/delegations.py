"""Quyền dùng chung hộp thư: who reaches which shared box, and what they may do there."""

from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, delete, literal, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from directory.model import AccountId, AccountKind, AccountState, Delegation, Right, SharedBox
from directory.repository.boxes import ACCOUNT_COLUMNS, ACCOUNTS, to_account
from directory.tables import accounts, delegations, posts, reading_requests

ALL_RIGHTS: Final = Right.READ | Right.ACT | Right.SEND_AS

_holder: Final = accounts.alias("holder")
_GRANTED: Final = (
    ACCOUNTS.add_columns(delegations.c.rights, delegations.c.joined_at, literal("").label("held_from"))
    .join(delegations, delegations.c.account_id == accounts.c.id)
    .where(delegations.c.grantee_id == bindparam("reader"), accounts.c.state != AccountState.ARCHIVED.value)
)
_HELD: Final = (  # a post box follows whoever holds the post
    ACCOUNTS.add_columns(
        literal(ALL_RIGHTS.value).label("rights"),
        literal(0).label("joined_at"),
        posts.c.valid_from.label("held_from"),
    )
    .join(posts, (posts.c.unit_id == accounts.c.unit_id) & (posts.c.role == accounts.c.post_role))
    .join(_holder, _holder.c.person_id == posts.c.person_id)
    .where(
        _holder.c.id == bindparam("reader"),
        accounts.c.kind == AccountKind.POST.value,
        accounts.c.state != AccountState.ARCHIVED.value,
        posts.c.valid_from <= bindparam("on"),
        posts.c.valid_to.is_(None) | (posts.c.valid_to > bindparam("on")),
    )
)
_READ: Final = (  # with two approvals, and until a day: it ends by itself
    ACCOUNTS.add_columns(
        literal(Right.READ.value).label("rights"),
        reading_requests.c.approved_at.label("joined_at"),
        literal("").label("held_from"),
    )
    .join(reading_requests, reading_requests.c.account_id == accounts.c.id)
    .where(
        reading_requests.c.reader_id == bindparam("reader"),
        reading_requests.c.approved_at.is_not(None),
        reading_requests.c.ended_at.is_(None),
        reading_requests.c.until_day >= bindparam("on"),
        accounts.c.state != AccountState.ARCHIVED.value,
    )
)
_SHARED: Final = union_all(_GRANTED, _HELD, _READ)
_RIGHTS: Final = len(ACCOUNT_COLUMNS)


def delegated_to(conn: Connection, account_id: AccountId, on: date) -> list[SharedBox]:
    """The shared boxes that this reader reaches on that day: those granted, and post boxes of posts held.

    `joined_at` of a held post is the start of its first day; letters from before are not unread for the newcomer.
    """
    found: dict[AccountId, SharedBox] = {}
    for row in conn.execute(_SHARED, {"reader": account_id, "on": on.isoformat()}):
        box = to_account(row)
        rights, joined_at, held_from = Right(row[_RIGHTS]), row[_RIGHTS + 1], row[_RIGHTS + 2]
        if held_from:
            joined_at = (date.fromisoformat(held_from) - date(1970, 1, 1)).days * 86_400 - 7 * 3_600  # UTC+7
        known = found.get(box.id)
        if known is not None:
            rights, joined_at = rights | known.rights, min(joined_at, known.joined_at)
        found[box.id] = SharedBox(box, rights, joined_at)
    return sorted(found.values(), key=lambda shared: (shared.account.kind.value, shared.account.address.key))


def rights_on(conn: Connection, reader: AccountId, box: AccountId, on: date) -> Right:
    """What a reader may do in a box: everything in one's own, else what was granted; nothing is Right(0)."""
    if reader == box:
        return ALL_RIGHTS
    return next((s.rights for s in delegated_to(conn, reader, on) if s.account.id == box), Right(0))


def delegates_of(conn: Connection, box: AccountId) -> list[Delegation]:
    """Who was granted rights on a box."""
    query = (
        select(
            delegations.c.account_id, delegations.c.grantee_id, delegations.c.rights, delegations.c.joined_at
        )
        .where(delegations.c.account_id == box)
        .order_by(delegations.c.joined_at, delegations.c.id)
    )
    return [
        Delegation(AccountId(row[0]), AccountId(row[1]), Right(row[2]), row[3]) for row in conn.execute(query)
    ]


def grant(
    conn: Connection, box: AccountId, grantee: AccountId, rights: Right, at: int, by: AccountId | None = None
) -> None:
    """Give or change a right on a box; a change keeps the day of joining."""
    make = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    statement = make(delegations).values(
        account_id=box, grantee_id=grantee, rights=rights.value, joined_at=at, granted_by=by
    )
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=[delegations.c.account_id, delegations.c.grantee_id], set_={"rights": rights.value}
        )
    )


def revoke(conn: Connection, box: AccountId, grantee: AccountId) -> bool:
    """Take a right back; whether there was one."""
    gone = conn.execute(
        delete(delegations)
        .where(delegations.c.account_id == box, delegations.c.grantee_id == grantee)
        .returning(delegations.c.id)
    ).first()
    return gone is not None
