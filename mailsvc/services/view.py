"""What a mailbox looks like now: packed snapshots, kept between looks and shared by all who look."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from mailsvc.storage import mailboxes, seen, snapshots
from mailsvc.storage.entries import ranges_of

__all__ = ["Snapshots", "ranges_of"]

if TYPE_CHECKING:
    from mailsvc.model.ids import AccountId, MailboxId
    from mailsvc.model.mailbox import FlagsSet, Mailbox, Snapshot
    from mailsvc.services.permissions import Place
    from mailsvc.storage.unit_of_work import Reader

KEPT_ENTRIES = 4_000_000
"""Entries of all kept snapshots together; 24 octets each."""


class Snapshots:
    """Snapshots of the mailboxes that were looked at last; one object a process, for one thread at a time."""

    def __init__(self, kept_entries: int = KEPT_ENTRIES) -> None:
        self._kept: OrderedDict[MailboxId, Snapshot] = OrderedDict()
        self._viewed: OrderedDict[tuple[MailboxId, AccountId], Snapshot] = OrderedDict()
        self._room = kept_entries
        self._held = 0

    def of(self, db: Reader, place: Place, just_set: FlagsSet | None = None) -> Snapshot:
        """The mailbox as its viewer sees it now. MailboxMissing once it is deleted.

        `just_set` is a change that the caller has made: if it is all that happened, nothing is read again.
        """
        with db.consistent():
            mailbox = mailboxes.by_id(db, place.mailbox.id)
            base = self._kept.get(mailbox.id)
            if (
                base is None
                or base.highest_mod_seq != mailbox.highest_mod_seq
                or base.uid_validity != mailbox.uid_validity
            ):
                self._held -= 0 if base is None else len(base.uids)
                base = self._kept[mailbox.id] = _newer(db, mailbox, base, just_set)
                self._held += len(base.uids)
            self._kept.move_to_end(mailbox.id)
            while len(self._kept) > 1 and self._held > self._room:
                self._held -= len(self._kept.popitem(last=False)[1].uids)
            return base if not place.is_shared else self._as_viewed(db, place, base)

    def _as_viewed(self, db: Reader, place: Place, base: Snapshot) -> Snapshot:
        key = (base.mailbox_id, place.viewer)
        viewed = self._viewed.get(key)
        if viewed is None or viewed.highest_mod_seq != base.highest_mod_seq or viewed.uids is not base.uids:
            viewed = seen.overlay(base, seen.marks(db, base.mailbox_id, place.viewer))
            self._viewed[key] = viewed
        self._viewed.move_to_end(key)
        while len(self._viewed) > 256:
            self._viewed.popitem(last=False)
        return viewed


def _newer(db: Reader, mailbox: Mailbox, base: Snapshot | None, just_set: FlagsSet | None) -> Snapshot:
    if (
        base is not None
        and just_set is not None
        and base.uid_validity == mailbox.uid_validity
        and base.highest_mod_seq + 1 == just_set.mod_seq == mailbox.highest_mod_seq
    ):
        return snapshots.with_flags(db, mailbox, base, just_set)
    return snapshots.snapshot(db, mailbox, base)
