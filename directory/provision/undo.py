"""Taking a plan back: the structure as it was before, with whatever came meanwhile kept.

Rows changed again since are conflicts, and then nothing is undone. A box that the plan made is never deleted: unused it
is archived, used it is locked and its letters stay.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from directory import audit
from directory.journal import (
    TABLES,
    Altered,
    Drift,
    Journal,
    TableChanges,
    delete_rows,
    drift,
    inverse,
    refers,
    rows_by_id,
    write,
)
from directory.model import AccountId, AccountState, AddressKind, PlanId, vietnam_day
from directory.provision.stored import (
    PlanState,
    StoredPlan,
    journal_of,
    later_journals,
    mark_undone,
    show_plan,
)
from directory.provision.touched import may_take_back
from directory.repository.boxes import set_states
from directory.repository.groups import refresh
from directory.repository.rows import chunks
from directory.scope import Scope
from directory.tables import (
    accounts,
    addresses,
    administrators,
    delegations,
    groups,
    persons,
    place_versions,
    places,
    posts,
    unit_successions,
    unit_versions,
    units,
)

LettersIn = Callable[[Sequence[AccountId]], Mapping[AccountId, int]]
"""How many letters each of these boxes holds; the directory does not know."""


class UndoFault(StrEnum):
    """Why a plan, or a part of it, cannot be taken back."""

    UNKNOWN = "unknown"  # no such plan
    NOT_APPLIED = "not_applied"
    ALREADY_UNDONE = "already_undone"
    NOT_KEPT = "not_kept"  # applied before undoing was possible
    CHANGED_SINCE = "changed_since"
    IN_USE = "in_use"
    OUT_OF_SCOPE = "out_of_scope"


class UndoRefusedError(ValueError):
    """Nothing was undone; `conflicts` say why."""

    def __init__(self, fault: UndoFault, conflicts: Sequence["Conflict"] = ()) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.conflicts = tuple(conflicts)


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that stands in the way."""

    what: str
    fault: UndoFault
    later_plan: PlanId | None = None  # undo this one first
    count: int = 0


@dataclass(frozen=True, slots=True)
class KeptBox:
    """A box of the plan that somebody used meanwhile: it is locked, not archived."""

    account_id: AccountId
    address: str
    letters: int
    signed_in: bool


@dataclass(frozen=True, slots=True)
class Undo:
    """What undoing a plan would do."""

    plan: StoredPlan
    journal: Journal
    conflicts: tuple[Conflict, ...]
    kept: tuple[KeptBox, ...]
    archived: tuple[AccountId, ...]
    head: int = 0  # the newest line of the audit log when it was prepared

    @property
    def counts(self) -> dict[str, int]:
        """How many rows go back, by what happens to them."""
        every = self.journal.tables.values()
        return {
            "restored": sum(len(changes.altered) + len(changes.deleted) for changes in every),
            "taken_back": sum(len(changes.created) for changes in every),
            "archived": len(self.archived),
            "kept": len(self.kept),
            "conflicts": len(self.conflicts),
        }


def prepare_undo(conn: Connection, scope: Scope, plan_id: PlanId, letters_in: LettersIn) -> Undo:
    """What undoing would do and what stands in its way; UndoRefusedError where there is nothing to undo.

    A plan that reaches beyond the scope is as unknown to the administrator as one that does not exist.
    """
    head = audit.head(conn)
    plan = show_plan(conn, scope, plan_id)
    if plan is None:
        raise UndoRefusedError(UndoFault.UNKNOWN)
    if not may_take_back(conn, scope, plan_id, plan.kind):
        raise UndoRefusedError(UndoFault.OUT_OF_SCOPE)
    if plan.state is PlanState.UNDONE:
        raise UndoRefusedError(UndoFault.ALREADY_UNDONE)
    if plan.state is not PlanState.APPLIED:
        raise UndoRefusedError(UndoFault.NOT_APPLIED)
    journal = journal_of(conn, plan_id)
    if journal is None:
        raise UndoRefusedError(UndoFault.NOT_KEPT)
    new_boxes = [AccountId(row["id"]) for row in journal.of(accounts).created]
    kept = _used(conn, new_boxes, letters_in)
    used = {box.account_id for box in kept}
    archived = tuple(box for box in new_boxes if box not in used)
    drifted = _without_taken_reserved(conn, drift(conn, journal, undoing=True))
    return Undo(
        plan=plan,
        journal=journal,
        conflicts=(*_explain(conn, plan_id, drifted), *_units_in_use(conn, journal, archived)),
        kept=tuple(kept),
        archived=archived,
        head=head,
    )


def confirm_undo(conn: Connection, scope: Scope, undo: Undo, letters_in: LettersIn) -> Undo:
    """An undo prepared before, in the transaction that carries it out: worked out again only if anybody acted meanwhile.

    Preparing one of 13,300 boxes takes a second, which no letter should wait for.
    """
    audit.hold(conn)
    boxes = [AccountId(row["id"]) for row in undo.journal.of(accounts).created]
    if audit.head(conn) == undo.head and tuple(_used(conn, boxes, letters_in)) == undo.kept:
        return undo
    return prepare_undo(conn, scope, undo.plan.id, letters_in)


def carry_out_undo(conn: Connection, undo: Undo, *, at: int, actor: str) -> None:
    """Take the plan back in the caller's transaction, which `prepare_undo` was called in; UndoRefusedError with conflicts."""
    if undo.conflicts:
        raise UndoRefusedError(UndoFault.CHANGED_SINCE, undo.conflicts)
    back = _lasting(conn, undo)
    try:
        _leave_units(conn, undo.archived)
        write(conn, inverse(back))
        set_states(conn, undo.archived, AccountState.ARCHIVED, at)
        set_states(conn, [used.account_id for used in undo.kept], AccountState.LOCKED, at)
    except IntegrityError as error:
        raise UndoRefusedError(UndoFault.IN_USE) from error
    _drop_empty_places(conn, [row["id"] for row in undo.journal.of(places).created])
    refresh(conn, vietnam_day(at))
    mark_undone(conn, undo.plan.id, at)
    detail = {**undo.counts, "kept_boxes": [box.address for box in undo.kept]}
    audit.record(conn, actor, "plan.undo", f"plan {undo.plan.id}", detail, at)


_NOT_DELETED: Final = (places.name, persons.name, accounts.name)


def _lasting(conn: Connection, undo: Undo) -> Journal:
    """The journal without what is not deleted on the way back: boxes, used people's posts, addresses once given out."""
    tables = dict(undo.journal.tables)
    for name in _NOT_DELETED:
        if name in tables:
            tables[name] = replace(tables[name], created=[])
    if (
        place_versions.name in tables
    ):  # a place that the plan made goes with its versions, if nothing lies in it
        new_places = {row["id"] for row in undo.journal.of(places).created}
        lasting = [row for row in tables[place_versions.name].created if row["place_id"] not in new_places]
        tables[place_versions.name] = replace(tables[place_versions.name], created=lasting)
    new_boxes = {row["id"] for row in undo.journal.of(accounts).created}
    used = {box.account_id for box in undo.kept}
    used_people = {row["person_id"] for row in undo.journal.of(accounts).created if row["id"] in used}
    for name in ("posts", "person_identifiers"):
        if name in tables:
            created = [row for row in tables[name].created if row["person_id"] not in used_people]
            tables[name] = replace(tables[name], created=created)
    if addresses.name in tables:
        tables[addresses.name] = _addresses_back(conn, tables[addresses.name], new_boxes, undo)
    return Journal(tables)


def _addresses_back(conn: Connection, changes: TableChanges, new_boxes: set[int], undo: Undo) -> TableChanges:
    """An address given out is retired and never deleted; archiving sees to those of a new box."""
    at = undo.plan.applied_at
    kept_main = {  # their old main address became an alias: the new one was given out to be written to
        item.id
        for item in changes.altered
        if item.before.get("kind") == AddressKind.PRIMARY.value and "account_id" not in item.before
    }
    ours = [row for row in changes.created if row["account_id"] not in new_boxes]
    readdressed = {row["account_id"] for row in rows_by_id(conn, addresses, list(kept_main)).values()}
    given_out = [
        row for row in ours if row["kind"] == AddressKind.ALIAS.value or row["account_id"] in readdressed
    ]
    retired = [
        Altered(
            row["id"],
            {"kind": AddressKind.RETIRED.value, "retired_at": at},
            {"kind": row["kind"], "retired_at": None},
        )
        for row in given_out
    ]
    made_for_archive = [row for row in ours if row not in given_out]
    claimed = {row["key"] for row in changes.created}
    return TableChanges(
        created=made_for_archive,
        altered=[*changes.altered, *retired],
        deleted=[row for row in changes.deleted if row["key"] not in claimed],
    )


def _used(conn: Connection, boxes: Sequence[AccountId], letters_in: LettersIn) -> list[KeptBox]:
    """Which of these boxes hold letters, were signed in to, are shared, or administer."""
    if not boxes:
        return []
    letters = letters_in(boxes)
    used = {number for number, count in letters.items() if count}
    for column in (delegations.c.account_id, delegations.c.grantee_id, administrators.c.account_id):
        used |= set(conn.execute(select(column)).scalars())
    used |= set(conn.execute(select(accounts.c.id).where(accounts.c.last_login_at.is_not(None))).scalars())
    found: list[KeptBox] = []
    for some in chunks(sorted(used & set(boxes))):
        query = (
            select(accounts.c.id, accounts.c.last_login_at, addresses.c.local, addresses.c.domain)
            .join(
                addresses,
                (addresses.c.account_id == accounts.c.id) & (addresses.c.kind == AddressKind.PRIMARY.value),
            )
            .where(accounts.c.id.in_(list(some)), accounts.c.state != AccountState.ARCHIVED.value)
            .order_by(accounts.c.id)
        )
        found += [
            KeptBox(
                AccountId(number),
                f"{local}@{domain}",
                letters.get(AccountId(number), 0),
                signed_in is not None,
            )
            for number, signed_in, local, domain in conn.execute(query)
        ]
    return found


def _without_taken_reserved(conn: Connection, drifted: list[Drift]) -> list[Drift]:
    """What an archived box has lost by being archived is no conflict: its aliases, its role as postmaster."""
    owners = [
        item.expected["account_id"]
        for item in drifted
        if item.table == addresses.name and "account_id" in item.expected
    ]
    owners += [item.id for item in drifted if item.table == accounts.name]
    states = {
        key: row["state"] for key, row in rows_by_id(conn, accounts, list({o for o in owners if o})).items()
    }
    gone = {key for key, state in states.items() if state == AccountState.ARCHIVED.value}
    return [
        item
        for item in drifted
        if not (item.table == addresses.name and item.expected.get("account_id") in gone)
    ]


def _explain(conn: Connection, plan_id: PlanId, drifted: Sequence[Drift]) -> list[Conflict]:
    if not drifted:
        return []
    later: dict[tuple[str, int], PlanId] = {}
    for number, journal in later_journals(conn, plan_id):
        for name, changes in journal.tables.items():
            touched = [item.id for item in changes.altered] + [row["id"] for row in changes.deleted]
            for key in touched:
                later.setdefault((name, key), number)
    found: dict[str, Conflict] = {}
    for lost in drifted:
        what = _subject(conn, lost)
        found.setdefault(what, Conflict(what, UndoFault.CHANGED_SINCE, later.get((lost.table, lost.id))))
    return list(found.values())


def _subject(conn: Connection, lost: Drift) -> str:
    """What a person calls the row: the code of its unit, the address of its box."""
    row = rows_by_id(conn, TABLES[lost.table], [lost.id]).get(lost.id, lost.expected)
    if lost.table == addresses.name:
        return str(row.get("key", lost.id))
    if lost.table == accounts.name:
        return _address_of(conn, accounts.c.id == lost.id) or f"{lost.table} {lost.id}"
    person = lost.id if lost.table == persons.name else row.get("person_id")
    if person is not None:
        return _address_of(conn, accounts.c.person_id == person) or f"{lost.table} {lost.id}"
    if row.get("account_id") is not None:
        return _address_of(conn, accounts.c.id == row["account_id"]) or f"{lost.table} {lost.id}"
    if row.get("unit_id") is not None:
        return str(conn.execute(select(units.c.code).where(units.c.id == row["unit_id"])).scalar_one())
    return str(row.get("code", f"{lost.table} {lost.id}"))


def _address_of(conn: Connection, where: Any) -> str | None:
    query = (
        select(addresses.c.key)
        .join(accounts, accounts.c.id == addresses.c.account_id)
        .where(where, addresses.c.kind == AddressKind.PRIMARY.value)
    )
    found = conn.execute(query).scalar()
    return None if found is None else str(found)


def _units_in_use(conn: Connection, journal: Journal, archived: Sequence[AccountId]) -> list[Conflict]:
    """Units of the plan that boxes, units, posts, groups or administrators have come to since."""
    made = {row["id"]: row["code"] for row in journal.of(units).created}
    if not made:
        return []
    own_versions = {row["id"] for row in journal.of(unit_versions).created}
    ids = list(made)
    counts: dict[int, int] = {}
    for table, column, own in (
        (accounts, "unit_id", {item.id for item in journal.of(accounts).altered} | set(archived)),
        (posts, "unit_id", {row["id"] for row in journal.of(posts).created}),
        (groups, "unit_id", {row["id"] for row in journal.of(groups).created}),
        (administrators, "unit_id", {row["id"] for row in journal.of(administrators).created}),
        (unit_versions, "unit_id", own_versions),
        (unit_versions, "parent_id", own_versions | {item.id for item in journal.of(unit_versions).altered}),
        (unit_successions, "predecessor_id", set()),
        (unit_successions, "successor_id", {row["id"] for row in journal.of(unit_successions).created}),
    ):
        others = refers(conn, table, column, ids) - own
        for some in chunks(sorted(others)):
            for owner in conn.execute(select(table.c[column]).where(table.c.id.in_(list(some)))).scalars():
                counts[owner] = counts.get(owner, 0) + 1
    return [Conflict(made[key], UndoFault.IN_USE, count=count) for key, count in counts.items()]


def _leave_units(conn: Connection, boxes: Sequence[AccountId]) -> None:
    """An archived mistake belongs to no unit, so that the unit itself can be taken back."""
    for some in chunks(boxes):
        conn.execute(update(accounts).where(accounts.c.id.in_(list(some))).values(unit_id=None))


def _drop_empty_places(conn: Connection, made: Sequence[int]) -> None:
    named = {
        row[0]
        for some in chunks(made)
        for row in conn.execute(
            select(places.c.id)
            .join(unit_versions, unit_versions.c.place_id == places.c.id)
            .where(places.c.id.in_(list(some)))
        )
    }
    empty = [number for number in made if number not in named]
    for some in chunks(empty):
        rows = conn.execute(select(place_versions.c.id).where(place_versions.c.place_id.in_(list(some))))
        delete_rows(conn, place_versions, [row[0] for row in rows.all()])
        delete_rows(conn, places, some)
