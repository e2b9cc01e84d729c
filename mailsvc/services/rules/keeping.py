"""Scripts as their owners keep them: a box's own, over ManageSieve or in webmail; a unit's and the province's by IT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from directory.model import Right
from mailsvc.model.errors import BadName as BadScriptName
from mailsvc.model.errors import Conflict, LetterMissing, NotPermitted, ServiceError, TooLarge, TooMany
from mailsvc.services.permissions import rights_in
from mailsvc.sieve.check import compile_script
from mailsvc.sieve.errors import SieveError
from mailsvc.sieve.lexer import MAX_SCRIPT_OCTETS
from mailsvc.storage import scripts
from mailsvc.storage.scripts import Owner, OwnerKind, StoredScript

if TYPE_CHECKING:
    from mailsvc.model.ids import AccountId
    from mailsvc.services.permissions import Principal
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

MAX_SCRIPTS: Final = 16
MAX_NAME: Final = 128
"""Characters (RFC 5804 §1.6: as many octets at least)."""


class BadScript(ServiceError):
    """A script that cannot be read; `args[0]` says the line and what is wrong with it."""


class NoSuchScript(LetterMissing):
    """There is no script of this name."""


class ScriptIsActive(Conflict):
    """The script that runs is not taken away (RFC 5804 §2.10)."""


def owner_of(db: Reader, principal: Principal, box: AccountId) -> Owner:
    """The owner of a box's rules; NotPermitted unless the person may act in it."""
    if not rights_in(db, principal, box) & Right.ACT:
        raise NotPermitted(str(box))
    return Owner(OwnerKind.BOX, int(box))


def check(octets: bytes) -> None:
    """TooLarge or BadScript, where it is not one."""
    if len(octets) > MAX_SCRIPT_OCTETS:
        raise TooLarge(str(len(octets)))
    try:
        compile_script(octets)
    except SieveError as error:
        raise BadScript(str(error)) from None


def put(uow: UnitOfWork, owner: Owner, name: str, octets: bytes) -> None:
    """Keep a checked script; one that is active stays so with its new words (RFC 5804 §2.6)."""
    _check_name(name)
    check(octets)
    held = {one.name: one for one in scripts.of_owner(uow, owner)}
    if name not in held and len(held) >= MAX_SCRIPTS:
        raise TooMany(f"{MAX_SCRIPTS} scripts")
    scripts.put(uow, owner, StoredScript(name, octets, name in held and held[name].is_active))


def get(db: Reader, owner: Owner, name: str) -> StoredScript:
    """One script; NoSuchScript."""
    for one in scripts.of_owner(db, owner):
        if one.name == name:
            return one
    raise NoSuchScript(name)


def rename(uow: UnitOfWork, owner: Owner, name: str, new_name: str) -> None:
    """Another name for a script; Conflict where there is one (RFC 5804 §2.11)."""
    held = get(uow, owner, name)
    _check_name(new_name)
    if any(one.name == new_name for one in scripts.of_owner(uow, owner)):
        raise Conflict(new_name)
    scripts.remove(uow, owner, name)
    scripts.put(uow, owner, StoredScript(new_name, held.octets, held.is_active))


def remove(uow: UnitOfWork, owner: Owner, name: str) -> None:
    """Take a script away; ScriptIsActive for the one that runs."""
    if get(uow, owner, name).is_active:
        raise ScriptIsActive(name)
    scripts.remove(uow, owner, name)


def activate(uow: UnitOfWork, owner: Owner, name: str | None) -> None:
    """Let this one run, or none."""
    if name is not None:
        get(uow, owner, name)
    scripts.activate(uow, owner, name)


def _check_name(name: str) -> None:
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise BadScriptName(name)
