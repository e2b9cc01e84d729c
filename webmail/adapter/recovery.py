"""Deleted letters, over the services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory.model import Right
from mailsvc.model.errors import NotPermitted
from mailsvc.model.ids import AccountId, MailboxId, Uid
from mailsvc.services import letters, recover
from mailsvc.services.permissions import place_by_id
from search.fold import fold
from webmail.adapter.principal import principal_of
from webmail.desk_ports import LostLetter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailsvc.services.open_store import Store
    from mailsvc.services.recover import DeletedLetter
    from webmail.ports import Viewer

PAGE = 50
PORTION = 500
MAX_LOOKED_AT = 20_000
"""Deleted letters that a search looks through at most."""
DAY = 86_400


class ServiceRecovery:
    """What can be had back."""

    def __init__(self, store: Store, recover_days: int) -> None:
        self._store = store
        self._recover_days = recover_days

    def lost(
        self, viewer: Viewer, account_id: int, query: str, page: int
    ) -> tuple[tuple[LostLetter, ...], bool]:
        """Fifty that match, and whether there are more; without marks matches with marks, as everywhere."""
        wanted = fold(query).split()
        needed = (page + 1) * PAGE + 1
        found: list[LostLetter] = []
        with self._store.read() as db:
            since = db.clock() - self._recover_days * DAY
            for offset in range(0, MAX_LOOKED_AT, PORTION):
                some = recover.deleted(
                    db, principal_of(viewer), AccountId(account_id), since=since, limit=PORTION, offset=offset
                )
                found += [_lost(one) for one in some if _matches(one, wanted)]
                if len(some) < PORTION or len(found) >= needed:
                    break
        return tuple(found[page * PAGE : (page + 1) * PAGE]), len(found) >= needed

    def restore(self, viewer: Viewer, chosen: Mapping[int, tuple[int, ...]], target_id: int) -> int:
        """Give them back in one unit of work: all or none."""
        principal = principal_of(viewer)
        count = 0
        with self._store.write() as uow:
            for mailbox_id, uids in chosen.items():
                placed = recover.recover(uow, principal, MailboxId(mailbox_id), [Uid(uid) for uid in uids])
                count += len(placed)
                if not target_id or not placed or placed[0][0] == target_id:
                    continue
                place = place_by_id(uow, principal, placed[0][0], Right.READ | Right.ACT)
                target = place_by_id(uow, principal, MailboxId(target_id), Right.READ | Right.ACT)
                if target.mailbox.account_id != place.mailbox.account_id:
                    raise NotPermitted(str(target_id))
                letters.move(uow, place, target, [(uid, uid) for _, uid in placed])
        return count


def _matches(one: DeletedLetter, wanted: list[str]) -> bool:
    text = fold(f"{one.subject} {one.from_name} {one.from_address}")
    return all(word in text for word in wanted)


def _lost(one: DeletedLetter) -> LostLetter:
    return LostLetter(
        one.mailbox_id,
        one.uid,
        one.from_name or one.from_address,
        one.subject,
        one.mailbox_name,
        one.deleted_at,
        one.size,
    )
