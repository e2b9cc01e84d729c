"""One act in a person's life worked out on a picture of the directory: shown, then written in one short transaction.

Personal boxes follow the person, post boxes whoever holds the post, unit boxes the unit (design §6).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection

from directory import audit
from directory.journal import Journal, take
from directory.life.acts import Absence, Departure, EndPost, LifeAct, Return, SecondPost, Transfer, name_of
from directory.life.departing import depart
from directory.life.moving import absent, come_back, end_post, second_post, transfer
from directory.life.state import Life
from directory.model import AccountId
from directory.policies import Defaults, open_book
from directory.provision.faults import Remark
from directory.provision.plan import remarks_to_json
from directory.reorganise.draft import Draft
from directory.repository.boxes import login_key
from directory.repository.rows import can_be_stored
from directory.scope import Scope


@dataclass(frozen=True, slots=True)
class LifePlan:
    """What an act would change."""

    effective_on: date
    act: LifeAct
    address: str = ""
    steps: tuple[tuple[str, str], ...] = ()  # (what, to whom or what)
    refused: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()
    journal: Journal = field(default_factory=Journal)
    head: int = 0  # the newest line of the audit log that it saw
    leaver: AccountId | None = None  # whose sign-ins end
    joined: tuple[tuple[AccountId, AccountId], ...] = ()  # (box, who uses it from now on)
    lost: tuple[tuple[AccountId, AccountId], ...] = ()  # (box, who no longer does)

    @property
    def kind(self) -> str:
        """How the list of plans calls it."""
        return f"person.{name_of(self.act)}"

    @property
    def counts(self) -> dict[str, int]:
        """The numbers of design §9."""
        moves = isinstance(self.act, Transfer) and not self.refused
        return {
            "create": 0,
            "change": 0 if moves or not self.journal else 1,
            "move": int(moves),
            "unchanged": int(not self.journal and not self.refused),
            "refused": int(bool(self.refused)),
        }

    @property
    def changes_nothing(self) -> bool:
        """Whether applying it would leave everything as it is."""
        return not self.journal


def life_to_json(plan: LifePlan, language: str = "vi") -> dict[str, Any]:
    """The plan as `--json` shows it and as it is stored."""
    return {
        **plan.counts,
        "effective_on": plan.effective_on.isoformat(),
        "details": {
            "act": name_of(plan.act),
            "address": plan.address,
            "steps": [{"what": what, "detail": detail} for what, detail in plan.steps],
            "refused": remarks_to_json(plan.refused, language),
            "warnings": remarks_to_json(plan.warnings, language),
        },
    }


_DEEDS: dict[type[LifeAct], Callable[[Life, Any], None]] = {
    Transfer: transfer,
    SecondPost: second_post,
    EndPost: end_post,
    Departure: depart,
    Return: come_back,
    Absence: absent,
}


def plan_life(
    conn: Connection, scope: Scope, act: LifeAct, *, on: date, at: int, defaults: Defaults | None = None
) -> LifePlan:
    """What the act would do from that day on. Reads only; refusals name the field and the remedy."""
    head = audit.head(conn)
    draft = Draft(take(conn), on, at)
    key = login_key(conn, act.address) if can_be_stored(act.address) else ""
    life = Life(draft, scope, open_book(conn, on, defaults or Defaults()), key, act.address)
    if life.find():
        _DEEDS[type(act)](life, act)
    life.look_at_boxes()
    sound = not life.refused
    return LifePlan(
        effective_on=on,
        act=act,
        address=life.address,
        steps=tuple(life.steps),
        refused=tuple(life.refused),
        warnings=tuple(life.warnings),
        journal=draft.journal() if sound else Journal(),
        head=head,
        leaver=life.leaver if sound else None,
        joined=tuple(life.joined),
        lost=tuple(life.lost),
    )
