"""Rosters as plans: worked out within the scope, kept until somebody applies them, applied whole with their undo."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from directory import provision
from directory.model import PlanId, vietnam_day
from directory.provision import Fault
from directory.roster import RosterOptions, RosterSource, plan_file
from mailsvc.services.administration.refusal import ActRefused, Why, of_remarks
from mailsvc.services.imports import import_accounts

if TYPE_CHECKING:
    from directory.model import AccountId
    from directory.provision import AccountPlan
    from mailsvc.services.administration.desk import Desk
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork


def plan_of(desk: Desk, db: Reader, roster: bytes, options: RosterOptions | None = None) -> AccountPlan:
    """What a roster would change. It is kept with the plan, so it may hold no password."""
    today, scope = vietnam_day(db.clock()), desk.scope(db)
    found = plan_file(
        db.conn,
        scope,
        roster,
        on=today,
        settings=desk.provision,
        options=options or RosterOptions(),
        without_secrets=True,
    )
    secret = [remark for remark in found.plan.refused if remark.fault is Fault.KEPT_WITH_PLAN]
    if secret:
        raise of_remarks(secret)
    return found.plan


def staged(desk: Desk, uow: UnitOfWork, plan: AccountPlan, roster: bytes) -> PlanId:
    """Keep a plan that was only shown, with the roster it is made from."""
    return provision.store_plan(
        uow.conn,
        "account",
        plan,
        at=uow.clock(),
        actor=desk.actor,
        applied=False,
        creator_id=desk.account_id,
        source=RosterSource(roster).to_json(),
    )


def apply_staged(desk: Desk, plan_id: PlanId) -> AccountPlan:
    """Apply a kept plan, if it still is what was shown; the plan with the first passwords it made."""
    with desk.read() as db:
        shown = provision.show_plan(db.conn, desk.scope(db), plan_id)
        if shown is None:
            raise ActRefused(
                Why.NOT_FOUND,
                f"Không có kế hoạch {plan_id}. Xem: congvu plan list",
                f"No plan {plan_id}. See: congvu plan list",
            )
        kept = provision.source_of(db.conn, plan_id)
        if shown.state is not provision.PlanState.SHOWN or kept is None:
            raise ActRefused(
                Why.CONFLICT,
                f"Kế hoạch {plan_id} không còn chờ thực hiện.",
                f"Plan {plan_id} is not waiting to be applied.",
            )
        source = RosterSource.from_json(kept)
        plan = plan_of(desk, db, source.data, source.options)
    if plan.refused:
        raise of_remarks(plan.refused[:200])
    if _said(json.loads(provision.body_of(plan))) != _said(shown.body or {}):
        raise _drifted("lines")
    sealed = provision.seal(plan, make_first_passwords=True)
    apply_sealed(desk, sealed, plan_id, source.confirmed_locks)
    return sealed


def apply_sealed(
    desk: Desk, plan: AccountPlan, staged_as: PlanId | None = None, confirmed_locks: int | None = None
) -> tuple[PlanId, dict[str, AccountId]]:
    """Apply a sealed plan whole or not at all; its number and the new boxes by address key."""
    try:
        return import_accounts(
            desk.store,
            plan,
            actor=desk.actor,
            creator_id=desk.account_id,
            confirmed_locks=confirmed_locks,
            waiting=staged_as,
            write=desk.write,
        )
    except provision.LocksUnconfirmedError as asked:
        raise ActRefused(
            Why.CONFLICT,
            f"Kế hoạch khóa {asked.count} trên {asked.of} tài khoản. Lập lại với --confirm-locks {asked.count}",
            f"The plan locks {asked.count} of {asked.of} accounts. Make it again with --confirm-locks {asked.count}",
        ) from asked
    except provision.PlanDriftedError as drifted:
        raise _drifted(str(drifted)) from drifted


def _said(body: dict[str, Any]) -> Any:
    """What a plan says it would do, whatever the day."""
    details: dict[str, Any] = body.get("details", {})
    return {name: details.get(name) for name in ("create", "change", "move", "lock")}


def _drifted(what: str) -> ActRefused:
    return ActRefused(
        Why.CONFLICT,
        f"Dữ liệu đã thay đổi từ lúc xem trước ({what}). Hãy lập lại kế hoạch.",
        f"The directory has changed since the preview ({what}). Make the plan again.",
    )
