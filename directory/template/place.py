"""A planned place: what was asked for, what would be made, and how it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from directory.journal import Journal
from directory.model import Branch
from directory.provision.faults import Remark
from directory.provision.plan import remarks_to_json


@dataclass(frozen=True, slots=True)
class PlaceRequest:
    """What whoever makes a place says; empty texts are worked out from its name."""

    name: str  # xã Đạ Ròn
    code: str = ""  # DARON
    slug: str = ""  # daron
    parents: Mapping[Branch, str] = field(default_factory=dict)  # codes, where a branch has several roots
    branches: frozenset[Branch] = frozenset()  # empty is every branch of the template
    administrators: Mapping[Branch, str] = field(
        default_factory=dict
    )  # an address, or the name of somebody new


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the plan."""

    part: str  # place, unit, box, group, person, administrator
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class PlacePlan:
    """What would be made; `head` is the line of the audit log that it was made at."""

    effective_on: date
    name: str
    steps: tuple[Step, ...]
    refused: tuple[Remark, ...]
    warnings: tuple[Remark, ...]
    journal: Journal
    head: int

    @property
    def counts(self) -> dict[str, int]:
        """How much of each part."""
        parts = ("place", "unit", "box", "group", "person", "administrator")
        numbers = {part: sum(step.part == part for step in self.steps) for part in parts}
        return {"create": len(self.steps), **numbers, "refused": len(self.refused)}


def place_to_json(plan: PlacePlan, language: str = "vi") -> dict[str, Any]:
    """The plan as it is shown and kept."""
    return {
        **plan.counts,
        "effective_on": plan.effective_on.isoformat(),
        "details": {
            "create": [
                {"what": step.what, "kind": step.part, "name": step.detail, "line": number}
                for number, step in enumerate(plan.steps, 1)
            ],
            "refused": remarks_to_json(plan.refused, language),
            "warnings": remarks_to_json(plan.warnings, language),
        },
    }
