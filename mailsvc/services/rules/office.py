"""The rules of the province and of units: kept by administrators of everything there, each act in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from directory import audit
from directory.scope import Deed
from mailsvc.model.errors import NotPermitted
from mailsvc.services import reach
from mailsvc.services.rules import keeping
from mailsvc.storage import scripts
from mailsvc.storage.scripts import Owner, OwnerKind

if TYPE_CHECKING:
    from directory.scope import Scope
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

NAME: Final = "main"
"""The one script that such an owner has."""
_PROVINCE: Final = Owner(OwnerKind.PROVINCE, 0)


def show(db: Reader, scope: Scope, unit_code: str) -> bytes | None:
    """The script of a unit, or without a code of the province; None where there is none."""
    return scripts.active(db, _owner(db, scope, unit_code))


def put(uow: UnitOfWork, scope: Scope, unit_code: str, octets: bytes, *, actor: str) -> None:
    """Let this script run over all letters there; BadScript names the line that cannot be read."""
    owner = _owner(uow, scope, unit_code)
    keeping.put(uow, owner, NAME, octets)
    keeping.activate(uow, owner, NAME)
    audit.record(uow.conn, actor, "rules.set", unit_code or "*", {"octets": len(octets)}, uow.clock())


def clear(uow: UnitOfWork, scope: Scope, unit_code: str, *, actor: str) -> None:
    """No script any more; NoSuchScript where there was none."""
    owner = _owner(uow, scope, unit_code)
    keeping.get(uow, owner, NAME)
    keeping.activate(uow, owner, None)
    keeping.remove(uow, owner, NAME)
    audit.record(uow.conn, actor, "rules.clear", unit_code or "*", {}, uow.clock())


def _owner(db: Reader, scope: Scope, unit_code: str) -> Owner:
    """The Party's boxes have rules of their own root only: the province's take an administrator of everything."""
    if not unit_code:
        if scope.units(Deed.HOLD) is not None:
            raise NotPermitted("đơn vị nào? / rules need a unit")
        return _PROVINCE
    unit = reach.unit(db, unit_code)
    scope.require_unit(Deed.HOLD, unit.id, unit.code)
    return Owner(OwnerKind.UNIT, int(unit.id))
