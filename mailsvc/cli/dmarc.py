"""`congvu dmarc`: what others report about letters that bear our domains (RFC 9990)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from mailsvc.sender_auth.aggregate import MAX_OCTETS, ReportError
from mailsvc.services import dmarc_reports

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext


@click.group()
def dmarc() -> None:
    """Báo cáo DMARC của nơi khác về tên miền của mình / what others report about our domains."""


@dmarc.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.pass_obj
def import_(ctx: CliContext, files: tuple[Path, ...]) -> None:
    """Nạp báo cáo: XML, gzip, zip, hoặc thư .eml có đính kèm / keep reports from files or letters."""
    kept, passed_over, wrong = 0, 0, []
    for file in files:
        with file.open("rb") as stream:
            octets = stream.read(MAX_OCTETS + 1)
        try:
            reports = dmarc_reports.reports_in(octets)
        except ReportError as error:
            wrong.append(f"{file}: {error}")
            continue
        for report in reports:
            with ctx.store.write() as uow:
                if dmarc_reports.keep(uow, report):
                    kept += 1
                else:
                    passed_over += 1
    if ctx.json:
        ctx.give({"kept": kept, "passed_over": passed_over, "wrong": wrong})
    ctx.say(
        f"Đã nạp {kept}; bỏ qua {passed_over} (đã có, hoặc không phải tên miền của mình).",
        f"Kept {kept}; passed over {passed_over} (known, or not of our domains).",
    )
    if wrong:
        ctx.refuse(
            "Không phải báo cáo DMARC:\n  " + "\n  ".join(wrong),
            "Not DMARC reports:\n  " + "\n  ".join(wrong),
        )


@dmarc.command()
@click.option("--domain", help="Chỉ tên miền này / only this domain")
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, 3650), help="Số ngày / days back"
)
@click.pass_obj
def report(ctx: CliContext, domain: str | None, days: int) -> None:
    """Máy nào gửi thư mang tên miền của mình, máy sai trước / who sends as our domains, those that fail first."""
    with ctx.store.read() as db:
        found = dmarc_reports.sources(db, days=days, domain=None if domain is None else domain.lower())
    if ctx.json:
        ctx.give([asdict(one) for one in found])
        return
    if not found:
        ctx.say(
            "Chưa có báo cáo nào. Nạp: congvu dmarc import TỆP…",
            "No reports yet. Keep some: congvu dmarc import FILE…",
        )
        return
    table = Table(
        ctx.text("Tên miền", "Domain"),
        ctx.text("Máy gửi", "Source"),
        ctx.text("Số thư", "Letters"),
        ctx.text("Đúng", "Passed"),
        ctx.text("Bị từ chối", "Refused"),
    )
    for one in found:
        table.add_row(one.domain, one.source, str(one.letters), str(one.passed), str(one.refused))
    Console().print(table)
