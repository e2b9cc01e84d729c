"""`congvu doctor`: is this installation well, and what to do where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from mailsvc.services.doctor import Finding, State, examine

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext

MARKS = {State.OK: "[green]✓[/]", State.NOTE: "[yellow]•[/]", State.WRONG: "[red]✗[/]"}


@click.command()
@click.pass_obj
def doctor(ctx: CliContext) -> None:
    """Khám hệ thống và nói phải làm gì / examine the installation and say what to do; 1 if something is wrong."""
    found = list(examine(ctx.data_dir, ctx.settings))
    if ctx.json:
        ctx.give([{"check": one.check, "state": one.state.value, "text": _text(ctx, one)} for one in found])
    else:
        table = Table.grid(padding=(0, 2))
        for one in found:
            table.add_row(MARKS[one.state], one.check, _text(ctx, one))
        Console().print(table)
    wrong = sum(one.state is State.WRONG for one in found)
    if wrong:
        ctx.say(f"{wrong} điều phải sửa.", f"{wrong} things to put right.")
        raise click.exceptions.Exit(1)
    ctx.say("Không có gì phải sửa.", "Nothing to put right.")


def _text(ctx: CliContext, one: Finding) -> str:
    return ctx.text(one.vietnamese, one.english)
