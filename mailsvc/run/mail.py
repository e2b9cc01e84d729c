"""The mail process: one event loop for SMTP, LMTP, IMAP, the queue, the indexer and housekeeping."""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import signal
import sys
from typing import TYPE_CHECKING

import structlog
import uvloop

from mailsvc.imap.server import ImapServers
from mailsvc.managesieve.server import ManageSieveServer
from mailsvc.net.bridge import Bridge
from mailsvc.net.channel_binding import end_point
from mailsvc.net.https import HttpsClient
from mailsvc.net.resolver import DnsResolver
from mailsvc.net.tls import CertificateFiles, verifying_context
from mailsvc.queue.daily_reports import DailyReports
from mailsvc.queue.ledgers import Ledgers
from mailsvc.queue.outside import Outside
from mailsvc.queue.sts import StsPolicies
from mailsvc.queue.worker import QueueWorker
from mailsvc.run.background import Housekeeping, Indexer
from mailsvc.run.edge_tasks import CertificateWatch, Reporting
from mailsvc.run.metrics import Metrics
from mailsvc.run.months import MonthKeeper
from mailsvc.run.paths import tls_paths
from mailsvc.run.scheduled import ScheduledSends
from mailsvc.run.staff import StaffDays
from mailsvc.run.upkeep import Upkeep
from mailsvc.run.usage import UsageWriter
from mailsvc.services.mend import restart_when_mended, settle_at_start
from mailsvc.services.open_store import open_index, open_store
from mailsvc.services.receive import prepare
from mailsvc.services.sign_in import open_sign_in
from mailsvc.services.usage import Usage
from mailsvc.services.watch import Watch
from mailsvc.smtp.server import SmtpServers
from mailsvc.storage import boots

if TYPE_CHECKING:
    from pathlib import Path

    from config.settings import Settings

log = structlog.get_logger()
SWITCH_SECONDS = 0.0005
"""How long a thread that does slow work may keep the loop from running."""


def run(data_dir: Path, settings: Settings, ready_fd: int) -> None:
    """Serve until SIGTERM."""
    sys.setswitchinterval(SWITCH_SECONDS)
    uvloop.run(_serve(data_dir, settings, ready_fd))


def _tls(data_dir: Path, settings: Settings) -> CertificateFiles | None:
    certificate, key = tls_paths(data_dir, settings)
    return CertificateFiles(certificate, key) if certificate.exists() else None


async def _serve(data_dir: Path, settings: Settings, ready_fd: int) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)

    store = open_store(data_dir, settings)
    with store.write() as uow:
        boots.note(uow, boots.current())
    restart_when_mended(store)
    settle_at_start(store)
    bridge = Bridge(store)
    watch = Watch(store)
    bridge.listen()
    sign_in = open_sign_in(settings)
    engine = open_index(data_dir)
    files = _tls(data_dir, settings)
    tls = None if files is None else files.context
    renewing: list[CertificateWatch] = []
    if files is not None:
        certificate = files.certificate

        def bind_channels() -> None:
            sign_in.end_point = end_point(certificate)

        bind_channels()
        renewing.append(CertificateWatch(files, bind_channels))
        loop.add_signal_handler(signal.SIGHUP, renewing[0].look)

    usage = Usage(store.clock)
    usage_writer = UsageWriter(usage, bridge)
    months = MonthKeeper(settings, store, bridge)
    staff = StaffDays(settings, store, bridge)
    dns = settings.dns
    resolver = DnsResolver(nameservers=dns.nameservers, port=dns.port, trusted=dns.trusted)
    ledgers = Ledgers(store.clock)
    smtp = SmtpServers(settings, store, bridge, sign_in, tls, resolver, ledgers.saw_letter)
    imap = ImapServers(settings, bridge, watch, sign_in, tls, store.pieces, engine, usage)
    sieve = ManageSieveServer(settings, bridge, sign_in, tls)
    policies = StsPolicies(bridge, resolver, HttpsClient(resolver, verifying_context()))
    worker = QueueWorker(
        settings,
        store,
        bridge,
        resolver,
        outside=Outside(settings, resolver, policies=policies, on_tls=ledgers.saw_tls),
    )
    daily = DailyReports(
        settings,
        bridge,
        resolver,
        prepare=lambda content: prepare(content, store.pieces),
        token=lambda: secrets.token_hex(8),
    )
    reporting = Reporting(ledgers, daily, bridge)
    indexer = Indexer(settings.search, store, bridge, watch, engine)
    upkeep = Upkeep(settings, store, bridge, engine)
    housekeeping = Housekeeping(settings, store, bridge, engine)
    at_their_time = ScheduledSends(settings, store, bridge)

    metrics = Metrics(settings.metrics, store, bridge, engine)

    await smtp.start()
    await imap.start()
    await sieve.start()
    await metrics.start()
    parts = (worker, indexer, usage_writer, months, staff, housekeeping, upkeep, reporting, at_their_time)
    tasks = [asyncio.create_task(part.run()) for part in parts]
    tasks += [asyncio.create_task(watch.run()) for watch in renewing]
    gc.collect()
    gc.freeze()  # what is loaded now stays; collections then look only at what traffic makes
    log.info("mail process accepts", pid=os.getpid())
    os.write(ready_fd, b"!")
    os.close(ready_fd)

    await stopping.wait()
    await asyncio.gather(smtp.stop(), imap.stop(), sieve.stop(), metrics.stop())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await usage_writer.write()
    await bridge.close()
    indexer.close()
    engine.close()
    store.close()
