"""What the screens of signing in ask of the services: second factors, devices, tokens, sessions of one person."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from directory import app_passwords
from directory.model import AccountId
from directory.second_factors import FactorKind, pending_totp
from mailsvc.model.errors import TooManyGuesses, WrongCredentials
from mailsvc.services import credentials, passkeys, web_sessions
from mailsvc.services.challenges import Patience
from mailsvc.services.guesses import Guess
from webmail.adapter.principal import principal_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from config.settings import Settings
    from directory.second_factors import TotpSecret
    from directory.tokens import TokenScope
    from mailsvc.services.credentials import Means
    from mailsvc.services.open_store import Store
    from mailsvc.services.passkeys import Asked, RelyingParty
    from mailsvc.services.sign_in import SignIn
    from mailsvc.services.web_sessions import SessionRow
    from webmail.ports import Viewer


class CredentialDesk:
    """One object a process; every method says whose credentials it is about."""

    def __init__(self, store: Store, sign_in: SignIn, settings: Settings) -> None:
        self._store = store
        self._sign_in = sign_in
        self._settings = settings
        self._patience = Patience(time.monotonic)
        self._idle_seconds = settings.web.session_hours * 3600

    @property
    def proof_seconds(self) -> int:
        """For how long a proof counts."""
        return self._settings.second_factor.proof_minutes * 60

    @property
    def max_token_days(self) -> int:
        """How long a token may last at most."""
        return self._settings.second_factor.max_token_days

    @property
    def _issuer(self) -> str:
        return self._settings.second_factor.issuer or self._settings.domain

    def means(self, viewer: Viewer) -> Means:
        """Everything by which the person signs in."""
        with self._store.read() as db:
            return credentials.means_of(db, principal_of(viewer))

    def is_required(self, viewer: Viewer) -> bool:
        """Whether policy wants a second factor of this person."""
        with self._store.read() as db:
            return self._sign_in.policy(db, AccountId(viewer.account_id)).second_factor.required

    # -- devices, tokens, sessions

    def add_device(self, viewer: Viewer, label: str, only: int | None) -> str:
        """A new app password, shown once; hashed between two transactions."""
        who = principal_of(viewer)
        with self._store.write() as uow:
            salt = credentials.device_salt(uow, who)
        new = app_passwords.new_app_password(salt)
        with self._store.write() as uow:
            credentials.add_device(uow, who, new, label, None if only is None else AccountId(only))
        return new.text

    def revoke_device(self, viewer: Viewer, app_password_id: int) -> None:
        """Take a device's password back."""
        with self._store.write() as uow:
            credentials.revoke_device(uow, principal_of(viewer), app_password_id)

    def make_token(self, viewer: Viewer, scopes: Iterable[TokenScope], days: int, label: str) -> str:
        """A new token, shown once."""
        with self._store.write() as uow:
            who = principal_of(viewer)
            return credentials.make_token(uow, who, scopes, days, label, self.max_token_days)

    def revoke_token(self, viewer: Viewer, token_id: int) -> None:
        """Take a token back."""
        with self._store.write() as uow:
            credentials.revoke_token(uow, principal_of(viewer), token_id)

    def sessions(self, viewer: Viewer, secret: str) -> list[SessionRow]:
        """Where the person is signed in."""
        with self._store.read() as db:
            return web_sessions.sessions_of(db, AccountId(viewer.account_id), secret, self._idle_seconds)

    def end_session(self, viewer: Viewer, handle: str) -> None:
        """End one sign-in."""
        with self._store.write() as uow:
            web_sessions.close_one(uow, AccountId(viewer.account_id), handle)

    def end_others(self, viewer: Viewer, secret: str) -> None:
        """End all sign-ins but this one."""
        with self._store.write() as uow:
            web_sessions.close_others(uow, AccountId(viewer.account_id), secret)

    def sign_out_everywhere(self, viewer: Viewer, *, with_devices: bool) -> None:
        """End everything, this sign-in too."""
        with self._store.write() as uow:
            credentials.sign_out_everywhere(uow, principal_of(viewer), with_devices=with_devices)
            web_sessions.close_all(uow, AccountId(viewer.account_id))

    # -- second factors

    def start_totp(self, viewer: Viewer, label: str) -> None:
        """A new secret for an app, which waits for its first code."""
        with self._store.write() as uow:
            credentials.start_totp(uow, principal_of(viewer), self._issuer, label)

    def pending_totp(self, viewer: Viewer) -> TotpSecret | None:
        """The secret that waits."""
        with self._store.read() as db:
            return pending_totp(db.conn, AccountId(viewer.account_id), viewer.address, self._issuer)

    def confirm_totp(self, viewer: Viewer, code: str) -> tuple[str, ...]:
        """WrongCredentials, or the recovery codes if it is the first factor."""
        guess = self._patient(viewer)
        with self._store.write() as uow:
            codes = credentials.confirm_totp(uow, principal_of(viewer), code)
        if codes is None:
            self._sign_in.guesses.failed(guess)
            raise WrongCredentials
        return codes

    def remove_factor(self, viewer: Viewer, factor_id: int) -> None:
        """Take a factor away; NotPermitted for the last one where policy wants one."""
        required = self.is_required(viewer)
        with self._store.write() as uow:
            credentials.remove_factor(uow, principal_of(viewer), factor_id, required=required)

    def new_recovery_codes(self, viewer: Viewer) -> tuple[str, ...]:
        """Ten new ones; the old are void."""
        with self._store.write() as uow:
            return credentials.new_recovery_codes(uow, principal_of(viewer))

    def ask_to_make(self, viewer: Viewer, site: RelyingParty) -> Asked:
        """Options for a new passkey."""
        with self._store.write() as uow:
            return passkeys.ask_to_make(uow, site, principal_of(viewer))

    def add_passkey(
        self, viewer: Viewer, site: RelyingParty, word: str, answer: str, label: str
    ) -> tuple[str, ...]:
        """BadPasskey, or the recovery codes if it is the first factor."""
        with self._store.write() as uow:
            passkeys.make(uow, site, principal_of(viewer), word, answer, label)
            return credentials.passkey_added(uow, principal_of(viewer))

    # -- proving who one is

    def has_passkey(self, viewer: Viewer) -> bool:
        """Whether the second step may be a passkey."""
        return any(factor.kind is FactorKind.PASSKEY for factor in self.means(viewer).factors)

    def has_factor(self, viewer: Viewer) -> bool:
        """Whether there is a second step at all."""
        return bool(self.means(viewer).factors)

    def ask_to_use(self, viewer: Viewer | None, site: RelyingParty, remote: str) -> Asked:
        """Options for using a passkey; of anybody where nobody is known yet. TooManyGuesses for who asks too often."""
        self._patience.take(remote)
        with self._store.write() as uow:
            return passkeys.ask_to_use(uow, site, None if viewer is None else AccountId(viewer.account_id))

    def use_passkey(self, viewer: Viewer | None, site: RelyingParty, word: str, answer: str) -> int:
        """Whose passkey it was; BadPasskey."""
        account = None if viewer is None else AccountId(viewer.account_id)
        with self._store.write() as uow:
            return passkeys.use(uow, site, word, answer, account)

    def prove_by_code(self, viewer: Viewer, code: str) -> None:
        """WrongCredentials or TooManyGuesses unless a one-time code or a recovery code is right."""
        guess = self._patient(viewer)
        with self._store.write() as uow:
            is_right = credentials.prove_by_code(uow, principal_of(viewer), code)
        if not is_right:
            self._sign_in.guesses.failed(guess)
            raise WrongCredentials
        self._sign_in.guesses.succeeded(guess)

    def prove_by_password(self, viewer: Viewer, password: str) -> None:
        """WrongCredentials or TooManyGuesses unless the password is right."""
        guess = self._patient(viewer)
        with self._store.read() as db:
            try:
                self._sign_in.check(db, viewer.address, password)
            except WrongCredentials:
                self._sign_in.guesses.failed(guess)
                raise
        self._sign_in.guesses.succeeded(guess)

    def proven(self, secret: str) -> None:
        """Note that the person of this session has just proved who they are."""
        with self._store.write() as uow:
            web_sessions.prove(uow, secret)

    def _patient(self, viewer: Viewer) -> Guess:
        """Codes are short: whoever knows the password has few tries at them, from wherever they come."""
        guess = Guess(f"code of {viewer.account_id}", "", trusted=True)
        wait = self._sign_in.guesses.wait(guess)
        if wait:
            raise TooManyGuesses(wait)
        return guess
