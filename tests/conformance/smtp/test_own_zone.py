"""Debian's unbound serves a zone of our own: MX, A, TLSA and the record of MTA-STS lead our letters to the right server."""

import contextlib
import subprocess
import time

import dns.message
import dns.query
import pytest

from config.settings import QueueSettings, Settings
from mailsvc.net.bridge import Bridge
from mailsvc.net.limits import TrustedNetworks
from mailsvc.net.resolver import Answer, DnsResolver, MxRecord, NoAnswer, TlsaRecord
from mailsvc.queue.sts import record_id
from mailsvc.queue.worker import QueueWorker
from mailsvc.services.receive import prepare
from mailsvc.smtp.server import SmtpListener
from mailsvc.storage import messages, outbound
from tests.mailsvc.smtp.support import LoopThread, OpenRules, make_tls
from tests.support.mail import DOMAIN, letter, make_store
from tests.support.service import free_ports
from tests.support.system import need

CONFIG = """
server:
  interface: 127.0.0.1@{port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  local-zone: "x.vn." static
  local-data: "x.vn. MX 10 mx1.x.vn."
  local-data: "x.vn. MX 20 mx2.x.vn."
  local-data: "mx1.x.vn. A 127.0.0.9"
  local-data: "mx2.x.vn. A 127.0.0.1"
  local-data: "_25._tcp.mx2.x.vn. TLSA 3 1 1 {digest}"
  local-data: '_mta-sts.x.vn. TXT "v=STSv1; id=20261122"'
  local-data: "null.vn. MX 0 ."
  local-zone: "null.vn." static
"""


@pytest.fixture(scope="module")
def dns_port(tmp_path_factory):
    program = need("unbound", package="unbound")
    folder = tmp_path_factory.mktemp("unbound")
    (port,) = free_ports(1)
    config = folder / "unbound.conf"
    config.write_text(CONFIG.format(port=port, folder=folder, digest="ab" * 32))
    process = subprocess.Popen(
        [program, "-d", "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        ends_at = time.monotonic() + 30
        query = dns.message.make_query("x.vn", "MX")
        while time.monotonic() < ends_at:
            assert process.poll() is None, process.stderr.read()
            with contextlib.suppress(OSError, dns.exception.Timeout):
                dns.query.udp(query, "127.0.0.1", timeout=0.3, port=port)
                break
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.mark.peer
async def test_every_kind_of_record_is_read(dns_port):
    resolver = DnsResolver(nameservers=["127.0.0.1"], port=dns_port, trusted=True)
    assert (await resolver.mx("x.vn")).records == (MxRecord(10, "mx1.x.vn"), MxRecord(20, "mx2.x.vn"))
    tlsa = await resolver.tlsa("_25._tcp.mx2.x.vn")
    assert tlsa == Answer(
        (TlsaRecord(3, 1, 1, b"\xab" * 32),), is_secure=False
    )  # nobody has signed this zone
    assert record_id((await resolver.txt("_mta-sts.x.vn")).records) == "20261122"
    assert (await resolver.mx("null.vn")).records == (MxRecord(0, "."),)
    assert await resolver.a("nowhere.x.vn") == NoAnswer(domain_exists=False)


@pytest.mark.peer
async def test_a_letter_goes_to_the_second_exchanger_where_the_first_is_dead(dns_port, tmp_path):
    rules = OpenRules()
    store = make_store(tmp_path / "data")
    bridge = Bridge(store)
    with LoopThread() as thread:
        listener = SmtpListener(rules, trusted=TrustedNetworks([]), tls=make_tls(tmp_path / "tls"))
        port = thread.run(listener.start("127.0.0.1", 0))
        resolver = DnsResolver(nameservers=["127.0.0.1"], port=dns_port)
        worker = QueueWorker(Settings(domain=DOMAIN, queue=QueueSettings(port=port)), store, bridge, resolver)
        with store.write() as uow:
            content = prepare(letter(1), store.pieces)
            outbound.add(
                uow, messages.put(uow, content), [outbound.NewRecipient("an@x.vn", "x.vn")], reverse_path=""
            )
        await worker.work_off()
        await worker.stop()
        thread.run(listener.stop())
    assert rules.letters == [letter(1)]
    await bridge.close()
    store.close()
