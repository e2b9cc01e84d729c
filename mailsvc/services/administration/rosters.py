"""Making a plan of boxes true in one transaction, with what is needed to undo it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory import provision
from mailsvc.services.administration.refusal import ActRefused, Why
from mailsvc.services.provision import on_accounts_created

if TYPE_CHECKING:
    from directory.model import AccountId, PlanId
    from directory.provision import AccountPlan
    from mailsvc.services.administration.desk import Desk


def apply_sealed(desk: Desk, plan: AccountPlan) -> tuple[PlanId, dict[str, AccountId]]:
    """Apply a sealed plan whole or not at all; its number and the new boxes by address key."""
    body = provision.body_of(plan)
    try:
        with desk.write() as uow:
            at = uow.clock()
            with provision.recording(uow.conn, provision.ACCOUNT_TABLES) as recorded:
                created = provision.apply_accounts(
                    uow.conn, plan, at=at, actor=desk.actor, on_accounts_created=on_accounts_created(uow)
                )
            undo = recorded.journal.to_json()
            plan_id = provision.store_plan(
                uow.conn, "account", plan, at=at, actor=desk.actor, applied=True, body=body, undo=undo
            )
    except provision.PlanDriftedError as drifted:
        raise ActRefused(
            Why.CONFLICT,
            f"Dữ liệu đã thay đổi trong lúc xem trước ({drifted}). Hãy làm lại.",
            f"The directory changed during the preview ({drifted}). Do it again.",
        ) from drifted
    return plan_id, created
