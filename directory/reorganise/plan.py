"""A reorganisation worked out on a picture of the directory: shown, then written in one short transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from directory import audit
from directory.journal import Journal, take
from directory.model import AccountKind, AccountState, UnitId
from directory.provision.csv_rows import Sheet
from directory.provision.faults import Fault, Remark
from directory.provision.plan import remarks_to_json
from directory.reorganise.acts import Act, Ending, Moving, PlaceEnding, Readdressing, Renaming
from directory.reorganise.boxes import Boxes, join_post_boxes, settle_boxes
from directory.reorganise.draft import Draft
from directory.reorganise.places import end_places
from directory.reorganise.readdress import Readdressed, readdress
from directory.reorganise.staff import Moved, move_staff
from directory.reorganise.tree import end_units, move, rename
from directory.repository.boxes import login_key
from directory.repository.domains import local_domains
from directory.scope import Deed, Scope
from directory.tables import accounts, unit_versions


@dataclass(frozen=True, slots=True)
class Reorganisation:
    """What would become of units, people, boxes, groups and administrators."""

    effective_on: date
    acts: tuple[Act, ...] = ()
    moved: tuple[Moved, ...] = ()
    boxes: Boxes = field(default_factory=Boxes)
    readdressed: tuple[Readdressed, ...] = ()
    elsewhere: tuple[str, ...] = ()  # codes of units that lie in another place, whose own has ended
    under_another: tuple[str, ...] = ()  # codes of units whose parent changes with its end
    refused: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()
    journal: Journal = field(default_factory=Journal)
    head: int = 0  # the newest line of the audit log that it saw

    @property
    def counts(self) -> dict[str, int]:
        """The numbers of design §9, and those of a reorganisation."""
        return {
            "create": 0,
            "change": sum(isinstance(act, Renaming | Moving) for act in self.acts)
            + len(self.under_another)
            + len(self.readdressed)
            + len(self.elsewhere),
            "move": len(self.moved),
            "unchanged": 0,
            "refused": len({remark.line for remark in self.refused}),
            "end": sum(isinstance(act, Ending) for act in self.acts),
            "close": len(self.boxes.closed),
        }

    @property
    def changes_nothing(self) -> bool:
        """Whether applying it would leave everything as it is."""
        return not self.journal


def reorganisation_to_json(plan: Reorganisation, language: str = "vi") -> dict[str, Any]:
    """The plan as `--json` shows it and as it is stored."""
    return {
        **plan.counts,
        "effective_on": plan.effective_on.isoformat(),
        "details": {
            "acts": [_act_json(act) for act in plan.acts],
            "move": [
                {"address": item.address, "from": item.from_unit, "to": item.to_unit} for item in plan.moved
            ],
            "under_another": list(plan.under_another),
            "elsewhere": list(plan.elsewhere),
            "readdress": [{"before": item.before, "after": item.after} for item in plan.readdressed],
            "close": [
                {
                    "address": item.address,
                    "letters_to": item.letters_to,
                    "now": item.now,
                    "readers": list(item.readers),
                }
                for item in plan.boxes.closed
            ],
            "taken_over": [{"address": address, "unit": code} for address, code in plan.boxes.taken_over],
            "groups": [{"group": g, "before": b, "after": a} for g, b, a in plan.boxes.groups],
            "administrators": [
                {"address": who, "from": before, "to": after}
                for who, before, after in plan.boxes.administrators
            ],
            "refused": remarks_to_json(plan.refused, language),
            "warnings": remarks_to_json(plan.warnings, language),
        },
    }


def _act_json(act: Act) -> dict[str, Any]:
    if isinstance(act, Renaming):
        return {"line": act.line, "action": "rename", "code": act.code, "name": act.name}
    if isinstance(act, Moving):
        return {"line": act.line, "action": "move", "code": act.code, "parent": act.parent}
    if isinstance(act, PlaceEnding):
        return {"line": act.line, "action": "end_place", "code": act.code, "into": act.into}
    if isinstance(act, Readdressing):
        return {"line": act.line, "action": "readdress", "code": act.code, "domain": act.domain}
    return {
        "line": act.line,
        "action": act.verb.value,
        "code": act.code,
        "staff": [code for code in (act.staff_to, *act.also_to) if code],
        "address": act.address_to,
        "archive": act.archive_to,
        "custodian": act.custodian,
    }


def plan_reorganisation(
    conn: Connection, scope: Scope, sheet: Sheet[Act], *, on: date, at: int
) -> Reorganisation:
    """What these acts would do from that day on; all of them are one change, checked together. Reads only.

    Every unit that an act names must lie in the scope.
    """
    head = audit.head(conn)
    draft = Draft(take(conn), on, at)
    checked = _Checked(draft, scope, lambda login: login_key(conn, login), local_domains(conn))
    sound = [act for row in sheet.rows if (act := checked.act(row)) is not None]
    checked.together(sound)
    refused = [*sheet.refused, *checked.refused]
    base = Reorganisation(on, tuple(sound), refused=_sorted(refused), warnings=sheet.warnings, head=head)
    if refused:
        return base
    for act in sound:
        if isinstance(act, Renaming):
            rename(draft, act)
        elif isinstance(act, Moving):
            move(draft, act)
    endings = [act for act in sound if isinstance(act, Ending)]
    warnings: list[Remark] = []
    carried: list[int] = []
    moved = move_staff(draft, endings, warnings, carried)
    boxes = settle_boxes(draft, endings, warnings)
    join_post_boxes(draft, carried, boxes)
    under_another = end_units(draft, endings)
    elsewhere = end_places(draft, [act for act in sound if isinstance(act, PlaceEnding)])
    readdressed = readdress(draft, [act for act in sound if isinstance(act, Readdressing)], warnings)
    circles = checked.circles(sound)
    return replace(
        base,
        moved=tuple(moved),
        boxes=boxes,
        readdressed=tuple(readdressed),
        elsewhere=tuple(elsewhere),
        under_another=tuple(under_another),
        refused=_sorted(circles),
        warnings=(*sheet.warnings, *_sorted(warnings)),
        journal=Journal() if circles else draft.journal(),
    )


def _sorted(remarks: Sequence[Remark]) -> tuple[Remark, ...]:
    return tuple(sorted(remarks, key=lambda remark: remark.line))


class _Checked:
    """Refuses what cannot be done, each line with its reason."""

    def __init__(
        self, draft: Draft, scope: Scope, key_of: Callable[[str], str], domains: frozenset[str]
    ) -> None:
        self.draft = draft
        self.domains = domains
        self.scope = scope
        self.refused: list[Remark] = []
        self._key_of = key_of

    def act(self, row: Act) -> Act | None:
        before = len(self.refused)
        if isinstance(row, PlaceEnding):
            self._place_ending(row)
            return row if len(self.refused) == before else None
        self._in_force(row.line, "code", row.code)
        if len(self.refused) == before:
            later = self.draft.changes_after(self.draft.id_of_code[row.code])
            if later is not None:
                self._refuse(row.line, "code", Fault.CHANGES_LATER, value=row.code, day=later)
        if isinstance(row, Moving):
            self._in_force(row.line, "parent", row.parent)
            if row.parent == row.code:
                self._refuse(row.line, "parent", Fault.SAME_UNIT, value=row.code)
        elif isinstance(row, Readdressing):
            if row.domain not in self.domains:
                expected = ", ".join(sorted(self.domains)[:5])
                self._refuse(row.line, "domain", Fault.FOREIGN_DOMAIN, value=row.domain, expected=expected)
        elif isinstance(row, Ending):
            row = self._ending(row)
        return row if len(self.refused) == before else None

    def _place_ending(self, act: PlaceEnding) -> None:
        """The place and its successor are there on the day, and all units in it are the administrator's."""
        for column, code in (("code", act.code), ("into", act.into)):
            number = self.draft.place_of_code.get(code)
            if code and (number is None or self.draft.place_version(number) is None):
                self._refuse(act.line, column, Fault.UNKNOWN_PLACE, value=code)
        if act.into == act.code:
            self._refuse(act.line, "into", Fault.SAME_UNIT, value=act.code)
        here = self.draft.by(unit_versions, "place_id", self.draft.place_of_code.get(act.code, 0))
        units_here = [UnitId(row["unit_id"]) for row in here if self.draft.version(row["unit_id"]) == row]
        outside = not units_here and not self.scope.on_the_server
        if outside or not all(self.scope.may(Deed.REORGANISE, number) for number in units_here):
            self._refuse(act.line, "code", Fault.OUT_OF_SCOPE, value=act.code)

    def _ending(self, act: Ending) -> Ending:
        named = [("into", code) for code in (act.staff_to, *act.also_to) if code]
        named += [("address_to", act.address_to), ("archive_to", act.archive_to)]
        column_of: dict[str, str] = {}
        for column, code in named:
            column_of.setdefault(code, column)
        column_of.pop("", None)
        for code, column in column_of.items():
            if code == act.code:
                self._refuse(act.line, column, Fault.SAME_UNIT, value=code)
            elif self._in_force(act.line, column, code) and column == "into":
                self._same_branch(act, code)
        custodian = self._person(act, act.custodian) if act.custodian else ""
        staff = {}
        for login, code in act.staff.items():
            key = self._person(act, login)
            if key and self._in_force(act.line, "unit", code):
                staff[key] = code
        if not act.staff_to and act.code in self.draft.id_of_code:
            self._needs_nobody(act)
        return replace(act, custodian=custodian, staff=staff)

    def _person(self, act: Ending, login: str) -> str:
        key = self._key_of(login)
        account_id = self.draft.account_of_key.get(key)
        if account_id is None:
            self._refuse(act.line, "custodian", Fault.UNKNOWN_BOX, value=login)
            return ""
        row = self.draft.get(accounts, account_id)
        if row["kind"] != AccountKind.PERSONAL.value or row["state"] == AccountState.ARCHIVED.value:
            self._refuse(act.line, "custodian", Fault.NOT_A_PERSON, value=login)
            return ""
        if login in act.staff and row["unit_id"] != self.draft.id_of_code.get(act.code):
            self._refuse(act.line, "address", Fault.NOT_IN_UNIT, value=login, unit=act.code)
            return ""
        return key

    def _needs_nobody(self, act: Ending) -> None:
        unit_id = self.draft.id_of_code[act.code]
        shared = {AccountKind.UNIT.value, AccountKind.POST.value}
        people = [row for row in self.draft.live_accounts(unit_id) if row["kind"] not in shared]
        if people:
            self._refuse(act.line, "into", Fault.NEEDS_SUCCESSOR, value=act.code, count=str(len(people)))

    def _same_branch(self, act: Ending, code: str) -> None:
        if act.code not in self.draft.id_of_code:
            return
        ours = self.draft.version(self.draft.id_of_code[act.code])
        theirs = self.draft.version(self.draft.id_of_code[code])
        if ours is not None and theirs is not None and ours["branch"] != theirs["branch"]:
            values = {"value": code, "branch": ours["branch"], "parent_branch": theirs["branch"]}
            self._refuse(act.line, "into", Fault.OTHER_BRANCH, **values)

    def _in_force(self, line: int, column: str, code: str) -> bool:
        unit_id = self.draft.id_of_code.get(code)
        if unit_id is None:
            self._refuse(line, column, Fault.UNKNOWN_UNIT, value=code)
        elif self.draft.version(unit_id) is None:
            self._refuse(line, column, Fault.UNIT_ENDED, value=code, day=self.draft.day)
        elif not self.scope.may(Deed.REORGANISE, UnitId(unit_id)):
            self._refuse(line, column, Fault.OUT_OF_SCOPE, value=code)
        else:
            return True
        return False

    def together(self, acts: Sequence[Act]) -> None:
        """A unit ends once, is renamed once, is moved once; a successor and a new parent stay in force."""
        ending = {act.code: act.line for act in acts if isinstance(act, Ending)}
        ended_places = {act.code for act in acts if isinstance(act, PlaceEnding)}
        first: dict[tuple[str, str], int] = {}
        for act in acts:
            earlier = first.setdefault((type(act).__name__, act.code), act.line)
            if earlier != act.line:
                self._twice(act, earlier)
            if isinstance(act, PlaceEnding) and act.into in ended_places:
                self._refuse(act.line, "into", Fault.SUCCESSOR_ENDS, value=act.into)
            if not isinstance(act, Ending | PlaceEnding) and act.code in ending:
                self._twice(act, ending[act.code])
            for code in _relied_on(act):
                if code in ending:
                    self._refuse(act.line, "into", Fault.SUCCESSOR_ENDS, value=code)

    def _twice(self, act: Act, earlier: int) -> None:
        self.refused.append(
            Remark(act.line, "code", Fault.DUPLICATE, {"value": act.code, "line": str(earlier)})
        )

    def circles(self, acts: Sequence[Act]) -> list[Remark]:
        """Units moved under one below themselves."""
        found = []
        for act in acts:
            if isinstance(act, Moving):
                unit_id = self.draft.id_of_code[act.code]
                above = list(self.draft.ancestors(self.draft.id_of_code[act.parent]))
                if unit_id in above:
                    path = [act.code, act.parent]
                    path += [self.draft.code_of[number] for number in above[: above.index(unit_id) + 1]]
                    found.append(Remark(act.line, "parent", Fault.CYCLE, {"path": " → ".join(path)}))
        return found

    def _refuse(self, line: int, column: str, fault: Fault, **values: str) -> None:
        self.refused.append(Remark(line, column, fault, values))


def _relied_on(act: Act) -> list[str]:
    if isinstance(act, Moving):
        return [act.parent]
    if isinstance(act, Ending):
        named = (act.staff_to, *act.also_to, act.address_to, act.archive_to, *act.staff.values())
        return sorted({code for code in named if code})
    return []
