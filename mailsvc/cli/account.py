"""`congvu account`: boxes, their passwords, addresses and who shares them."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from directory.model import AccountKind, AccountState, PostRole
from directory.roster import RosterOptions
from mailsvc.cli import plan_view
from mailsvc.cli.account_import import ImportOptions, run_import
from mailsvc.services.administration import accounts

if TYPE_CHECKING:
    from datetime import datetime

    from mailsvc.cli.context import CliContext

KINDS = [kind.value for kind in AccountKind if kind is not AccountKind.SYSTEM]
ROLES = [role.value for role in PostRole]
_reason = click.option("--reason", default="", help="Lý do, ghi vào nhật ký / reason, for the audit log")
_keep = click.option(
    "--keep-password", is_flag=True, help="Không bắt đổi ở lần đầu / need not be changed at first sign-in"
)
_stdin = click.option(
    "--password-stdin", is_flag=True, help="Đọc mật khẩu từ đầu vào chuẩn / read the password from stdin"
)


@click.group()
def account() -> None:
    """Tài khoản và hộp thư / accounts and mailboxes."""


@account.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Thực hiện, không chỉ xem trước / apply, not only preview")
@click.option(
    "--first-passwords",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Tệp mới, nhận mật khẩu ban đầu của ai chưa có / new file for the first passwords of those without one",
)
@click.option(
    "--unit", help="Mã đơn vị mà tên phòng ban thuộc về / code under which names of units are sought"
)
@click.option("--sheet", help="Trang tính / the sheet of a workbook")
@click.option(
    "--lock-missing",
    is_flag=True,
    help="Tệp là toàn bộ đơn vị: khóa ai không có tên / the file is all of its units: lock who is not in it",
)
@click.option(
    "--confirm-locks",
    "confirmed_locks",
    type=int,
    help="Xác nhận số tài khoản bị khóa / the number that it locks",
)
@click.option(
    "--refused",
    "refused_to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Tệp .xlsx mới nhận các dòng bị từ chối, để sửa và nhập lại / new .xlsx for the refused lines, to mend",
)
@click.option(
    "--keep", is_flag=True, help="Lưu kế hoạch để ký duyệt, thực hiện sau / keep the plan to be signed first"
)
@click.option(
    "--effective",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Ngày có hiệu lực; --yes sẽ chờ đến ngày đó / effective day; --yes waits for it",
)
@click.pass_obj
def import_(
    ctx: CliContext,
    /,
    file: Path,
    unit: str | None,
    sheet: str | None,
    lock_missing: bool,
    effective: datetime | None,
    **options: Any,
) -> None:
    """Nhập danh sách cán bộ (CSV, XLSX) hoặc address,full_name,unit,kind,password / import a roster or a table of accounts."""
    asked = ImportOptions(
        reading=RosterOptions(unit, sheet, lock_missing),
        effective=effective.date() if effective is not None else None,
        **options,
    )
    run_import(ctx, plan_view.read_file(file), asked)


@account.command()
@click.argument("address")
@click.option("--unit", default="", help="Mã đơn vị / code of the unit")
@click.option("--name", required=True, help="Họ và tên, hoặc tên hộp thư / name")
@click.option("--kind", type=click.Choice(KINDS), default="personal", show_default=True)
@click.option("--role", type=click.Choice(ROLES), default=None)
@click.option("--title", default="", help="Chức vụ / title")
@_stdin
@_keep
@click.pass_obj
def create(ctx: CliContext, /, password_stdin: bool, **options: Any) -> None:
    """Tạo một tài khoản / create one account."""
    password = _password_from_stdin() if password_stdin else None
    made = ctx.perform(accounts.CREATE, accounts.CreateAccount(password=password, **options))
    if ctx.json:
        ctx.give({name: value for name, value in asdict(made).items() if value is not None})
    ctx.say(f"Đã tạo {made.address}.", f"Created {made.address}.")
    if made.password:
        ctx.say(f"Mật khẩu ban đầu: {made.password}", f"First password: {made.password}")


@account.command("list")
@click.option("--unit", default="", help="Chỉ đơn vị này và cấp dưới / this unit and those below")
@click.option("--kind", type=click.Choice([kind.value for kind in AccountKind]), default=None)
@click.option("--state", type=click.Choice([state.value for state in AccountState]), default=None)
@click.option("--find", "words", default="", help="Tên hoặc địa chỉ, có dấu hay không / name or address")
@click.pass_obj
def list_(ctx: CliContext, unit: str, kind: str | None, state: str | None, words: str) -> None:
    """Danh sách tài khoản / accounts."""
    wanted = accounts.ListAccounts(
        unit=unit,
        kind=AccountKind(kind) if kind else None,
        state=AccountState(state) if state else None,
        words=words,
        limit=500,
    )
    found = [item for page in ctx.pages(accounts.LIST, wanted) for item in page.accounts]
    if ctx.json:
        ctx.give([asdict(item) for item in found])
        return
    table = Table(
        ctx.text("Địa chỉ", "Address"),
        ctx.text("Tên", "Name"),
        ctx.text("Đơn vị", "Unit"),
        ctx.text("Loại", "Kind"),
        ctx.text("Trạng thái", "State"),
    )
    for item in found:
        table.add_row(item.address, item.full_name, item.unit, item.kind, item.state)
    Console().print(table)


@account.command()
@click.argument("address")
@click.pass_obj
def show(ctx: CliContext, address: str) -> None:
    """Một tài khoản: địa chỉ, quyền dùng chung / one account: addresses and who shares it."""
    result = asdict(ctx.perform(accounts.SHOW, accounts.OneAccount(address)))
    if ctx.json:
        ctx.give(result)
        return
    table = Table(show_header=False)
    for name, value in result.items():
        shown = (
            "\n".join(" ".join(map(str, item.values())) for item in value)
            if isinstance(value, list)
            else value
        )
        table.add_row(name, "" if shown is None else str(shown))
    Console().print(table)


@account.command("set-password")
@click.argument("address")
@_stdin
@_keep
@click.pass_obj
def set_password(ctx: CliContext, address: str, password_stdin: bool, keep_password: bool) -> None:
    """Đặt lại mật khẩu; không cho thì tự tạo / set a password, or make one."""
    chosen = _password_from_stdin() if password_stdin else None
    done = ctx.perform(accounts.RESET, accounts.Reset(address, chosen, keep_password))
    if ctx.json:
        ctx.give({"address": address} | ({"password": done.password} if done.password else {}))
    ctx.say(f"Đã đặt mật khẩu của {address}.", f"The password of {address} is set.")
    if done.password:
        ctx.say(f"Mật khẩu ban đầu: {done.password}", f"First password: {done.password}")


@account.command()
@click.argument("address")
@_reason
@click.pass_obj
def lock(ctx: CliContext, address: str, reason: str) -> None:
    """Khóa: không đăng nhập được, thư vẫn đến / lock: nobody signs in, letters still arrive."""
    done = ctx.perform(accounts.LOCK, accounts.WithReason(address, reason))
    _done(ctx, done, "Đã khóa {}.", "{} is locked.")


@account.command()
@click.argument("address")
@_reason
@click.pass_obj
def unlock(ctx: CliContext, address: str, reason: str) -> None:
    """Mở khóa / unlock."""
    done = ctx.perform(accounts.UNLOCK, accounts.WithReason(address, reason))
    _done(ctx, done, "Đã mở khóa {}.", "{} is unlocked.")


@account.command()
@click.argument("address")
@click.option("--unit", required=True, help="Mã đơn vị mới / code of the new unit")
@click.option("--title", default=None, help="Chức vụ mới / the new title")
@click.option("--role", type=click.Choice(ROLES), default=None)
@click.pass_obj
def transfer(ctx: CliContext, /, **options: Any) -> None:
    """Điều chuyển sang đơn vị khác, từ hôm nay / transfer to another unit, from today."""
    done = ctx.perform(accounts.TRANSFER, accounts.Transfer(**options))
    _done(ctx, done, "Đã điều chuyển {}.", "{} is transferred.")


@account.command("add-alias")
@click.argument("address")
@click.argument("alias")
@click.pass_obj
def add_alias(ctx: CliContext, address: str, alias: str) -> None:
    """Thêm bí danh / add an alias."""
    done = ctx.perform(accounts.ADD_ALIAS, accounts.AliasOf(address, alias))
    _done(ctx, done, f"Thư gửi {done.alias} nay đến {{}}.", f"Letters to {done.alias} now reach {{}}.")


@account.command("remove-alias")
@click.argument("address")
@click.argument("alias")
@click.pass_obj
def remove_alias(ctx: CliContext, address: str, alias: str) -> None:
    """Thu hồi bí danh, không cấp lại cho ai / take an alias back; nobody gets it again."""
    done = ctx.perform(accounts.REMOVE_ALIAS, accounts.AliasOf(address, alias))
    _done(ctx, done, f"Đã thu hồi {done.alias}.", f"{done.alias} is taken back.")


@account.command()
@click.argument("box")
@click.option("--to", "person", required=True, help="Ai được dùng / who may use it")
@click.option("--rights", default="read,act,send_as", show_default=True, help="read, act, send_as")
@click.pass_obj
def grant(ctx: CliContext, box: str, person: str, rights: str) -> None:
    """Cấp quyền dùng chung hộp thư / let a person use a shared box."""
    names = [name.strip() for name in rights.split(",")]
    for name in names:
        if name not in accounts.RIGHTS:
            raise click.BadParameter(f"{name}: read, act, send_as", param_hint="--rights")
    chosen: list[Any] = names
    done = ctx.perform(accounts.GRANT, accounts.Share(box, person, chosen))
    _done(ctx, done, f"{person} nay dùng được {{}}.", f"{person} may now use {{}}.")


@account.command()
@click.argument("box")
@click.option("--from", "person", required=True, help="Ai thôi dùng / who no longer may")
@click.pass_obj
def revoke(ctx: CliContext, box: str, person: str) -> None:
    """Thu quyền dùng chung hộp thư / take the right back."""
    done = ctx.perform(accounts.REVOKE, accounts.Unshare(box, person))
    _done(ctx, done, f"{person} không còn dùng {{}}.", f"{person} may no longer use {{}}.")


def _done(
    ctx: CliContext, done: accounts.Done | accounts.AliasChanged, vietnamese: str, english: str
) -> None:
    if ctx.json:
        ctx.give({"address": done.address, "done": True})
    ctx.say(vietnamese.format(done.address), english.format(done.address))


def _password_from_stdin() -> str:
    """The first line, without its end; no more than any password can be."""
    try:
        password = sys.stdin.readline(4096).rstrip("\r\n")
    except UnicodeDecodeError:
        raise click.UsageError("--password-stdin: không phải UTF-8 / not UTF-8") from None
    if not password:
        raise click.UsageError("--password-stdin: đầu vào chuẩn trống / standard input is empty")
    return password
