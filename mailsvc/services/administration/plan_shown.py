"""A plan as every door tells it: its numbers, its lines, and its remarks in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date  # noqa: TC003 - pydantic reads it when it runs
from typing import TYPE_CHECKING, Any

from directory import provision
from directory.provision import Fault
from mailsvc.services.administration.refusal import RemarkLine, of_remarks, remark_line, remarks_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from directory.provision import AccountPlan, Remark, UnitPlan

_REMARKS = ("refused", "warnings")


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """What a plan does, and whether that is done, waits under a number, or was only looked at.

    Where a line is refused nothing is done.
    """

    effective_on: date
    summary: dict[str, int]
    details: dict[str, Any]
    """The lines by what happens to them."""
    refused: list[RemarkLine]
    warnings: list[RemarkLine]
    changes_nothing: bool
    applied: bool = False
    plan: int | None = None
    """The number under which it is kept."""

    def to_json(self, language: str) -> dict[str, Any]:
        """The plan as `--json` shows it."""
        remarks = {
            "refused": [remark.to_json(language) for remark in remarks_of(self.refused)],
            "warnings": [remark.to_json(language) for remark in remarks_of(self.warnings)],
        }
        return {
            **self.summary,
            "effective_on": self.effective_on.isoformat(),
            "details": {**self.details, **remarks},
            "applied": self.applied,
            "plan": self.plan,
        }


def shown_plan(
    plan: UnitPlan | AccountPlan, *, applied: bool = False, plan_id: int | None = None
) -> ShownPlan:
    """A plan of units or boxes; never a password or a hash."""
    return shown(
        provision.plan_to_json(plan),
        plan,
        changes_nothing=plan.changes_nothing,
        applied=applied,
        plan_id=plan_id,
    )


def shown(
    body: Mapping[str, Any],
    plan: Any,
    *,
    changes_nothing: bool,
    applied: bool = False,
    plan_id: int | None = None,
) -> ShownPlan:
    """Any plan with counts and remarks, by the JSON that it is kept as."""
    lines = {name: part for name, part in body["details"].items() if name not in _REMARKS}
    return ShownPlan(
        plan.effective_on,
        dict(plan.counts),
        lines,
        _lines(plan.refused),
        _lines(plan.warnings),
        changes_nothing,
        applied,
        plan_id,
    )


def require_scope(refused: Sequence[Remark]) -> None:
    """ActRefused where a line reaches outside of what the administrator has: then nothing of the plan is told."""
    beyond = [remark for remark in refused if remark.fault is Fault.OUT_OF_SCOPE]
    if beyond:
        raise of_remarks(beyond[:200])


def _lines(remarks: Sequence[Remark]) -> list[RemarkLine]:
    return [remark_line(remark) for remark in sorted(remarks, key=lambda remark: remark.line)]
