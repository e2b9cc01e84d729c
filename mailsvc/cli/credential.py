"""`congvu credential`: by what people sign in; the help desk sees and takes back, and makes nothing."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from mailsvc.services.administration import credentials

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext

_reason = click.option("--reason", default="", help="Lý do, ghi vào nhật ký / reason, for the audit log")


@click.group()
def credential() -> None:
    """Mật khẩu ứng dụng, mã truy cập, yếu tố thứ hai / app passwords, tokens, second factors."""


@credential.command("list")
@click.argument("address")
@click.pass_obj
def list_(ctx: CliContext, address: str) -> None:
    """Cách đăng nhập của một tài khoản / by what an account signs in."""
    found = ctx.perform(credentials.LIST, credentials.OneAccount(address))
    if ctx.json:
        ctx.give(asdict(found))
        return
    table = Table(
        ctx.text("Loại", "Kind"),
        ctx.text("Số", "Number"),
        ctx.text("Tên", "Name"),
        ctx.text("Dùng lần cuối", "Last used"),
        ctx.text("Mạng", "Network"),
    )
    for one in found.means:
        used = (
            ""
            if one.last_used_at is None
            else f"{datetime.fromtimestamp(one.last_used_at, UTC):%Y-%m-%d %H:%M}Z"
        )
        table.add_row(one.kind, str(one.id), one.label, used, one.last_network)
    Console().print(table)
    left = found.recovery_codes_left
    ctx.say(
        f"Mật khẩu: {found.password_check}. Mã khôi phục còn lại: {left}.",
        f"Password: {found.password_check}. Recovery codes left: {left}.",
    )


@credential.command()
@click.argument("address")
@click.option(
    "--app-password", type=click.IntRange(1), help="Số của mật khẩu ứng dụng / its number in the list"
)
@click.option("--token", type=click.IntRange(1), help="Số của mã truy cập / its number in the list")
@click.option("--everything", is_flag=True, help="Mọi thứ, kể cả các phiên đang mở / all, open sessions too")
@_reason
@click.pass_obj
def revoke(ctx: CliContext, /, address: str, everything: bool, **options: Any) -> None:
    """Thu hồi một mục, hoặc mọi thứ / take one back, or everything."""
    one = options["app_password"] is not None or options["token"] is not None
    if one == everything:
        raise click.UsageError("--app-password N | --token N | --everything")
    done = ctx.perform(credentials.REVOKE, credentials.RevokeMeans(address, **options))
    if ctx.json:
        ctx.give(asdict(done))
    ctx.say(
        f"Đã thu hồi {done.app_passwords} mật khẩu ứng dụng, {done.tokens} mã truy cập của {done.address}.",
        f"{done.app_passwords} app passwords and {done.tokens} tokens of {done.address} are taken back.",
    )


@credential.command("reset-factors")
@click.argument("address")
@_reason
@click.pass_obj
def reset_factors(ctx: CliContext, address: str, reason: str) -> None:
    """Gỡ mọi yếu tố thứ hai của người đã mất hết / for somebody who lost phone, keys and codes."""
    done = ctx.perform(credentials.RESET_FACTORS, credentials.ResetFactors(address, reason))
    if ctx.json:
        ctx.give(asdict(done))
    ctx.say(
        f"Đã gỡ {done.removed} yếu tố thứ hai của {done.address}.",
        f"{done.removed} second factors of {done.address} are removed.",
    )


@credential.command("password-by")
@click.argument("address")
@click.argument("by", type=click.Choice(["local", "ldap"]))
@click.pass_obj
def password_by(ctx: CliContext, address: str, by: str) -> None:
    """Ai kiểm tra mật khẩu: máy này, hay máy chủ LDAP của tỉnh / who knows the password."""
    asked = credentials.PasswordCheckedBy(address, "ldap" if by == "ldap" else "local")
    done = ctx.perform(credentials.CHECK_BY, asked)
    if ctx.json:
        ctx.give(asdict(done))
    ctx.say(f"{done.address}: {done.by}.", f"{done.address}: {done.by}.")
