"""The road of a file of people: plan, show, hash, apply, and first passwords put where only IT reads them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress

from directory import provision
from directory.model import vietnam_day
from directory.roster import RosterOptions, RosterSource, plan_file, refused_list
from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.services.due_plans import plan_settings, put_off_accounts
from mailsvc.services.imports import import_accounts

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from directory.model import PlanId
    from directory.provision import AccountPlan, AccountRow, ProvisionSettings, Sheet
    from directory.roster import FilePlan
    from mailsvc.cli.context import CliContext


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What was asked for beside the file."""

    yes: bool = False
    first_passwords: Path | None = None
    refused_to: Path | None = None  # where the refused lines go, to be mended
    keep: bool = False  # the plan is kept, to be signed and applied later
    confirmed_locks: int | None = None
    effective: date | None = None
    reading: RosterOptions = field(default_factory=RosterOptions)


def provision_settings(ctx: CliContext) -> ProvisionSettings:
    """What the settings say about new boxes."""
    return plan_settings(ctx.settings)


def run_import(ctx: CliContext, data: bytes, asked: ImportOptions) -> None:
    """Plan, show, and as asked apply, keep for a signature, or keep for its day."""
    with ctx.store.read() as db:
        today = vietnam_day(db.clock())
        on = asked.effective or today
        later = asked.yes and on > today
        found = plan_file(
            db.conn,
            SERVER,
            data,
            on=on,
            settings=provision_settings(ctx),
            options=asked.reading,
            without_secrets=later or asked.keep,
        )
    if asked.first_passwords is not None and (later or asked.keep):
        raise click.UsageError(
            "--first-passwords: kế hoạch chờ không giữ mật khẩu; in sau bằng congvu slip issue --plan"
            " / a plan that waits keeps no password; print them later: congvu slip issue --plan"
        )
    plan = found.plan
    plan_view.show(ctx, plan)
    _write_refused(ctx, found, asked)
    sound = not plan.refused and not plan.changes_nothing
    plan_id, applied = None, False
    if sound and (asked.yes or asked.keep):
        _confirm_locks(ctx, plan, asked)
        if later or asked.keep:
            plan_id = _put_off(ctx, data, plan, asked, schedule=later)
        else:
            plan_id, applied = _apply(ctx, plan, asked), True
    plan_view.finish(ctx, plan, applied=applied, plan_id=plan_id)
    _tell_passwords(ctx, plan, asked, plan_id, applied=applied)


def run_plan(ctx: CliContext, sheet: Sheet[AccountRow], *, yes: bool) -> None:
    """Plan, show, and with `yes` apply rows that came from the words of a command."""
    with ctx.store.read() as db:
        plan = provision.plan_accounts(
            db.conn, SERVER, sheet, on=vietnam_day(db.clock()), settings=provision_settings(ctx)
        )
    plan_view.show(ctx, plan)
    asked = ImportOptions(yes=yes)
    applied = yes and not plan.refused and not plan.changes_nothing
    plan_id = _apply(ctx, plan, asked) if applied else None
    plan_view.finish(ctx, plan, applied=applied, plan_id=plan_id)
    _tell_passwords(ctx, plan, asked, plan_id, applied=applied)


def _write_refused(ctx: CliContext, found: FilePlan, asked: ImportOptions) -> None:
    if asked.refused_to is None or not found.plan.refused or found.roster is None:
        return
    octets = refused_list(found.roster, found.plan.refused, "vi" if ctx.vietnamese else "en")
    plan_view.write_file(ctx, asked.refused_to, octets)
    ctx.say(
        f"Các dòng bị từ chối ở {asked.refused_to}: sửa rồi nhập lại chính tệp đó.",
        f"The refused lines are in {asked.refused_to}: mend them and import that file.",
    )


def _confirm_locks(ctx: CliContext, plan: AccountPlan, asked: ImportOptions) -> None:
    count = len(plan.locks)
    if not plan.locks_ask or asked.confirmed_locks == count:
        return
    ctx.refuse(
        f"Kế hoạch khóa {count} trên {plan.locks_of} tài khoản. Nếu đúng là như vậy, thêm --confirm-locks {count}",
        f"The plan locks {count} of {plan.locks_of} accounts. If that is meant, add --confirm-locks {count}",
        locks=count,
        of=plan.locks_of,
    )


def _put_off(
    ctx: CliContext, data: bytes, plan: AccountPlan, asked: ImportOptions, *, schedule: bool
) -> PlanId:
    source = RosterSource(data, asked.reading, asked.confirmed_locks)
    with ctx.store.write() as uow:
        return put_off_accounts(uow, SERVER, plan, source, actor=plan_view.actor(), schedule=schedule)


def _apply(ctx: CliContext, plan: AccountPlan, asked: ImportOptions) -> PlanId:
    console = Console(stderr=True)
    path = asked.first_passwords
    with Progress(console=console, transient=True, disable=ctx.json or not console.is_terminal) as bar:
        hashing = bar.add_task(ctx.text("Băm mật khẩu", "Hashing passwords"), total=None)
        sealed = provision.seal(
            plan,
            make_first_passwords=path is not None,
            on_progress=lambda done, total: bar.update(hashing, completed=done, total=total),
        )
        bar.update(hashing, completed=1, total=1)
        if path is not None:
            _write_first_passwords(ctx, sealed, path)
        writing = bar.add_task(ctx.text("Ghi", "Writing"), total=None)
        try:
            plan_id, _ = import_accounts(
                ctx.store,
                sealed,
                actor=plan_view.actor(),
                creator_id=None,
                confirmed_locks=asked.confirmed_locks,
            )
        except BaseException as error:
            if path is not None:
                path.unlink(missing_ok=True)  # passwords of nobody
            if isinstance(error, provision.PlanDriftedError):
                plan_view.refuse_drift(ctx, error)
            raise
        bar.update(writing, completed=1, total=1)
    return plan_id


def _tell_passwords(
    ctx: CliContext, plan: AccountPlan, asked: ImportOptions, plan_id: PlanId | None, *, applied: bool
) -> None:
    without = sum(1 for new in plan.creates if new.kind.signs_in and not (new.password or new.password_hash))
    if applied and without and asked.first_passwords is None:
        ctx.say(
            f"{without} tài khoản chưa có mật khẩu; cấp bằng: congvu slip issue --plan {plan_id} --pdf TỆP",
            f"{without} accounts have no password yet; give one: congvu slip issue --plan {plan_id} --pdf FILE",
        )


def _write_first_passwords(ctx: CliContext, plan: AccountPlan, path: Path) -> None:
    """Written before the accounts exist, so that no password is lost."""
    text = io.StringIO()
    slips = csv.writer(text)
    slips.writerow(["address", "full_name", "unit", "password"])
    slips.writerows(
        [str(new.address), new.display_name, new.unit, new.password] for new in plan.creates if new.password
    )
    plan_view.write_private(ctx, path, text.getvalue().encode("utf-8-sig"))
