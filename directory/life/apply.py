"""An act in a person's life made true, in the caller's transaction."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, update

from directory import audit
from directory.journal import Journal
from directory.life.acts import name_of
from directory.life.plan import LifePlan
from directory.model import AccountId, vietnam_day
from directory.planned import write_planned
from directory.provision.plan import PlanRefusedError
from directory.repository.groups import refresh
from directory.revoke import revoke_everything
from directory.tables import app_passwords

OnJoined = Callable[[Sequence[tuple[AccountId, AccountId]]], None]
"""What mail does when people get a shared box: what is there counts as read for them."""
OnLeft = Callable[[AccountId], None]
"""What mail does when somebody leaves: web sessions end."""


def apply_life(
    conn: Connection, plan: LifePlan, *, at: int, actor: str, on_joined: OnJoined, on_left: OnLeft
) -> Journal:
    """Write the plan, or nothing; what was written, to be kept for undoing.

    Sign-ins of a leaver end in the same transaction; undoing gives posts and rights back, but no app password.
    """
    if plan.refused:
        raise PlanRefusedError(plan.refused[0].message("en"))
    written = write_planned(conn, plan.journal, plan.head)
    detail: dict[str, object] = {"on": plan.effective_on.isoformat(), "steps": len(plan.steps)}
    if plan.leaver is not None:
        revoked = revoke_everything(conn, plan.leaver, at)
        detail |= {"app_passwords": revoked.app_passwords, "tokens": revoked.tokens}
        on_left(plan.leaver)
    for box, person in plan.lost:
        _revoke_scoped(conn, box, person, at)
    on_joined(plan.joined)
    refresh(conn, vietnam_day(at))
    audit.record(conn, actor, f"person.{name_of(plan.act)}", plan.address, detail, at)
    return written


def _revoke_scoped(conn: Connection, box: AccountId, person: AccountId, at: int) -> None:
    """An app password for one shared box is worth nothing once the box is out of reach."""
    mine = (app_passwords.c.account_id == person) & (app_passwords.c.scope_account_id == box)
    conn.execute(
        update(app_passwords).where(mine, app_passwords.c.revoked_at.is_(None)).values(revoked_at=at)
    )
