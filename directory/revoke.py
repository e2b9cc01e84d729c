"""Thu hồi: everything by which somebody could sign in or is signed in ends at once."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, update

from directory.app_passwords import revoke_app_passwords
from directory.model import AccountId
from directory.scram_keys import drop_all_keys
from directory.tables import accounts, known_devices
from directory.tokens import revoke_tokens


@dataclass(frozen=True, slots=True)
class Revoked:
    """What was taken back, for the audit line."""

    app_passwords: int
    tokens: int


def revoke_everything(conn: Connection, account_id: AccountId, at: int) -> Revoked:
    """End sessions, app passwords, tokens and running connections of an account: its person leaves, or asks for it.

    The password and second factors stay: locking the account is another act. Record `DirectoryChanged` with it, so that
    connections that are open hear of it at once.
    """
    revoked = Revoked(revoke_app_passwords(conn, account_id, at), revoke_tokens(conn, account_id, at))
    drop_all_keys(conn, account_id)
    conn.execute(delete(known_devices).where(known_devices.c.account_id == account_id))
    end_sessions(conn, account_id)
    return revoked


def end_sessions(conn: Connection, account_id: AccountId) -> None:
    """Whoever signed in before this moment, in a browser or by a mail client with the main password, is out."""
    conn.execute(
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(credentials_epoch=accounts.c.credentials_epoch + 1)
    )
