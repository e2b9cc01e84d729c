"""`congvu dkim`: the keys that sign our letters, from their making to their end (RFC 6376)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from directory import audit, repository
from mailsvc.cli import plan_view
from mailsvc.net.resolver import Answer, DnsResolver
from mailsvc.services.dkim_keys import OVERLAP_DAYS, DkimKeys, KeyEntry, KeyState, KeysThere, NoSuchKey

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext

_STATES = {
    KeyState.NEXT: (
        "chưa dùng: công bố bản ghi, rồi congvu dkim rotate --switch",
        "publish, then rotate --switch",
    ),
    KeyState.ACTIVE: ("đang ký", "signs"),
    KeyState.RETIRING: ("không ký nữa, giữ bản ghi", "signs no more, keep the record"),
}


@click.group()
def dkim() -> None:
    """Khóa ký thư DKIM / keys that sign our letters."""


@dkim.command()
@click.argument("domain")
@click.pass_obj
def make(ctx: CliContext, domain: str) -> None:
    """Tạo cặp khóa đầu tiên của tên miền / the first pair of keys of a domain, RSA 2048 and Ed25519."""
    name = _ours(ctx, domain)
    try:
        made = _keys(ctx).make(name, _now(ctx))
    except KeysThere:
        ctx.refuse(
            f"{name} đã có khóa. Xem: congvu dkim show {name}; thay khóa: congvu dkim rotate {name}",
            f"{name} has keys. See: congvu dkim show {name}; to replace them: congvu dkim rotate {name}",
        )
    _log(ctx, "dkim.make", name, made)
    ctx.say("Công bố các bản ghi TXT sau:", "Publish these TXT records:")
    _show(ctx, name, made)


@dkim.command()
@click.argument("domain", required=False)
@click.pass_obj
def show(ctx: CliContext, domain: str | None) -> None:
    """Các khóa và bản ghi DNS của chúng / keys and their ready DNS records."""
    keys = _keys(ctx)
    names = [_ours(ctx, domain)] if domain else keys.domains()
    if ctx.json:
        ctx.give([_as_json(keys, name, entry) for name in names for entry in keys.entries(name)])
        return
    if not any(keys.entries(name) for name in names):
        ctx.say(
            "Chưa có khóa nào. Tạo: congvu dkim make TÊN-MIỀN",
            "No keys yet. Make some: congvu dkim make DOMAIN",
        )
    for name in names:
        _show(ctx, name, keys.entries(name))


@dkim.command()
@click.argument("domain")
@click.option("--switch", is_flag=True, help="Ký bằng cặp khóa mới / sign with the new pair from now on")
@click.option("--force", is_flag=True, help="Không hỏi DNS / do not ask DNS whether the records are there")
@click.pass_obj
def rotate(ctx: CliContext, domain: str, *, switch: bool, force: bool) -> None:
    """Thay khóa, hai bước: tạo và công bố, rồi --switch / replace the keys: make and publish, then --switch."""
    name = _ours(ctx, domain)
    keys = _keys(ctx)
    try:
        if not switch:
            made = keys.rotate(name, _now(ctx))
            _log(ctx, "dkim.rotate", name, made)
            ctx.say(
                f"Công bố các bản ghi TXT sau, rồi chạy: congvu dkim rotate {name} --switch",
                f"Publish these TXT records, then run: congvu dkim rotate {name} --switch",
            )
            _show(ctx, name, made)
            return
        upcoming = [one for one in keys.entries(name) if one.state is KeyState.NEXT]
        if not force:
            _refuse_unpublished(ctx, keys, name, upcoming)
        changed = keys.switch(name, _now(ctx))
    except KeysThere:
        ctx.refuse(
            f"{name} đã có cặp khóa chờ dùng. Công bố rồi chạy: congvu dkim rotate {name} --switch",
            f"{name} has a pair that waits. Publish it, then run: congvu dkim rotate {name} --switch",
        )
    except NoSuchKey:
        ctx.refuse(
            f"{name} chưa có khóa để thay. Chạy: congvu dkim {'rotate' if switch else 'make'} {name}",
            f"{name} has no such keys yet. Run: congvu dkim {'rotate' if switch else 'make'} {name}",
        )
    _log(ctx, "dkim.switch", name, changed)
    ctx.say(
        f"Thư mới ký bằng khóa mới. Giữ bản ghi cũ thêm {OVERLAP_DAYS} ngày, rồi: congvu dkim retire {name} SELECTOR",
        f"New letters are signed with the new keys. Keep the old records {OVERLAP_DAYS} days, then: congvu dkim retire {name} SELECTOR",
    )
    _show(ctx, name, changed)


@dkim.command()
@click.argument("domain")
@click.argument("selector")
@click.option("--now", "early", is_flag=True, help="Khóa bị lộ: không chờ / the key has leaked: do not wait")
@click.pass_obj
def retire(ctx: CliContext, domain: str, selector: str, *, early: bool) -> None:
    """Xóa một khóa không còn ký / forget a key that signs no more; its record can then go."""
    name = _ours(ctx, domain)
    keys = _keys(ctx)
    try:
        record = keys.record(name, selector).name
        gone = keys.retire(name, selector, _now(ctx), early=early)
    except (NoSuchKey, ValueError):
        ctx.refuse(
            f"{name} không có khóa {selector}. Xem: congvu dkim show {name}",
            f"{name} has no key {selector}. See: congvu dkim show {name}",
        )
    except KeysThere:
        ctx.refuse(
            f"{selector} còn ký, hoặc thư nó đã ký còn trên đường. Thay khóa: congvu dkim rotate {name}; lộ khóa: --now",
            f"{selector} signs, or letters that it signed are under way. Replace it: congvu dkim rotate {name}; leaked: --now",
        )
    _log(ctx, "dkim.retire", name, [gone])
    if ctx.json:
        ctx.give({"retired": selector, "record": record})
    ctx.say(f"Đã xóa khóa. Gỡ bản ghi TXT {record}", f"The key is gone. Take the TXT record {record} out")


def _keys(ctx: CliContext) -> DkimKeys:
    return DkimKeys(ctx.data_dir)


def _now(ctx: CliContext) -> int:
    return ctx.store.clock()


def _ours(ctx: CliContext, domain: str) -> str:
    with ctx.store.read() as db:
        known = repository.local_domains(db.conn)
    name = domain.lower().removesuffix(".")
    if name not in known:
        ctx.refuse(
            f"{domain} không phải tên miền của hệ thống. Xem: congvu domain list",
            f"{domain} is not one of our domains. See: congvu domain list",
        )
    return name


def _log(ctx: CliContext, act: str, domain: str, entries: list[KeyEntry]) -> None:
    detail = {"keys": {one.selector: one.state.value for one in entries}}
    with ctx.store.write() as uow:
        audit.record(uow.conn, plan_view.actor(), act, domain, detail, uow.clock())


def _refuse_unpublished(ctx: CliContext, keys: DkimKeys, domain: str, entries: list[KeyEntry]) -> None:
    dns = ctx.settings.dns
    records = [keys.record(domain, one.selector) for one in entries]

    async def published() -> list[bool]:
        resolver = DnsResolver(nameservers=dns.nameservers, port=dns.port)
        found = [await resolver.txt(record.name) for record in records]
        return [
            isinstance(one, Answer) and record.value.encode() in one.records
            for one, record in zip(found, records, strict=True)
        ]

    missing = [
        record.name
        for record, is_there in zip(records, asyncio.run(published()), strict=True)
        if not is_there
    ]
    if missing:
        ctx.refuse(
            f"DNS chưa trả lời đúng bản ghi: {', '.join(missing)}. Chờ, hoặc thêm --force.",
            f"DNS does not give these records yet: {', '.join(missing)}. Wait, or add --force.",
            missing=missing,
        )


def _as_json(keys: DkimKeys, domain: str, entry: KeyEntry) -> dict[str, Any]:
    record = keys.record(domain, entry.selector)
    return {
        "domain": domain,
        "selector": entry.selector,
        "algorithm": entry.algorithm.value,
        "state": entry.state.value,
        "made_at": entry.made_at,
        "since": entry.since,
        "name": record.name,
        "value": record.value,
        "zone_line": record.zone_line,
    }


def _show(ctx: CliContext, domain: str, entries: list[KeyEntry]) -> None:
    keys = _keys(ctx)
    if ctx.json:
        ctx.give([_as_json(keys, domain, one) for one in entries])
        return
    for one in entries:
        day = datetime.fromtimestamp(one.since, UTC).astimezone().strftime("%d/%m/%Y")
        click.echo(f"; {one.algorithm.value}, {ctx.text(*_STATES[one.state])}, {day}")
        click.echo(keys.record(domain, one.selector).zone_line)
