"""Sign-ins of webmail, kept on the server under the hash of the cookie; and what people chose there."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from mailsvc.model.ids import AccountId
from mailsvc.storage import tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_s, _p = tables.web_sessions, tables.preferences
TOUCH_EVERY = 300  # seconds: a page view writes nothing most of the time
ADD = Statement(
    insert(_s).values(
        {
            name: bindparam(name)
            for name in ("id_hash", "account_id", "csrf", "created_at", "seen_at", "address", "agent")
        }
    )
)
GET = Statement(select(_s.c.account_id, _s.c.csrf, _s.c.seen_at).where(_s.c.id_hash == bindparam("id")))
TOUCH = Statement(update(_s).where(_s.c.id_hash == bindparam("id")).values(seen_at=bindparam("now")))
END = Statement(delete(_s).where(_s.c.id_hash == bindparam("id")))
END_ALL = Statement(delete(_s).where(_s.c.account_id == bindparam("account")))
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


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def open_session(uow: UnitOfWork, account: AccountId, address: str, agent: str) -> str:
    """The secret for the cookie; only its hash is kept."""
    secret = secrets.token_urlsafe(32)
    now = uow.clock()
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
        },
    )
    return secret


def session(db: Reader, secret: str, idle_seconds: int) -> WebSession | None:
    """Whom a cookie stands for, unless it was idle for too long."""
    row = db.one(GET, {"id": _hash(secret)})
    now = db.clock()
    if row is None or now - row[2] > idle_seconds:
        return None
    return WebSession(AccountId(row[0]), row[1], now - row[2] >= TOUCH_EVERY)


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
