"""DANE and MTA-STS against a real server: what a domain promises is kept, or the letter waits (RFC 7672, RFC 8461, RFC 8689)."""

import asyncio
import contextlib
import datetime as dt
import hashlib
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from config.settings import QueueSettings, Settings
from mailsvc.net import tls
from mailsvc.net.bridge import Bridge
from mailsvc.net.https import FetchError, HttpsClient
from mailsvc.net.limits import TrustedNetworks
from mailsvc.net.resolver import MxRecord, StaticResolver, TlsaRecord
from mailsvc.queue.outside import Outside
from mailsvc.queue.sts import PolicyError, StsPolicies, parse_policy, record_id
from mailsvc.queue.way import Demand, Way
from mailsvc.smtp.client import Deadlines, SmtpClient
from mailsvc.smtp.server import SmtpListener
from mailsvc.smtp.wire.reply import Reply
from mailsvc.storage import sts_policies
from tests.mailsvc.smtp.support import LoopThread, OpenRules
from tests.support.mail import make_store

PATIENT = Deadlines(connect=10, greeting=10, command=10, data_block=10, after_data=10)
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mx.x.vn\r\nmax_age: 604800\r\n"


class Certificate:
    """A certificate of our own making, and who trusts it."""

    def __init__(self, folder, *names):
        folder.mkdir(parents=True, exist_ok=True)
        self.path, key = folder / "cert.pem", folder / "key.pem"
        tls.make_certificate(self.path, key, names, now=dt.datetime.now(dt.UTC))
        self.server = tls.server_context(self.path, key)
        self.trusting = ssl.create_default_context(cafile=str(self.path))
        self.x509 = x509.load_pem_x509_certificate(self.path.read_bytes())

    def record(self, usage=3, selector=1, matching=1, wrong=b""):
        key = self.x509.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        octets = key if selector else self.x509.public_bytes(Encoding.DER)
        digest = {
            0: lambda data: data,
            1: lambda data: hashlib.sha256(data).digest(),
            2: lambda data: hashlib.sha512(data).digest(),
        }
        return TlsaRecord(usage, selector, matching, digest[matching](octets) + wrong)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("good"), "mx.x.vn", "mta-sts.x.vn")


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("other"), "elsewhere.vn")


class World:
    """One mail server, one web server, a zone and a way out."""

    def __init__(self, bridge, thread):
        self.bridge, self.thread = bridge, thread
        self.seen = []
        self.policy = POLICY
        self.fetches = 0
        self.listeners = []
        self.webs = []

    async def open(self, certificate, web, *, secure=(), tlsa=(), record=b"v=STSv1; id=1;", trouble=()):
        listener = SmtpListener(
            OpenRules(), trusted=TrustedNetworks([]), tls=None if certificate is None else certificate.server
        )
        self.port = self.thread.run(listener.start("127.0.0.1", 0))
        self.listeners.append(listener)
        self.web = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=web.server)
        self.webs.append(self.web)
        self.dns = StaticResolver(
            mx_records={"x.vn": [MxRecord(1, "mx.x.vn")]},
            addresses={"mx.x.vn": ["127.0.0.1"], "mta-sts.x.vn": ["127.0.0.1"]},
            texts={"_mta-sts.x.vn": [record]} if record else {},
            certificates={f"_{self.port}._tcp.mx.x.vn": list(tlsa)} if tlsa else {},
            secure=frozenset(secure) | ({f"_{self.port}._tcp.mx.x.vn"} if secure else set()),
            trouble=frozenset(name.replace("PORT", str(self.port)) for name in trouble),
        )
        https = HttpsClient(self.dns, web.trusting, self.web.sockets[0].getsockname()[1], 5, private_too=True)
        self.policies = StsPolicies(self.bridge, self.dns, https)

    async def _serve(self, reader, writer):
        self.fetches += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + self.policy)
            await writer.drain()
        writer.close()

    async def dial(self, authorities, demand=Demand.USUAL, **queue):
        settings = Settings(domain="z.vn", queue=QueueSettings(port=self.port, **queue))
        outside = Outside(
            settings, self.dns, authorities=authorities.trusting, deadlines=PATIENT, policies=self.policies,
            on_tls=lambda domain, assurance, host, result: self.seen.append((assurance.policy_type, result)),
        )  # fmt: skip
        client = await outside.open(Way("x.vn", demand=demand))
        if isinstance(client, SmtpClient):
            await client.quit()
            return "secure" if client.is_secure else "clear"
        assert isinstance(client, Reply)
        return str(client)[:9]

    async def close(self):
        for listener in self.listeners:
            self.thread.run(listener.stop())
        for web in self.webs:
            web.close()


@pytest.fixture
async def world(tmp_path):
    store = make_store(tmp_path / "data")
    bridge = Bridge(store)
    with (
        LoopThread() as thread
    ):  # uvloop, as in service: the stock loop keeps a TLS socket whose client hung up
        world = World(bridge, thread)
        yield world
        await world.close()
    await bridge.close()
    store.close()


DNSSEC = ("x.vn", "mx.x.vn")


@pytest.mark.parametrize(
    ("shape", "result"),
    [
        ({}, "secure"),
        ({"selector": 0, "matching": 0}, "secure"),
        ({"matching": 2}, "secure"),
        ({"usage": 2}, "secure"),
        ({"wrong": b"x"}, "451 4.7.5"),
        ({"usage": 2, "wrong": b"x"}, "451 4.7.5"),
        ({"usage": 0, "wrong": b"x"}, "secure"),  # not usable for SMTP: encrypted, by whomever
    ],
)
async def test_dane_binds_the_certificate(world, good, shape, result):
    await world.open(good, good, secure=DNSSEC, tlsa=[good.record(**shape)], record=b"")
    assert await world.dial(good) == result
    assert world.seen[-1] == ("tlsa", "" if result == "secure" else "tlsa-invalid")


async def test_a_trust_anchor_vouches_for_its_names_only(world, good, other):
    await world.open(other, good, secure=DNSSEC, tlsa=[other.record(usage=2)], record=b"")
    assert await world.dial(good) == "451 4.7.5"


async def test_dane_never_falls_back_to_clear_text(world, good):
    await world.open(None, good, secure=DNSSEC, tlsa=[good.record()], record=b"")
    assert await world.dial(good) == "451 4.7.5"
    assert world.seen == [("tlsa", "starttls-not-supported")]


async def test_records_that_dnssec_does_not_vouch_for_bind_nobody(world, good):
    await world.open(good, good, tlsa=[good.record(wrong=b"x")], record=b"")
    assert await world.dial(good) == "secure"


async def test_trouble_with_tlsa_makes_the_letter_wait(world, good):
    await world.open(good, good, secure=DNSSEC, record=b"", trouble=("_PORT._tcp.mx.x.vn",))
    assert await world.dial(good) == "451 4.7.5"


async def test_an_enforced_policy_wants_a_good_certificate_of_a_listed_host(world, good, other):
    await world.open(good, good)
    assert await world.dial(good) == "secure"
    assert await world.dial(other) == "451 4.7.5"
    assert world.seen == [("sts", ""), ("sts", "certificate-not-trusted")]
    assert world.fetches == 1  # kept until it expires


async def test_hosts_that_are_not_in_the_policy_get_nothing(world, good):
    world.policy = POLICY.replace(b"mx.x.vn", b"*.y.vn")
    await world.open(good, good)
    assert await world.dial(good) == "451 4.7.5"


async def test_a_server_without_tls_gets_nothing_under_a_policy(world, good):
    await world.open(None, good)
    assert await world.dial(good) == "451 4.7.5"
    assert await world.dial(good, Demand.WAIVED) == "clear"  # RFC 8689 §5: the sender said TLS-Required: No


async def test_a_policy_that_is_only_tried_out_is_reported_and_delivered(world, good, other):
    world.policy = POLICY.replace(b"enforce", b"testing")
    await world.open(good, good)
    assert await world.dial(other) == "secure"
    assert world.seen == [("sts", "certificate-not-trusted"), ("no-policy-found", "")]


async def test_a_policy_from_a_server_that_proves_nothing_is_no_policy(world, good, other):
    await world.open(good, other)
    assert await world.dial(good) == "secure"
    assert world.seen == [("no-policy-found", "")]
    assert world.bridge.read(sts_policies.get, "x.vn") is None


async def test_a_policy_that_was_kept_holds_while_it_cannot_be_fetched(world, good, other):
    await world.open(good, good)
    assert await world.dial(good) == "secure"
    world.policy = b"nonsense"
    world.dns.texts["_mta-sts.x.vn"] = [b"v=STSv1; id=2"]
    assert await world.dial(other) == "451 4.7.5"


async def test_requiretls_wants_the_name_proven_too(world, good, other):
    await world.open(good, good, record=b"")
    assert await world.dial(good, Demand.REQUIRED) == "550 5.7.3"
    await world.open(good, good, secure=DNSSEC, record=b"")
    assert await world.dial(good, Demand.REQUIRED) == "secure"
    assert await world.dial(other, Demand.REQUIRED) == "451 4.7.5"


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"\xff", POLICY.replace(b"STSv1", b"STSv2"), POLICY.replace(b"mx: mx.x.vn\r\n", b""), POLICY.replace(b"604800", b"-1"),
        POLICY.replace(b"mx.x.vn", b"*"), POLICY.replace(b"mx.x.vn", b"a b"), POLICY + b"mx: m.x.vn\n" * 200,
        POLICY.replace(b"604800", b"9" * 50), POLICY.replace(b"enforce", b"strict"),
    ],
)  # fmt: skip
def test_policies_that_cannot_be_followed_are_refused(octets):
    with pytest.raises(PolicyError):
        parse_policy(octets)


def test_records_are_read_as_rfc_8461_writes_them():
    assert record_id((b"v=STSv1; id=20160831085700Z;",)) == "20160831085700Z"
    assert record_id((b"v=STSv1; id=1", b"other")) == "1"
    for texts in (
        (b"v=STSv1; id=1", b"v=STSv1; id=2"),
        (b"v=STSv1",),
        (b"v=STSv1; id=a b",),
        (b"id=1; v=STSv1",),
        (),
    ):
        assert record_id(texts) is None
    wild = parse_policy(POLICY.replace(b"mx.x.vn", b"*.x.vn"))
    assert wild.allows("mx.x.vn")
    assert not wild.allows("a.mx.x.vn")
    assert not wild.allows("x.vn")


async def test_policies_come_from_the_open_internet_only(good):
    dns = StaticResolver(addresses={"mta-sts.x.vn": ["127.0.0.1", "10.0.0.1", "fe80::1"]})
    with pytest.raises(FetchError, match="no address"):
        await HttpsClient(dns, good.trusting).get("mta-sts.x.vn", "/", "text/plain")
