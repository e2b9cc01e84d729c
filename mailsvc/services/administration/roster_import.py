"""The act of importing a file of people: look at what it would do, do it at once, keep it for a signature or for its day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date  # noqa: TC003 - pydantic reads it when it runs
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Base64Bytes, Field

from directory import provision
from directory.model import vietnam_day
from directory.provision.csv_rows import MAX_FILE
from directory.roster import RosterOptions, RosterSource, plan_file, refused_list
from directory.scope import Deed
from mailsvc.services.administration.act import Act, Code, Touches, Words
from mailsvc.services.administration.plan_shown import (
    ShownPlan,
    require_scope,
    shown_plan,
)
from mailsvc.services.administration.plans import MAX_ROSTER, Slip, slips_of
from mailsvc.services.administration.refusal import ActRefused, Why
from mailsvc.services.administration.rosters import apply_sealed
from mailsvc.services.due_plans import put_off_accounts

if TYPE_CHECKING:
    from directory.provision import AccountPlan
    from directory.roster import FilePlan
    from mailsvc.services.administration.desk import Desk

MAX_BODY = MAX_ROSTER * 4 // 3 + 64 * 1024
"""What a request from elsewhere may have; a longer file is imported at the server itself."""
TableFile = Annotated[Base64Bytes, Field(max_length=MAX_FILE + 1)]
"""A CSV or XLSX, base64; one octet more than is read, so that the reader says it is too long."""


@dataclass(frozen=True, slots=True)
class ImportRoster:
    """A file of people (CSV or XLSX, base64). Without `apply` and `keep` it is only looked at what it would do."""

    roster: TableFile = field(repr=False)
    apply: bool = False
    """Do it; with a day to come, on that day."""
    keep: bool = False
    """Keep the plan to be signed first."""
    first_passwords: bool = False
    """Make a first password for everybody who has none; told once."""
    unit: Code | None = None
    """Code under which names of units are sought."""
    sheet: Words | None = None
    lock_missing: bool = False
    """The file is all of its units: lock who is not in it."""
    confirmed_locks: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    effective: date | None = None
    mend: Literal["vi", "en"] | None = None
    """Give the refused lines back as a workbook in this language."""

    @property
    def reading(self) -> RosterOptions:
        """How the file is read."""
        return RosterOptions(self.unit, self.sheet, self.lock_missing)


@dataclass(frozen=True, slots=True)
class RosterImported:
    """The plan, whether it was applied, and what is told only now."""

    plan: ShownPlan
    locks_of: int
    """How many accounts the administrator has in all."""
    asks_locks: bool
    """So many locks that their number must come as `confirmed_locks`; nothing was done."""
    without_password: int
    """New accounts that cannot sign in before a slip is issued."""
    to_mend: Base64Bytes
    """The refused lines as XLSX; empty where there are none or they were not asked for."""
    slips: list[Slip] = field(default_factory=list, repr=False)


def _import(desk: Desk, asked: ImportRoster) -> RosterImported:
    with desk.read() as db:
        scope, today = desk.scope(db), vietnam_day(db.clock())
        on = asked.effective or today
        later = asked.apply and on > today
        waits = later or asked.keep
        if waits and asked.first_passwords:
            raise ActRefused(
                Why.INVALID,
                "Kế hoạch chờ không giữ mật khẩu; in sau bằng congvu slip issue --plan",
                "A plan that waits keeps no password; print them later: congvu slip issue --plan",
                fields=[{"field": "first_passwords", "message": "a plan that waits keeps no password"}],
            )
        found = plan_file(
            db.conn,
            scope,
            asked.roster,
            on=on,
            settings=desk.provision,
            options=asked.reading,
            without_secrets=waits,
        )
    plan = found.plan
    require_scope(plan.refused)
    asks_locks = plan.locks_ask and asked.confirmed_locks != len(plan.locks)
    if plan.refused or plan.changes_nothing or asks_locks or not (asked.apply or asked.keep):
        return _told(asked, found, shown_plan(plan), asks_locks=asks_locks)
    if waits:
        source = RosterSource(asked.roster, asked.reading, asked.confirmed_locks)
        with desk.write() as uow:
            kept = put_off_accounts(uow, desk.scope(uow), plan, source, actor=desk.actor, schedule=later)
        return _told(asked, found, shown_plan(plan, plan_id=kept))
    sealed = provision.seal(plan, make_first_passwords=asked.first_passwords, on_progress=desk.on_progress)
    plan_id, _ = apply_sealed(desk, sealed, confirmed_locks=asked.confirmed_locks)
    shown = shown_plan(plan, applied=True, plan_id=plan_id)
    return _told(asked, found, shown, slips=slips_of(sealed) if asked.first_passwords else [])


def _told(
    asked: ImportRoster,
    found: FilePlan,
    shown: ShownPlan,
    *,
    asks_locks: bool = False,
    slips: list[Slip] | None = None,
) -> RosterImported:
    plan, to_mend = found.plan, b""
    if asked.mend is not None and plan.refused and found.roster is not None:
        to_mend = refused_list(found.roster, plan.refused, asked.mend)
    return RosterImported(shown, plan.locks_of, asks_locks, without_password(plan), to_mend, slips or [])


def without_password(plan: AccountPlan) -> int:
    """How many of the new accounts cannot sign in yet."""
    return sum(1 for new in plan.creates if new.kind.signs_in and not (new.password or new.password_hash))


IMPORT = Act(
    "account.import", Deed.MANAGE, Touches.ACCOUNT, "POST", "/accounts/import",
    "Nhập danh sách cán bộ", "Import a roster or a table of accounts", ImportRoster, RosterImported, _import,
    secret=True, step_up=True, max_body=MAX_BODY,
)  # fmt: skip
ACTS = (IMPORT,)
