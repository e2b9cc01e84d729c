"""`congvu slip`: first passwords on paper, from the printer to the hand, and what became of them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from directory import repository, slips
from directory.model import PlanId
from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.services import slips as service
from mailsvc.services.administration import slips as acts

if TYPE_CHECKING:
    from directory.model import Account
    from directory.slips import Slip
    from mailsvc.cli.context import CliContext
    from mailsvc.storage.unit_of_work import Reader

_who = click.argument("addresses", nargs=-1)
_units = click.option(
    "--unit",
    "units",
    multiple=True,
    help="Mã đơn vị và cấp dưới: ai chưa từng đăng nhập / a unit and below: who never signed in; repeat it",
)
_path = click.Path(path_type=Path, dir_okay=False)


@click.group()
def slip() -> None:
    """Phiếu bàn giao mật khẩu ban đầu / slips for first passwords."""


@slip.command()
@_who
@_units
@click.option(
    "--plan", "plan_id", type=int, help="Những người do kế hoạch này tạo / the people whom this plan made"
)
@click.option("--pdf", type=_path, help="Tệp .pdf mới / a new .pdf file")
@click.option("--xlsx", type=_path, help="Tệp .xlsx mới / a new .xlsx file")
@click.option(
    "--per",
    type=click.Choice(["person", "unit"]),
    default="person",
    show_default=True,
    help="Mỗi người một phiếu, hoặc mỗi đơn vị một danh sách / a slip a person, or a list a unit",
)
@click.pass_obj
def issue(
    ctx: CliContext,
    /,
    addresses: tuple[str, ...],
    units: tuple[str, ...],
    plan_id: int | None,
    per: str,
    **paths: Path | None,
) -> None:
    """In phiếu với mật khẩu dùng một lần; mật khẩu cũ hết hiệu lực / print slips; former passwords end."""
    files = {kind: path for kind, path in paths.items() if path is not None}
    if not files:
        raise click.UsageError("--pdf TỆP hoặc --xlsx TỆP / --pdf FILE or --xlsx FILE")
    with ctx.store.read() as db:
        drawn = service.draw(db, SERVER, _people(ctx, db, addresses, units, plan_id))
    occasion = slips.Occasion(ctx.settings.web.public_url, ctx.settings.provision.first_password_hours)
    written: list[Path] = []
    try:
        for kind, path in files.items():
            plan_view.write_private(ctx, path, _render(kind, per, drawn, occasion))
            written.append(path)
        service.make_valid(ctx.store, SERVER, drawn, actor=plan_view.actor())
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)  # passwords of nobody
        raise
    if ctx.json:
        ctx.give({"issued": [item.address for item in drawn], "files": [str(path) for path in written]})
    ctx.say(
        f"Đã in {len(drawn)} phiếu. Khi trao tận tay: congvu slip hand-over …",
        f"{len(drawn)} slips are printed. When they are handed over: congvu slip hand-over …",
    )


@slip.command("hand-over")
@_who
@_units
@click.pass_obj
def hand_over(ctx: CliContext, addresses: tuple[str, ...], units: tuple[str, ...]) -> None:
    """Ghi nhận đã trao phiếu; từ lúc này tính giờ đổi mật khẩu / slips were handed over; the term begins."""
    with ctx.store.write() as uow:
        people = _people(ctx, uow, addresses, units)
        count = service.hand_over(uow, SERVER, people, ctx.settings, actor=plan_view.actor())
    hours = ctx.settings.provision.first_password_hours
    if ctx.json:
        ctx.give({"handed_over": count, "hours": hours})
    ctx.say(
        f"Đã ghi nhận {count} phiếu. Ai chưa đổi mật khẩu sau {hours} giờ làm việc sẽ bị khóa.",
        f"{count} slips are handed over. Who has not changed the password in {hours} working hours is locked.",
    )


@slip.command("list")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 5000))
@click.pass_obj
def list_(ctx: CliContext, limit: int) -> None:
    """Các phiếu đã in, mới nhất trước / slips, the newest first."""
    found = ctx.perform(acts.LIST, acts.ListSlips(limit))
    if ctx.json:
        ctx.give([asdict(item) for item in found])
        return
    table = Table(
        ctx.text("Địa chỉ", "Address"),
        ctx.text("Họ tên", "Name"),
        ctx.text("In lúc", "Printed"),
        ctx.text("Trao lúc", "Handed over"),
        ctx.text("Hạn đổi", "Due"),
        ctx.text("Kết quả", "Outcome"),
    )
    for item in found:
        times = (item.issued_at, item.handed_over_at, item.due_at)
        table.add_row(item.address, item.full_name, *map(_time, times), item.outcome)
    Console().print(table)


def _people(
    ctx: CliContext,
    db: Reader,
    addresses: tuple[str, ...],
    units: tuple[str, ...],
    plan_id: int | None = None,
) -> list[Account]:
    if not addresses and not units and plan_id is None:
        raise click.UsageError("ĐỊA-CHỈ… hoặc --unit MÃ / ADDRESSES or --unit CODE")
    people: list[Account] = []
    for address in addresses:
        found = repository.account_by_login(db.conn, address)
        if found is None or not found.kind.signs_in:
            ctx.refuse(
                f"Không có tài khoản cá nhân {address}. Xem: congvu account list",
                f"There is no account of a person {address}. See: congvu account list",
            )
        people.append(found)
    people += service.made_by_plan(db, SERVER, PlanId(plan_id)) if plan_id is not None else []
    people += service.waiting_for_a_password(db, SERVER, units) if units else []
    once = list({person.id: person for person in people}.values())
    if not once:
        ctx.refuse("Ở đó không có ai chưa từng đăng nhập.", "There is nobody who never signed in.")
    return once


def _render(kind: str, per: str, drawn: list[Slip], occasion: slips.Occasion) -> bytes:
    if kind == "xlsx":
        return slips.slips_xlsx(drawn, occasion, per_unit=per == "unit")
    return (slips.unit_lists_pdf if per == "unit" else slips.slips_pdf)(drawn, occasion)


def _time(at: int | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).astimezone().strftime("%d/%m/%Y %H:%M")
