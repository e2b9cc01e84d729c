"""A planned place made true, in the caller's transaction."""

from sqlalchemy import Connection

from directory import audit
from directory.journal import Journal
from directory.model import AccountId, vietnam_day
from directory.planned import write_planned
from directory.provision.plan import PlanRefusedError
from directory.provision.recording import as_kept
from directory.repository.domains import OnAccountsCreated
from directory.repository.groups import refresh
from directory.tables import accounts
from directory.template.place import PlacePlan


def apply_place(
    conn: Connection, plan: PlacePlan, *, at: int, actor: str, on_accounts_created: OnAccountsCreated
) -> Journal:
    """Write the plan, or nothing; what was written, to be kept for undoing. PlanDriftedError after any other act."""
    if plan.refused:
        raise PlanRefusedError(plan.refused[0].message("en"))
    written = write_planned(conn, plan.journal, plan.head)
    created = [AccountId(row["id"]) for row in written.of(accounts).created]
    if created:
        on_accounts_created(conn, created)
    refresh(conn, vietnam_day(at))
    audit.record(conn, actor, "place.create", plan.name, plan.counts, at)
    return as_kept(written)
