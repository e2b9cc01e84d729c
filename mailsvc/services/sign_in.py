"""Signing in, the same for every protocol: look up, check (slow, in a thread), write down.

Unknown name and wrong password take the same time and give the same error. Guesses are counted here, for every door.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from directory import app_passwords, authenticate, known_devices, scram_keys, tokens
from directory.authenticate import Door, Failure, PasswordCheck, Verdict, Verifier
from directory.known_devices import DeviceKind
from directory.model import AccountKind, AccountState, vietnam_day
from directory.policies import Defaults, Policy, PolicyName, effective_policy
from directory.repository import boxes as directory_boxes
from directory.tables import policies
from directory.tokens import TokenScope
from mailsvc.model.errors import AccountLocked, StoreUnavailable, TooManyGuesses, WrongCredentials
from mailsvc.net.limits import network_of, peer_address
from mailsvc.services.guesses import MAIL_DOOR, Allowances, Guess, Guesses
from mailsvc.services.permissions import Principal
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from config.settings import PasswordSettings, Settings
    from directory.authenticate import Credential
    from directory.scram_keys import ScramKeys
    from mailsvc.model.ids import AccountId
    from mailsvc.net.bridge import Bridge
    from mailsvc.net.limits import IpAddress
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

__all__ = ["Caller", "Door", "SignIn"]
MAX_PASSWORD_CHARACTERS = 1000
_ANY_SECOND_FACTOR_RULE = Statement(
    select(policies.c.id).where(policies.c.name == bindparam("rule")).limit(1)
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a sign-in comes from."""

    network: str
    """Of `net.limits.network_of`."""
    trusted: bool = False
    """From a network of `trusted_networks`."""
    cookie: str = ""
    """What a browser keeps since an earlier sign-in."""

    @property
    def device(self) -> tuple[DeviceKind, str]:
        """How this caller would be known again."""
        return (DeviceKind.COOKIE, self.cookie) if self.cookie else (DeviceKind.NETWORK, self.network)


def open_sign_in(settings: Settings, allowances: Allowances = MAIL_DOOR) -> SignIn:
    """The checker that the settings describe; LdapMisconfiguredError if they would send passwords in clear."""
    return SignIn(
        settings.password,
        defaults=Defaults.from_settings(settings),
        ldap=_directory_server(settings),
        allowances=allowances,
    )


def _directory_server(settings: Settings) -> Callable[[str, str], bool] | None:
    if not settings.ldap.url:
        return None
    from mailsvc.net.ldap_bind import (
        LdapBind,  # ldap3 is 5 MB that a province without such a server does not need
    )

    return LdapBind(settings.ldap)


def mail_caller(address: IpAddress, *, trusted: bool) -> Caller | None:
    """A mail client, by its network; None for trusted networks, whose guesses are not counted."""
    return None if trusted else Caller(network_of(address))


def web_caller(remote: str, *, trusted: bool, device: str) -> Caller:
    """A browser, by the word that it keeps; its network counts too while it is a stranger."""
    try:
        network = network_of(peer_address(remote))
    except ValueError:
        network = remote
    return Caller(network, trusted, device)


class SignIn:
    """Checks who somebody is; one object a process, for it remembers proven passwords for a short while."""

    def __init__(
        self,
        settings: PasswordSettings,
        *,
        defaults: Defaults | None = None,
        ldap: Callable[[str, str], bool] | None = None,
        allowances: Allowances = MAIL_DOOR,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        """`defaults` hold where no policy says anything; `ldap` asks the province's directory server."""
        self._verifier = Verifier(tick, seconds=settings.cache_seconds, ldap=ldap)
        self.guesses = Guesses(tick, allowances)
        self.settings = settings
        self.defaults = defaults if defaults is not None else Defaults()
        self.end_point = b""
        """Of the listeners' certificate (RFC 5929 §4), for channel binding; set once TLS is set up."""

    # -- from the mail process

    async def over(
        self, bridge: Bridge, login: str, password: str, door: Door = Door.MAIL, caller: Caller | None = None
    ) -> Principal:
        """Sign in by a password; WrongCredentials, AccountLocked, TooManyGuesses or SignInUnavailable."""
        credential = bridge.read(authenticate_look_up, login)
        if len(password) > MAX_PASSWORD_CHARACTERS:
            password = ""
        verdict = self._verifier.quick(credential, password, door)
        if verdict is None or verdict.app_password_id is None:  # nobody guesses 119 random bits
            self.admit(bridge.reader, credential, caller)
        if verdict is None:
            verdict = await bridge.slow(self._verifier.verify, credential, password, door)
        who = await self.settle(bridge, credential, verdict, caller)
        if self._wants_keys(bridge.reader, credential, who):
            with suppress(StoreUnavailable):  # the next sign-in keeps them
                await self._keep_keys(bridge, credential, password)
        return who

    async def by_proof(
        self, bridge: Bridge, credential: Credential, keys: ScramKeys | None, caller: Caller | None
    ) -> Principal:
        """Sign in whoever proved to know the password of these keys; None: the proof was wrong."""
        wrong = Verdict(None, Failure.WRONG)
        verdict = wrong if keys is None else authenticate.by_proof(credential, keys)
        return await self.settle(bridge, credential, verdict, caller)

    async def by_token(self, bridge: Bridge, text: str, login: str, caller: Caller | None) -> Principal:
        """Sign in by a personal token for mail; `login` may be empty, else it must be its holder's."""
        db = bridge.reader
        guess = None if caller is None else Guess("", caller.network)
        self._refuse_if_waiting(guess)
        holder = tokens.check_token(db.conn, text, db.clock())
        credential = bridge.read(authenticate_look_up, login) if login else None
        if (
            holder is None
            or TokenScope.MAIL not in holder.scopes
            or (credential is not None and credential.account_id != holder.account_id)
        ):
            if guess is not None:
                self.guesses.failed(guess)
            raise WrongCredentials
        who = replace(principal(db, holder.account_id), token_id=holder.token_id)
        if holder.must_be_written(db.clock()):
            await _note(bridge, token_used, holder.token_id, caller.network if caller is not None else "")
        return who

    async def settle(
        self, bridge: Bridge, credential: Credential, verdict: Verdict, caller: Caller | None
    ) -> Principal:
        """Count a failure, or write down the success and say who it is."""
        db = bridge.reader
        is_new = self.refuse(db, credential, verdict, caller)
        is_person = credential.kind is AccountKind.PERSONAL and verdict.app_password_id is None
        if is_person and self.requires_second_factor(db, verdict):
            raise AccountLocked(Failure.SECOND_FACTOR.value)
        if is_new or verdict.must_be_written(db.clock()):
            await _note(bridge, accept, verdict, caller)
        return principal_of(db, verdict)

    # -- from a thread of the caller's own

    def check(
        self, db: Reader, login: str, password: str, door: Door = Door.WEB, caller: Caller | None = None
    ) -> Verdict:
        """The verdict, for a caller that has a thread of its own (webmail); raises as `over` does."""
        credential = authenticate_look_up(db, login)
        if len(password) > MAX_PASSWORD_CHARACTERS:
            password = ""
        self.admit(db, credential, caller)
        verdict = self._verifier.verify(credential, password, door)
        self.refuse(db, credential, verdict, caller)
        return verdict

    # -- the parts

    def admit(self, db: Reader, credential: Credential, caller: Caller | None) -> None:
        """TooManyGuesses if this caller has to wait; a device known to the account waits for its own guesses only."""
        if caller is None:
            return
        stranger = Guess(credential.login, caller.network, caller.trusted)
        if self.guesses.wait(stranger):
            self._refuse_if_waiting(_guess(db, credential, caller))

    def refuse(self, db: Reader, credential: Credential, verdict: Verdict, caller: Caller | None) -> bool:
        """Count what went wrong, and raise it; else whether the device is new to the account."""
        guess = None if caller is None else _guess(db, credential, caller)
        if guess is not None:
            if verdict.failure in {Failure.WRONG, Failure.UNKNOWN, Failure.SHARED}:
                self.guesses.failed(guess)
            else:  # locked too: the password was right
                self.guesses.succeeded(guess)
        if verdict.ok:
            return guess is not None and not guess.device
        if verdict.failure in {Failure.LOCKED, Failure.SECOND_FACTOR}:
            raise AccountLocked(verdict.failure.value)
        raise WrongCredentials

    def requires_second_factor(self, db: Reader, verdict: Verdict) -> bool:
        """Whether policy asks this account for a second factor, proven or not."""
        if (
            verdict.account_id is None
            or db.one(_ANY_SECOND_FACTOR_RULE, {"rule": PolicyName.SECOND_FACTOR.value}) is None
        ):
            return False
        return self.policy(db, verdict.account_id).second_factor.required

    def _wants_keys(self, db: Reader, credential: Credential, who: Principal) -> bool:
        """Whether this is the first time that a main password is typed since SCRAM is offered."""
        return (
            self.settings.scram
            and who.app_password_id is None
            and credential.check is PasswordCheck.LOCAL
            and not scram_keys.has_main_keys(db.conn, who.account_id)
        )

    async def _keep_keys(self, bridge: Bridge, credential: Credential, password: str) -> None:
        assert credential.account_id is not None
        salt = await bridge.write(salt_to_store, credential.account_id)
        keys = await bridge.slow(authenticate.keys_of_password, password, salt)
        if keys is not None:
            await bridge.write(keep_keys, credential, keys)

    def policy(self, db: Reader, account_id: AccountId) -> Policy:
        """What holds for this account today."""
        return effective_policy(db.conn, account_id, vietnam_day(db.clock()), self.defaults)

    def _refuse_if_waiting(self, guess: Guess | None) -> None:
        wait = 0 if guess is None else self.guesses.wait(guess)
        if wait:
            raise TooManyGuesses(wait)


def _guess(db: Reader, credential: Credential, caller: Caller) -> Guess:
    known = credential.account_id is not None and known_devices.is_known(
        db.conn, credential.account_id, *caller.device, db.clock()
    )
    device = ":".join(caller.device) if known else ""
    return Guess(credential.login, caller.network, caller.trusted, device)


def authenticate_look_up(db: Reader, login: str) -> Credential:
    """What is needed to check a password."""
    return authenticate.look_up(db.conn, login)


async def _note(bridge: Bridge, unit: Callable[..., object], *args: object) -> None:
    """Write down what is worth knowing of a sign-in; where nothing can be written now, people read all the same."""
    with suppress(StoreUnavailable):
        await bridge.write(unit, *args)


def accept(uow: UnitOfWork, verdict: Verdict, caller: Caller | None = None) -> None:
    """Write down that somebody signed in, and from where."""
    network = caller.network if caller is not None else ""
    authenticate.accept(uow.conn, verdict, uow.clock(), network)
    if caller is not None and verdict.account_id is not None:
        known_devices.remember(uow.conn, verdict.account_id, *caller.device, uow.clock())


def salt_to_store(uow: UnitOfWork, account_id: AccountId) -> bytes:
    """The account's salt for new keys."""
    return scram_keys.salt_to_store(uow.conn, account_id, uow.clock())


def keep_keys(uow: UnitOfWork, credential: Credential, keys: ScramKeys) -> None:
    """Keep the keys of a main password, unless it was changed meanwhile."""
    account = credential.account_id
    if account is None or authenticate.look_up(uow.conn, credential.login).stored != credential.stored:
        return
    scram_keys.drop_keys(uow.conn, account, None)
    scram_keys.add_keys(uow.conn, account, (keys,))


def token_used(uow: UnitOfWork, token_id: int, network: str) -> None:
    """Write down that a token was used."""
    tokens.token_used(uow.conn, token_id, uow.clock(), network)


def principal_of(db: Reader, verdict: Verdict) -> Principal:
    """Who has signed in."""
    assert verdict.account_id is not None
    who = principal(db, verdict.account_id)
    return replace(who, only=verdict.scope, app_password_id=verdict.app_password_id)


def principal(db: Reader, account_id: AccountId) -> Principal:
    """The principal of an account; WrongCredentials once it is locked or gone."""
    account = directory_boxes.account_by_id(db.conn, account_id)
    if account is None or not account.kind.signs_in or account.state is not AccountState.ACTIVE:
        raise WrongCredentials
    return Principal(
        account_id=account.id,
        address=account.address,
        display_name=account.display_name,
        kind=account.kind,
        must_change_password=account.must_change_password,
        reads=account.kind is AccountKind.PERSONAL,
        epoch=account.credentials_epoch,
    )


def still(db: Reader, who: Principal) -> Principal:
    """The same person, looked up anew; WrongCredentials once what they signed in with was changed or taken back."""
    found = principal(db, who.account_id)
    if who.app_password_id is not None:
        is_good = app_passwords.is_live(db.conn, who.app_password_id)
    elif who.token_id is not None:
        is_good = tokens.is_live(db.conn, who.token_id, db.clock())
    else:
        is_good = found.epoch == who.epoch
    if not is_good:
        raise WrongCredentials
    return replace(found, only=who.only, app_password_id=who.app_password_id, token_id=who.token_id)
