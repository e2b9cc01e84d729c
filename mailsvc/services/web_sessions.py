"""Sign-ins of webmail, kept on the server under the hash of the cookie; and what people chose there."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from directory.repository import boxes as directory_boxes
from mailsvc.model.ids import AccountId
from mailsvc.services import usage
from mailsvc.storage import tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailsvc.storage.unit_of_work import Reader, UnitOfWork


class Stage(StrEnum):
    """How far a sign-in has come."""

    FULL = "full"
    SECOND_FACTOR = "second_factor"  # the password was right, the second factor is still missing
    ENROL = "enrol"  # policy wants a second factor, and there is none yet


_s, _p = tables.web_sessions, tables.preferences
MAX_LISTED = 200
HANDLE_OCTETS = 8
HALF_SECONDS = 600
"""How long a sign-in may wait for its second factor."""
TOUCH_EVERY = 300  # seconds: a page view writes nothing most of the time
ADD = Statement(
    insert(_s).values(
        {
            name: bindparam(name)
            for name in (
                *("id_hash", "account_id", "csrf", "created_at", "seen_at", "address", "agent"),
                *("stage", "proven_at", "epoch"),
            )
        }
    )
)
GET = Statement(
    select(
        _s.c.account_id, _s.c.csrf, _s.c.seen_at, _s.c.stage, _s.c.proven_at, _s.c.epoch, _s.c.created_at
    ).where(_s.c.id_hash == bindparam("id"))
)
LIST = Statement(
    select(_s.c.id_hash, _s.c.created_at, _s.c.seen_at, _s.c.address, _s.c.agent)
    .where(_s.c.account_id == bindparam("account"), _s.c.stage == Stage.FULL.value)
    .order_by(_s.c.seen_at.desc())
    .limit(MAX_LISTED)
)
PROVE = Statement(update(_s).where(_s.c.id_hash == bindparam("id")).values(proven_at=bindparam("now")))
TOUCH = Statement(update(_s).where(_s.c.id_hash == bindparam("id")).values(seen_at=bindparam("now")))
END = Statement(delete(_s).where(_s.c.id_hash == bindparam("id")))
END_ALL = Statement(delete(_s).where(_s.c.account_id == bindparam("account")))
END_OTHERS = Statement(
    delete(_s).where(_s.c.account_id == bindparam("account"), _s.c.id_hash != bindparam("id"))
)
END_IDLE = Statement(delete(_s).where(_s.c.seen_at < bindparam("before")))
PREFERENCES = Statement(select(_p.c["values"]).where(_p.c.account_id == bindparam("account")))
_row: dict[str, BindParameter[Any]] = {"account_id": bindparam("account"), "values": bindparam("chosen")}
PREFER = {
    "sqlite": Statement(
        sqlite_insert(_p)
        .values(_row)
        .on_conflict_do_update(index_elements=["account_id"], set_={"values": bindparam("chosen")})
    ),
    "postgresql": Statement(
        pg_insert(_p)
        .values(_row)
        .on_conflict_do_update(index_elements=["account_id"], set_={"values": bindparam("chosen")})
    ),
}


@dataclass(frozen=True, slots=True)
class WebSession:
    """A sign-in that is still good."""

    account_id: AccountId
    csrf: str
    must_be_touched: bool
    stage: Stage
    proven_at: int
    """When the person last proved who they are; for dangerous acts."""
    epoch: int
    """Of the account's credentials: once it is older, the session is over."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A sign-in as its owner sees it in a list."""

    handle: str
    created_at: int
    seen_at: int
    address: str
    agent: str
    is_this: bool


def handle_of(id_hash: bytes) -> str:
    """A name for a session that lets nobody in."""
    return id_hash[:HANDLE_OCTETS].hex()


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def open_session(
    uow: UnitOfWork,
    account: AccountId,
    address: str,
    agent: str,
    stage: Stage = Stage.FULL,
    proven_at: int | None = None,
) -> str:
    """The secret for the cookie; only its hash is kept. Whoever signs in has just proved who they are."""
    secret = secrets.token_urlsafe(32)
    now = uow.clock()
    who = directory_boxes.account_by_id(uow.conn, account)
    uow.run(
        ADD,
        {
            "id_hash": _hash(secret),
            "account_id": account,
            "csrf": secrets.token_urlsafe(24),
            "created_at": now,
            "seen_at": now,
            "address": address[:100],
            "agent": agent[:300],
            "stage": stage.value,
            "proven_at": now if proven_at is None else proven_at,
            "epoch": 0 if who is None else who.credentials_epoch,
        },
    )
    if stage is Stage.FULL:
        usage.signed_in(uow, account)
    return secret


def session(db: Reader, secret: str, idle_seconds: int) -> WebSession | None:
    """Whom a cookie stands for, unless it was idle for too long."""
    row = db.one(GET, {"id": _hash(secret)})
    now = db.clock()
    if row is None or now - row[2] > idle_seconds:
        return None
    stage = Stage(row[3])
    if stage is Stage.SECOND_FACTOR and now - row[6] > HALF_SECONDS:
        return None
    return WebSession(AccountId(row[0]), row[1], now - row[2] >= TOUCH_EVERY, stage, row[4], row[5])


def prove(uow: UnitOfWork, secret: str) -> None:
    """The person has proved again who they are."""
    uow.run(PROVE, {"id": _hash(secret), "now": uow.clock()})


def sessions_of(db: Reader, account: AccountId, secret: str, idle_seconds: int) -> list[SessionRow]:
    """Where a person is signed in, the latest used first."""
    this, oldest = _hash(secret), db.clock() - idle_seconds
    return [
        SessionRow(handle_of(bytes(row[0])), row[1], row[2], row[3], row[4], bytes(row[0]) == this)
        for row in db.rows(LIST, {"account": account})
        if row[2] >= oldest
    ]


def close_one(uow: UnitOfWork, account: AccountId, handle: str) -> bool:
    """End one sign-in of this account; whether it was there."""
    for row in uow.rows(LIST, {"account": account}):
        if handle_of(bytes(row[0])) == handle:
            return uow.run(END, {"id": bytes(row[0])}) > 0
    return False


def close_others(uow: UnitOfWork, account: AccountId, secret: str) -> None:
    """Sign out everywhere but here."""
    uow.run(END_OTHERS, {"account": account, "id": _hash(secret)})


def touch(uow: UnitOfWork, secret: str) -> None:
    """It was used now."""
    uow.run(TOUCH, {"id": _hash(secret), "now": uow.clock()})


def close_session(uow: UnitOfWork, secret: str) -> None:
    """Sign out."""
    uow.run(END, {"id": _hash(secret)})


def close_all(uow: UnitOfWork, account: AccountId) -> None:
    """Sign out everywhere: the password changed, or the account was locked."""
    uow.run(END_ALL, {"account": account})


def close_idle(uow: UnitOfWork, idle_seconds: int) -> None:
    """Housekeeping."""
    uow.run(END_IDLE, {"before": uow.clock() - idle_seconds})


def preferences(db: Reader, account: AccountId) -> dict[str, str]:
    """What the person chose."""
    row = db.one(PREFERENCES, {"account": account})
    return dict(json.loads(row[0])) if row is not None else {}


def prefer(uow: UnitOfWork, account: AccountId, values: Mapping[str, str]) -> None:
    """Keep choices, at most 64 of them."""
    chosen = {**preferences(uow, account), **values}
    if len(chosen) <= 64 and all(len(value) <= 20_000 for value in chosen.values()):
        uow.run(
            PREFER[uow.store.database.dialect.name],
            {"account": account, "chosen": json.dumps(chosen, ensure_ascii=False)},
        )
