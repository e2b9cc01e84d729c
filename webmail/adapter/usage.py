"""That people use webmail: written at once, for each box, person and kind of use happens once a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structlog import get_logger

from mailsvc.model.errors import StoreUnavailable
from mailsvc.services import usage
from mailsvc.services.usage import Usage, UsageBit

if TYPE_CHECKING:
    from mailsvc.model.ids import AccountId
    from mailsvc.services.open_store import Store

log = get_logger("webmail")
__all__ = ["ServiceUsage", "UsageBit"]


class ServiceUsage:
    """What the web process knows of today's use; one object a process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._notes = Usage(store.clock)

    def note(self, account: AccountId, viewer: AccountId, bit: UsageBit) -> None:
        """Somebody used a box; a store that takes no change now keeps nobody from reading."""
        self._notes.note(account, viewer, bit)
        waiting = self._notes.take()
        if not waiting:
            return
        try:
            with self._store.write() as uow:
                usage.write(uow, waiting)
        except StoreUnavailable as error:
            self._notes.give_back(waiting)
            log.warning("usage_waits", why=str(error))
