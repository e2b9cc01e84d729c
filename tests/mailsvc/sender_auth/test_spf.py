"""What check_host() promises beyond the public suite."""

import asyncio
import time

import pytest

from mailsvc.net.resolver import Lookup, StaticResolver
from mailsvc.sender_auth.spf import MAX_EXPLANATION, MAX_LOOKUPS, Verdict, check_host
from tests.mailsvc.sender_auth.zone import Zone


async def spf(zone: Zone, sender: str = "an@example.vn", ip: str = "192.0.2.1") -> Verdict:
    return (await check_host(ip, sender.rpartition("@")[2], sender, "mail.example.vn", zone)).result


async def test_an_internationalised_domain_is_asked_by_its_a_label() -> None:
    zone = Zone({"xn--tnh-rma.vn": [{"TXT": "v=spf1 ip4:192.0.2.1 -all"}]})
    assert await spf(zone, "an@tính.vn") is Verdict.PASS


async def test_an_explanation_cannot_carry_control_characters_into_our_reply() -> None:
    zone = Zone(
        {
            "example.vn": [{"TXT": "v=spf1 -all exp=why.example.vn"}],
            "why.example.vn": [{"TXT": "No: %{l}"}],
        }
    )
    got = await check_host("192.0.2.1", "example.vn", "a\r\n250 OK@example.vn", "h", zone)
    assert (got.result, got.explanation) == (Verdict.FAIL, "")
    long = await check_host("192.0.2.1", "example.vn", "a" * 5000 + "@example.vn", "h", zone)
    assert len(long.explanation) == MAX_EXPLANATION


async def test_a_record_that_asks_for_ever_is_cut_off_at_ten_terms() -> None:
    zone = Zone({"example.vn": [{"TXT": "v=spf1 include:example.vn include:example.vn -all"}]})
    assert await spf(zone) is Verdict.PERMERROR
    assert len(zone.asked) == MAX_LOOKUPS + 1


async def test_a_slow_name_server_is_a_temporary_error() -> None:
    class Asleep(Zone):
        async def txt(self, name: str) -> Lookup[bytes]:
            await asyncio.Event().wait()
            return await super().txt(name)

    got = await check_host("192.0.2.1", "example.vn", "a@example.vn", "h", Asleep({}), deadline=0.01)
    assert got.result is Verdict.TEMPERROR


async def test_the_term_that_decided_is_told() -> None:
    zone = Zone({"example.vn": [{"TXT": "v=spf1 ip4:198.51.100.0/24 ~all"}]})
    got = await check_host("192.0.2.1", "example.vn", "a@example.vn", "h", zone)
    assert (got.result, got.mechanism) == (Verdict.SOFTFAIL, "~all")


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 " + "a:" + "/" * 60_000,
        "v=spf1 " + "a/" + "1" * 60_000,
        "v=spf1 " + "%{s}" * 15_000,
        "v=spf1 exists:" + "%{s}." * 12_000 + "vn",
        "v=spf1 a:" + "1-" * 30_000,
        "v=spf1 " + " " * 60_000 + "-all",
        "v=spf1 redirect=" + "%{p1r.-+,/_=}" * 4_000,
    ],
)
async def test_a_monstrous_record_costs_linear_time(record: str) -> None:
    before = time.process_time()
    await spf(Zone({"example.vn": [{"TXT": record}]}))
    assert time.process_time() - before < 2


async def test_the_resolver_of_the_service_fits() -> None:
    resolver = StaticResolver(
        texts={"example.vn": [b"v=spf1 ptr -all"]},
        pointers={"1.2.0.192.in-addr.arpa": ["mx.example.vn"]},
        addresses={"mx.example.vn": ["192.0.2.1"]},
        trouble=frozenset({"trouble.vn"}),
    )
    got = await check_host("192.0.2.1", "example.vn", "a@example.vn", "h", resolver)
    assert got.result is Verdict.PASS
    got = await check_host("192.0.2.1", "trouble.vn", "a@trouble.vn", "h", resolver)
    assert got.result is Verdict.TEMPERROR
