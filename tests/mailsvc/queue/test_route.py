"""Where a domain's mail goes (RFC 5321 §5.1, RFC 7505)."""

import pytest

from mailsvc.net.resolver import MxRecord, StaticResolver
from mailsvc.queue import route
from mailsvc.queue.route import servers_of
from mailsvc.smtp.wire.reply import Reply

DNS = StaticResolver(
    mx_records={
        "x.vn": [MxRecord(20, "b.x.vn"), MxRecord(10, "a.x.vn")],
        "null.vn": [MxRecord(0, ".")],
        "ours.vn": [MxRecord(10, "Mail.Us.vn"), MxRecord(20, "b.x.vn")],
        "backup.vn": [MxRecord(5, "a.x.vn"), MxRecord(10, "mail.us.vn"), MxRecord(20, "b.x.vn")],
        "gone.vn": [MxRecord(10, "nowhere.vn")],
        "half.vn": [MxRecord(10, "broken.vn"), MxRecord(20, "b.x.vn")],
        "stuck.vn": [MxRecord(10, "broken.vn")],
    },
    addresses={"a.x.vn": ["192.0.2.1", "2001:db8::1"], "b.x.vn": ["192.0.2.2"], "plain.vn": ["192.0.2.3"]},
    trouble=frozenset({"slow.vn", "broken.vn"}),
)


async def to(domain):
    found = await servers_of(domain, DNS, our_name="mail.us.vn", port=25)
    return found if isinstance(found, Reply) else [(server.host, server.address) for server in found]


@pytest.mark.parametrize(
    ("domain", "way"),
    [
        ("x.vn", [("a.x.vn", "192.0.2.1"), ("a.x.vn", "2001:db8::1"), ("b.x.vn", "192.0.2.2")]),
        ("plain.vn", [("plain.vn", "192.0.2.3")]),
        ("backup.vn", [("a.x.vn", "192.0.2.1"), ("a.x.vn", "2001:db8::1")]),
        ("half.vn", [("b.x.vn", "192.0.2.2")]),
        ("[192.0.2.9]", [("[192.0.2.9]", "192.0.2.9")]),
        ("[IPv6:2001:db8::9]", [("[IPv6:2001:db8::9]", "2001:db8::9")]),
        ("null.vn", route.TAKES_NO_MAIL),
        ("ours.vn", route.WE_ARE_THE_EXCHANGER),
        ("gone.vn", route.NO_ADDRESS),
        ("nowhere.vn", route.NO_SUCH_DOMAIN),
    ],
)
async def test_servers_come_in_the_order_of_preference_or_there_is_a_reason(domain, way):
    assert await to(domain) == way


@pytest.mark.parametrize("domain", ["slow.vn", "stuck.vn"])
async def test_dns_trouble_is_temporary(domain):
    found = await to(domain)
    assert (found.code, found.enhanced) == (451, "4.4.3")
