"""The web process: Flask and the live streams under granian, in one process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from config.settings import host_port
from mailsvc.services.mend import restart_when_mended
from mailsvc.services.open_store import open_index, open_store
from webmail.adapter import web_services
from webmail.app import FORM_ALLOWANCE, create_app
from webmail.asgi import WebApp
from webmail.live import MAX_STREAMS, Live

if TYPE_CHECKING:
    from pathlib import Path

    from config.settings import Settings
    from webmail.ports import WebServices

READY_LOOK_SECONDS = 0.02
STOP_SECONDS = 10


def run(data_dir: Path, settings: Settings, ready_fd: int) -> None:
    """Serve one installation until SIGTERM; one octet on `ready_fd` says that the listener accepts."""
    allow_many_connections()
    store = open_store(data_dir, settings)
    restart_when_mended(store)
    engine = open_index(data_dir)
    host, port = host_port(settings.web.listen)
    try:
        asyncio.run(
            _until_told(web_services(store, engine, settings), host, port, settings.web.threads, ready_fd)
        )
    finally:
        engine.close()
        store.close()


def allow_many_connections() -> None:
    """As many open files as the system lets us have: each open page holds one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _until_told(services: WebServices, host: str, port: int, threads: int, ready_fd: int) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await serve(services, host, port, threads, stopping, ready_fd)


async def serve(
    services: WebServices,
    host: str,
    port: int,
    threads: int,
    stopping: asyncio.Event,
    ready_fd: int | None = None,
) -> None:
    """Serve until `stopping` is set."""
    with ThreadPoolExecutor(threads, thread_name_prefix="web") as executor:
        live = Live(services, executor)
        max_body = services.options.max_letter_bytes + FORM_ALLOWANCE
        app = WebApp(create_app(services), live, executor, max_body)
        server = Server(
            app,
            address=host,
            port=port,
            interface=Interfaces.ASGI,
            http=HTTPModes.http1,
            websockets=False,
            backlog=1024,
            backpressure=MAX_STREAMS
            + 2_000,  # streams stay; granian's default would stop accepting at the backlog
            log_enabled=False,
        )
        serving = asyncio.create_task(server.serve())
        telling = asyncio.create_task(_tell_when_ready(host, port, ready_fd))
        told = asyncio.create_task(stopping.wait())
        await asyncio.wait({serving, told}, return_when=asyncio.FIRST_COMPLETED)
        for task in (telling, told):
            task.cancel()
        live.stop()
        server.stop()  # type: ignore[no-untyped-call]  # granian has types, this method none
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(serving, STOP_SECONDS)


async def _tell_when_ready(host: str, port: int, ready_fd: int | None) -> None:
    """Say so once the listener accepts."""
    while ready_fd is not None:
        try:
            _, writer = await asyncio.open_connection(host, port, family=socket.AF_UNSPEC)
        except OSError:
            await asyncio.sleep(READY_LOOK_SECONDS)
            continue
        writer.close()
        os.write(ready_fd, b"!")
        os.close(ready_fd)
        return
