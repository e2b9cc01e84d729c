"""Who is behind our addresses, remembered until the directory changes: RCPT asks it thousands of times a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory.repository import domains
from mailsvc.model.changes import DirectoryChanged
from mailsvc.services.receive import Recipient, refuse_if_gone_or_full
from mailsvc.services.whereabouts import directory_head, target_behind

if TYPE_CHECKING:
    from directory.address import Address
    from directory.model import Target
    from mailsvc.model.changes import Change
    from mailsvc.storage.store import Store
    from mailsvc.storage.unit_of_work import Reader

_KEPT = 50_000


class Addressees:
    """Only what exists is remembered: an address that was made a moment ago is found at once.

    One object a process, for one thread. Whether a box has room is asked each time.
    """

    def __init__(self, store: Store) -> None:
        self._domains: frozenset[str] = frozenset()
        self._targets: dict[str, Target] = {}
        self._head = -1
        """The newest act on the directory that was known when `_targets` was empty last."""
        store.subscribe(self._on_change)

    def is_local(self, db: Reader, domain: str) -> bool:
        """Whether a domain is one of ours."""
        name = domain.lower()
        if name not in self._domains:
            self._domains = domains.local_domains(db.conn)
        return name in self._domains

    def resolve(self, db: Reader, address: Address, *, full_too: bool = False) -> Recipient:
        """As `receive.resolve_recipient`: NoSuchRecipient, or OverQuota when the only box is full."""
        key, head = address.key, directory_head(db)
        if head != self._head:  # the doorbell may be on its way
            self._targets.clear()
            self._head = head
        target = self._targets.get(key)
        if target is None:
            target = target_behind(db, address)
            if len(self._targets) >= _KEPT:
                self._targets.clear()
            self._targets[key] = target
        refuse_if_gone_or_full(db, address, target.account_ids, full_too=full_too)
        return Recipient(address, target.account_ids, target.group_id, head)

    def _on_change(self, changes: tuple[Change, ...]) -> None:
        if any(isinstance(change, DirectoryChanged) for change in changes):
            self._targets.clear()
            self._domains = frozenset()
