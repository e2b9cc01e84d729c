"""What is kept so that somebody can sign in by SCRAM: keys from which the password cannot be read (RFC 5802 §3).

The salt follows from a secret of the installation and the account, so that an account that does not exist has one too,
the same each time, and all app passwords of an account can be tried against one proof.
"""

import hashlib
import hmac
import stringprep
import unicodedata
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, select

from directory.installation_secrets import make_secret, secret
from directory.model import AccountId
from directory.repository.rows import insert_rows
from directory.tables import scram_keys

ITERATIONS: Final = 10_000  # RFC 7677 §4 asks for 4,096 at least; a phone then waits 20 ms
SALT_OCTETS: Final = 16
_SALT_KEY: Final = "scram_salt"


@dataclass(frozen=True, slots=True)
class ScramKeys:
    """StoredKey checks the client's proof, ServerKey proves that we know it (RFC 5802 §3)."""

    stored_key: bytes
    server_key: bytes
    iterations: int = ITERATIONS
    app_password_id: int | None = None


def derive_keys(password: str, salt: bytes, iterations: int = ITERATIONS) -> ScramKeys:
    """Slow: for a thread. SCRAM-SHA-256 (RFC 5802 §3, RFC 7677); ValueError for what SASLprep forbids."""
    salted = hashlib.pbkdf2_hmac("sha256", saslprep(password).encode(), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return ScramKeys(
        hashlib.sha256(client_key).digest(), hmac.digest(salted, b"Server Key", "sha256"), iterations
    )


def saslprep(text: str) -> str:
    """A password as every client prepares it (RFC 4013); ValueError for characters that may not stand in one."""
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in text
        if not stringprep.in_table_b1(character)
    )
    prepared = unicodedata.normalize("NFKC", mapped)
    if any(_is_prohibited(character) for character in prepared):
        raise ValueError("prohibited character")
    if any(map(stringprep.in_table_d1, prepared)) and (
        any(map(stringprep.in_table_d2, prepared))
        or not (stringprep.in_table_d1(prepared[0]) and stringprep.in_table_d1(prepared[-1]))
    ):
        raise ValueError("mixed directions")
    return prepared


def _is_prohibited(character: str) -> bool:
    """RFC 4013 §2.3, and unassigned code points (§2.5: this is a stored string)."""
    return (
        stringprep.in_table_a1(character)
        or stringprep.in_table_c12(character)
        or stringprep.in_table_c21_c22(character)
        or stringprep.in_table_c3(character)
        or stringprep.in_table_c4(character)
        or stringprep.in_table_c5(character)
        or stringprep.in_table_c6(character)
        or stringprep.in_table_c7(character)
        or stringprep.in_table_c8(character)
        or stringprep.in_table_c9(character)
    )


def salt_of(conn: Connection, account_id: AccountId | None, login: str) -> bytes:
    """The salt of an account, or of a name that nobody has: both look alike and stay the same."""
    key = secret(conn, _SALT_KEY) or b"no account has keys yet"
    who = f"account {account_id}" if account_id is not None else f"nobody {login}"
    return hmac.digest(key, who.encode("utf-8", "replace"), "sha256")[:SALT_OCTETS]


def salt_to_store(conn: Connection, account_id: AccountId, at: int) -> bytes:
    """The salt of an account for new keys; inside a writing transaction, for the secret may have to be made."""
    make_secret(conn, _SALT_KEY, at)
    return salt_of(conn, account_id, "")


def add_keys(
    conn: Connection, account_id: AccountId, keys: tuple[ScramKeys, ...], app_password_id: int | None = None
) -> None:
    """Keep the keys of one password, in each way in which it may be typed."""
    insert_rows(
        conn,
        scram_keys,
        [
            {
                "account_id": account_id,
                "app_password_id": app_password_id,
                "iterations": key.iterations,
                "stored_key": key.stored_key,
                "server_key": key.server_key,
            }
            for key in keys
        ],
    )


def keys_of(conn: Connection, account_id: AccountId) -> list[ScramKeys]:
    """All keys by which somebody may sign in to this account by SCRAM."""
    columns = scram_keys.c
    rows = conn.execute(
        select(columns.stored_key, columns.server_key, columns.iterations, columns.app_password_id)
        .where(columns.account_id == account_id)
        .order_by(columns.id)
    )
    return [ScramKeys(bytes(row[0]), bytes(row[1]), row[2], row[3]) for row in rows]


def has_main_keys(conn: Connection, account_id: AccountId) -> bool:
    """Whether the main password may be used by SCRAM."""
    query = select(scram_keys.c.id).where(
        scram_keys.c.account_id == account_id, scram_keys.c.app_password_id.is_(None)
    )
    return conn.execute(query.limit(1)).first() is not None


def drop_keys(conn: Connection, account_id: AccountId, app_password_id: int | None) -> None:
    """Forget the keys of one app password, or (None) of the main password."""
    which = (
        scram_keys.c.app_password_id.is_(None)
        if app_password_id is None
        else scram_keys.c.app_password_id == app_password_id
    )
    conn.execute(delete(scram_keys).where(scram_keys.c.account_id == account_id, which))


def drop_all_keys(conn: Connection, account_id: AccountId) -> None:
    """Forget all keys of an account."""
    conn.execute(delete(scram_keys).where(scram_keys.c.account_id == account_id))
