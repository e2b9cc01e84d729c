"""Plans whose day has come: made again from what they came from, and applied only if they still are what was shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog

from directory import audit, provision, scheduled
from directory.model import vietnam_day
from directory.policies import Defaults
from directory.roster import RosterSource, plan_file, table_octets
from mailsvc.model.changes import DirectoryChanged
from mailsvc.services import life, reorganise
from mailsvc.services.imports import import_accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from config.settings import Settings
    from directory.model import AccountId, PlanId
    from directory.provision import AccountPlan, ProvisionSettings
    from directory.scheduled import Waiting
    from directory.scope import Scope
    from mailsvc.storage.store import Store
    from mailsvc.storage.unit_of_work import UnitOfWork

log = structlog.get_logger()
ACCOUNT, UNIT = "account", "unit"
ATTEMPTS: Final = 5


class NotAsShownError(ValueError):
    """The plan made today is not the one that was shown; its text says where they differ."""


def put_off_accounts(
    uow: UnitOfWork, scope: Scope, plan: AccountPlan, source: RosterSource, *, actor: str, schedule: bool
) -> PlanId:
    """Keep a plan of boxes: with `schedule` for its day, else until somebody applies it."""
    plan_id = provision.store_plan(
        uow.conn,
        ACCOUNT,
        plan,
        at=uow.clock(),
        actor=actor,
        applied=False,
        creator_id=scope.account_id,
        source=source.to_json(),
        schedule=schedule,
    )
    act = "plan.schedule" if schedule else "plan.make"
    audit.record(uow.conn, actor, act, f"plan {plan_id}", plan.counts, uow.clock())
    return plan_id


def put_off_units(
    uow: UnitOfWork, scope: Scope, plan: provision.UnitPlan, data: bytes, *, actor: str
) -> PlanId:
    """Keep a plan of units for its day."""
    plan_id = provision.store_plan(
        uow.conn,
        UNIT,
        plan,
        at=uow.clock(),
        actor=actor,
        applied=False,
        creator_id=scope.account_id,
        source=RosterSource(data).to_json(),
        schedule=True,
    )
    audit.record(uow.conn, actor, "plan.schedule", f"plan {plan_id}", plan.counts, uow.clock())
    return plan_id


def apply_due(store: Store, settings: Settings) -> int:
    """Apply every plan whose day has come, one by one; how many. A drifted one is left for a person, with a note."""
    with store.read() as db:
        today = vietnam_day(db.clock())
        due = scheduled.due_plans(db.conn, today, frozenset(_APPLY))
    applied = 0
    for waiting in due:
        try:
            _APPLY[waiting.kind](store, settings, waiting)
        except (NotAsShownError, provision.PlanDriftedError, provision.LocksUnconfirmedError) as why:
            with store.write() as uow:
                scheduled.give_up(uow.conn, waiting, str(why), uow.clock())
            log.warning("plan.drifted", plan=waiting.id, why=str(why))
        else:
            applied += 1
            log.info("plan.applied", plan=waiting.id)
    return applied


def plan_settings(settings: Settings) -> ProvisionSettings:
    """What the settings say about new boxes."""
    password = settings.password
    return provision.ProvisionSettings(
        personal_quota=settings.quota.personal,
        unit_quota=settings.quota.unit,
        rule=provision.PasswordRule(password.min_length, password.min_classes, password.history),
        max_lock_percent=settings.provision.max_lock_percent,
    )


def _accounts(store: Store, settings: Settings, waiting: Waiting) -> None:
    source = _source(waiting)
    with store.read() as db:
        plan = plan_file(
            db.conn,
            waiting.scope(db.conn, vietnam_day(db.clock())),
            source.data,
            on=waiting.effective_on,
            settings=plan_settings(settings),
            options=source.options,
            without_secrets=True,
        ).plan
    _require_as_shown(provision.plan_to_json(plan)["details"], waiting)
    import_accounts(
        store,
        plan,
        actor=waiting.created_by,
        creator_id=waiting.creator_id,
        confirmed_locks=source.confirmed_locks,
        waiting=waiting.id,
    )


def _units(store: Store, _settings: Settings, waiting: Waiting) -> None:
    data = _source(waiting).data
    with store.read() as db:
        scope = waiting.scope(db.conn, vietnam_day(db.clock()))
        sheet = provision.read_units(table_octets(data))
        plan = provision.plan_units(db.conn, scope, sheet, on=waiting.effective_on)
    _require_as_shown(provision.plan_to_json(plan)["details"], waiting)
    with store.write() as uow:
        write_units(uow, plan, actor=waiting.created_by, waiting=waiting.id)


def write_units(
    uow: UnitOfWork,
    plan: provision.UnitPlan,
    *,
    actor: str,
    body: str | None = None,
    creator_id: AccountId | None = None,
    waiting: PlanId | None = None,
) -> PlanId:
    """Apply a plan of units whole or not at all, and keep it with its undo."""
    at = uow.clock()
    with provision.recording(uow.conn, provision.UNIT_TABLES) as recorded:
        provision.apply_units(uow.conn, plan, at=at, actor=actor)
    uow.record(DirectoryChanged())
    undo = recorded.journal.to_json()
    if waiting is not None:
        if not provision.mark_applied(uow.conn, waiting, at, undo=undo):
            raise provision.PlanDriftedError(f"plan {waiting}")
        return waiting
    return provision.store_plan(
        uow.conn,
        UNIT,
        plan,
        at=at,
        actor=actor,
        applied=True,
        body=body,
        undo=undo,
        creator_id=creator_id,
    )


def _people(store: Store, settings: Settings, waiting: Waiting) -> None:
    """An act in a person's life says itself why it cannot be done."""

    def once() -> None:
        with store.read() as db:
            plan = life.prepare_waiting(db, waiting, Defaults.from_settings(settings))
        with store.write() as uow:
            life.apply_waiting(uow, waiting, plan)

    _until_nobody_interferes(once)


def _acts(store: Store, _settings: Settings, waiting: Waiting) -> None:
    """So does a reorganisation."""

    def once() -> None:
        with store.read() as db:
            plan = reorganise.prepare_waiting(db, waiting)
        with store.write() as uow:
            reorganise.apply_waiting(uow, waiting, plan)

    _until_nobody_interferes(once)


def _until_nobody_interferes(once: Callable[[], None]) -> None:
    """Again where somebody acted on the directory between the look and the writing; not for ever."""
    for _ in range(ATTEMPTS - 1):
        try:
            return once()
        except provision.PlanDriftedError:
            continue
    return once()


def _source(waiting: Waiting) -> RosterSource:
    try:
        return RosterSource.from_json(waiting.source)
    except (ValueError, KeyError, TypeError) as error:
        raise NotAsShownError("không đọc được / cannot be read") from error


def _require_as_shown(now: Mapping[str, Any], waiting: Waiting) -> None:
    """Refuse a plan that changes anything else than was shown; remarks and warnings may differ."""
    if now["refused"]:
        first = now["refused"][0]
        raise NotAsShownError(f"{first['line']}: {first['message']}")
    for part in ("create", "change", "move", "lock"):
        before, after = waiting.shown.get(part, []), now.get(part, [])
        if before == after:
            continue
        changed = [_named(item) for item in after if item not in before]
        changed += [f"– {_named(item)}" for item in before if item not in after]
        raise NotAsShownError(f"{part}: {', '.join(changed[:8])}")


def _named(item: Mapping[str, Any]) -> str:
    return str(item.get("address") or item.get("code") or item)


_APPLY: Final[Mapping[str, Callable[[Store, Settings, Waiting], None]]] = {
    ACCOUNT: _accounts,
    UNIT: _units,
    life.KIND: _people,
    reorganise.KIND: _acts,
}
"""How a plan of each kind is applied; what is not here is applied by a person."""
