"""`congvu account`: boxes, their passwords, addresses and who shares them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from rich.console import Console
from rich.table import Table

from directory import provision, repository, upkeep
from directory.authenticate import FormerPasswords, NewPassword, prepare_password
from directory.model import AccountKind, AccountState, PostRole, Right, vietnam_day
from directory.passwords import PasswordFault, PasswordRefused, PasswordRule, first_password, hash_password
from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.cli.account_import import run_plan
from mailsvc.model.changes import DirectoryChanged
from mailsvc.services.provision import joined_shared_box

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from directory.model import Account, Unit, UnitId
    from mailsvc.cli.context import CliContext

KINDS = [kind.value for kind in AccountKind if kind is not AccountKind.SYSTEM]
RIGHTS = {"read": Right.READ, "act": Right.ACT, "send_as": Right.SEND_AS}
PASSWORD_SAYS = {
    PasswordFault.TOO_SHORT: ("Mật khẩu quá ngắn.", "The password is too short."),
    PasswordFault.TOO_LONG: ("Mật khẩu quá dài.", "The password is too long."),
    PasswordFault.TOO_FEW_CLASSES: (
        "Mật khẩu cần thêm loại ký tự: chữ thường, chữ hoa, số, ký hiệu.",
        "The password needs more kinds of characters: lower, upper, digits, signs.",
    ),
    PasswordFault.CONTAINS_NAME: ("Mật khẩu chứa tên đăng nhập.", "The password holds the login name."),
    PasswordFault.USED_BEFORE: ("Mật khẩu này đã dùng gần đây.", "This password was used lately."),
    PasswordFault.CONTROL_CHARACTER: (
        "Mật khẩu có ký tự điều khiển.",
        "The password holds a control character.",
    ),
}


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
@click.pass_obj
def import_(ctx: CliContext, file: Path, yes: bool, first_passwords: Path | None) -> None:
    """Nhập tài khoản từ CSV: address,full_name,unit,kind,password hoặc password_hash / import accounts from CSV."""
    sheet = provision.read_accounts(plan_view.read_file(file))
    run_plan(ctx, sheet, yes=yes, first_passwords=first_passwords)


@account.command()
@click.argument("address")
@click.option("--unit", "unit_code", default="", help="Mã đơn vị / code of the unit")
@click.option("--name", required=True, help="Họ và tên, hoặc tên hộp thư / name")
@click.option("--kind", type=click.Choice(KINDS), default="personal", show_default=True)
@click.option("--role", type=click.Choice([role.value for role in PostRole]), default=None)
@click.option("--title", default="", help="Chức vụ / title")
@click.option(
    "--password-stdin", is_flag=True, help="Đọc mật khẩu từ đầu vào chuẩn / read the password from stdin"
)
@click.option(
    "--keep-password", is_flag=True, help="Không bắt đổi ở lần đầu / need not be changed at first sign-in"
)
@click.pass_obj
def create(
    ctx: CliContext,
    /,
    address: str,
    unit_code: str,
    password_stdin: bool,
    keep_password: bool,
    **options: Any,
) -> None:
    """Tạo một tài khoản / create one account."""
    kind = AccountKind(options["kind"])
    password = _password_from_stdin() if password_stdin else None
    made = first_password() if password is None and kind.signs_in else None
    if password is not None and keep_password:
        _check_rule(ctx, password)
    row = {"address": address, "full_name": options["name"], "unit": unit_code, "kind": kind.value}
    row |= {"role": options["role"] or "", "title": options["title"], "password": password or made or ""}
    sheet = provision.account_row(row)
    plan_view.refuse_remarks(ctx, sheet.refused)
    plan, created = run_plan(
        ctx, sheet, yes=True, quiet=True, keep_passwords=keep_password, creates_only=True
    )
    plan_view.refuse_remarks(ctx, plan.refused)
    if not plan.creates:
        ctx.refuse(
            f"{address} đã có. Xem: congvu account show {address}",
            f"{address} exists. See: congvu account show {address}",
        )
    new = plan.creates[0]
    if ctx.json:
        result: dict[str, Any] = {
            "address": str(new.address),
            "kind": kind.value,
            "id": created[new.address.key],
        }
        ctx.give(result | ({"password": made} if made else {}))
    ctx.say(f"Đã tạo {new.address}.", f"Created {new.address}.")
    if made:
        ctx.say(f"Mật khẩu ban đầu: {made}", f"First password: {made}")


@account.command("list")
@click.option(
    "--unit", "unit_code", default=None, help="Chỉ đơn vị này và cấp dưới / this unit and those below"
)
@click.option("--kind", type=click.Choice([kind.value for kind in AccountKind]), default=None)
@click.option("--state", type=click.Choice([state.value for state in AccountState]), default=None)
@click.pass_obj
def list_(ctx: CliContext, unit_code: str | None, kind: str | None, state: str | None) -> None:
    """Danh sách tài khoản / accounts."""
    with ctx.store.read() as db:
        units = {unit.id: unit for unit in repository.units_on(db.conn, vietnam_day(db.clock()))}
        found = repository.list_accounts(
            db.conn,
            unit_ids=None if unit_code is None else _subtree(ctx, units, unit_code),
            kind=AccountKind(kind) if kind else None,
            state=AccountState(state) if state else None,
        )
    if ctx.json:
        ctx.give([_as_json(item, units) for item in found])
        return
    table = Table(
        ctx.text("Địa chỉ", "Address"),
        ctx.text("Tên", "Name"),
        ctx.text("Đơn vị", "Unit"),
        ctx.text("Loại", "Kind"),
        ctx.text("Trạng thái", "State"),
    )
    for item in found:
        table.add_row(
            str(item.address), item.display_name, _code(item, units), item.kind.value, item.state.value
        )
    Console().print(table)


@account.command()
@click.argument("address")
@click.pass_obj
def show(ctx: CliContext, address: str) -> None:
    """Một tài khoản: địa chỉ, quyền dùng chung / one account: addresses and who shares it."""
    with ctx.store.read() as db:
        today = vietnam_day(db.clock())
        found = _find(ctx, db.conn, address)
        units = {unit.id: unit for unit in repository.units_on(db.conn, today)}
        addresses = repository.addresses_of(db.conn, found.id)
        shared = repository.delegated_to(db.conn, found.id, today)
        delegates = repository.delegates_of(db.conn, found.id)
        people = repository.accounts_by_ids(db.conn, [item.grantee_id for item in delegates])
    result = _as_json(found, units) | {
        "must_change_password": found.must_change_password,
        "quota_octets": found.quota_octets,
        "last_login_at": found.last_login_at,
        "addresses": [{"address": str(item.address), "kind": item.kind.value} for item in addresses],
        "reaches": [
            {"address": str(item.account.address), "rights": _rights(item.rights)} for item in shared
        ],
        "shared_with": [
            {"address": str(people[item.grantee_id].address), "rights": _rights(item.rights)}
            for item in delegates
        ],
    }
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
@click.option(
    "--password-stdin", is_flag=True, help="Đọc mật khẩu từ đầu vào chuẩn / read the password from stdin"
)
@click.option(
    "--keep-password", is_flag=True, help="Không bắt đổi ở lần đầu / need not be changed at first sign-in"
)
@click.pass_obj
def set_password(ctx: CliContext, address: str, password_stdin: bool, keep_password: bool) -> None:
    """Đặt lại mật khẩu; không cho thì tự tạo / set a password, or make one."""
    password = _password_from_stdin() if password_stdin else first_password()
    if keep_password:
        _check_rule(ctx, password)
    stored = NewPassword(hash_password(password))  # slow, so before the transaction
    try:
        with ctx.store.write() as uow:
            found = _find(ctx, uow.conn, address)
            must_change = not keep_password and found.kind is AccountKind.PERSONAL
            upkeep.set_password(
                uow.conn,
                SERVER,
                found,
                stored,
                must_change=must_change,
                actor=plan_view.actor(),
                at=uow.clock(),
            )
            uow.record(DirectoryChanged())
    except upkeep.UpkeepRefused as refused:
        plan_view.refuse_remarks(ctx, [refused.remark])
    if ctx.json:
        ctx.give({"address": address} | ({} if password_stdin else {"password": password}))
    ctx.say(f"Đã đặt mật khẩu của {address}.", f"The password of {address} is set.")
    if not password_stdin:
        ctx.say(f"Mật khẩu ban đầu: {password}", f"First password: {password}")


@account.command()
@click.argument("address")
@click.option("--reason", default="", help="Lý do, ghi vào nhật ký / reason, for the audit log")
@click.pass_obj
def lock(ctx: CliContext, address: str, reason: str) -> None:
    """Khóa: không đăng nhập được, thư vẫn đến / lock: nobody signs in, letters still arrive."""
    with ctx.store.write() as uow:
        found = _find(ctx, uow.conn, address)
        upkeep.lock(uow.conn, SERVER, found, actor=plan_view.actor(), at=uow.clock(), reason=reason)
        uow.record(DirectoryChanged())
    _done(ctx, found, "Đã khóa {}.", "{} is locked.")


@account.command()
@click.argument("address")
@click.option("--reason", default="", help="Lý do, ghi vào nhật ký / reason, for the audit log")
@click.pass_obj
def unlock(ctx: CliContext, address: str, reason: str) -> None:
    """Mở khóa / unlock."""
    with ctx.store.write() as uow:
        found = _find(ctx, uow.conn, address)
        if found.state is AccountState.ARCHIVED:
            ctx.refuse(
                f"{address} đã lưu trữ, không mở lại được.", f"{address} is archived and stays closed."
            )
        upkeep.unlock(uow.conn, SERVER, found, actor=plan_view.actor(), at=uow.clock(), reason=reason)
        uow.record(DirectoryChanged())
    _done(ctx, found, "Đã mở khóa {}.", "{} is unlocked.")


@account.command("add-alias")
@click.argument("address")
@click.argument("alias")
@click.pass_obj
def add_alias(ctx: CliContext, address: str, alias: str) -> None:
    """Thêm bí danh / add an alias."""
    try:
        with ctx.store.write() as uow:
            found = _find(ctx, uow.conn, address)
            added = upkeep.add_alias(uow.conn, SERVER, found, alias, actor=plan_view.actor(), at=uow.clock())
            uow.record(DirectoryChanged())
    except upkeep.UpkeepRefused as refused:
        plan_view.refuse_remarks(ctx, [refused.remark])
    else:
        _done(ctx, found, f"Thư gửi {added} nay đến {{}}.", f"Letters to {added} now reach {{}}.")


@account.command("remove-alias")
@click.argument("address")
@click.argument("alias")
@click.pass_obj
def remove_alias(ctx: CliContext, address: str, alias: str) -> None:
    """Thu hồi bí danh, không cấp lại cho ai / take an alias back; nobody gets it again."""
    with ctx.store.write() as uow:
        found = _find(ctx, uow.conn, address)
        key = repository.login_key(uow.conn, alias)
        if not upkeep.remove_alias(uow.conn, SERVER, found, key, actor=plan_view.actor(), at=uow.clock()):
            ctx.refuse(f"{address} không có bí danh {alias}.", f"{address} has no alias {alias}.")
        uow.record(DirectoryChanged())
    _done(ctx, found, f"Đã thu hồi {key}.", f"{key} is taken back.")


@account.command()
@click.argument("box")
@click.option("--to", "person", required=True, help="Ai được dùng / who may use it")
@click.option("--rights", default="read,act,send_as", show_default=True, help="read, act, send_as")
@click.pass_obj
def grant(ctx: CliContext, box: str, person: str, rights: str) -> None:
    """Cấp quyền dùng chung hộp thư / let a person use a shared box."""
    wanted = Right(0)
    for name in rights.split(","):
        if name.strip() not in RIGHTS:
            raise click.BadParameter(f"{name}: read, act, send_as", param_hint="--rights")
        wanted |= RIGHTS[name.strip()]
    with ctx.store.write() as uow:
        shared, grantee = _find(ctx, uow.conn, box), _find(ctx, uow.conn, person)
        if not grantee.kind.signs_in or shared.id == grantee.id:
            ctx.refuse(
                f"{person} không phải tài khoản cá nhân khác.", f"{person} is not another person's account."
            )
        if upkeep.grant(uow.conn, SERVER, shared, grantee, wanted, actor=plan_view.actor(), at=uow.clock()):
            joined_shared_box(uow, shared.id, grantee.id)
        uow.record(DirectoryChanged())
    _done(ctx, shared, f"{person} nay dùng được {{}}.", f"{person} may now use {{}}.")


@account.command()
@click.argument("box")
@click.option("--from", "person", required=True, help="Ai thôi dùng / who no longer may")
@click.pass_obj
def revoke(ctx: CliContext, box: str, person: str) -> None:
    """Thu quyền dùng chung hộp thư / take the right back."""
    with ctx.store.write() as uow:
        shared, grantee = _find(ctx, uow.conn, box), _find(ctx, uow.conn, person)
        if not upkeep.revoke(uow.conn, SERVER, shared, grantee, actor=plan_view.actor(), at=uow.clock()):
            ctx.refuse(f"{person} không có quyền ở {box}.", f"{person} has no right on {box}.")
        uow.record(DirectoryChanged())
    _done(ctx, shared, f"{person} không còn dùng {{}}.", f"{person} may no longer use {{}}.")


def _find(ctx: CliContext, conn: Connection, address: str) -> Account:
    found = repository.account_by_login(conn, address)
    if found is None:
        ctx.refuse(
            f"Không có tài khoản {address}. Xem: congvu account list",
            f"There is no account {address}. See: congvu account list",
        )
    return found


def _done(ctx: CliContext, found: Account, vietnamese: str, english: str) -> None:
    if ctx.json:
        ctx.give({"address": str(found.address), "done": True})
    ctx.say(vietnamese.format(found.address), english.format(found.address))


def _password_from_stdin() -> str:
    """The first line, without its end; no more than any password can be."""
    try:
        password = sys.stdin.readline(4096).rstrip("\r\n")
    except UnicodeDecodeError:
        raise click.UsageError("--password-stdin: không phải UTF-8 / not UTF-8") from None
    if not password:
        raise click.UsageError("--password-stdin: đầu vào chuẩn trống / standard input is empty")
    return password


def _check_rule(ctx: CliContext, password: str) -> None:
    settings = ctx.settings.password
    rule = PasswordRule(settings.min_length, settings.min_classes, 0)
    try:
        prepare_password(password, FormerPasswords((), ()), rule)
    except PasswordRefused as refused:
        _refuse_password(ctx, refused.fault)


def _refuse_password(ctx: CliContext, fault: PasswordFault) -> NoReturn:
    vietnamese, english = PASSWORD_SAYS[fault]
    ctx.refuse(vietnamese, english, reason=fault.value)


def _subtree(ctx: CliContext, units: dict[UnitId, Unit], code: str) -> list[UnitId]:
    root = next((unit.id for unit in units.values() if unit.code == code), None)
    if root is None:
        ctx.refuse(
            f"Không có đơn vị {code}. Xem: congvu unit list",
            f"There is no unit {code}. See: congvu unit list",
        )
    return repository.subtree(units.values(), root)


def _code(item: Account, units: dict[UnitId, Unit]) -> str:
    return units[item.unit_id].code if item.unit_id in units else ""


def _rights(rights: Right) -> str:
    return ",".join(name for name, right in RIGHTS.items() if right in rights)


def _as_json(item: Account, units: dict[UnitId, Unit]) -> dict[str, Any]:
    return {
        "address": str(item.address),
        "full_name": item.display_name,
        "unit": _code(item, units),
        "kind": item.kind.value,
        "state": item.state.value,
    }
