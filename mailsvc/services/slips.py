"""First passwords on paper: drawn, hashed and printed before they are valid, and locked when nobody changes them in time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from config.settings import office_spans
from directory import repository, slips
from directory.authenticate import NewPassword
from directory.model import AccountId, AccountKind, AccountState, vietnam_day
from directory.passwords import hash_password
from directory.provision.seal import WORKERS
from directory.provision.stored import journal_of, show_plan
from directory.scope import Deed
from directory.tables import accounts
from mailsvc.model.changes import DirectoryChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from config.settings import Settings
    from directory.model import Account, PlanId
    from directory.scope import Scope
    from directory.slips import Slip
    from mailsvc.storage.store import Store
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

PART = 100
"""Passwords made valid in one transaction: some 0.1 s, so that no letter waits long."""
SYSTEM = "system"


def waiting_for_a_password(db: Reader, scope: Scope, unit_codes: Sequence[str]) -> list[Account]:
    """The people of these units and below who never signed in: they have no password, or one that was only printed."""
    units = repository.units_on(db.conn, vietnam_day(db.clock()))
    roots = [unit.id for unit in units if unit.code in unit_codes]
    inside = sorted({unit_id for root in roots for unit_id in repository.subtree(units, root)})
    people = repository.list_accounts(
        db.conn, unit_ids=inside, kind=AccountKind.PERSONAL, state=AccountState.ACTIVE
    )
    return [
        person for person in people if person.last_login_at is None and scope.may_touch(Deed.RESET, person)
    ]


def made_by_plan(db: Reader, scope: Scope, plan_id: PlanId) -> list[Account]:
    """The people whom a plan made and who never signed in; nobody where the plan is not the administrator's to see."""
    journal = journal_of(db.conn, plan_id) if show_plan(db.conn, scope, plan_id) is not None else None
    if journal is None:
        return []
    made = [AccountId(row["id"]) for row in journal.of(accounts).created]
    return [
        person
        for person in repository.accounts_by_ids(db.conn, made).values()
        if person.kind is AccountKind.PERSONAL
        and person.state is AccountState.ACTIVE
        and person.last_login_at is None
    ]


def draw(db: Reader, scope: Scope, people: Sequence[Account]) -> list[Slip]:
    """A slip for each, with a new password that is not valid yet; OutOfScopeError for anybody outside of the scope."""
    units = {unit.id: unit for unit in repository.units_on(db.conn, vietnam_day(db.clock()))}
    drawn = []
    for person in people:
        scope.require(Deed.RESET, person)
        unit = units.get(person.unit_id) if person.unit_id is not None else None
        drawn.append(slips.draw(person, unit.code if unit else "", unit.name if unit else ""))
    return drawn


def make_valid(
    store: Store,
    scope: Scope,
    drawn: Sequence[Slip],
    *,
    actor: str,
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Hash the passwords in threads, then store them, a part at a time; a person changed meanwhile is refused."""
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="hash") as pool:
        hashes = pool.map(lambda slip: hash_password(slip.password), drawn)
        pairs = []
        for done, (slip, stored) in enumerate(zip(drawn, hashes, strict=True), 1):
            pairs.append((slip.account_id, NewPassword(stored)))
            if on_progress is not None:
                on_progress(done, len(drawn))
    for start in range(0, len(pairs), PART):
        part = pairs[start : start + PART]
        with store.write() as uow:
            found = repository.accounts_by_ids(uow.conn, [number for number, _ in part])
            issued = [(found[number], password) for number, password in part if number in found]
            slips.issue(uow.conn, scope, issued, actor=actor, at=uow.clock())
            uow.record(DirectoryChanged())


def hand_over(
    uow: UnitOfWork, scope: Scope, people: Sequence[Account], settings: Settings, *, actor: str
) -> int:
    """Note that these people have their slips now; how many had one waiting."""
    return slips.hand_over(
        uow.conn,
        scope,
        people,
        hours=settings.provision.first_password_hours,
        actor=actor,
        at=uow.clock(),
        working_hours=office_spans(settings.calendar.working_hours),
    )


def lock_unchanged(uow: UnitOfWork) -> int:
    """Housekeeping: lock whoever kept a first password beyond its term; how many."""
    locked = slips.settle_due(uow.conn, actor=SYSTEM, at=uow.clock())
    if locked:
        uow.record(DirectoryChanged())
    return len(locked)
