"""The rules of a box behind forms: read, and changed in one unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from directory import audit
from directory.address import AddressError, parse_address
from directory.model import vietnam_day
from directory.policies import effective_policy
from directory.repository import boxes as directory_boxes
from mailsvc.model.errors import Conflict, ForwardingForbidden, NoSuchRecipient
from mailsvc.services.receive import is_local, resolve_recipient
from mailsvc.services.rules import keeping
from mailsvc.services.rules.forms import NAME, BoxRules, read_script, write_script
from mailsvc.storage import scripts

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.model.ids import AccountId
    from mailsvc.services.permissions import Principal
    from mailsvc.storage.scripts import Owner, StoredScript
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork


@dataclass(frozen=True, slots=True)
class FormState:
    """What the forms show of a box."""

    rules: BoxRules
    foreign: str
    """The script of another program that runs now; empty where none does, or ours."""
    may_forward_outside: bool


def state(db: Reader, principal: Principal, box: AccountId) -> FormState:
    """NotPermitted unless the person may act in the box."""
    owner = keeping.owner_of(db, principal, box)
    held = scripts.of_owner(db, owner)
    return FormState(_kept(held) or BoxRules(), _foreign(held), _outside(db, box))


def change(
    uow: UnitOfWork,
    principal: Principal,
    box: AccountId,
    act: Callable[[BoxRules], BoxRules],
    *,
    replace: bool = False,
) -> None:
    """Write the form anew and let it run.

    Conflict where another program's script runs, unless it is to be replaced: then it is kept, and runs no more.
    """
    owner = keeping.owner_of(uow, principal, box)
    held = scripts.of_owner(uow, owner)
    foreign = _foreign(held)
    if foreign and not replace:
        raise Conflict(foreign)
    before = _kept(held) or BoxRules()
    after = act(before)
    if after.forwarding is not None and after.forwarding != before.forwarding:
        _check_forwarding(uow, box, after.forwarding.address)
    _set_aside(uow, owner, held)
    if after.is_empty:
        if any(one.name == NAME for one in scripts.of_owner(uow, owner)):
            scripts.remove(uow, owner, NAME)
        keeping.activate(uow, owner, None)
    else:
        keeping.put(uow, owner, NAME, write_script(after))
        keeping.activate(uow, owner, NAME)
    _write_down(uow, principal, box, after)


def _kept(held: list[StoredScript]) -> BoxRules | None:
    return next((read_script(one.octets) for one in held if one.name == NAME), None)


def _foreign(held: list[StoredScript]) -> str:
    active = next((one for one in held if one.is_active), None)
    if active is None or (active.name == NAME and read_script(active.octets) is not None):
        return ""
    return active.name


def _set_aside(uow: UnitOfWork, owner: Owner, held: list[StoredScript]) -> None:
    """What somebody wrote by hand under the form's name gets another name rather than being written over."""
    ours = next((one for one in held if one.name == NAME), None)
    if ours is None or read_script(ours.octets) is not None:
        return
    taken = {one.name for one in held}
    number = next(n for n in range(1, len(held) + 2) if f"{NAME} {n}" not in taken)
    keeping.rename(uow, owner, NAME, f"{NAME} {number}")


def _outside(db: Reader, box: AccountId) -> bool:
    return effective_policy(db.conn, box, vietnam_day(db.clock())).forwarding.allowed


def _check_forwarding(db: Reader, box: AccountId, text: str) -> None:
    """Inside always, to somebody who is there; outside where the policy says so. Delivery looks again."""
    try:
        address = parse_address(text)
    except AddressError:
        raise NoSuchRecipient(text) from None
    if not is_local(db, address.domain):
        if not _outside(db, box):
            raise ForwardingForbidden(text)
        return
    if box in resolve_recipient(db, address, full_too=True).accounts:
        raise NoSuchRecipient(text)  # to itself


def _write_down(uow: UnitOfWork, principal: Principal, box: AccountId, after: BoxRules) -> None:
    account = directory_boxes.account_by_id(uow.conn, box)
    detail = {
        "rules": len(after.rules),
        "vacation": after.vacation is not None,
        "forwarding": after.forwarding.address if after.forwarding else "",
        "junk": len(after.junk),
    }
    subject = str(account.address) if account is not None else str(box)
    audit.record(uow.conn, str(principal.address), "rules.change", subject, detail, uow.clock())
