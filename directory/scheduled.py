"""Plans that wait for their day: made again from what they came from, and applied only if they are what had been shown."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select, update

from directory import audit
from directory.journal import Journal
from directory.model import AccountId, PlanId
from directory.provision.plan import PlanDriftedError
from directory.provision.stored import PlanState
from directory.provision.touched import keep_touched, touched_by
from directory.scope import SERVER, Scope, scope_of
from directory.tables import plans


@dataclass(frozen=True, slots=True)
class Waiting:
    """A plan whose day has come."""

    id: PlanId
    kind: str
    effective_on: date
    source: str
    shown: dict[str, Any]  # its details as they were shown
    created_by: str
    creator_id: AccountId | None

    def scope(self, conn: Connection, on: date) -> Scope:
        """What whoever made it may do on its day: a role taken back meanwhile counts."""
        return SERVER if self.creator_id is None else scope_of(conn, self.creator_id, on)


def put_off(conn: Connection, plan_id: PlanId, source: str, journal: Journal) -> None:
    """A stored plan is to be applied on its day, from this source; `journal` is what it would change."""
    keep_touched(conn, plan_id, touched_by(conn, None, journal))
    conn.execute(
        update(plans).where(plans.c.id == plan_id).values(state=PlanState.SCHEDULED.value, source=source)
    )


def due_plans(conn: Connection, day: date, kinds: frozenset[str]) -> list[Waiting]:
    """Those of these kinds whose day has come, in the order of their days."""
    query = (
        select(
            plans.c.id,
            plans.c.kind,
            plans.c.effective_on,
            plans.c.source,
            plans.c.body,
            plans.c.created_by,
            plans.c.creator_id,
        )
        .where(
            plans.c.state == PlanState.SCHEDULED.value,
            plans.c.effective_on <= day.isoformat(),
            plans.c.kind.in_(sorted(kinds)),
        )
        .order_by(plans.c.effective_on, plans.c.id)
    )
    return [
        Waiting(
            id=PlanId(row[0]),
            kind=row[1],
            effective_on=date.fromisoformat(row[2]),
            source=row[3] or "",
            shown=json.loads(row[4]).get("details", {}),
            created_by=row[5],
            creator_id=None if row[6] is None else AccountId(row[6]),
        )
        for row in conn.execute(query)
    ]


def settle(conn: Connection, waiting: Waiting, undo: Journal, at: int) -> None:
    """It was applied; `undo` takes it back."""
    settled = conn.execute(
        update(plans)
        .where(plans.c.id == waiting.id, plans.c.state == PlanState.SCHEDULED.value)
        .values(state=PlanState.APPLIED.value, applied_at=at, undo=undo.to_json())
    )
    if settled.rowcount != 1:
        raise PlanDriftedError(f"plan {waiting.id} waits no more")


def give_up(conn: Connection, waiting: Waiting, why: str, at: int) -> None:
    """It is no longer what had been shown: nothing was done, and a person has to look at it."""
    given_up = conn.execute(
        update(plans)
        .where(plans.c.id == waiting.id, plans.c.state == PlanState.SCHEDULED.value)
        .values(state=PlanState.DRIFTED.value, note=why[:500])
    )
    if given_up.rowcount:
        audit.record(conn, waiting.created_by, "plan.drifted", f"plan {waiting.id}", {"why": why[:500]}, at)
