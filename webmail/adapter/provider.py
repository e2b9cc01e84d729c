"""Signing in at the province's OpenID Connect provider, over the services."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from directory import authenticate
from directory.repository import boxes as directory_boxes
from directory.second_factors import list_factors
from mailsvc.services import oidc
from mailsvc.services.challenges import Patience
from mailsvc.services.oidc import Provider, UnknownIdentity
from webmail.ports import SignedIn

if TYPE_CHECKING:
    from config.settings import OidcSettings
    from mailsvc.model.ids import AccountId
    from mailsvc.services.oidc import Departure, Identity
    from mailsvc.services.open_store import Store
    from mailsvc.services.sign_in import SignIn
    from mailsvc.storage.unit_of_work import Reader
    from webmail.adapter.accounts import ServiceAccounts
    from webmail.ports import Stage


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who came back from the provider."""

    found: SignedIn
    goal: str
    is_proof: bool
    """Whether they have just proved there who they are; else the provider may only have remembered them."""


class ProviderDesk:
    """One object a process; the network is waited for outside of every transaction."""

    def __init__(
        self, store: Store, sign_in: SignIn, accounts: ServiceAccounts, settings: OidcSettings
    ) -> None:
        self._store = store
        self._sign_in = sign_in
        self._accounts = accounts
        self._settings = settings
        self._provider = Provider(settings, time.monotonic)
        self._patience = Patience(time.monotonic)

    @property
    def name(self) -> str:
        """The words on the button."""
        return self._settings.label or urlsplit(self._settings.issuer).hostname or ""

    def depart(self, redirect_uri: str, goal: str, remote: str, *, afresh: bool) -> Departure:
        """Where the browser is sent; SignInUnavailable, or TooManyGuesses for who asks too often."""
        self._patience.take(remote)
        facts = self._provider.facts()
        with self._store.write() as uow:
            return self._provider.depart(uow, facts, redirect_uri, goal, afresh=afresh)

    def arrive(self, state: str, cookie: str, code: str, redirect_uri: str) -> Arrival:
        """Who came back, and where they wanted to go; BadProviderAnswer, UnknownIdentity, SignInUnavailable."""
        with self._store.write() as uow:
            kept = oidc.returned(uow, state, cookie)
        identity = self._provider.identity(code, redirect_uri, kept)
        with self._store.read() as db:
            account_id, is_new = oidc.account_of(db, identity, match_email=self._settings.match_email)
            stage = self._stage(db, account_id)
        viewer = self._accounts.known(account_id)
        self._write_down(account_id, identity if is_new else None, viewer.address)
        return Arrival(SignedIn(viewer, stage), str(kept["goal"]), is_proof=bool(kept.get("afresh")))

    def _stage(self, db: Reader, account_id: AccountId) -> Stage:
        if self._settings.counts_as_second_factor:
            return "full"
        if list_factors(db.conn, account_id):
            return "second_factor"
        required = self._sign_in.policy(db, account_id).second_factor.required
        return "enrol" if required else "full"

    def _write_down(self, account_id: AccountId, new: Identity | None, address: str) -> None:
        with self._store.write() as uow:
            # Between looking and now somebody may have locked it.
            if directory_boxes.account_by_id(uow.conn, account_id) is None:
                raise UnknownIdentity
            if new is not None:
                oidc.link(uow, account_id, new, address)
            authenticate.note_sign_in(uow.conn, account_id, uow.clock())
