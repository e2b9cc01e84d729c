"""A reorganisation made true: rows worked out beforehand, written in the caller's transaction."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from directory import audit
from directory.journal import Journal
from directory.model import AccountId, vietnam_day
from directory.planned import write_planned
from directory.provision.plan import PlanRefusedError
from directory.reorganise.plan import Reorganisation
from directory.repository.groups import refresh

OnJoined = Callable[[Sequence[tuple[AccountId, AccountId]]], None]
"""What mail does when people get a shared box, in the same transaction: what is there counts as read for them."""


def apply_reorganisation(
    conn: Connection, plan: Reorganisation, *, at: int, actor: str, on_joined: OnJoined
) -> Journal:
    """Write the plan, or nothing; what was written, to be kept for undoing.

    PlanDriftedError when anybody has acted on the directory since it was planned.
    """
    if plan.refused:
        raise PlanRefusedError(f"{plan.counts['refused']} lines are refused")
    written = write_planned(conn, plan.journal, plan.head)
    on_joined([(AccountId(box), AccountId(reader)) for box, reader in plan.boxes.joined])
    refresh(conn, vietnam_day(at))
    detail = {**plan.counts, "on": plan.effective_on.isoformat()}
    audit.record(conn, actor, "unit.reorganise", "plan", detail, at)
    return written
