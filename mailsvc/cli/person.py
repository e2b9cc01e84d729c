"""`congvu person`: people come, move, hold a second post, are away, leave and come back."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from directory.life import AbsenceKind, Reason
from directory.model import AccountKind, PostRole
from mailsvc.cli import hand_over as hand_over_cli
from mailsvc.cli import life_view
from mailsvc.cli.account_import import ImportOptions, run_import
from mailsvc.services.administration import lives

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mailsvc.cli.context import CliContext

ROLES = click.Choice([role.value for role in PostRole])
_address = click.argument("address")
_on = click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Từ ngày nào; ngày sắp tới thì chờ đến ngày đó / from which day; a day to come is waited for",
)
_yes = click.option("--yes", is_flag=True, help="Thực hiện, không chỉ xem trước / apply, not only preview")


def _post(*, role: str | None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def options(command: Callable[..., None]) -> Callable[..., None]:
        for option in (
            click.option("--title", default="", help="Chức vụ như ghi trong danh bạ / title"),
            click.option("--role", type=ROLES, default=role, required=role is None, show_default=True),
            click.option("--unit", required=True, help="Mã đơn vị / code of the unit"),
        ):
            command = option(command)
        return command

    return options


_share = click.option(
    "--share-unit-box", is_flag=True, help="Được dùng hộp thư của đơn vị đó / may use the unit's box"
)


def _when(on: datetime | None, *, yes: bool) -> dict[str, Any]:
    """The day, and whether it is more than a preview."""
    return {"on": on.date() if on is not None else None, "dry_run": not yes}


@click.group()
def person() -> None:
    """Cán bộ: điều chuyển, kiêm nhiệm, nghỉ, trở lại / people: transfer, second post, leaving, coming back."""


@person.command()
@_address
@click.pass_obj
def show(ctx: CliContext, address: str) -> None:
    """Một người: chức vụ, thời gian nghỉ / one person: posts, departure."""
    found = ctx.perform(lives.POSTS, lives.PersonAt(address))
    if ctx.json:
        ctx.give(asdict(found))
        return
    click.echo(f"{found.full_name} <{found.address}>  {found.state}")
    for post in found.posts:
        mark = "*" if post.primary else " "
        until = post.valid_to or "…"
        unit = post.unit or ctx.text("(đơn vị khác)", "(another unit)")
        click.echo(f" {mark} {unit}  {post.title or post.role}  {post.valid_from} – {until}")
    if found.left is not None:
        ctx.say(
            f"Nghỉ từ {found.left.on:%d/%m/%Y}, giữ hộp thư đến {found.left.kept_until:%d/%m/%Y}.",
            f"Left on {found.left.on}, the box is kept until {found.left.kept_until}.",
        )


@person.command()
@click.option("--name", required=True, help="Họ và tên / full name")
@click.option("--address", default="", help="Bỏ trống: đặt theo quy tắc / empty: made by the rule")
@click.option("--identifier", default="", help="Số định danh trong hồ sơ / identifier")
@_post(role="specialist")
@_on
@_yes
@click.pass_obj
def join(ctx: CliContext, /, yes: bool, name: str, on: datetime | None, **options: str) -> None:
    """Tiếp nhận: tạo người và hộp thư cá nhân / somebody comes: a person and a personal box."""
    row = {"full_name": name, "kind": AccountKind.PERSONAL.value, **options}
    text = io.StringIO()  # a roster of one line
    writer = csv.writer(text)
    writer.writerows([row.keys(), row.values()])
    day = on.date() if on is not None else None
    run_import(ctx, text.getvalue().encode(), ImportOptions(yes=yes, effective=day))


@person.command()
@_address
@_post(role="specialist")
@_share
@_on
@_yes
@click.pass_obj
def transfer(ctx: CliContext, /, address: str, on: datetime | None, yes: bool, **options: Any) -> None:
    """Điều chuyển: hộp thư cá nhân đi theo, hộp thư đơn vị ở lại / transfer; the personal box goes along."""
    role = PostRole(options.pop("role"))
    asked = lives.TransferPerson(address, role=role, **options, **_when(on, yes=yes))
    life_view.run(ctx, lives.TRANSFER, asked)


@person.command("second-post")
@_address
@_post(role=None)
@_share
@_on
@_yes
@click.pass_obj
def second_post(ctx: CliContext, /, address: str, on: datetime | None, yes: bool, **options: Any) -> None:
    """Kiêm nhiệm / a second post beside the primary one."""
    role = PostRole(options.pop("role"))
    asked = lives.SecondPost(address, role=role, **options, **_when(on, yes=yes))
    life_view.run(ctx, lives.SECOND_POST, asked)


@person.command("end-post")
@_address
@click.option("--unit", required=True, help="Mã đơn vị / code of the unit")
@_on
@_yes
@click.pass_obj
def end_post(ctx: CliContext, /, address: str, unit: str, on: datetime | None, yes: bool) -> None:
    """Thôi kiêm nhiệm / a second post ends."""
    life_view.run(ctx, lives.END_POST, lives.EndPost(address, unit, **_when(on, yes=yes)))


@person.command()
@_address
@_on
@_yes
@click.pass_obj
def leave(ctx: CliContext, address: str, on: datetime | None, yes: bool) -> None:
    """Thôi việc; hộp thư còn đọc được một thời gian theo cấp bậc / leave; the box stays readable for a time."""
    life_view.run(ctx, lives.LEAVE, lives.Leave(address, Reason.LEAVE, **_when(on, yes=yes)))


@person.command()
@_address
@_on
@_yes
@click.pass_obj
def retire(ctx: CliContext, address: str, on: datetime | None, yes: bool) -> None:
    """Nghỉ hưu / retire."""
    life_view.run(ctx, lives.LEAVE, lives.Leave(address, Reason.RETIREMENT, **_when(on, yes=yes)))


@person.command()
@_address
@_on
@_yes
@click.pass_obj
def dismiss(ctx: CliContext, address: str, on: datetime | None, yes: bool) -> None:
    """Buộc thôi việc: không còn đọc được hộp thư / dismiss: the box is kept, but not readable by its person."""
    life_view.run(ctx, lives.LEAVE, lives.Leave(address, Reason.DISMISSAL, **_when(on, yes=yes)))


@person.command("return")
@_address
@_post(role="specialist")
@_on
@_yes
@click.pass_obj
def return_(ctx: CliContext, /, address: str, on: datetime | None, yes: bool, **options: Any) -> None:
    """Trở lại công tác khi hộp thư còn được giữ / come back while the box is kept."""
    role = PostRole(options.pop("role"))
    life_view.run(ctx, lives.RETURN, lives.Return(address, role=role, **options, **_when(on, yes=yes)))


@person.command()
@_address
@click.option(
    "--kind", type=click.Choice([kind.value for kind in AbsenceKind]), default="leave", show_default=True
)
@click.option("--back-on", type=click.DateTime(["%Y-%m-%d"]), help="Ngày trở lại / the day of coming back")
@_on
@_yes
@click.pass_obj
def away(
    ctx: CliContext, address: str, kind: str, back_on: datetime | None, on: datetime | None, yes: bool
) -> None:
    """Nghỉ phép, thai sản, ốm, đi học: không tính là không sử dụng / away: does not count as unused."""
    back = back_on.date() if back_on is not None else None
    life_view.run(ctx, lives.AWAY, lives.Away(address, AbsenceKind(kind), back, **_when(on, yes=yes)))


@person.command("hand-over")
@click.argument("box")
@click.option("--to", "taker", default="", help="Người nhận / who takes it")
@click.option("--from", "giver", default="", help="Người giao / who gives it")
@click.option(
    "--xlsx",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Ghi biên bản ra tệp này / write the report",
)
@_yes
@click.pass_obj
def hand_over(ctx: CliContext, box: str, taker: str, giver: str, xlsx: Path | None, yes: bool) -> None:
    """Bàn giao hộp thư đơn vị, chức danh: thư còn mở, thư nháp, thư chờ gửi / hand over a unit or post box."""
    hand_over_cli.run(ctx, box, taker, giver, xlsx, yes=yes)
