"""Address completion: some letters of a name, a post, a unit or an address; the likeliest box first."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, literal, or_, select

from directory.address import Address
from directory.model import Account, AccountId, AccountKind, AccountState, AddressKind, Suggestion, UnitId
from directory.names import syllables
from directory.repository.rows import can_be_stored
from directory.repository.successions import heirs_of_name
from directory.repository.units import IN_FORCE
from directory.tables import accounts, addresses, groups, unit_versions

MAX_WORDS: Final = 6
MAX_TEXT: Final = 100


def complete(
    conn: Connection, text: str, limit: int, reader: Account | None = None, *, on: date
) -> list[Suggestion]:
    """Boxes and groups whose names, titles, units or addresses begin with the words of `text`.

    Marks need not be typed. A given name that begins with the first word comes first, then the reader's own unit.
    """
    typed = text.strip()[:MAX_TEXT]
    if not can_be_stored(typed):
        return []
    if "@" in typed:
        return _by_address(conn, typed, limit, on)
    words = syllables(typed)[:MAX_WORDS]
    if not words:
        return []
    found = _accounts(conn, _every_word(words), _rank(words, reader), limit, on)
    if len(found) < limit:
        found += _groups(conn, words, limit - len(found))
    if len(found) < limit:
        found += _heirs(conn, words, {hit.account_id for hit in found}, limit - len(found), on)
    return found[:limit]


def _every_word(words: Sequence[str]) -> ColumnElement[bool]:
    return and_(
        *(
            or_(
                accounts.c.name_fold.like(f"% {word}%"),
                accounts.c.title_fold.like(f"% {word}%"),
                unit_versions.c.name_fold.like(f"% {word}%"),
                addresses.c.key.like(f"{word}%"),
            )
            for word in words
        )
    )


def _rank(words: Sequence[str], reader: Account | None) -> ColumnElement[Any]:
    whole = f" {' '.join(words)}"
    near = -1 if reader is not None and reader.unit_id is not None else 0
    unit_id = reader.unit_id if reader is not None else None
    return case(
        (accounts.c.name_fold.like(f"{whole} %"), 0),
        (addresses.c.local == "".join(words), 1),
        (accounts.c.name_fold.like(f" {words[0]} %"), 2),
        (accounts.c.name_fold.like(f" {words[0]}%"), 4),
        (unit_versions.c.name_fold.like(f"%{whole}%") & (accounts.c.kind != AccountKind.PERSONAL.value), 5),
        (accounts.c.name_fold.like(f"% {words[0]}%"), 6),
        else_=8,
    ) + (case((accounts.c.unit_id == unit_id, near), else_=0) if near else literal(0))


def _accounts(
    conn: Connection, where: ColumnElement[bool], rank: ColumnElement[Any], limit: int, on: date
) -> list[Suggestion]:
    query = (
        select(
            accounts.c.id,
            accounts.c.kind,
            addresses.c.local,
            addresses.c.domain,
            accounts.c.display_name,
            accounts.c.title,
            func.coalesce(unit_versions.c.name, ""),
        )
        .select_from(
            accounts.join(
                addresses,
                and_(addresses.c.account_id == accounts.c.id, addresses.c.kind == AddressKind.PRIMARY.value),
            ).outerjoin(unit_versions, and_(unit_versions.c.unit_id == accounts.c.unit_id, IN_FORCE))
        )
        .where(
            accounts.c.state == AccountState.ACTIVE.value,
            accounts.c.kind.not_in([AccountKind.SERVICE.value, AccountKind.SYSTEM.value]),
            where,
        )
        .order_by(rank, accounts.c.sort_key, accounts.c.id)
        .limit(limit)
    )
    return [
        Suggestion(
            account_id=AccountId(row[0]),
            address=Address(row[2], row[3]),
            display_name=row[4],
            detail=", ".join(part for part in (row[5], row[6]) if part and part != row[4]),
            kind=AccountKind(row[1]),
        )
        for row in conn.execute(query, {"on": on.isoformat()})
    ]


def _by_address(conn: Connection, typed: str, limit: int, on: date) -> list[Suggestion]:
    """Also by an old address, which is an alias of whoever has it now."""
    escaped = typed.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    alias = addresses.alias("alias")
    begins = f"{escaped}%"
    known = exists().where(
        alias.c.account_id == accounts.c.id,
        alias.c.kind == AddressKind.ALIAS.value,
        alias.c.key.like(begins, escape="\\"),
    )
    own = addresses.c.key.like(begins, escape="\\")
    return _accounts(conn, own | known, case((own, 0), else_=1), limit, on)


def _heirs(
    conn: Connection, words: Sequence[str], shown: set[AccountId | None], limit: int, on: date
) -> list[Suggestion]:
    """The boxes of units that took over from one of that name: who is now whom."""
    name_of = {unit.id: (unit.name, name) for unit, name in heirs_of_name(conn, words, on, limit)}
    hits = [
        (unit_id, hit)
        for unit_id in name_of
        for hit in _accounts(conn, _box_of(unit_id), literal(0), 1, on)
        if hit.account_id not in shown
    ]
    return [
        replace(hit, detail=f"{name_of[unit_id][0]}, trước là {name_of[unit_id][1]}") for unit_id, hit in hits
    ]


def _box_of(unit_id: UnitId) -> ColumnElement[bool]:
    return and_(accounts.c.unit_id == unit_id, accounts.c.kind == AccountKind.UNIT.value)


def _groups(conn: Connection, words: Sequence[str], limit: int) -> list[Suggestion]:
    query = (
        select(addresses.c.local, addresses.c.domain, groups.c.name)
        .select_from(groups.join(addresses, addresses.c.group_id == groups.c.id))
        .where(
            addresses.c.kind == AddressKind.PRIMARY.value,
            *(groups.c.name_fold.like(f"% {word}%") for word in words),
        )
        .order_by(groups.c.name_fold)
        .limit(limit)
    )
    return [Suggestion(None, Address(row[0], row[1]), row[2], "", None) for row in conn.execute(query)]
