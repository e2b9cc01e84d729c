"""Signing in, sessions, the password and preferences, over the services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory import audit, authenticate
from directory.model import AccountKind, AccountState
from directory.passwords import PasswordRefused
from directory.repository import boxes as directory_boxes
from mailsvc.model.errors import WrongCredentials
from mailsvc.model.ids import AccountId
from mailsvc.services import sign_in as signing
from mailsvc.services import web_sessions
from webmail.ports import PasswordPolicyError, Session, Viewer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailsvc.services.open_store import Store
    from mailsvc.storage.unit_of_work import Reader


class ServiceAccounts:
    """Accounts as webmail sees them."""

    def __init__(self, store: Store, sign_in: signing.SignIn, idle_seconds: int) -> None:
        self._store = store
        self._sign_in = sign_in
        self._idle_seconds = idle_seconds

    def sign_in(self, address: str, password: str, remote: str) -> Viewer:
        """Raise WrongCredentials or AccountLocked; the same time for unknown and wrong."""
        del remote
        with self._store.read() as db:
            verdict = self._sign_in.check(db, address, password)
            assert verdict.account_id is not None
            viewer = self._viewer(db, verdict.account_id)
        if viewer is None:
            raise WrongCredentials  # a service account: it only sends
        if verdict.must_be_written(self._store.clock()):
            with self._store.write() as uow:
                signing.accept(uow, verdict)
        return viewer

    @staticmethod
    def _viewer(db: Reader, account_id: AccountId) -> Viewer | None:
        account = directory_boxes.account_by_id(db.conn, account_id)
        if (
            account is None
            or account.kind is not AccountKind.PERSONAL
            or account.state not in {AccountState.ACTIVE, AccountState.LEFT}
        ):
            return None
        return Viewer(
            account_id=account.id,
            address=str(account.address),
            name=account.display_name,
            must_change_password=account.must_change_password,
            read_only=account.state is AccountState.LEFT,
        )

    def change_password(self, viewer: Viewer, old: str, new: str) -> None:
        """Check the old one, hash the new one outside of the transaction, end all sessions."""
        with self._store.read() as db:
            rule = self._sign_in.policy(db, AccountId(viewer.account_id)).password.rule
            self._sign_in.check(db, viewer.address, old)
            former = authenticate.former_passwords(db.conn, AccountId(viewer.account_id), rule)
        try:
            prepared = authenticate.prepare_password(new, former, rule)
        except PasswordRefused as refused:
            raise PasswordPolicyError(refused.fault.value) from refused
        with self._store.write() as uow:
            account_id = AccountId(viewer.account_id)
            authenticate.store_password(uow.conn, account_id, prepared, uow.clock())
            audit.record(
                uow.conn, viewer.address, "password.change", viewer.address, {"door": "web"}, uow.clock()
            )
            web_sessions.close_all(uow, account_id)

    def open_session(self, viewer: Viewer, agent: str) -> str:
        """The secret for the cookie."""
        with self._store.write() as uow:
            return web_sessions.open_session(uow, AccountId(viewer.account_id), viewer.address, agent)

    def session(self, secret: str) -> Session | None:
        """Who this cookie stands for."""
        with self._store.read() as db:
            found = web_sessions.session(db, secret, self._idle_seconds)
            viewer = self._viewer(db, found.account_id) if found else None
        if found is None or viewer is None:
            return None
        if found.must_be_touched:
            with self._store.write() as uow:
                web_sessions.touch(uow, secret)
        return Session(viewer, found.csrf)

    def close_session(self, secret: str) -> None:
        """Sign out."""
        with self._store.write() as uow:
            web_sessions.close_session(uow, secret)

    def preferences(self, viewer: Viewer) -> Mapping[str, str]:
        """What the person chose."""
        with self._store.read() as db:
            return web_sessions.preferences(db, AccountId(viewer.account_id))

    def prefer(self, viewer: Viewer, values: Mapping[str, str]) -> None:
        """Keep choices."""
        with self._store.write() as uow:
            web_sessions.prefer(uow, AccountId(viewer.account_id), values)
