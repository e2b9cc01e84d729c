"""Acts on plans: make one from a roster, show it, apply it, take it back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date  # noqa: TC003 - pydantic reads it when it runs
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Base64Bytes, Field

from directory import audit, provision
from directory.model import PlanId
from directory.scope import Deed
from mailsvc.services import undo_plan
from mailsvc.services.administration.act import Act, Limit, Touches
from mailsvc.services.administration.refusal import ActRefused, Why, of_remarks
from mailsvc.services.administration.rosters import apply_staged, plan_of, staged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from directory.provision import AccountPlan, Conflict, StoredPlan
    from mailsvc.services.administration.desk import Desk

MAX_ROSTER = 8 * 1024 * 1024
Number = Annotated[int, Field(ge=1, le=2**53)]


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One plan of a list, with its counts."""

    id: int
    kind: str
    state: str
    effective_on: date
    created_at: int
    created_by: str
    applied_at: int | None
    undone_at: int | None
    note: str
    summary: dict[str, int]


@dataclass(frozen=True, slots=True)
class PlanDetail:
    """A plan, line by line: create, change, move, refused with reason and remedy."""

    id: int
    kind: str
    state: str
    effective_on: date
    created_at: int
    created_by: str
    applied_at: int | None
    undone_at: int | None
    note: str
    summary: dict[str, int]
    details: Any


@dataclass(frozen=True, slots=True)
class ListPlans:
    """How many of the newest."""

    limit: Limit = 50


@dataclass(frozen=True, slots=True)
class OnePlan:
    """A plan, by its number."""

    plan_id: Number


@dataclass(frozen=True, slots=True)
class MakePlan:
    """A roster (CSV or XLSX, base64) to be planned; nothing changes yet. First passwords are made when it is applied."""

    roster: Annotated[Base64Bytes, Field(max_length=MAX_ROSTER)] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Slip:
    """Whom a one-time password is for."""

    address: str
    full_name: str
    unit: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PlanApplied:
    """The plan that is now true, and the one-time passwords of the new accounts: told once."""

    id: int
    summary: dict[str, int]
    slips: list[Slip] = field(repr=False)


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """A plan to take back; `dry_run` only looks."""

    plan_id: Number
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A box of the plan that somebody used meanwhile: it is locked, and its letters stay."""

    address: str
    letters: int
    signed_in: bool


@dataclass(frozen=True, slots=True)
class Undone:
    """What went back."""

    plan: int
    undone: bool
    restored: int
    taken_back: int
    archived: int
    kept: int
    conflicts: int
    kept_boxes: list[KeptLine]


UNDO_SAYS = {
    provision.UndoFault.UNKNOWN: (
        "Không có kế hoạch này. Xem: congvu plan list",
        "No such plan. See: congvu plan list",
    ),
    provision.UndoFault.NOT_APPLIED: ("Kế hoạch chưa được thực hiện.", "The plan was not applied."),
    provision.UndoFault.ALREADY_UNDONE: ("Kế hoạch đã được hoàn tác.", "The plan is undone already."),
    provision.UndoFault.NOT_KEPT: (
        "Kế hoạch này không lưu thông tin để hoàn tác.",
        "What this plan changed was not kept.",
    ),
    provision.UndoFault.CHANGED_SINCE: ("đã thay đổi sau kế hoạch", "was changed since"),
    provision.UndoFault.IN_USE: ("đang được dùng", "is in use"),
    provision.UndoFault.OUT_OF_SCOPE: (
        "Kế hoạch này chạm đến đơn vị ngoài phạm vi quản trị của bạn.",
        "The plan reaches units outside of what you administer.",
    ),
}
_UNDO_WHY = {
    provision.UndoFault.UNKNOWN: Why.NOT_FOUND,
    provision.UndoFault.OUT_OF_SCOPE: Why.NOT_PERMITTED,
}


def _list(desk: Desk, asked: ListPlans) -> list[PlanLine]:
    with desk.read() as db:
        return [_line(stored) for stored in provision.list_plans(db.conn, desk.scope(db), asked.limit)]


def _show(desk: Desk, asked: OnePlan) -> PlanDetail:
    with desk.read() as db:
        stored = provision.show_plan(db.conn, desk.scope(db), PlanId(asked.plan_id))
    if stored is None:
        raise no_plan(asked.plan_id)
    return _detail(stored)


def _make(desk: Desk, asked: MakePlan) -> PlanDetail:
    with desk.read() as db:
        plan = plan_of(desk, db, asked.roster)
    if not plan.creates and not plan.changes and not plan.moves and plan.refused:
        raise of_remarks(plan.refused[:200])
    with desk.write() as uow:
        plan_id = staged(desk, uow, plan, asked.roster)
        audit.record(uow.conn, desk.actor, "plan.make", f"plan {plan_id}", plan.counts, uow.clock())
        stored = provision.show_plan(uow.conn, desk.scope(uow), plan_id)
    if stored is None:  # some line is refused for its place, or touches what may not be seen
        raise of_remarks(plan.refused[:200])
    return _detail(stored)


def _apply(desk: Desk, asked: OnePlan) -> PlanApplied:
    plan = apply_staged(desk, PlanId(asked.plan_id))
    return PlanApplied(asked.plan_id, plan.counts, slips_of(plan))


def slips_of(plan: AccountPlan) -> list[Slip]:
    """The one-time passwords of a plan that was sealed."""
    return [
        Slip(str(new.address), new.display_name, new.unit, new.password)
        for new in plan.creates
        if new.password
    ]


def _undo(desk: Desk, asked: UndoPlan) -> Undone:
    plan_id = PlanId(asked.plan_id)
    try:
        with desk.read() as db:
            prepared = undo_plan.prepare(db, desk.scope(db), plan_id)
        found = prepared.undo
        if found.conflicts:
            raise undo_refused(plan_id, provision.UndoFault.CHANGED_SINCE, found.conflicts)
        if not asked.dry_run:
            with desk.write() as uow:
                undone = undo_plan.carry_out(uow, desk.scope(uow), prepared, desk.actor)
            found = undone.undo
            while undone.has_more:
                with desk.store.write() as uow:
                    undo_plan.return_more(uow, undone)
    except provision.UndoRefusedError as refused:
        raise undo_refused(plan_id, refused.fault, refused.conflicts) from refused
    kept = [KeptLine(box.address, box.letters, box.signed_in) for box in found.kept]
    counts = found.counts
    return Undone(
        plan=plan_id,
        undone=not asked.dry_run,
        restored=counts["restored"],
        taken_back=counts["taken_back"],
        archived=counts["archived"],
        kept=counts["kept"],
        conflicts=counts["conflicts"],
        kept_boxes=kept,
    )


def no_plan(number: int) -> ActRefused:
    """No such plan, as far as this administrator may know."""
    return ActRefused(
        Why.NOT_FOUND,
        f"Không có kế hoạch {number}. Xem: congvu plan list",
        f"No plan {number}. See: congvu plan list",
    )


def undo_refused(plan_id: int, fault: provision.UndoFault, conflicts: Sequence[Conflict]) -> ActRefused:
    """Why nothing was undone, conflict by conflict."""
    if not conflicts:
        vi, en = UNDO_SAYS[fault]
        why = _UNDO_WHY.get(fault, Why.CONFLICT)
        return ActRefused(why, f"{plan_id}: {vi}", f"{plan_id}: {en}", reason=fault.value)
    listed = [
        {"what": item.what, "reason": item.fault.value, "count": item.count, "later_plan": item.later_plan}
        for item in conflicts
    ]
    lines_vi = "\n".join(_conflict(item, 0) for item in conflicts)
    lines_en = "\n".join(_conflict(item, 1) for item in conflicts)
    return ActRefused(
        Why.CONFLICT,
        f"Chưa hoàn tác gì vì:\n{lines_vi}",
        f"Nothing was undone:\n{lines_en}",
        reason=fault.value,
        conflicts=listed,
    )


def _conflict(item: Conflict, language: int) -> str:
    line = f"{item.what}: {UNDO_SAYS[item.fault][language]}"
    if item.count:
        line += (f" ({item.count} mục)", f" ({item.count} entries)")[language]
    if item.later_plan is not None:
        line += (". Hoàn tác trước: congvu plan undo ", ". Undo this first: congvu plan undo ")[language]
        line += str(item.later_plan)
    return line


def _line(stored: StoredPlan) -> PlanLine:
    return PlanLine(
        id=stored.id,
        kind=stored.kind,
        state=stored.state.value,
        effective_on=stored.effective_on,
        created_at=stored.created_at,
        created_by=stored.created_by,
        applied_at=stored.applied_at,
        undone_at=stored.undone_at,
        note=stored.note,
        summary=stored.counts,
    )


def _detail(stored: StoredPlan) -> PlanDetail:
    body = stored.body or {}
    return PlanDetail(**asdict(_line(stored)), details=body.get("details", body))


_IN = Touches.PLAN
LIST = Act(
    "plan.list", Deed.SEE, _IN, "GET", "/plans",
    "Các kế hoạch, mới nhất trước", "Plans, the newest first", ListPlans, list[PlanLine], _list,
)  # fmt: skip
SHOW = Act(
    "plan.show", Deed.SEE, _IN, "GET", "/plans/{plan_id}",
    "Chi tiết một kế hoạch", "One plan in detail", OnePlan, PlanDetail, _show,
)  # fmt: skip
MAKE = Act(
    "plan.make", Deed.MANAGE, _IN, "POST", "/plans",
    "Lập kế hoạch từ danh sách", "Make a plan from a roster", MakePlan, PlanDetail, _make,
    max_body=MAX_ROSTER * 4 // 3 + 64 * 1024,
)  # fmt: skip
APPLY = Act(
    "plan.apply", Deed.MANAGE, _IN, "POST", "/plans/{plan_id}/apply",
    "Thực hiện kế hoạch", "Apply a plan", OnePlan, PlanApplied, _apply, secret=True, step_up=True,
)  # fmt: skip
UNDO = Act(
    "plan.undo", Deed.MANAGE, _IN, "POST", "/plans/{plan_id}/undo",
    "Hoàn tác kế hoạch", "Take a plan back", UndoPlan, Undone, _undo, step_up=True,
)  # fmt: skip
ACTS = (LIST, SHOW, MAKE, APPLY, UNDO)
