"""A file of people, of either kind: the roster of an office or the table of design §9. One door for every caller."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Self

from sqlalchemy import Connection

from directory.model import AccountKind
from directory.provision.accounts import plan_rows
from directory.provision.csv_rows import AccountRow, read_accounts
from directory.provision.faults import Fault, Remark
from directory.provision.known import ProvisionSettings, load
from directory.provision.plan import AccountPlan, Plan
from directory.roster.plan import plan_roster
from directory.roster.read import Roster, is_machine_format, read_roster
from directory.scope import Scope


@dataclass(frozen=True, slots=True)
class RosterOptions:
    """How a file is to be read."""

    unit: str | None = None  # the code under which names of units are sought
    sheet: str | None = None
    lock_missing: bool = False  # the file is the whole of each unit that it names


@dataclass(frozen=True, slots=True)
class RosterSource:
    """What a plan is made from again on its day: the file itself, which holds no password."""

    data: bytes
    options: RosterOptions = RosterOptions()
    confirmed_locks: int | None = None

    def to_json(self) -> str:
        """As it is kept with its plan."""
        body = {"roster": b64encode(self.data).decode(), "confirmed_locks": self.confirmed_locks}
        return json.dumps(body | asdict(self.options))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """As it was kept; ValueError or KeyError for anything else."""
        body = json.loads(text)
        options = RosterOptions(body.get("unit"), body.get("sheet"), bool(body.get("lock_missing")))
        return cls(b64decode(body["roster"]), options, body.get("confirmed_locks"))


@dataclass(frozen=True, slots=True)
class FilePlan:
    """The plan, and the roster as it was read, where it was one."""

    plan: AccountPlan
    roster: Roster | None = None


def plan_file(
    conn: Connection,
    scope: Scope,
    data: bytes,
    *,
    on: date,
    settings: ProvisionSettings,
    options: RosterOptions = RosterOptions(),
    without_secrets: bool = False,
) -> FilePlan:
    """What importing the file would do on that day; `without_secrets` refuses passwords, for the plan will be kept."""
    roster = None if is_machine_format(data) else read_roster(data, today=on, sheet=options.sheet)
    if roster is not None and roster.table is None:
        found = plan_roster(
            conn,
            scope,
            roster,
            on=on,
            settings=settings,
            unit=options.unit,
            lock_missing=options.lock_missing,
        )
        return FilePlan(found.plan, roster)
    sheet = read_accounts(data if roster is None or roster.table is None else roster.table)
    if without_secrets and (line := _first_secret(sheet.rows)) is not None:
        remark = Remark(line, "password", Fault.KEPT_WITH_PLAN)
        return FilePlan(Plan(effective_on=on, refused=(remark,)))
    known = load(conn, on, settings)
    named = {row.unit for row in sheet.rows if row.kind is AccountKind.PERSONAL and row.unit in known.units}
    whole = {known.units[code].id for code in named} if options.lock_missing else set()
    return FilePlan(plan_rows(known, scope, sheet, whole_units=whole))


def _first_secret(rows: Iterable[AccountRow]) -> int | None:
    return next((row.line for row in rows if row.password is not None or row.password_hash is not None), None)
