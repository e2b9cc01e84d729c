"""Letters that wait to be sent, over the services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.services import scheduled
from webmail.adapter.principal import principal_of
from webmail.desk_ports import Waiting

if TYPE_CHECKING:
    from config.settings import Settings
    from mailsvc.services.open_store import Store
    from webmail.ports import Viewer


class ServiceScheduled:
    """The list and what is done to its lines."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def listed(self, viewer: Viewer) -> tuple[Waiting, ...]:
        """The next one first."""
        with self._store.read() as db:
            found = scheduled.listed(db, principal_of(viewer))
        return tuple(
            Waiting(one.send.draft_id, one.subject, one.to_line, one.send.due_at, one.send.problem)
            for one in found
        )

    def waiting(self, viewer: Viewer, draft_id: str) -> Waiting | None:
        """The plan of a draft, if it has one that still stands."""
        with self._store.read() as db:
            found = scheduled.waiting(db, principal_of(viewer), draft_id)
        return None if found is None else Waiting(draft_id, "", "", found.due_at)

    def cancel(self, viewer: Viewer, draft_id: str) -> None:
        """Take it back."""
        with self._store.write() as uow:
            scheduled.cancel(uow, principal_of(viewer), draft_id)

    def move(self, viewer: Viewer, draft_id: str, due_at: int) -> None:
        """Another time."""
        with self._store.write() as uow:
            scheduled.move(uow, principal_of(viewer), draft_id, due_at, self._settings)
