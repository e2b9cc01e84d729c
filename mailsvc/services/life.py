"""An act in a person's life, with what mail does for it: the shared boxes of newcomers, the sign-ins of leavers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from directory import life, provision, scheduled
from directory.model import vietnam_day
from mailsvc.model.changes import DirectoryChanged
from mailsvc.model.ids import AccountId
from mailsvc.services import web_sessions
from mailsvc.services.provision import joined_shared_box
from mailsvc.services.waiting_plan import apply_or_give_up

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from directory.journal import Journal
    from directory.life import LifeAct, LifePlan
    from directory.model import AccountId as DirectoryAccountId
    from directory.model import PlanId
    from directory.policies import Defaults
    from directory.scheduled import Waiting
    from directory.scope import Scope
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

KIND = "person"
"""How the list of plans calls an act in a person's life."""


def plan_act(db: Reader, scope: Scope, act: LifeAct, on: date, defaults: Defaults) -> LifePlan:
    """What the act would change from that day on; reads only."""
    return life.plan_life(db.conn, scope, act, on=on, at=db.clock(), defaults=defaults)


def body_of(plan: LifePlan) -> str:
    """The plan as it is kept."""
    return json.dumps(life.life_to_json(plan), ensure_ascii=False)


def carry_out(uow: UnitOfWork, scope: Scope, plan: LifePlan, actor: str) -> PlanId:
    """Make a plan true and keep it for undoing; PlanDriftedError where it is no longer what was shown."""
    done = _write(uow, plan, actor)
    return provision.store_plan(
        uow.conn,
        KIND,
        plan,
        at=uow.clock(),
        actor=actor,
        applied=True,
        body=body_of(plan),
        undo=done.to_json(),
        creator_id=scope.account_id,
    )


def put_off(uow: UnitOfWork, scope: Scope, plan: LifePlan, actor: str) -> PlanId:
    """Keep a plan for its day, which has not come."""
    plan_id = provision.store_plan(
        uow.conn,
        KIND,
        plan,
        at=uow.clock(),
        actor=actor,
        applied=False,
        body=body_of(plan),
        creator_id=scope.account_id,
    )
    scheduled.put_off(uow.conn, plan_id, life.to_source(plan.act), plan.journal)
    return plan_id


def prepare_waiting(db: Reader, waiting: Waiting, defaults: Defaults) -> LifePlan | None:
    """The plan made again from what it came from; None where that is no act. Reads only, and slow."""
    try:
        act = life.from_source(waiting.source)
    except life.SourceError:
        return None
    scope = waiting.scope(db.conn, vietnam_day(db.clock()))
    return life.plan_life(db.conn, scope, act, on=waiting.effective_on, at=db.clock(), defaults=defaults)


def apply_waiting(uow: UnitOfWork, waiting: Waiting, plan: LifePlan | None) -> bool:
    """Apply a plan whose day has come; False, with a note for a person, where it is not what had been shown."""
    return apply_or_give_up(uow, waiting, plan, _differs, _write)


def _differs(plan: LifePlan, waiting: Waiting) -> str:
    steps = [[item["what"], item["detail"]] for item in waiting.shown.get("steps", [])]
    now = [list(step) for step in plan.steps]
    if steps == now:
        return ""
    new = [" ".join(step) for step in now if step not in steps]
    gone = [" ".join(step) for step in steps if step not in now]
    return f"thêm / new: {'; '.join(new) or '–'} · không còn / gone: {'; '.join(gone) or '–'}"


def _write(uow: UnitOfWork, plan: LifePlan, actor: str) -> Journal:
    def on_joined(pairs: Sequence[tuple[DirectoryAccountId, DirectoryAccountId]]) -> None:
        for box, person in pairs:
            joined_shared_box(uow, AccountId(box), AccountId(person))

    def on_left(account: DirectoryAccountId) -> None:
        web_sessions.close_all(uow, AccountId(account))

    written = life.apply_life(
        uow.conn, plan, at=uow.clock(), actor=actor, on_joined=on_joined, on_left=on_left
    )
    uow.record(DirectoryChanged())
    return written
