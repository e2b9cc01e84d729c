"""The way out: which server, under TLS or not, and what is never done in clear (RFC 7435, RFC 8314)."""

import pytest

from config.settings import QueueSettings, Settings
from mailsvc.net.resolver import MxRecord, StaticResolver
from mailsvc.queue.outside import Outside
from mailsvc.queue.way import Demand, way_of
from mailsvc.smtp.client import Deadlines
from mailsvc.smtp.wire.reply import Reply
from tests.mailsvc.smtp.stub import stub

__all__ = ["stub"]
PATIENT = Deadlines(connect=10, greeting=10, command=10, data_block=10, after_data=10)
NO_TLS_REALLY = {"EHLO": b"250-stub\r\n250 STARTTLS\r\n", "STARTTLS": b"220 go\r\n"}


def way(domain, **options):
    return way_of(domain, Demand.USUAL, routes={}, smart_host=options.get("smart_host", ""))


def way_out(port, *hosts, **queue):
    dns = StaticResolver(
        mx_records={"x.vn": [MxRecord(at, f"mx{at}.x.vn") for at, _ in enumerate(hosts)]},
        addresses={f"mx{at}.x.vn": [host] for at, host in enumerate(hosts)},
    )
    settings = Settings(domain="z.vn", queue=QueueSettings(port=port, **queue))
    return Outside(settings, dns, deadlines=PATIENT)


async def test_the_next_server_is_tried_where_the_first_does_not_answer(stub):
    port, heard = await stub({})
    client = await way_out(port, "127.0.0.2", "127.0.0.1").open(way("x.vn"))
    assert client.server.host == "mx1.x.vn"
    await client.quit()
    assert heard[0] == b"EHLO mail.z.vn\r\n"


async def test_a_server_whose_tls_fails_gets_its_mail_in_clear(stub):
    port, heard = await stub(NO_TLS_REALLY)
    client = await way_out(port, "127.0.0.1").open(way("x.vn"))
    assert not client.is_secure
    await client.quit()
    assert heard[-1] == b"QUIT\r\n"


@pytest.mark.parametrize("greeting", [b"554 5.7.1 go away\r\n", b"421 busy\r\n", b"nonsense\r\n"])
async def test_whatever_a_server_says_of_itself_the_letter_waits(stub, greeting):
    port, _ = await stub({"": greeting})
    reply = await way_out(port, "127.0.0.1").open(way("x.vn"))
    assert isinstance(reply, Reply)
    assert 400 <= reply.code < 500


async def test_a_malformed_literal_is_final():
    assert (await way_out(25).open(way("[nonsense]"))).code == 553


async def test_a_smart_host_that_is_not_there_waits():
    reply = await way_out(25, smart_host="127.0.0.1:1").open(way("anything.vn", smart_host="127.0.0.1:1"))
    assert reply.enhanced == "4.4.1"
