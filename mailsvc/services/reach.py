"""Which boxes an administrative act speaks of: those of a person, or of a unit and all below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory.model import vietnam_day
from directory.repository import boxes as directory_boxes
from directory.repository import units
from mailsvc.model.errors import ServiceError

if TYPE_CHECKING:
    from directory.model import Account, AccountId, AccountKind, Unit, UnitId
    from mailsvc.storage.unit_of_work import Reader


class NoSuchSubject(ServiceError):
    """There is no such box or unit, or whoever asks may not know of it."""


def box(db: Reader, login: str) -> Account:
    """The box of an address, alias or local part."""
    found = directory_boxes.account_by_login(db.conn, login)
    if found is None:
        raise NoSuchSubject(f"không có hộp thư {login} / there is no box {login}")
    return found


def unit(db: Reader, code: str) -> Unit:
    """The unit with this code, as it is today."""
    found = units.unit_by_code(db.conn, code, vietnam_day(db.clock()))
    if found is None:
        raise NoSuchSubject(f"không có đơn vị {code} / there is no unit {code}")
    return found


def boxes_of_person(db: Reader, account_id: AccountId) -> list[Account]:
    """A box, and every other one of the same person."""
    one = directory_boxes.account_by_id(db.conn, account_id)
    if one is None:
        return []
    if one.person_id is None:
        return [one]
    return [item for item in directory_boxes.list_accounts(db.conn) if item.person_id == one.person_id]


def boxes_of_unit(db: Reader, unit_id: UnitId | None, kind: AccountKind | None = None) -> list[Account]:
    """Boxes of a unit and of all below it in its branch; of all units without one."""
    if unit_id is None:
        return directory_boxes.list_accounts(db.conn, kind=kind)
    below = units.subtree(units.units_on(db.conn, vietnam_day(db.clock())), unit_id)
    return directory_boxes.list_accounts(db.conn, unit_ids=below, kind=kind)
