"""Signing in, sessions, the password and preferences, over the services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory import audit, authenticate, known_devices, scram_keys
from directory.app_passwords import revoke_app_passwords
from directory.authenticate import PasswordCheck
from directory.known_devices import DeviceKind
from directory.model import AccountKind, AccountState
from directory.passwords import PasswordRefused
from directory.repository import administrators
from directory.repository import boxes as directory_boxes
from directory.tokens import revoke_tokens
from mailsvc.model.changes import DirectoryChanged
from mailsvc.model.errors import WrongCredentials
from mailsvc.model.ids import AccountId
from mailsvc.services import sign_in as signing
from mailsvc.services import web_sessions
from webmail.ports import PasswordPolicyError, Session, SignedIn, Viewer
from webmail.trusted import Trusted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from directory.authenticate import Verdict
    from directory.passwords import PasswordRule
    from mailsvc.services.open_store import Store
    from mailsvc.storage.unit_of_work import Reader
    from webmail.ports import Stage

DAY = 86_400


class ServiceAccounts:
    """Accounts as webmail sees them."""

    def __init__(
        self, store: Store, sign_in: signing.SignIn, idle_seconds: int, trusted: tuple[str, ...] = ()
    ) -> None:
        self._store = store
        self._sign_in = sign_in
        self._idle_seconds = idle_seconds
        self._trusted = Trusted(trusted)

    def sign_in(self, address: str, password: str, remote: str, device: str) -> SignedIn:
        """Raise WrongCredentials, TooManyGuesses or AccountLocked; the same time for unknown and wrong."""
        caller = signing.web_caller(remote, trusted=self._trusted.holds(remote), device=device)
        with self._store.read() as db:
            verdict = self._sign_in.check(db, address, password, caller=caller)
            assert verdict.account_id is not None
            account_id = verdict.account_id
            viewer = self._viewer(db, account_id)
            if viewer is None:
                raise WrongCredentials  # a service account: it only sends
            stage = self._stage(db, verdict)
            policy = self._sign_in.policy(db, account_id).password
            is_new = (
                known_devices.seen_at(db.conn, account_id, DeviceKind.COOKIE, device) is None
                and stage != "second_factor"
            )
            now = db.clock()
        if is_new or policy.max_age_days or verdict.must_be_written(now):
            with self._store.write() as uow:
                signing.accept(uow, verdict, caller if is_new else None)
                if policy.max_age_days:
                    authenticate.expire_password(uow.conn, account_id, now - policy.max_age_days * DAY)
                viewer = self._viewer(uow, account_id) or viewer
        return SignedIn(viewer, stage)

    def _stage(self, db: Reader, verdict: Verdict) -> Stage:
        if verdict.needs_second_factor:
            return "second_factor"
        return "enrol" if self._sign_in.requires_second_factor(db, verdict) else "full"

    def known(self, account_id: int) -> Viewer:
        """Who signed in otherwise."""
        with self._store.read() as db:
            found = self._viewer(db, AccountId(account_id))
        if found is None:
            raise WrongCredentials
        return found

    @staticmethod
    def _viewer(db: Reader, account_id: AccountId, epoch: int | None = None) -> Viewer | None:
        account = directory_boxes.account_by_id(db.conn, account_id)
        if (
            account is None
            or account.kind is not AccountKind.PERSONAL
            or account.state not in {AccountState.ACTIVE, AccountState.LEFT}
            or epoch not in {None, account.credentials_epoch}
        ):
            return None
        return Viewer(
            account_id=account.id,
            address=str(account.address),
            name=account.display_name,
            must_change_password=account.must_change_password,
            read_only=account.state is AccountState.LEFT,
            administers=bool(administrators.list_administrators(db.conn, account.id)),
        )

    def password_rule(self, viewer: Viewer) -> PasswordRule | None:
        """What a new password must be; None where the directory server of the province keeps it."""
        with self._store.read() as db:
            if authenticate.look_up(db.conn, viewer.address).check is PasswordCheck.LDAP:
                return None
            return self._sign_in.policy(db, AccountId(viewer.account_id)).password.rule

    def change_password(self, viewer: Viewer, old: str, new: str, remote: str) -> None:
        """Check the old one, hash the new one outside of the transaction, end all sessions, also of mail clients."""
        account_id = AccountId(viewer.account_id)
        settings = self._sign_in.settings
        caller = signing.web_caller(remote, trusted=self._trusted.holds(remote), device="")
        with self._store.read() as db:
            rule = self._sign_in.policy(db, account_id).password.rule
            self._sign_in.check(db, viewer.address, old, caller=caller)
            former = authenticate.former_passwords(db.conn, account_id, rule)
        salt = None
        if settings.scram:
            with self._store.write() as uow:
                salt = scram_keys.salt_to_store(uow.conn, account_id, uow.clock())
        try:
            prepared = authenticate.prepare_password(new, former, rule, salt)
        except PasswordRefused as refused:
            raise PasswordPolicyError(refused.fault.value) from refused
        with self._store.write() as uow:
            now = uow.clock()
            authenticate.store_password(uow.conn, account_id, prepared, now)
            if settings.revoke_devices_on_change:
                revoke_app_passwords(uow.conn, account_id, now)
                revoke_tokens(uow.conn, account_id, now)
            detail = {"door": "web", "devices": settings.revoke_devices_on_change}
            audit.record(uow.conn, viewer.address, "password.change", viewer.address, detail, now)
            web_sessions.close_all(uow, account_id)
            uow.record(DirectoryChanged())

    def open_session(
        self, viewer: Viewer, agent: str, remote: str, stage: Stage = "full", *, is_proof: bool = True
    ) -> str:
        """The secret for the cookie."""
        with self._store.write() as uow:
            return web_sessions.open_session(
                uow,
                AccountId(viewer.account_id),
                remote,
                agent,
                web_sessions.Stage(stage),
                proven_at=None if is_proof else 0,
            )

    def session(self, secret: str) -> Session | None:
        """Who this cookie stands for, once the sign-in is complete."""
        found = self._session(secret)
        return found if found is not None and found.stage == "full" else None

    def half_session(self, secret: str) -> Session | None:
        """Whose sign-in this cookie has begun."""
        found = self._session(secret)
        return found if found is not None and found.stage != "full" else None

    def _session(self, secret: str) -> Session | None:
        with self._store.read() as db:
            found = web_sessions.session(db, secret, self._idle_seconds)
            viewer = self._viewer(db, found.account_id, found.epoch) if found else None
        if found is None or viewer is None:
            return None
        if found.must_be_touched:
            with self._store.write() as uow:
                web_sessions.touch(uow, secret)
        return Session(viewer, found.csrf, found.stage.value, found.proven_at)

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
