"""Plans kept in the directory: who planned what, when it was applied."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import Connection, select, update

from directory.journal import Journal, from_json
from directory.model import AccountId, PlanId
from directory.provision.plan import AccountPlan, Plan, UnitPlan, plan_to_json
from directory.provision.touched import keep_touched, seen_by, touched_by
from directory.repository.rows import AnyRow, insert_one
from directory.scope import Scope
from directory.tables import plans


class PlanState(StrEnum):
    """Tình trạng của kế hoạch."""

    SHOWN = "shown"
    SCHEDULED = "scheduled"  # waits for its day
    APPLIED = "applied"
    DRIFTED = "drifted"  # its day came, but it no longer was what had been shown
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan as the list of plans shows it; `body` is read only when one is shown."""

    id: PlanId
    kind: str
    state: PlanState
    effective_on: date
    counts: dict[str, int]
    created_by: str
    created_at: int
    applied_at: int | None
    undone_at: int | None = None
    note: str = ""
    creator_id: AccountId | None = None  # None: the console
    body: dict[str, Any] | None = None


class Storable(Protocol):
    """What every kind of plan says of itself."""

    @property
    def effective_on(self) -> date:
        """From which day."""

    @property
    def counts(self) -> dict[str, int]:
        """The numbers of design §9."""


def body_of(plan: UnitPlan | AccountPlan) -> str:
    """The details of a plan as they are kept: without a password or hash. Made before the transaction."""
    return json.dumps(plan_to_json(plan), ensure_ascii=False)


def store_plan(
    conn: Connection,
    kind: str,
    plan: Storable,
    *,
    at: int,
    actor: str,
    applied: bool,
    body: str | None = None,
    undo: str | None = None,
    creator_id: AccountId | None = None,
    source: str | None = None,
    schedule: bool = False,
) -> PlanId:
    """Keep a plan; `body` is `body_of(plan)` where that was made beforehand, `undo` the journal of applying it.

    One that is not applied waits: with `schedule` for its effective day, else until somebody applies it.
    """
    waits = PlanState.SCHEDULED if schedule else PlanState.SHOWN
    plan_id = PlanId(
        insert_one(
            conn,
            plans,
            kind=kind,
            state=(PlanState.APPLIED if applied else waits).value,
            effective_on=plan.effective_on.isoformat(),
            summary=json.dumps(plan.counts),
            body=body if body is not None or not isinstance(plan, Plan) else body_of(plan),
            undo=undo,
            created_by=actor,
            creator_id=creator_id,
            source=source,
            created_at=at,
            applied_at=at if applied else None,
        )
    )
    journal = from_json(undo) if undo is not None and not isinstance(plan, Plan) else None
    keep_touched(conn, plan_id, touched_by(conn, plan, journal))
    return plan_id


def mark_applied(conn: Connection, plan_id: PlanId, at: int, *, undo: str) -> bool:
    """Say that a plan shown before is now true, and how it is undone; whether it was still waiting."""
    waits = [PlanState.SHOWN.value, PlanState.SCHEDULED.value]
    waiting = (plans.c.id == plan_id) & plans.c.state.in_(waits)
    values = {"state": PlanState.APPLIED.value, "applied_at": at, "undo": undo, "source": None}
    return conn.execute(update(plans).where(waiting).values(**values)).rowcount == 1


def source_of(conn: Connection, plan_id: PlanId) -> str | None:
    """What a plan that waits is made from."""
    kept = conn.execute(select(plans.c.source).where(plans.c.id == plan_id)).scalar()
    return None if kept is None else str(kept)


def mark_undone(conn: Connection, plan_id: PlanId, at: int) -> None:
    """Say that a plan was taken back."""
    conn.execute(
        update(plans).where(plans.c.id == plan_id).values(state=PlanState.UNDONE.value, undone_at=at)
    )


def journal_of(conn: Connection, plan_id: PlanId) -> Journal | None:
    """What applying the plan changed; None where that was not kept."""
    kept = conn.execute(select(plans.c.undo).where(plans.c.id == plan_id)).scalar()
    return None if kept is None else from_json(kept)


def later_journals(conn: Connection, plan_id: PlanId) -> Iterator[tuple[PlanId, Journal]]:
    """The plans applied after this one and still in force, the oldest first."""
    query = (
        select(plans.c.id, plans.c.undo)
        .where(plans.c.id > plan_id, plans.c.state == PlanState.APPLIED.value, plans.c.undo.is_not(None))
        .order_by(plans.c.id)
    )
    for number, kept in conn.execute(query):
        yield PlanId(number), from_json(kept)


def list_plans(conn: Connection, scope: Scope, limit: int = 50) -> list[StoredPlan]:
    """The newest plans first, without their details: those that reach nothing outside of the scope."""
    columns = [column for column in plans.c if column.name not in {"body", "undo", "source"}]
    query = select(*columns).where(seen_by(scope)).order_by(plans.c.id.desc()).limit(limit)
    return [_stored(row) for row in conn.execute(query)]


def show_plan(conn: Connection, scope: Scope, plan_id: PlanId) -> StoredPlan | None:
    """One plan with its details; None also where it exists and the administrator may not know of it."""
    row = conn.execute(select(plans).where(plans.c.id == plan_id, seen_by(scope))).first()
    return None if row is None else _stored(row, json.loads(row.body))


def _stored(row: AnyRow, body: dict[str, Any] | None = None) -> StoredPlan:
    return StoredPlan(
        id=PlanId(row.id),
        kind=row.kind,
        state=PlanState(row.state),
        effective_on=date.fromisoformat(row.effective_on),
        counts=json.loads(row.summary),
        created_by=row.created_by,
        created_at=row.created_at,
        applied_at=row.applied_at,
        undone_at=row.undone_at,
        note=row.note,
        creator_id=row.creator_id,
        body=body,
    )
