"""One letter is looked at once, under one deadline; trouble with DNS is temperror and nothing worse (RFC 8601 §2.7)."""

import asyncio
import time
from ipaddress import ip_address

import pytest

from mailsvc.mime.authors import authors_of
from mailsvc.net.resolver import TempError
from mailsvc.sender_auth.check import Checked, Handover, body_hashes, check
from mailsvc.sender_auth.dkim import sign
from mailsvc.sender_auth.keys import SigningKey, key_record, load_signing_key, make_private_key
from mailsvc.sender_auth.spf_record import Verdict
from tests.mailsvc.sender_auth.zone import Zone

NOW = 1_767_225_600
LETTER = b"From: An <an@example.vn>\r\nTo: b@example.com\r\nSubject: s\r\nDate: x\r\n\r\nBody\r\n"
OURS = frozenset({"example.vn"})


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return load_signing_key("example.vn", "s1", make_private_key())


def zone(key: SigningKey) -> Zone:
    record = key_record(key)
    return Zone(
        {
            record.name: [{"TXT": record.value}],
            "example.vn": [{"TXT": "v=spf1 ip4:192.0.2.1 -all"}],
            "_dmarc.example.vn": [{"TXT": "v=DMARC1; p=reject"}],
        }
    )


async def checked(octets: bytes, resolver: object, client: str = "192.0.2.9", **options: object) -> Checked:
    handover = Handover(ip_address(client), "mx.example.vn", "an@example.vn")
    header = octets.partition(b"\r\n\r\n")[0] + b"\r\n"
    return await check(octets, handover, resolver, header=header, now=NOW, **({"seconds": 5} | options))  # type: ignore[arg-type]


def results(found: Checked) -> dict[str, str]:
    return {one.method: one.result for one in found.findings}


async def test_everything_is_found_at_once(key: SigningKey) -> None:
    resolver = zone(key)
    found = await checked(sign(LETTER, [key], now=NOW) + LETTER, resolver)
    assert results(found) == {"spf": "fail", "dkim": "pass", "dmarc": "pass"}
    assert found.vouches_for(OURS) is Verdict.PASS
    assert resolver.asked.count(("_dmarc.example.vn", "TXT")) == 1


async def test_an_authorised_source_vouches_too(key: SigningKey) -> None:
    assert (await checked(LETTER, zone(key), "192.0.2.1")).vouches_for(OURS) is Verdict.PASS
    assert (await checked(LETTER, zone(key))).vouches_for(OURS) is Verdict.FAIL


class Slow(Zone):
    """Answers for one domain never come."""

    async def txt(self, name):
        if name.endswith("slow.vn"):
            await asyncio.sleep(3600)
        return await super().txt(name)


async def test_slow_servers_of_a_stranger_spoil_only_what_is_theirs(key: SigningKey) -> None:
    other = load_signing_key("slow.vn", "s", make_private_key())
    letter = sign(LETTER, [key], now=NOW) + LETTER
    letter = sign(letter, [other], now=NOW) + letter
    started = time.monotonic()
    found = await checked(letter, Slow(zone(key).records), seconds=0.3)
    assert time.monotonic() - started < 2
    assert [one.result for one in found.dkim] == ["temperror", "pass"]
    assert results(found)["dmarc"] == "pass"


class Broken(Zone):
    """No server answers."""

    async def txt(self, name):
        return TempError("SERVFAIL")


async def test_dns_trouble_is_temperror_everywhere(key: SigningKey) -> None:
    found = await checked(sign(LETTER, [key], now=NOW) + LETTER, Broken({}))
    assert set(results(found).values()) == {"temperror"}
    assert found.vouches_for(OURS) is Verdict.TEMPERROR


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\n",
        b"From",
        b"\xff\x00: \r\n\r\n",
        b"From: a@" + b"x" * 5000 + b"\r\n\r\n",
        b"From: a@\xc4\x91.vn\r\n\r\n",
    ],
)
async def test_any_octets_have_results(octets: bytes, key: SigningKey) -> None:
    assert results(await checked(octets, zone(key)))["spf"] == "fail"
    assert authors_of(octets).people is not None


async def test_hashes_made_beforehand_are_the_same(key: SigningKey) -> None:
    letter = sign(LETTER, [key], now=NOW) + LETTER
    assert results(await checked(letter, zone(key), hashes=body_hashes(letter)))["dkim"] == "pass"
