"""Signing in, the same for every protocol: look up, check (slow, in a thread), write down.

Unknown name and wrong password take the same time and give the same error.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from directory import authenticate
from directory.authenticate import Door, Failure, Verdict, Verifier
from directory.model import AccountKind, AccountState
from directory.passwords import PasswordRule
from directory.repository import boxes as directory_boxes
from mailsvc.model.errors import AccountLocked, WrongCredentials
from mailsvc.services.permissions import Principal

if TYPE_CHECKING:
    from config.settings import PasswordSettings
    from directory.authenticate import Credential
    from mailsvc.model.ids import AccountId
    from mailsvc.net.bridge import Bridge
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

__all__ = ["Door", "SignIn"]
MAX_PASSWORD_CHARACTERS = 1000


class SignIn:
    """Checks who somebody is; one object a process, for it remembers proven passwords for a short while."""

    def __init__(self, settings: PasswordSettings) -> None:
        self._verifier = Verifier(time.monotonic, seconds=settings.cache_seconds)
        self.rule = PasswordRule(
            min_length=settings.min_length, min_classes=settings.min_classes, history=settings.history
        )

    async def over(self, bridge: Bridge, login: str, password: str, door: Door = Door.MAIL) -> Principal:
        """Sign in from the mail process; WrongCredentials or AccountLocked."""
        credential = bridge.read(authenticate_look_up, login)
        if len(password) > MAX_PASSWORD_CHARACTERS:
            password = ""
        verdict = self._verifier.quick(credential, password, door)
        if verdict is None:
            verdict = await bridge.slow(self._verifier.verify, credential, password, door)
        self._refuse(verdict)
        if verdict.must_be_written(bridge.reader.clock()):
            await bridge.write(accept, verdict)
        return bridge.read(principal_of, verdict)

    def check(self, db: Reader, login: str, password: str, door: Door = Door.WEB) -> Verdict:
        """The verdict, for a caller that has a thread of its own (webmail); raises as `over` does."""
        credential = authenticate_look_up(db, login)
        if len(password) > MAX_PASSWORD_CHARACTERS:
            password = ""
        verdict = self._verifier.verify(credential, password, door)
        self._refuse(verdict)
        return verdict

    @staticmethod
    def _refuse(verdict: Verdict) -> None:
        if verdict.ok and verdict.scope is None:
            return
        if verdict.failure in {Failure.LOCKED, Failure.SECOND_FACTOR}:
            raise AccountLocked(verdict.failure.value)
        raise WrongCredentials


def authenticate_look_up(db: Reader, login: str) -> Credential:
    """What is needed to check a password."""
    return authenticate.look_up(db.conn, login)


def accept(uow: UnitOfWork, verdict: Verdict) -> None:
    """Write down that somebody signed in."""
    authenticate.accept(uow.conn, verdict, uow.clock())


def principal_of(db: Reader, verdict: Verdict) -> Principal:
    """Who has signed in."""
    assert verdict.account_id is not None
    return principal(db, verdict.account_id)


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
    )
