"""What our chain promises beyond the public suites."""

import time

import pytest

from mailsvc.sender_auth.arc import MAX_SETS, ArcStatus, seal, validate
from mailsvc.sender_auth.keys import Algorithm, SigningKey, key_record, load_signing_key, make_private_key
from tests.mailsvc.sender_auth.zone import Zone

LETTER = b"From: a@example.vn\r\nTo: b@example.com\r\nSubject: x\r\n\r\nBody\r\n"


@pytest.fixture(scope="module")
def keys() -> list[SigningKey]:
    return [
        load_signing_key("lists.vn", "rsa", make_private_key()),
        load_signing_key("forward.vn", "ed", make_private_key(Algorithm.ED25519_SHA256)),
    ]


@pytest.fixture
def zone(keys: list[SigningKey]) -> Zone:
    return Zone({key_record(key).name: [{"TXT": key_record(key).value}] for key in keys})


def sealed(letter: bytes, key: SigningKey, chain: ArcStatus) -> bytes:
    return seal(letter, key, authserv_id=f"mx.{key.domain}", results="spf=pass", chain=chain, now=1) + letter


async def test_a_chain_of_two_passes_and_tells_who_sealed_what(keys: list[SigningKey], zone: Zone) -> None:
    letter = LETTER
    for key in keys:
        letter = sealed(letter, key, (await validate(letter, zone)).status)
    got = await validate(letter, zone)
    assert got.status is ArcStatus.PASS, got.reason
    assert got.sealers == ("lists.vn", "forward.vn")
    assert got.findings == ("i=1; mx.lists.vn; spf=pass", "i=2; mx.forward.vn; spf=pass")
    assert got.covers_from


async def test_a_broken_chain_is_sealed_once_and_never_again(keys: list[SigningKey], zone: Zone) -> None:
    broken = sealed(LETTER, keys[0], ArcStatus.NONE).replace(b"Body", b"Other")
    got = await validate(broken, zone)
    assert (got.status, got.ended) == (ArcStatus.FAIL, False)
    marked = sealed(broken, keys[1], got.status)
    got = await validate(marked, zone)
    assert (got.status, got.ended) == (ArcStatus.FAIL, True)
    assert sealed(marked, keys[0], ArcStatus.FAIL) == marked


async def test_a_chain_whose_seals_cannot_be_read_can_still_be_sealed_as_failed(
    keys: list[SigningKey],
) -> None:
    letter = b"ARC-Seal: i=1; i=2; cv\r\n" + LETTER
    assert b"cv=fail" in seal(letter, keys[0], authserv_id="x", results="none", chain=ArcStatus.FAIL, now=1)


async def test_dns_trouble_fails_for_ever(keys: list[SigningKey]) -> None:
    letter = sealed(LETTER, keys[0], ArcStatus.NONE)
    trouble = Zone({"rsa._domainkey.lists.vn": ["TIMEOUT"]})
    assert (await validate(letter, trouble)).status is ArcStatus.FAIL


async def test_fifty_sets_are_the_end(keys: list[SigningKey], zone: Zone) -> None:
    letter = LETTER
    for number in range(MAX_SETS):
        letter = sealed(letter, keys[1], ArcStatus.PASS if number else ArcStatus.NONE)
    assert (await validate(letter, zone)).status is ArcStatus.PASS
    assert sealed(letter, keys[1], ArcStatus.PASS) == letter


@pytest.mark.parametrize(
    "header",
    [
        b"ARC-Seal: i=1;\r\n" * 20_000,
        b"ARC-Authentication-Results: i=1" + b"\r\n " * 100_000 + b";\r\n",
        b"ARC-Message-Signature: i=" + b"9" * 300_000 + b"\r\n",
        b"".join(b"ARC-Seal: i=%d; cv=pass\r\n" % one for one in range(20_000)),
    ],
)
async def test_a_monstrous_chain_costs_linear_time(header: bytes) -> None:
    before = time.process_time()
    assert (await validate(header + LETTER, Zone({}))).status is ArcStatus.FAIL
    assert time.process_time() - before < 2
