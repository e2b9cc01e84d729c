"""Looking objects up within a scope: what may not be known of is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory import administer
from directory.scope import Deed
from mailsvc.services.administration.refusal import no_account, no_unit, not_permitted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from directory.model import Account, Unit, UnitId
    from directory.scope import Scope
    from mailsvc.storage.unit_of_work import Reader


def find_account(db: Reader, scope: Scope, login: str, deed: Deed) -> Account:
    """The box on which the deed is allowed, by one statement; else ActRefused."""
    found = administer.visible_account(db.conn, scope, login, deed)
    if found is not None:
        return found
    if deed is not Deed.SEE and administer.visible_account(db.conn, scope, login) is not None:
        raise not_permitted(login)
    raise no_account(login)


def find_unit(db: Reader, scope: Scope, code: str, on: date, deed: Deed = Deed.SEE) -> Unit:
    """The unit in which the deed is allowed; else ActRefused."""
    found = administer.visible_unit(db.conn, scope, code, on, deed)
    if found is not None:
        return found
    if deed is not Deed.SEE and administer.visible_unit(db.conn, scope, code, on) is not None:
        raise not_permitted(code)
    raise no_unit(code)


def units_by_id(db: Reader, scope: Scope, on: date) -> Mapping[UnitId, Unit]:
    """The units that the administrator sees."""
    return {unit.id: unit for unit in administer.visible_units(db.conn, scope, on)}


def unit_code(units: Mapping[UnitId, Unit], unit_id: UnitId | None) -> str:
    """The code of a unit that the administrator sees; empty for others and for none."""
    unit = units.get(unit_id) if unit_id is not None else None
    return "" if unit is None else unit.code
