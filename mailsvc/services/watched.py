"""Reading in another person's box, which two others approved: every opening is written down, nothing is taken along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory import audit
from directory.repository import boxes as directory_boxes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.services.permissions import Place
    from mailsvc.storage.unit_of_work import UnitOfWork

MOST_NAMED = 200
"""UIDs that a line of the log names one by one."""


def opened(uow: UnitOfWork, place: Place, uids: Sequence[int]) -> None:
    """Letters are shown to the reader. Written before they are: what was not written down is not shown."""
    _record(uow, place, "reading.open", {"uids": list(uids[:MOST_NAMED]), "letters": len(uids)})


def listed(uow: UnitOfWork, place: Place) -> None:
    """The list of a mailbox, or what a search finds in it, is shown to the reader."""
    _record(uow, place, "reading.list", {})


def _record(uow: UnitOfWork, place: Place, act: str, detail: dict[str, object]) -> None:
    known = directory_boxes.accounts_by_ids(uow.conn, [place.mailbox.account_id, place.viewer])
    reader, box = known[place.viewer], known[place.mailbox.account_id]
    where = {"mailbox": place.mailbox.name, **detail}
    audit.record(uow.conn, str(reader.address), act, str(box.address), where, uow.clock())
