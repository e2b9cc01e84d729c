"""DNS answers as types, asked of a name server of our own."""

import asyncio

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from mailsvc.net.resolver import (
    Answer,
    DnsResolver,
    MxRecord,
    NoAnswer,
    StaticResolver,
    TempError,
    TlsaRecord,
)

ZONE = {
    ("x.vn.", "MX"): ["20 b.x.vn.", "10 a.x.vn."],
    ("null.vn.", "MX"): ["0 ."],
    ("a.x.vn.", "A"): ["192.0.2.1"],
    ("a.x.vn.", "AAAA"): ["2001:db8::1"],
    ("x.vn.", "TXT"): ['"v=spf1 " "-all"', '"other"'],
    ("xn--th-e0a.vn.", "A"): ["192.0.2.7"],
    ("_25._tcp.a.x.vn.", "TLSA"): ["3 1 1 " + "ab" * 32],
}


class NameServer(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        if name == "silent.vn.":
            return
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if query.flags & dns.flags.AD and name != "null.vn.":  # RFC 6840 §5.8: told to those who ask for it
            reply.flags |= dns.flags.AD
        if name == "broken.vn.":
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif (name, kind) in ZONE:
            reply.answer.append(dns.rrset.from_text_list(name, 60, "IN", kind, ZONE[name, kind]))
        elif not any(known == name for known, _ in ZONE):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(reply.to_wire(), peer)


@pytest.fixture
async def resolver():
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        NameServer, local_addr=("127.0.0.1", 0)
    )
    yield DnsResolver(nameservers=["127.0.0.1"], port=transport.get_extra_info("sockname")[1], deadline=0.5)
    transport.close()


async def test_dnssec_counts_only_where_the_resolver_is_trusted(resolver):
    record = TlsaRecord(3, 1, 1, b"\xab" * 32)
    assert await resolver.tlsa("_25._tcp.a.x.vn") == Answer((record,), is_secure=False)
    trusting = DnsResolver(
        nameservers=["127.0.0.1"], port=resolver._resolver.port, deadline=0.5, trusted=True
    )
    assert await trusting.tlsa("_25._tcp.a.x.vn") == Answer((record,), is_secure=True)
    assert (await trusting.mx("x.vn")).is_secure
    assert (await trusting.a("a.x.vn")).is_secure
    assert not (await trusting.mx("null.vn")).is_secure


async def test_answers_are_typed_and_exchangers_in_order(resolver):
    assert await resolver.mx("x.vn") == Answer((MxRecord(10, "a.x.vn"), MxRecord(20, "b.x.vn")))
    assert await resolver.mx("null.vn") == Answer((MxRecord(0, "."),))
    assert await resolver.a("A.x.vn") == Answer(("192.0.2.1",))
    assert await resolver.aaaa("a.x.vn") == Answer(("2001:db8::1",))
    assert set((await resolver.txt("x.vn")).records) == {b"v=spf1 -all", b"other"}
    assert await resolver.a("thư.vn") == Answer(("192.0.2.7",))


async def test_nothing_is_told_apart_from_not_known(resolver):
    assert await resolver.mx("a.x.vn") == NoAnswer(domain_exists=True)
    assert await resolver.mx("nowhere.vn") == NoAnswer(domain_exists=False)
    assert isinstance(await resolver.mx("broken.vn"), TempError)
    assert isinstance(await resolver.mx("silent.vn"), TempError)  # within its deadline


@pytest.mark.parametrize("name", ["a..vn", "x" * 64 + ".vn", "a." * 200 + "vn", "\udcff.vn", ""])
async def test_what_is_no_name_does_not_exist(resolver, name):
    assert isinstance(await resolver.a(name), NoAnswer)


async def test_the_static_one_says_the_same():
    static = StaticResolver(
        mx_records={"x.vn": [MxRecord(5, "a.x.vn")]}, addresses={"a.x.vn": ["192.0.2.1", "::1"]}
    )
    assert await static.mx("X.vn") == Answer((MxRecord(5, "a.x.vn"),))
    assert await static.aaaa("a.x.vn") == Answer(("::1",))
    assert await static.txt("x.vn") == NoAnswer(domain_exists=True)
    assert await static.a("y.vn") == NoAnswer(domain_exists=False)
