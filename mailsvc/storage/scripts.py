"""Rows of rules and of what they remember (RFC 5228, RFC 5804)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sqlalchemy import and_, bindparam, delete, insert, select, update

from mailsvc.storage import tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from mailsvc.model.ids import AccountId
    from mailsvc.storage.store import Store
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_s, _m, _g = tables.sieve_scripts, tables.sieve_memory, tables.sieve_generation


class OwnerKind(StrEnum):
    """Whose rules they are; the wider ones run first."""

    PROVINCE = "province"
    UNIT = "unit"
    BOX = "box"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose script it is."""

    kind: OwnerKind
    id: int


@dataclass(frozen=True, slots=True)
class StoredScript:
    """One script."""

    name: str
    octets: bytes
    is_active: bool


_OWNER = and_(_s.c.owner_kind == bindparam("kind"), _s.c.owner_id == bindparam("owner"))
_ONE = and_(_OWNER, _s.c.name == bindparam("name"))
_OF_OWNER = Statement(select(_s.c.name, _s.c.octets, _s.c.is_active).where(_OWNER).order_by(_s.c.name))
_ACTIVE = Statement(select(_s.c.octets).where(and_(_OWNER, _s.c.is_active == 1)))
_ANY_ACTIVE = Statement(
    select(_s.c.owner_kind, _s.c.owner_id).where(_s.c.is_active == 1).order_by(_s.c.owner_kind, _s.c.owner_id)
)
_ADD = Statement(
    insert(_s).values(
        owner_kind=bindparam("kind"),
        owner_id=bindparam("owner"),
        name=bindparam("name"),
        octets=bindparam("octets"),
        is_active=bindparam("active"),
        updated_at=bindparam("now"),
    )
)
_REMOVE = Statement(delete(_s).where(_ONE))
_DEACTIVATE = Statement(update(_s).where(and_(_OWNER, _s.c.is_active == 1)).values(is_active=0))
_ACTIVATE = Statement(update(_s).where(_ONE).values(is_active=1))
_GENERATION = Statement(select(_g.c.number).where(_g.c.id == 1))
_FORGET_GENERATION = Statement(delete(_g).where(_g.c.id == 1))
_SET_GENERATION = Statement(insert(_g).values(id=1, number=bindparam("number")))
_known: WeakKeyDictionary[Store, tuple[int, frozenset[Owner]]] = WeakKeyDictionary()
_MEMORY = and_(
    _m.c.account_id == bindparam("account"), _m.c.kind == bindparam("kind"), _m.c.key == bindparam("key")
)
_UNTIL = Statement(select(_m.c.until).where(_MEMORY))
_FORGET = Statement(delete(_m).where(_MEMORY))
_REMEMBER = Statement(
    insert(_m).values(
        account_id=bindparam("account"),
        kind=bindparam("kind"),
        key=bindparam("key"),
        until=bindparam("until"),
    )
)
_FORGET_OLD = Statement(delete(_m).where(_m.c.until < bindparam("now")))


def of_owner(db: Reader, owner: Owner) -> list[StoredScript]:
    """All scripts of one owner, by name."""
    rows = db.rows(_OF_OWNER, _key(owner))
    return [StoredScript(name, bytes(octets), bool(active)) for name, octets, active in rows]


def active(db: Reader, owner: Owner) -> bytes | None:
    """The script that runs over the owner's letters."""
    row = db.one(_ACTIVE, _key(owner))
    return None if row is None else bytes(row[0])


def with_rules(db: Reader) -> frozenset[Owner]:
    """Everybody who has an active script; read again only when some script changed since."""
    row = db.one(_GENERATION, {})
    if row is None:
        return frozenset()
    known = _known.get(db.store)
    if known is None or known[0] != row[0]:
        owners = frozenset([Owner(OwnerKind(kind), number) for kind, number in db.rows(_ANY_ACTIVE, {})])
        known = _known[db.store] = (int(row[0]), owners)
    return known[1]


def put(uow: UnitOfWork, owner: Owner, script: StoredScript) -> None:
    """Keep a script, in place of one of the same name."""
    key = {**_key(owner), "name": script.name}
    uow.run(_REMOVE, key)
    uow.run(_ADD, {**key, "octets": script.octets, "active": int(script.is_active), "now": uow.clock()})
    _changed(uow)


def remove(uow: UnitOfWork, owner: Owner, name: str) -> None:
    """Take a script away."""
    uow.run(_REMOVE, {**_key(owner), "name": name})
    _changed(uow)


def activate(uow: UnitOfWork, owner: Owner, name: str | None) -> None:
    """Let this script run and no other; none at all with None."""
    uow.run(_DEACTIVATE, _key(owner))
    if name is not None:
        uow.run(_ACTIVATE, {**_key(owner), "name": name})
    _changed(uow)


def remembers(
    uow: UnitOfWork, account: AccountId, kind: str, what: str, seconds: int, *, renew: bool
) -> bool:
    """Whether this happened within its time; if not it happens now, and is remembered for so many seconds."""
    key = {"account": account, "kind": kind, "key": sha256(what.encode("utf-8", "replace")).digest()}
    row = uow.one(_UNTIL, key)
    known = row is not None and row[0] > uow.clock()
    if not known or renew:
        uow.run(_FORGET, key)
        uow.run(_REMEMBER, {**key, "until": uow.clock() + seconds})
    return known


def forget_old(uow: UnitOfWork) -> None:
    """Drop what need not be remembered any more."""
    uow.run(_FORGET_OLD, {"now": uow.clock()})


def _changed(uow: UnitOfWork) -> None:
    """By chance and not counted: a unit that is undone leaves no number that another could have again."""
    uow.run(_FORGET_GENERATION, {})
    uow.run(_SET_GENERATION, {"number": secrets.randbits(62)})


def _key(owner: Owner) -> dict[str, object]:
    return {"kind": owner.kind.value, "owner": owner.id}
