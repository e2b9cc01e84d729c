"""Where one administrator's acts are carried out: the store, the settings, who acts, and how far."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from directory.model import vietnam_day
from directory.passwords import PasswordRule
from directory.provision import ProvisionSettings
from directory.scope import SERVER, scope_of
from mailsvc.model.changes import DirectoryChanged
from mailsvc.services.administration import once
from mailsvc.services.administration.refusal import ActRefused, Why

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from config.settings import Settings
    from directory.model import AccountId
    from directory.scope import Scope
    from mailsvc.services.open_store import Store
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

MAX_KEY: Final = 200


@dataclass(frozen=True, slots=True)
class Desk:
    """One administrator at work, for one request or one command."""

    store: Store
    settings: Settings
    actor: str
    """The name in the audit log."""
    account_id: AccountId | None
    """None is the server's own console, which reaches everything."""
    once: once.Key | None = None
    """Of a request that must not be carried out twice."""
    on_progress: Callable[[int, int], None] | None = None
    """Told how many of how many passwords are hashed; somebody waits for it at a terminal."""

    def scope(self, db: Reader) -> Scope:
        """How far this administrator reaches, as the transaction sees it."""
        if self.account_id is None:
            return SERVER
        unit_boxes = self.settings.administration.unit_admins_make_unit_boxes
        return scope_of(db.conn, self.account_id, vietnam_day(db.clock()), unit_boxes=unit_boxes)

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """Look at one moment of the directory."""
        with self.store.read() as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        """One transaction of an act; where the request has a key, the key is used up in the same transaction."""
        with self.store.write() as uow:
            if self.once is not None and self.account_id is not None:
                once.take(uow, self.account_id, self.once)
            yield uow
            uow.record(DirectoryChanged())

    @property
    def on_the_server(self) -> bool:
        """Whether whoever acts has the machine itself."""
        return self.account_id is None

    @property
    def rule(self) -> PasswordRule:
        """What a password must be."""
        password = self.settings.password
        return PasswordRule(password.min_length, password.min_classes, password.history)

    @property
    def provision(self) -> ProvisionSettings:
        """What the settings say about new boxes."""
        quota = self.settings.quota
        return ProvisionSettings(
            personal_quota=quota.personal,
            unit_quota=quota.unit,
            rule=self.rule,
            max_lock_percent=self.settings.provision.max_lock_percent,
        )


def once_key(text: str, act: str, request: bytes) -> once.Key:
    """The key of a request that a client may send again when its answer got lost (an Idempotency-Key header)."""
    if not 8 <= len(text) <= MAX_KEY or not text.isascii() or not text.isprintable():
        raise ActRefused(
            Why.INVALID,
            f"Idempotency-Key cần 8–{MAX_KEY} ký tự ASCII.",
            f"Idempotency-Key takes 8 to {MAX_KEY} ASCII characters.",
        )
    return once.Key(text, act, hashlib.sha256(request).digest())
