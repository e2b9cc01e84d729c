"""`congvu init` makes an installation; `congvu upgrade` brings an old one to this version."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from directory.repository import domains
from mailsvc.cli.context import CliContext, Refused
from mailsvc.net.tls import make_certificate
from mailsvc.services.provision import on_accounts_created
from mailsvc.storage.store import Store

FIRST_TOML = """# Thiết lập của Congvu; mọi thiết lập và mặc định ở docs/settings.md
# Settings of Congvu; all of them with their defaults are in docs/settings.md
domain = "{domain}"
"""


@click.command()
@click.option("--domain", required=True, help="Tên miền thư đầu tiên / the first mail domain")
@click.pass_obj
def init(ctx: CliContext, domain: str) -> None:
    """Tạo một hệ thống mới, trống / make a new, empty installation."""
    toml = ctx.data_dir / "congvu.toml"
    if (ctx.data_dir / "congvu.db").exists():
        ctx.refuse(
            f"Ở {ctx.data_dir} đã có hệ thống. Chọn thư mục khác bằng --data.",
            f"There is an installation at {ctx.data_dir}. Choose another place with --data.",
        )
    try:
        name = domains.domain_name(domain)
    except ValueError as error:
        raise Refused(ctx.text(f"Tên miền không hợp lệ: {domain}", f"Not a mail domain: {domain}")) from error
    ctx.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not toml.exists():
        toml.write_text(FIRST_TOML.format(domain=name), encoding="utf-8")
    store = Store(ctx.data_dir, ctx.settings.storage)
    store.create()
    with store.write() as uow:
        domains.add_domain(uow.conn, name, uow.clock(), on_accounts_created(uow))
    if ctx.settings.tls.certificate is None:
        tls_dir = ctx.data_dir / "tls"
        tls_dir.mkdir(mode=0o700, exist_ok=True)
        names = (ctx.settings.hostname, "localhost", "127.0.0.1")
        make_certificate(tls_dir / "cert.pem", tls_dir / "key.pem", names, now=datetime.now(UTC))
    store.close()
    ctx.say(
        f"Đã tạo {ctx.data_dir} cho {name}. Tiếp theo: congvu unit import, congvu account import, congvu serve.",
        f"Made {ctx.data_dir} for {name}. Next: congvu unit import, congvu account import, congvu serve.",
    )
    if ctx.json:
        ctx.give({"data": str(ctx.data_dir), "domain": name})


@click.command()
@click.pass_obj
def upgrade(ctx: CliContext) -> None:
    """Nâng lược đồ dữ liệu lên phiên bản này / bring the data to this version's schema."""
    store = Store(ctx.data_dir, ctx.settings.storage)
    store.create()
    store.close()
    ctx.say("Đã ở lược đồ mới nhất.", "The schema is up to date.")
