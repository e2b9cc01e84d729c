"""`congvu domain`: the mail domains that are ours."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from directory import audit, repository
from directory.dns_records import records_to_publish
from mailsvc.cli import plan_view
from mailsvc.model.changes import DirectoryChanged
from mailsvc.services.administration import setup
from mailsvc.services.dkim_keys import DkimKeys
from mailsvc.services.provision import on_accounts_created

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext


@click.group()
def domain() -> None:
    """Tên miền thư / mail domains."""


@domain.command()
@click.argument("name")
@click.pass_obj
def add(ctx: CliContext, name: str) -> None:
    """Thêm một tên miền và in các bản ghi DNS cần công bố / add a domain and print the DNS records to publish."""
    try:
        with ctx.store.write() as uow:
            added = repository.add_domain(uow.conn, name, uow.clock(), on_accounts_created(uow))
            audit.record(uow.conn, plan_view.actor(), "domain.add", added.name, {}, uow.clock())
            uow.record(DirectoryChanged())
    except repository.DomainExists:
        ctx.refuse(
            f"Tên miền {name} đã có. Xem: congvu domain list",
            f"{name} is ours already. See: congvu domain list",
        )
    except repository.DomainMalformed:
        ctx.refuse(
            f"“{name}” không phải tên miền nhận thư. Ví dụ: lamdong.gov.vn",
            f"“{name}” is not a mail domain. Example: lamdong.gov.vn",
        )
    ctx.say(
        f"Đã thêm {added.name}; postmaster@ và abuse@ đã trả lời. Công bố các bản ghi DNS sau:",
        f"Added {added.name}; postmaster@ and abuse@ answer. Publish these DNS records:",
    )
    _records(ctx, added.name)


@domain.command()
@click.argument("name")
@click.pass_obj
def records(ctx: CliContext, name: str) -> None:
    """Các bản ghi DNS cần công bố / the DNS records to publish."""
    with ctx.store.read() as db:
        known = repository.local_domains(db.conn)
    if name.lower() not in known:
        ctx.refuse(
            f"Không có tên miền {name}. Xem: congvu domain list",
            f"{name} is not ours. See: congvu domain list",
        )
    _records(ctx, name.lower())


def _records(ctx: CliContext, name: str) -> None:
    keys = DkimKeys(ctx.data_dir)
    ready = [
        replace(item, name=record.name, value=record.quoted)
        for item in records_to_publish(name, ctx.settings.hostname)
        if "._domainkey." in item.name
        for record in (keys.record(name, entry.selector) for entry in keys.entries(name))
    ]
    found = [
        item
        for item in records_to_publish(name, ctx.settings.hostname)
        if not ready or "._domainkey." not in item.name
    ] + ready
    if ctx.json:
        ctx.give(
            {
                "domain": name,
                "records": [{"name": item.name, "type": item.type, "value": item.value} for item in found],
            }
        )
        return
    for item in found:  # plain lines, to be copied into a zone file
        click.echo(f"{item.name}. 3600 IN {item.type} {item.value}")
        click.echo(f"    ; {ctx.text(item.vi, item.en)}")


@domain.command("list")
@click.pass_obj
def list_(ctx: CliContext) -> None:
    """Các tên miền của hệ thống / our domains."""
    found = ctx.perform(setup.DOMAINS, setup.Everything())
    if ctx.json:
        ctx.give([asdict(item) for item in found])
        return
    table = Table(ctx.text("Tên miền", "Domain"), ctx.text("Mặc định", "Default"))
    for item in found:
        table.add_row(item.domain, "✓" if item.default else "")
    Console().print(table)
