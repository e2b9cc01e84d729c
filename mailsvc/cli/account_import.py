"""The road of a file of people: plan, show, apply, and first passwords put where only IT reads them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from directory.roster import RosterOptions
from mailsvc.cli import plan_view
from mailsvc.services.administration.roster_import import (
    IMPORT,
    ImportRoster,
    RosterImported,
)
from mailsvc.services.due_plans import plan_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from directory.provision import ProvisionSettings
    from mailsvc.cli.context import CliContext
    from mailsvc.services.administration.plan_shown import ShownPlan
    from mailsvc.services.administration.plans import Slip


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

    def request(self, data: bytes, language: Literal["vi", "en"]) -> ImportRoster:
        """The same as the act is asked."""
        return ImportRoster(
            data,
            apply=self.yes,
            keep=self.keep,
            first_passwords=self.first_passwords is not None,
            unit=self.reading.unit,
            sheet=self.reading.sheet,
            lock_missing=self.reading.lock_missing,
            confirmed_locks=self.confirmed_locks,
            effective=self.effective,
            mend=language if self.refused_to is not None else None,
        )


def provision_settings(ctx: CliContext) -> ProvisionSettings:
    """What the settings say about new boxes."""
    return plan_settings(ctx.settings)


def run_import(ctx: CliContext, data: bytes, asked: ImportOptions) -> None:
    """Plan, show, and as asked apply, keep for a signature, or keep for its day; here or on the server elsewhere."""
    found = _ask(ctx, asked.request(data, "vi" if ctx.vietnamese else "en"), asked.first_passwords)
    plan_view.show(ctx, found.plan)
    _write_refused(ctx, found, asked)
    if found.asks_locks and not found.plan.refused and (asked.yes or asked.keep):
        _confirm_locks(ctx, found)
    plan_view.finish(ctx, found.plan)
    if asked.first_passwords is None:
        _tell_passwords(ctx, found.plan, found.without_password)


def _ask(ctx: CliContext, request: ImportRoster, first_passwords: Path | None) -> RosterImported:
    """Carry the import out; the file of first passwords is there before, so that it is known to take them."""
    if first_passwords is None or not request.apply:
        return ctx.perform(IMPORT, request)
    plan_view.write_private(ctx, first_passwords, b"")
    try:
        found = ctx.perform(IMPORT, request)
    finally:
        first_passwords.unlink(missing_ok=True)
    if found.plan.applied:
        plan_view.write_private(ctx, first_passwords, _as_csv(found.slips))
    return found


def _write_refused(ctx: CliContext, found: RosterImported, asked: ImportOptions) -> None:
    if asked.refused_to is None or not found.to_mend:
        return
    plan_view.write_file(ctx, asked.refused_to, found.to_mend)
    ctx.say(
        f"Các dòng bị từ chối ở {asked.refused_to}: sửa rồi nhập lại chính tệp đó.",
        f"The refused lines are in {asked.refused_to}: mend them and import that file.",
    )


def _confirm_locks(ctx: CliContext, found: RosterImported) -> None:
    count = found.plan.summary["lock"]
    ctx.refuse(
        f"Kế hoạch khóa {count} trên {found.locks_of} tài khoản. Nếu đúng là như vậy, thêm --confirm-locks {count}",
        f"The plan locks {count} of {found.locks_of} accounts. If that is meant, add --confirm-locks {count}",
        locks=count,
        of=found.locks_of,
    )


def _tell_passwords(ctx: CliContext, plan: ShownPlan, without: int) -> None:
    if plan.applied and without:
        ctx.say(
            f"{without} tài khoản chưa có mật khẩu; cấp bằng: congvu slip issue --plan {plan.plan} --pdf TỆP",
            f"{without} accounts have no password yet; give one: congvu slip issue --plan {plan.plan} --pdf FILE",
        )


def _as_csv(slips: Sequence[Slip]) -> bytes:
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(["address", "full_name", "unit", "password"])
    lines.writerows([slip.address, slip.full_name, slip.unit, slip.password] for slip in slips)
    return text.getvalue().encode("utf-8-sig")
