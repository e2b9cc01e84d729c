"""What a day brings to the staff: boxes whose time is over, groups, accounts that nobody uses.

Everything is worked out on a reader; the writer is held only for what is written, a bounded step at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, select

from directory import life
from directory.model import vietnam_day
from directory.repository.groups import refresh
from mailsvc.model.changes import DirectoryChanged
from mailsvc.storage import tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from datetime import date

    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_k = tables.settings_kept
_is_day = _k.c.name == "staff.day"
LAST_DAY = Statement(select(_k.c.value).where(_is_day))
FORGET_DAY = Statement(delete(_k).where(_is_day))
SET_DAY = Statement(insert(_k).values(name="staff.day", value=bindparam("value")))


def is_new_day(db: Reader, at: int) -> bool:
    """Whether the work of this day is still to be done."""
    row = db.one(LAST_DAY, {})
    return row is None or str(row[0]) < vietnam_day(at).isoformat()


def archive_due(uow: UnitOfWork, at: int) -> int:
    """Archive boxes of those who left and whose time is over; how many, a step at a time."""
    archived = life.archive_due(uow.conn, vietnam_day(at), at)
    if archived:
        uow.record(DirectoryChanged())
    return len(archived)


def refresh_groups(uow: UnitOfWork, at: int) -> int:
    """Posts begin and end with the day: computed groups follow; how many memberships changed."""
    changed = refresh(uow.conn, vietnam_day(at))
    if changed:
        uow.record(DirectoryChanged())
    return changed


def finish_day(uow: UnitOfWork, day: date) -> None:
    """The work of this day is done."""
    uow.run(FORGET_DAY, {})
    uow.run(SET_DAY, {"value": day.isoformat()})
