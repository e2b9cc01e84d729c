"""`congvu template`: what a place of each tier has."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from directory import template as templates
from directory.model import vietnam_day
from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.services.administration import setup

if TYPE_CHECKING:
    from datetime import datetime

    from mailsvc.cli.context import CliContext


@click.group()
def template() -> None:
    """Mẫu theo cấp: cơ quan, hộp thư, nhóm của một xã, phường / what a place of a tier has."""


@template.command("list")
@click.pass_obj
def list_(ctx: CliContext) -> None:
    """Các mẫu / templates."""
    found = ctx.perform(setup.TEMPLATES, setup.Everything())
    if ctx.json:
        ctx.give([asdict(item) for item in found])
        return
    table = Table(
        ctx.text("Tên", "Name"),
        ctx.text("Cấp", "Tier"),
        ctx.text("Mô tả", "Title"),
        ctx.text("Đơn vị", "Units"),
        ctx.text("Từ ngày", "From"),
    )
    for item in found:
        since = str(item.valid_from or ctx.text("kèm theo phần mềm", "comes with the service"))
        table.add_row(item.name, item.tier, item.title, str(item.units), since)
    Console().print(table)


@template.command()
@click.argument("name")
@click.pass_obj
def show(ctx: CliContext, name: str) -> None:
    """Mẫu hôm nay, JSON: sửa rồi đặt lại bằng set / today's template as JSON, to be changed and set."""
    click.echo(ctx.perform(setup.TEMPLATE, setup.OneTemplate(name)).text)


@template.command("set")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--effective", type=click.DateTime(["%Y-%m-%d"]), help="Từ ngày / from this day on [hôm nay / today]"
)
@click.pass_obj
def set_(ctx: CliContext, file: Path, effective: datetime | None) -> None:
    """Đặt mẫu từ tệp JSON / set a template from a JSON file."""
    try:
        body = templates.read_template(plan_view.read_file(file))
    except templates.TemplateRefusedError as refused:
        listed = [{"field": where, "message": what} for where, what in refused.faults]
        text = "\n".join(f"{where}: {what}" for where, what in refused.faults)
        ctx.refuse(f"Mẫu sai:\n{text}", f"The template is wrong:\n{text}", refused=listed)
    with ctx.store.write() as uow:
        on = effective.date() if effective is not None else vietnam_day(uow.clock())
        templates.set_template(uow.conn, SERVER, body, on=on, actor=plan_view.actor(), at=uow.clock())
    if ctx.json:
        ctx.give({"name": body.name, "valid_from": on.isoformat()})
    ctx.say(
        f"Mẫu {body.name} có hiệu lực từ {on:%d/%m/%Y}.",
        f"The template {body.name} holds from {on:%d/%m/%Y}.",
    )
