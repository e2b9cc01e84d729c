"""The one place that wires settings, storage and services, and hands them to the servers and the command line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mailsvc.cli.root import congvu
from mailsvc.cli.root import run as run_command_line

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext


@congvu.command()
@click.pass_obj
def serve(ctx: CliContext) -> None:
    """Chạy dịch vụ / run the service: prints `ready` when every listener accepts."""
    from mailsvc.run import supervisor

    _ = ctx.store  # refuses early what the processes would refuse
    roles = ("mail", "web") if ctx.settings.web.listen else ("mail",)
    ctx.close()
    descriptor = supervisor.lock(ctx.data_dir)
    if descriptor is None:
        ctx.refuse(
            f"Đã có một dịch vụ chạy trên {ctx.data_dir}. Dừng nó trước.",
            f"A service runs on {ctx.data_dir} already. Stop it first.",
        )
    supervisor.become(ctx.data_dir, roles, descriptor)


@congvu.command("run-process", hidden=True)
@click.argument("role", type=click.Choice(["mail", "web"]))
@click.option("--ready-fd", type=int, required=True)
@click.pass_obj
def run_process(ctx: CliContext, role: str, ready_fd: int) -> None:
    """One process of the service; the supervisor starts it."""
    from mailsvc.run import logs

    logs.set_up(ctx.settings.log)
    if role == "mail":
        from mailsvc.run import mail

        mail.run(ctx.data_dir, ctx.settings, ready_fd)
    else:
        from mailsvc.run import web

        web.run(ctx.data_dir, ctx.settings, ready_fd)


def main() -> int:
    """The command `congvu`."""
    return run_command_line(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
