"""Who wants to know of changes: IDLE, the browser's live page, the queue, the indexer."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

from mailsvc.model.changes import DirectoryChanged, MailboxChanged, MailboxListChanged, QueueChanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.model.changes import Change
    from mailsvc.model.ids import AccountId, MailboxId
    from mailsvc.storage.store import Store

K = TypeVar("K")


class Watch:
    """Spreads the store's changes to those who asked for them; for one thread.

    The callbacks say only that there is something to see: whoever is woken looks, and compares with what it knew.
    """

    def __init__(self, store: Store) -> None:
        self._mailboxes: defaultdict[MailboxId, set[Callable[[], None]]] = defaultdict(set)
        self._accounts: defaultdict[AccountId, set[Callable[[], None]]] = defaultdict(set)
        self._queue: set[Callable[[], None]] = set()
        self._directory: set[Callable[[], None]] = set()
        self._all: set[Callable[[], None]] = set()
        store.subscribe(self.publish)

    def publish(self, changes: tuple[Change, ...]) -> None:
        """Wake everybody whom one of these changes concerns, once."""
        woken: dict[Callable[[], None], None] = dict.fromkeys(self._all)
        for change in changes:
            match change:
                case MailboxChanged(account, mailbox):
                    woken.update(dict.fromkeys(self._mailboxes.get(mailbox, ())))
                    woken.update(dict.fromkeys(self._accounts.get(account, ())))
                case MailboxListChanged(account):
                    woken.update(dict.fromkeys(self._accounts.get(account, ())))
                case QueueChanged():
                    woken.update(dict.fromkeys(self._queue))
                case DirectoryChanged():
                    woken.update(dict.fromkeys(self._directory))
        for wake in woken:
            wake()

    def mailbox(self, mailbox: MailboxId, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` when this mailbox changes; the result ends that."""
        return _kept_in(self._mailboxes, mailbox, wake)

    def account(self, account: AccountId, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` when any mailbox of this account changes, or the list of them."""
        return _kept_in(self._accounts, account, wake)

    def queue(self, wake: Callable[[], None]) -> None:
        """Call `wake` when letters are queued."""
        self._queue.add(wake)

    def directory(self, wake: Callable[[], None]) -> None:
        """Call `wake` when accounts, addresses or rights change."""
        self._directory.add(wake)

    def everything(self, wake: Callable[[], None]) -> None:
        """Call `wake` on every change."""
        self._all.add(wake)


def _kept_in(
    table: defaultdict[K, set[Callable[[], None]]], key: K, wake: Callable[[], None]
) -> Callable[[], None]:
    table[key].add(wake)

    def end() -> None:
        table[key].discard(wake)
        if not table[key]:
            del table[key]

    return end
