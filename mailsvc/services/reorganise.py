"""A reorganisation with what mail does for it, and its waiting for the effective day."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from directory import provision, reorganise, scheduled
from directory.model import vietnam_day
from mailsvc.model.changes import DirectoryChanged
from mailsvc.model.ids import AccountId
from mailsvc.services.provision import joined_shared_box
from mailsvc.services.waiting_plan import apply_or_give_up

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from directory.journal import Journal
    from directory.model import AccountId as DirectoryAccountId
    from directory.model import PlanId
    from directory.reorganise import Act, Reorganisation
    from directory.scheduled import Waiting
    from directory.scope import Scope
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

KIND = "reorganisation"
_COMPARED = (
    "acts",
    "move",
    "under_another",
    "elsewhere",
    "readdress",
    "close",
    "taken_over",
    "groups",
    "administrators",
)


def plan_acts(db: Reader, scope: Scope, sheet: provision.Sheet[Act], on: date) -> Reorganisation:
    """What these acts would do from that day on; reads only, and slow for a province."""
    return reorganise.plan_reorganisation(db.conn, scope, sheet, on=on, at=db.clock())


def body_of(plan: Reorganisation) -> str:
    """The plan as it is kept; made before the transaction."""
    return json.dumps(reorganise.reorganisation_to_json(plan), ensure_ascii=False)


def carry_out(uow: UnitOfWork, scope: Scope, plan: Reorganisation, body: str, actor: str) -> PlanId:
    """Write a plan in one short transaction; PlanDriftedError where somebody acted meanwhile."""
    done = _write(uow, plan, actor)
    return provision.store_plan(
        uow.conn,
        KIND,
        plan,
        at=uow.clock(),
        actor=actor,
        applied=True,
        body=body,
        undo=done.to_json(),
        creator_id=scope.account_id,
    )


def put_off(
    uow: UnitOfWork, scope: Scope, plan: Reorganisation, sheet: provision.Sheet[Act], body: str, actor: str
) -> PlanId:
    """Keep a plan for its day, which has not come."""
    plan_id = provision.store_plan(
        uow.conn,
        KIND,
        plan,
        at=uow.clock(),
        actor=actor,
        applied=False,
        body=body,
        creator_id=scope.account_id,
    )
    scheduled.put_off(uow.conn, plan_id, reorganise.acts_to_source(sheet), plan.journal)
    return plan_id


def prepare_waiting(db: Reader, waiting: Waiting) -> Reorganisation | None:
    """The plan made again from what it came from; None where that cannot be read. Slow."""
    sheet = reorganise.acts_from_source(waiting.source)
    if sheet is None:
        return None
    return plan_acts(db, waiting.scope(db.conn, vietnam_day(db.clock())), sheet, waiting.effective_on)


def apply_waiting(uow: UnitOfWork, waiting: Waiting, plan: Reorganisation | None) -> bool:
    """Apply a plan whose day has come; False, with a note for a person, where it is not what had been shown."""
    return apply_or_give_up(uow, waiting, plan, _differs, _write)


def _differs(plan: Reorganisation, waiting: Waiting) -> str:
    now = json.loads(body_of(plan))["details"]
    changed = [part for part in _COMPARED if now.get(part) != waiting.shown.get(part)]
    return f"đã khác / differs now: {', '.join(changed)}" if changed else ""


def _write(uow: UnitOfWork, plan: Reorganisation, actor: str) -> Journal:
    def on_joined(pairs: Sequence[tuple[DirectoryAccountId, DirectoryAccountId]]) -> None:
        for box, reader in pairs:
            joined_shared_box(uow, AccountId(box), AccountId(reader))

    done = reorganise.apply_reorganisation(uow.conn, plan, at=uow.clock(), actor=actor, on_joined=on_joined)
    uow.record(DirectoryChanged())
    return done
