"""The way from a door to a desk: whom a token or a session stands for, and where they carry their acts out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from directory.repository import boxes
from directory.tokens import TokenScope, check_token, token_used
from mailsvc.services.administration.desk import Desk

if TYPE_CHECKING:
    from config.settings import Settings
    from directory.model import AccountId
    from mailsvc.services.administration.once import Key
    from mailsvc.services.open_store import Store

__all__ = ["Caller", "Office", "TokenScope"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a person's account, and the name in the audit log."""

    account_id: AccountId
    address: str


class Office:
    """One installation, as its administrators reach it from elsewhere."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def holder(self, token: str, purpose: TokenScope, network: str) -> Caller | None:
        """Whom a personal token stands for, where it was given for this purpose."""
        now = self._store.clock()
        with self._store.read() as db:
            held = check_token(db.conn, token, now)
            if held is None or purpose not in held.scopes:
                return None
            account = boxes.account_by_id(db.conn, held.account_id)
        if account is None:
            return None
        if held.must_be_written(now):
            with self._store.write() as uow:
                token_used(uow.conn, held.token_id, now, network)
        return Caller(account.id, str(account.address))

    def desk(self, caller: Caller, once: Key | None = None) -> Desk:
        """Where this caller's acts are carried out, within the caller's own scope."""
        return Desk(self._store, self._settings, caller.address, caller.account_id, once)
