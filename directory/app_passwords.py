"""Mật khẩu ứng dụng: one a device, for mail clients that cannot show a second factor; shown once, taken back singly."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select, update

from directory.model import AccountId
from directory.repository.rows import insert_one
from directory.scram_keys import ScramKeys, add_keys, derive_keys, drop_keys
from directory.tables import app_passwords

MAX_LABEL: Final = 100
MAX_LIVE: Final = 50
"""Devices of one person; each is tried at a sign-in by SCRAM."""
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH: Final = 24  # 119 bits
_GROUP: Final = 6


class TooManyAppPasswords(ValueError):
    """Nobody has that many devices: old ones have to be taken back first."""


@dataclass(frozen=True, slots=True)
class NewAppPassword:
    """A password made and not yet stored: `text` is shown once."""

    text: str
    digest: bytes
    keys: tuple[ScramKeys, ...]


@dataclass(frozen=True, slots=True)
class AppPasswordRow:
    """One device's password as its owner sees it."""

    id: int
    label: str
    scope: AccountId | None
    """The only box that it opens; None: all that the person reaches."""
    created_at: int
    last_used_at: int | None
    last_network: str


def new_app_password(salt: bytes) -> NewAppPassword:
    """Slow (PBKDF2): before the transaction. Groups of six that can be copied by hand, also without the hyphens."""
    plain = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    text = "-".join(plain[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))
    return NewAppPassword(text, digest_of(text), (derive_keys(text, salt), derive_keys(plain, salt)))


def store_app_password(
    conn: Connection,
    account_id: AccountId,
    new: NewAppPassword,
    label: str,
    at: int,
    scope: AccountId | None = None,
) -> int:
    """Let a device in from now on; its id. TooManyAppPasswords past the bound."""
    live = select(func.count()).where(
        app_passwords.c.account_id == account_id, app_passwords.c.revoked_at.is_(None)
    )
    if (conn.execute(live).scalar() or 0) >= MAX_LIVE:
        raise TooManyAppPasswords
    made = insert_one(
        conn,
        app_passwords,
        account_id=account_id,
        label=label[:MAX_LABEL],
        digest=new.digest,
        created_at=at,
        scope_account_id=scope,
    )
    add_keys(conn, account_id, new.keys, made)
    return made


def list_app_passwords(conn: Connection, account_id: AccountId) -> list[AppPasswordRow]:
    """The devices of an account, newest first."""
    rows = conn.execute(
        select(app_passwords)
        .where(app_passwords.c.account_id == account_id, app_passwords.c.revoked_at.is_(None))
        .order_by(app_passwords.c.id.desc())
    )
    return [
        AppPasswordRow(
            row.id, row.label, row.scope_account_id, row.created_at, row.last_used_at, row.last_network
        )
        for row in rows
    ]


def is_live(conn: Connection, app_password_id: int) -> bool:
    """Whether a device's password that let a connection in is still good."""
    query = select(app_passwords.c.id).where(
        app_passwords.c.id == app_password_id, app_passwords.c.revoked_at.is_(None)
    )
    return conn.execute(query).first() is not None


def revoke_app_password(conn: Connection, account_id: AccountId, app_password_id: int, at: int) -> bool:
    """Take one device's password back at once; whether it was good until now."""
    drop_keys(conn, account_id, app_password_id)
    return (
        conn.execute(
            update(app_passwords)
            .where(
                app_passwords.c.id == app_password_id,
                app_passwords.c.account_id == account_id,
                app_passwords.c.revoked_at.is_(None),
            )
            .values(revoked_at=at)
        ).rowcount
        > 0
    )


def revoke_app_passwords(conn: Connection, account_id: AccountId, at: int) -> int:
    """Take all devices' passwords of an account back; how many there were."""
    found = list_app_passwords(conn, account_id)
    for one in found:
        revoke_app_password(conn, account_id, one.id, at)
    return len(found)


def app_password_used(conn: Connection, app_password_id: int, at: int, network: str) -> None:
    """Note when and from which network a device came last."""
    conn.execute(
        update(app_passwords)
        .where(app_passwords.c.id == app_password_id)
        .values(last_used_at=at, last_network=network)
    )


def digest_of(text: str) -> bytes:
    """What is kept of a password: hyphens, blanks and capitals do not matter."""
    plain = text.replace("-", "").replace(" ", "").lower()
    return hashlib.sha256(plain.encode("utf-8", "replace")).digest()
