"""The root of the command line: global options, the nouns, and what a refusal looks like."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailsvc.cli.context import CliContext, Elsewhere, Refused
from mailsvc.model.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Sequence

NOUNS = {
    "init": "mailsvc.cli.init",
    "upgrade": "mailsvc.cli.init",
    "unit": "mailsvc.cli.unit",
    "account": "mailsvc.cli.account",
    "credential": "mailsvc.cli.credential",
    "domain": "mailsvc.cli.domain",
    "group": "mailsvc.cli.group",
    "person": "mailsvc.cli.person",
    "policy": "mailsvc.cli.policy",
    "plan": "mailsvc.cli.plan",
    "slip": "mailsvc.cli.slip",
    "template": "mailsvc.cli.template",
    "admin": "mailsvc.cli.admin",
    "audit": "mailsvc.cli.audit",
    "reading": "mailsvc.cli.reading",
    "calendar": "mailsvc.cli.calendar",
    "statistics": "mailsvc.cli.statistics",
    "queue": "mailsvc.cli.queue",
    "dkim": "mailsvc.cli.dkim",
    "trace": "mailsvc.cli.trace",
    "dmarc": "mailsvc.cli.dmarc",
    "verify": "mailsvc.cli.verify",
    "backup": "mailsvc.cli.backup",
    "restore": "mailsvc.cli.backup",
    "letter": "mailsvc.cli.letter",
    "hold": "mailsvc.cli.hold",
    "retention": "mailsvc.cli.retention",
    "rules": "mailsvc.cli.rules",
    "migrate": "mailsvc.cli.migrate",
    "mailbox": "mailsvc.cli.mailbox",
    "doctor": "mailsvc.cli.doctor",
    "demo": "mailsvc.cli.demo",
}
"""Where each command is defined, under its own name; imported when it is used, so that others start quickly."""


class Root(click.Group):
    """`congvu`, whose commands are looked up by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, also those added by the wiring (`serve`)."""
        return sorted({*NOUNS, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the file of a noun."""
        if cmd_name not in NOUNS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(import_module(NOUNS[cmd_name]), cmd_name)
        return command


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--data",
    "data_dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=lambda: os.environ.get("CONGVU_DATA", "var"),
    help="Thư mục dữ liệu / data directory [CONGVU_DATA, var]",
)
@click.option("--server", envvar="CONGVU_SERVER", help="Máy chủ khác: https://… / a server elsewhere")
@click.option(
    "--token-file",
    envvar="CONGVU_TOKEN_FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Tệp chứa mã truy cập cá nhân / file with a personal token",
)
@click.option(
    "--ca",
    envvar="CONGVU_CA",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Chứng thư CA của máy chủ / the server's CA certificate",
)
@click.pass_context
def congvu(
    ctx: click.Context, data_dir: Path, server: str | None, token_file: Path | None, ca: Path | None
) -> None:
    """Congvu: thư công vụ của tỉnh / a province's official mail. Thêm --json ở bất kỳ lệnh nào / --json anywhere."""
    elsewhere = Elsewhere(server, token_file, ca) if server else None
    context = CliContext(data_dir, bool(ctx.obj), elsewhere)
    ctx.obj = context
    ctx.call_on_close(context.close)


def run(arguments: Sequence[str]) -> int:
    """Run the command line; the exit code: 0 done, 1 refused, 2 wrong usage."""
    as_json = "--json" in arguments
    words = [word for word in arguments if word != "--json"]
    try:
        with congvu.make_context("congvu", words, obj=as_json) as ctx:
            congvu.invoke(ctx)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.Abort:
        return 1
    except Refused as refusal:
        _tell(refusal.format_message(), as_json=as_json, detail=refusal.detail)
        return refusal.exit_code
    except click.ClickException as mistake:
        mistake.show()
        return mistake.exit_code
    except ServiceError as refusal:
        _tell(f"{type(refusal).__name__}: {refusal}", as_json=as_json, detail={})
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    return 0


def _tell(text: str, *, as_json: bool, detail: dict[str, object]) -> None:
    if as_json:
        click.echo(json.dumps({"error": text, **detail}, ensure_ascii=False))
    click.echo(text, err=True)
