"""The road of a roster of accounts: plan, show, hash, apply, and first passwords put where only IT reads them."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from directory import provision
from directory.model import vietnam_day
from directory.passwords import PasswordRule
from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.services.provision import on_accounts_created

if TYPE_CHECKING:
    from pathlib import Path

    from directory.model import AccountId
    from directory.provision import AccountPlan, AccountRow, Sheet
    from mailsvc.cli.context import CliContext


def provision_settings(ctx: CliContext) -> provision.ProvisionSettings:
    """What the settings say about new boxes."""
    quota, password = ctx.settings.quota, ctx.settings.password
    return provision.ProvisionSettings(
        personal_quota=quota.personal,
        unit_quota=quota.unit,
        rule=PasswordRule(password.min_length, password.min_classes, password.history),
    )


def run_plan(
    ctx: CliContext,
    sheet: Sheet[AccountRow],
    *,
    yes: bool,
    first_passwords: Path | None = None,
    quiet: bool = False,
    keep_passwords: bool = False,
    creates_only: bool = False,
) -> tuple[AccountPlan, dict[str, AccountId]]:
    """Plan, show, and with `yes` apply; `quiet` leaves the showing to the caller.

    With `creates_only` a plan that would make nothing is not applied: what is there stays as it is.
    """
    with ctx.store.read() as db:
        plan = provision.plan_accounts(
            db.conn, SERVER, sheet, on=vietnam_day(db.clock()), settings=provision_settings(ctx)
        )
    if not quiet:
        plan_view.show(ctx, plan)
    created: dict[str, AccountId] = {}
    applied = yes and not plan.refused and not plan.changes_nothing
    if creates_only and not plan.creates:
        applied = False
    plan_id = None
    if applied:
        if keep_passwords:
            plan = replace(plan, creates=tuple(replace(new, must_change=False) for new in plan.creates))
        plan_id, created = _apply(ctx, plan, first_passwords)
    if not quiet:
        plan_view.finish(ctx, plan, applied=applied, plan_id=plan_id)
        without = sum(
            1 for new in plan.creates if new.kind.signs_in and not (new.password or new.password_hash)
        )
        if applied and without and first_passwords is None:
            ctx.say(
                f"{without} tài khoản chưa có mật khẩu; cấp bằng: congvu account set-password",
                f"{without} accounts have no password yet; set one: congvu account set-password",
            )
    return plan, created


def _apply(
    ctx: CliContext, plan: AccountPlan, first_passwords: Path | None
) -> tuple[int, dict[str, AccountId]]:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=ctx.json or not console.is_terminal) as bar:
        hashing = bar.add_task(ctx.text("Băm mật khẩu", "Hashing passwords"), total=None)
        sealed = provision.seal(
            plan,
            make_first_passwords=first_passwords is not None,
            on_progress=lambda done, total: bar.update(hashing, completed=done, total=total),
        )
        bar.update(hashing, completed=1, total=1)
        if first_passwords is not None:
            _write_first_passwords(ctx, sealed, first_passwords)
        writing = bar.add_task(ctx.text("Ghi", "Writing"), total=None)
        body, who = provision.body_of(sealed), plan_view.actor()
        try:
            with ctx.store.write() as uow:
                with provision.recording(uow.conn, provision.ACCOUNT_TABLES) as recorded:
                    created = provision.apply_accounts(
                        uow.conn,
                        sealed,
                        at=uow.clock(),
                        actor=who,
                        on_accounts_created=on_accounts_created(uow),
                    )
                undo = recorded.journal.to_json()
                plan_id = provision.store_plan(
                    uow.conn, "account", sealed, at=uow.clock(), actor=who, applied=True, body=body, undo=undo
                )
        except BaseException as error:
            if first_passwords is not None:
                first_passwords.unlink(missing_ok=True)  # passwords of nobody
            if isinstance(error, provision.PlanDriftedError):
                ctx.refuse(
                    f"Dữ liệu đã thay đổi trong lúc xem trước ({error}). Chạy lại lệnh.",
                    f"The directory changed during the preview ({error}). Run the command again.",
                )
            raise
        bar.update(writing, completed=1, total=1)
    return plan_id, created


def _write_first_passwords(ctx: CliContext, plan: AccountPlan, path: Path) -> None:
    """A new file, readable by its owner only, written before the accounts exist so that no password is lost."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        ctx.refuse(f"Không tạo được {path}: {error.strerror}", f"Cannot make {path}: {error.strerror}")
    with os.fdopen(number, "w", encoding="utf-8-sig", newline="") as file:
        slips = csv.writer(file)
        slips.writerow(["address", "full_name", "unit", "password"])
        slips.writerows(
            [str(new.address), new.display_name, new.unit, new.password]
            for new in plan.creates
            if new.password
        )
        file.flush()
        os.fsync(file.fileno())
