"""The directory as administrators see and change it: every function takes the scope of whoever asks."""

from datetime import date

from sqlalchemy import Connection

from directory import audit
from directory.model import Account, AccountState, AdminRole, Unit
from directory.provision.faults import Fault
from directory.repository import administrators, boxes, units
from directory.repository.administrators import Administrator
from directory.scope import Deed, Scope
from directory.upkeep import UpkeepRefused


def visible_units(conn: Connection, scope: Scope, on: date) -> list[Unit]:
    """The units that the administrator sees, in the order of a Vietnamese list."""
    seen = scope.units(Deed.SEE)
    return [unit for unit in units.units_on(conn, on) if seen is None or unit.id in seen]


def visible_accounts(conn: Connection, scope: Scope, *, state: AccountState | None = None) -> list[Account]:
    """The boxes that the administrator sees."""
    seen = scope.units(Deed.SEE)
    return boxes.list_accounts(
        conn, unit_ids=None if seen is None else sorted(seen), state=state, with_system=seen is None
    )


def visible_account(conn: Connection, scope: Scope, login: str) -> Account | None:
    """One box by its address; None also where it exists and the administrator may not know of it."""
    found = boxes.account_by_login(conn, login)
    return found if found is not None and scope.may_touch(Deed.SEE, found) else None


def visible_log(conn: Connection, scope: Scope, limit: int = 100) -> list[audit.AuditLine]:
    """The newest lines of the audit log that speak of boxes and units in the scope."""
    seen = scope.units(Deed.READ_LOG)
    if seen is None:
        return audit.lines(conn, limit=limit)
    if not seen:
        return []
    subjects = {str(account.address) for account in boxes.list_accounts(conn, unit_ids=sorted(seen))}
    codes = {code for code, unit_id in units.unit_ids_by_code(conn).items() if unit_id in seen}
    return audit.lines_about(conn, subjects | codes, limit=limit)


def visible_administrators(conn: Connection, scope: Scope) -> list[Administrator]:
    """Who administers units in the scope."""
    seen = scope.units(Deed.SEE)
    return [item for item in administrators.list_administrators(conn) if seen is None or item.unit_id in seen]


def appoint(
    conn: Connection, scope: Scope, account: Account, unit: Unit, role: AdminRole, *, actor: str, at: int
) -> bool:
    """Make somebody an administrator of a unit and all below it in its branch; whether that is new."""
    scope.require_unit(Deed.APPOINT, unit.id, unit.code)
    if not account.kind.signs_in or account.person_id is None:
        raise UpkeepRefused("address", Fault.NOT_A_PERSON, value=str(account.address))
    new = administrators.appoint(conn, account.id, unit.id, role, at)
    if new:
        detail = {"unit": unit.code, "role": role.value}
        audit.record(conn, actor, "admin.grant", str(account.address), detail, at)
    return new


def dismiss(
    conn: Connection, scope: Scope, account: Account, unit: Unit, role: AdminRole, *, actor: str, at: int
) -> bool:
    """Take a role back; whether there was one."""
    scope.require_unit(Deed.APPOINT, unit.id, unit.code)
    gone = administrators.dismiss(conn, account.id, unit.id, role)
    if gone:
        detail = {"unit": unit.code, "role": role.value}
        audit.record(conn, actor, "admin.revoke", str(account.address), detail, at)
    return gone
