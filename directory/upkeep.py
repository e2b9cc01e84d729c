"""Care of single boxes and units, within the scope of whoever acts: each with its line in the audit log, in the caller's transaction."""

from datetime import date

from sqlalchemy import Connection, select

from directory import audit
from directory.address import Address, AddressError
from directory.authenticate import NewPassword, store_password
from directory.model import Account, AccountState, AddressKind, Right, Unit
from directory.provision.csv_rows import own_address
from directory.provision.faults import Fault, Remark
from directory.repository import boxes, delegations, domains, units
from directory.scope import Deed, OutOfScopeError, Scope
from directory.tables import departures


class UpkeepRefused(ValueError):
    """The act is refused; `remark` says why and what to do, in both languages."""

    def __init__(self, column: str, fault: Fault, **values: str) -> None:
        self.remark = Remark(1, column, fault, values)
        super().__init__(self.remark.message("en"))


def lock(conn: Connection, scope: Scope, account: Account, *, actor: str, at: int, reason: str = "") -> None:
    """Nobody signs in any more; letters still arrive."""
    scope.require(Deed.MANAGE, account)
    _set_state(conn, account, AccountState.LOCKED, actor, at, reason)


def unlock(
    conn: Connection, scope: Scope, account: Account, *, actor: str, at: int, reason: str = ""
) -> None:
    """Sign-in works again; not of somebody who left, who has to come back first."""
    scope.require(Deed.MANAGE, account)
    left_on = conn.execute(select(departures.c.left_on).where(departures.c.account_id == account.id)).scalar()
    if left_on is not None:
        raise UpkeepRefused("address", Fault.LEFT, value=str(account.address), day=str(left_on))
    _set_state(conn, account, AccountState.ACTIVE, actor, at, reason)


def archive(
    conn: Connection, scope: Scope, account: Account, *, actor: str, at: int, reason: str = ""
) -> None:
    """Close a box for good: it takes no letters, its addresses are retired."""
    scope.require(Deed.MANAGE, account)
    _set_state(conn, account, AccountState.ARCHIVED, actor, at, reason)


def set_password(
    conn: Connection,
    scope: Scope,
    account: Account,
    password: NewPassword,
    *,
    must_change: bool,
    actor: str,
    at: int,
) -> None:
    """Replace the password of somebody who signs in; unit and post boxes have none."""
    scope.require(Deed.RESET, account)
    if not account.kind.signs_in:
        raise UpkeepRefused("password", Fault.BOX_IS_SHARED)
    store_password(conn, account.id, password, at, must_change=must_change)
    audit.record(conn, actor, "account.set_password", str(account.address), {"must_change": must_change}, at)


def free_address(conn: Connection, column: str, text: str) -> Address:
    """An address of a domain of ours that nobody ever had; UpkeepRefused for any other."""
    try:
        address = own_address(text)
    except AddressError as error:
        raise UpkeepRefused(column, Fault.BAD_ADDRESS, value=text[:80]) from error
    ours = domains.local_domains(conn)
    address = address if address.domain else Address(address.local, domains.default_domain(conn) or "")
    if address.domain not in ours:
        expected = ", ".join(sorted(ours)[:5])
        raise UpkeepRefused(column, Fault.FOREIGN_DOMAIN, value=address.domain, expected=expected)
    kind = boxes.address_kind(conn, address.key)
    if kind is AddressKind.RETIRED:
        raise UpkeepRefused(column, Fault.ADDRESS_RETIRED, value=str(address))
    if kind is not None:
        owner = boxes.account_by_address(conn, address.key)
        name = str(owner.address) if owner is not None else "nhóm / group"
        raise UpkeepRefused(column, Fault.ADDRESS_TAKEN, value=str(address), owner=name)
    return address


def add_alias(conn: Connection, scope: Scope, account: Account, text: str, *, actor: str, at: int) -> Address:
    """Give a box one more address: of a domain of ours, and never anybody's before."""
    scope.require(Deed.MANAGE, account)
    alias = free_address(conn, "aliases", text)
    boxes.add_address(conn, account.id, alias, AddressKind.ALIAS, at)
    audit.record(conn, actor, "account.add_alias", str(account.address), {"alias": str(alias)}, at)
    return alias


def remove_alias(
    conn: Connection, scope: Scope, account: Account, alias_key: str, *, actor: str, at: int
) -> bool:
    """Take an alias back for good; whether the box had it."""
    scope.require(Deed.MANAGE, account)
    owned = {
        record.address.key
        for record in boxes.addresses_of(conn, account.id)
        if record.kind is AddressKind.ALIAS
    }
    if alias_key not in owned:
        return False
    boxes.retire_address(conn, alias_key, at)
    audit.record(conn, actor, "account.remove_alias", str(account.address), {"alias": alias_key}, at)
    return True


def grant(
    conn: Connection, scope: Scope, box: Account, grantee: Account, rights: Right, *, actor: str, at: int
) -> bool:
    """Let a person use a shared box; whether they are new there. No administrator lets themselves in."""
    scope.require(Deed.SHARE, box)
    scope.require(Deed.SEE, grantee)
    if not scope.on_the_server and grantee.id == scope.account_id:
        raise OutOfScopeError(Deed.SHARE, str(grantee.address))
    known = {item.grantee_id for item in delegations.delegates_of(conn, box.id)}
    delegations.grant(conn, box.id, grantee.id, rights, at)
    detail = {"to": str(grantee.address), "rights": rights.value}
    audit.record(conn, actor, "account.grant", str(box.address), detail, at)
    return grantee.id not in known


def revoke(conn: Connection, scope: Scope, box: Account, grantee: Account, *, actor: str, at: int) -> bool:
    """Take a right back; whether there was one."""
    scope.require(Deed.SHARE, box)
    gone = delegations.revoke(conn, box.id, grantee.id)
    if gone:
        audit.record(conn, actor, "account.revoke", str(box.address), {"from": str(grantee.address)}, at)
    return gone


def refuse_if_in_use(conn: Connection, unit: Unit, on: date) -> None:
    """UpkeepRefused while a unit has boxes or units under it."""
    try:
        units.refuse_if_in_use(conn, unit, on)
    except units.UnitInUse as left:
        count = left.accounts_left + left.units_left
        raise UpkeepRefused("code", Fault.HAS_ACCOUNTS, value=unit.code, count=str(count)) from left


def remove_unit(conn: Connection, scope: Scope, unit: Unit, *, on: date, actor: str, at: int) -> None:
    """End a unit; refused while it has boxes or units under it."""
    scope.require_unit(Deed.REORGANISE, unit.id, unit.code)
    refuse_if_in_use(conn, unit, on)
    units.remove_unit(conn, unit, on)
    audit.record(conn, actor, "unit.remove", unit.code, {"on": on.isoformat()}, at)


def _set_state(
    conn: Connection, account: Account, state: AccountState, actor: str, at: int, reason: str
) -> None:
    boxes.set_state(conn, account.id, state, at)
    audit.record(conn, actor, f"account.{state.value}", str(account.address), {"reason": reason}, at)
