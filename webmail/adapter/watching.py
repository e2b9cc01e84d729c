"""News of changes for open pages: one thread a process listens to the doorbell and reads what changed."""

from __future__ import annotations

import select
import threading
from typing import TYPE_CHECKING

from mailsvc.model.changes import MailboxChanged, MailboxListChanged
from mailsvc.services.permissions import shared_boxes
from webmail.adapter.principal import principal_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.model.changes import Change
    from mailsvc.services.open_store import Store
    from webmail.ports import Viewer

LOOK_EVERY = 1.0
"""A lost ring costs a second, never a change."""


class ServiceWatching:
    """Tells every watcher of every change; they choose."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watchers: set[Callable[[int, int], None]] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def watch(self, tell: Callable[[int, int], None]) -> Callable[[], None]:
        """Call `tell(account, mailbox)` from the listening thread; the result ends it."""
        with self._lock:
            self._watchers.add(tell)
            if self._thread is None:
                self._store.subscribe(self._publish)
                self._thread = threading.Thread(target=self._listen, name="web-changes", daemon=True)
                self._thread.start()
        return lambda: self._watchers.discard(tell)

    def accounts_of(self, viewer: Viewer) -> list[int]:
        """The viewer's own box and those shared with them today."""
        with self._store.read() as db:
            return [viewer.account_id, *(box.account.id for box in shared_boxes(db, principal_of(viewer)))]

    def _listen(self) -> None:
        bell = self._store.bell()
        reader = self._store.reader()
        feed = self._store.feed(reader)
        while True:
            select.select([bell.fileno()], [], [], LOOK_EVERY)
            bell.drain()
            self._publish(feed.news())

    def _publish(self, changes: tuple[Change, ...]) -> None:
        with self._lock:
            watchers = tuple(self._watchers)
        for change in changes:
            if isinstance(change, MailboxChanged):
                told = (int(change.account_id), int(change.mailbox_id))
            elif isinstance(change, MailboxListChanged):
                told = (int(change.account_id), 0)
            else:
                continue
            for tell in watchers:
                tell(*told)
