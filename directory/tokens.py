"""Mã truy cập cá nhân: an opaque text that stands for a person, for some purposes and until a day (RFC 6750 §1.2).

The text is shown once; its hash is kept. 192 random bits leave nothing to guess, so the hash need not be slow.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Connection, bindparam, select, update

from directory.model import AccountId, AccountState
from directory.repository.rows import insert_one
from directory.tables import access_tokens, accounts

PREFIX: Final = "cvt_"
"""So that a scanner of files and logs knows one when it sees it."""
MAX_TOKEN: Final = 100
MAX_LABEL: Final = 100
USE_WRITTEN_EVERY: Final = 3600  # seconds


class TokenScope(StrEnum):
    """What a token may be used for."""

    MAIL = "mail"  # IMAP and SMTP by OAUTHBEARER
    ADMIN = "admin"  # the command line over HTTPS and the administration API, within the holder's own scope
    SCIM = "scim"  # provisioning of users and groups
    ADDRESS_BOOK = "address_book"  # CardDAV, reading


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """Whom a token stands for, and for what."""

    token_id: int
    account_id: AccountId
    scopes: frozenset[TokenScope]
    expires_at: int
    last_used_at: int | None

    def must_be_written(self, at: int) -> bool:
        """Whether its last use is worth a write."""
        return self.last_used_at is None or at - self.last_used_at >= USE_WRITTEN_EVERY


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as its owner sees it in a list: never the text."""

    id: int
    label: str
    scopes: tuple[TokenScope, ...]
    created_at: int
    expires_at: int
    last_used_at: int | None
    last_network: str


_CHECK: Final = (
    select(
        access_tokens.c.id,
        access_tokens.c.account_id,
        access_tokens.c.scopes,
        access_tokens.c.expires_at,
        access_tokens.c.last_used_at,
    )
    .join(accounts, accounts.c.id == access_tokens.c.account_id)
    .where(
        access_tokens.c.digest == bindparam("digest"),
        access_tokens.c.revoked_at.is_(None),
        access_tokens.c.expires_at > bindparam("now"),
        accounts.c.state == AccountState.ACTIVE.value,
        accounts.c.must_change_password == 0,
    )
)


def issue_token(
    conn: Connection,
    account_id: AccountId,
    scopes: Iterable[TokenScope],
    expires_at: int,
    *,
    at: int,
    label: str = "",
) -> str:
    """A new token's text, shown once; ValueError without a scope or with an end that is past."""
    wanted = sorted(set(scopes))
    if not wanted or expires_at <= at:
        raise ValueError("a token needs a scope and an end in the future")
    text = PREFIX + secrets.token_urlsafe(24)
    insert_one(
        conn,
        access_tokens,
        account_id=account_id,
        label=label[:MAX_LABEL],
        digest=_digest(text),
        scopes=" ".join(wanted),
        created_at=at,
        expires_at=expires_at,
    )
    return text


def check_token(conn: Connection, text: str, now: int) -> TokenHolder | None:
    """Whom the text stands for now; None for one that is unknown, expired, revoked, or of an account that is locked."""
    if not text.startswith(PREFIX) or len(text) > MAX_TOKEN:
        return None
    row = conn.execute(_CHECK, {"digest": _digest(text), "now": now}).first()
    if row is None:
        return None
    return TokenHolder(row[0], AccountId(row[1]), frozenset(map(TokenScope, row[2].split())), row[3], row[4])


def token_used(conn: Connection, token_id: int, at: int, network: str = "") -> None:
    """Note a use; callers do so when `must_be_written` says so."""
    conn.execute(
        update(access_tokens)
        .where(access_tokens.c.id == token_id)
        .values(last_used_at=at, last_network=network)
    )


def list_tokens(conn: Connection, account_id: AccountId, now: int) -> list[TokenRow]:
    """The tokens of an account that still work, newest first."""
    rows = conn.execute(
        select(access_tokens)
        .where(
            access_tokens.c.account_id == account_id,
            access_tokens.c.revoked_at.is_(None),
            access_tokens.c.expires_at > now,
        )
        .order_by(access_tokens.c.id.desc())
    )
    return [
        TokenRow(
            row.id,
            row.label,
            tuple(map(TokenScope, row.scopes.split())),
            row.created_at,
            row.expires_at,
            row.last_used_at,
            row.last_network,
        )
        for row in rows
    ]


def is_live(conn: Connection, token_id: int, now: int) -> bool:
    """Whether a token that let a connection in is still good."""
    query = select(access_tokens.c.id).where(
        access_tokens.c.id == token_id,
        access_tokens.c.revoked_at.is_(None),
        access_tokens.c.expires_at > now,
    )
    return conn.execute(query).first() is not None


def revoke_token(conn: Connection, account_id: AccountId, token_id: int, at: int) -> bool:
    """Take one token of this account back at once; whether it was good until now."""
    return _revoke(conn, at, access_tokens.c.account_id == account_id, access_tokens.c.id == token_id) > 0


def revoke_tokens(conn: Connection, account_id: AccountId, at: int) -> int:
    """Take all tokens of an account back; how many there were."""
    return _revoke(conn, at, access_tokens.c.account_id == account_id)


def _revoke(conn: Connection, at: int, *which: ColumnElement[bool]) -> int:
    live = access_tokens.c.revoked_at.is_(None)
    return conn.execute(update(access_tokens).where(live, *which).values(revoked_at=at)).rowcount


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
