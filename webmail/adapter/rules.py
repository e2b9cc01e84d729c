"""Rules behind forms, over the services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.model.ids import AccountId
from mailsvc.services.rules import box_rules
from webmail.adapter.principal import principal_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.services.open_store import Store
    from mailsvc.services.rules.box_rules import FormState
    from mailsvc.services.rules.forms import BoxRules
    from webmail.ports import Viewer


class ServiceRules:
    """The rules of a box."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def state(self, viewer: Viewer, account_id: int) -> FormState:
        """What the forms show."""
        with self._store.read() as db:
            return box_rules.state(db, principal_of(viewer), AccountId(account_id))

    def change(
        self, viewer: Viewer, account_id: int, act: Callable[[BoxRules], BoxRules], *, replace: bool
    ) -> None:
        """Read, change and write in one unit of work: two windows lose nothing of each other."""
        with self._store.write() as uow:
            box_rules.change(uow, principal_of(viewer), AccountId(account_id), act, replace=replace)
