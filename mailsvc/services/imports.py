"""An import made true: boxes with their mailboxes and the plan with its undo, whole or not at all.

A large one is staged in parts before and switched on in one short transaction, so that no letter waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from directory import provision
from mailsvc.services.provision import on_accounts_created
from mailsvc.storage.tables import boxes, mailboxes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from directory.model import AccountId, PlanId
    from directory.provision import AccountPlan, Staged
    from mailsvc.storage.store import Store
    from mailsvc.storage.unit_of_work import UnitOfWork


LEFT_BEHIND_AFTER = 86_400
"""Seconds after which a box that was staged and never switched on is taken away."""


def stage_accounts(store: Store, plan: AccountPlan) -> Staged | None:
    """Insert the boxes of a large plan unseen, a part at a time; None for a small one, which needs no stage."""
    if plan.refused or len(plan.creates) < provision.STAGED_FROM:
        return None
    parts: list[Staged] = []
    try:
        for start in range(0, len(plan.creates), provision.PART):
            with store.write() as uow:
                parts.append(
                    provision.stage(
                        uow.conn,
                        plan.creates[start : start + provision.PART],
                        at=uow.clock(),
                        on_accounts_created=on_accounts_created(uow),
                        unseen=True,
                    )
                )
    except BaseException:
        drop_staged(store, provision.joined(parts))
        raise
    return provision.joined(parts)


def drop_staged(store: Store, staged: Staged | None) -> None:
    """Take away what was staged for a plan that is not applied after all."""
    every = staged.account_ids if staged is not None else ()
    for start in range(0, len(every), provision.PART):
        with store.write() as uow:
            _drop(uow, every[start : start + provision.PART])


def drop_left_behind(uow: UnitOfWork) -> int:
    """Housekeeping: boxes that a crash left between staging and switching on; how many."""
    found = provision.left_behind(uow.conn, uow.clock() - LEFT_BEHIND_AFTER)
    _drop(uow, found)
    return len(found)


def write_accounts(
    uow: UnitOfWork,
    plan: AccountPlan,
    *,
    body: str,
    actor: str,
    creator_id: AccountId | None,
    confirmed_locks: int | None = None,
    waiting: PlanId | None = None,
    staged: Staged | None = None,
) -> tuple[PlanId, dict[str, AccountId]]:
    """Apply a sealed plan whole or not at all; its number and the new boxes by address key.

    `waiting` is the number of a plan that was kept before; PlanDriftedError where somebody applied it meanwhile.
    """
    at = uow.clock()
    with provision.recording_accounts(uow.conn, plan, staged) as recorded:
        created = provision.apply_accounts(
            uow.conn,
            plan,
            at=at,
            actor=actor,
            on_accounts_created=on_accounts_created(uow),
            confirmed_locks=confirmed_locks,
            staged=staged,
            note=recorded.note,
        )
    undo = recorded.journal.to_json()
    if waiting is not None:
        if not provision.mark_applied(uow.conn, waiting, at, undo=undo):
            raise provision.PlanDriftedError(f"plan {waiting}")
        return waiting, created
    number = provision.store_plan(
        uow.conn,
        "account",
        plan,
        at=at,
        actor=actor,
        applied=True,
        body=body,
        undo=undo,
        creator_id=creator_id,
    )
    return number, created


def import_accounts(
    store: Store,
    plan: AccountPlan,
    *,
    actor: str,
    creator_id: AccountId | None,
    confirmed_locks: int | None = None,
    waiting: PlanId | None = None,
    write: Callable[[], AbstractContextManager[UnitOfWork]] | None = None,
) -> tuple[PlanId, dict[str, AccountId]]:
    """The whole road of a sealed plan: stage where it is large, apply, and leave nothing behind where that fails.

    `write` opens the transaction that applies it, for a caller who has something to write in it too.
    """
    if plan.locks_ask and confirmed_locks != len(plan.locks):
        raise provision.LocksUnconfirmedError(len(plan.locks), plan.locks_of)
    body = provision.body_of(plan)
    staged = stage_accounts(store, plan)
    try:
        with (write or store.write)() as uow:
            return write_accounts(
                uow,
                plan,
                body=body,
                actor=actor,
                creator_id=creator_id,
                confirmed_locks=confirmed_locks,
                waiting=waiting,
                staged=staged,
            )
    except BaseException:
        drop_staged(store, staged)
        raise


def _drop(uow: UnitOfWork, account_ids: Sequence[AccountId]) -> None:
    chosen = list(account_ids)
    if chosen:
        uow.conn.execute(delete(mailboxes).where(mailboxes.c.account_id.in_(chosen)))
        uow.conn.execute(delete(boxes).where(boxes.c.account_id.in_(chosen)))
        provision.drop(uow.conn, chosen)
