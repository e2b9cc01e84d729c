"""Signatures of ours hold for others, and those of others for us, and nothing else does."""

import hashlib
import time
from base64 import b64encode
from collections.abc import Callable

import dkim as dkimpy
import pytest

from mailsvc.sender_auth.canonical import LetterError
from mailsvc.sender_auth.dkim import MAX_SIGNATURES, DkimResult, DkimVerdict, sign, verify
from mailsvc.sender_auth.keys import Algorithm, SigningKey, key_record, load_signing_key, make_private_key
from tests.mailsvc.sender_auth.zone import Zone

NOW = 1_767_225_600
LETTER = (
    b"From: =?utf-8?Q?V=C4=83n?= <an@example.vn>\r\nTo: b@example.com\r\n"
    b"Subject: a \t folded\r\n subject\r\nDate: Thu, 1 Jan 2026 07:00:00 +0700\r\n\r\n"
    b"Body  with \t spaces \r\n.dots\r\n\r\n\r\n"
)
# RFC 8463 §A.2, §A.3
RFC_8463 = (
    b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    b" subject : date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    b" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    b" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
    b"From: Joe SixPack <joe@football.example.com>\r\n"
    b"To: Suzie Q <suzie@shopping.example.net>\r\n"
    b"Subject: Is dinner ready?\r\n"
    b"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    b"\r\nHi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
)


@pytest.fixture(scope="module")
def rsa() -> SigningKey:
    return load_signing_key("example.vn", "s1", make_private_key())


@pytest.fixture(scope="module")
def ed25519() -> SigningKey:
    return load_signing_key("example.vn", "s2", make_private_key(Algorithm.ED25519_SHA256))


def zone(*keys: SigningKey) -> Zone:
    return Zone({key_record(key).name: [{"TXT": key_record(key).value}] for key in keys})


async def only(letter: bytes, resolver: Zone, now: int = NOW) -> DkimResult:
    (found,) = await verify(letter, resolver, now=now)
    return found


async def test_a_letter_signed_twice_passes_twice(rsa: SigningKey, ed25519: SigningKey) -> None:
    signed = sign(LETTER, [rsa, ed25519], now=NOW) + LETTER
    assert all(len(line) < 90 for line in signed.split(b"\r\n"))
    found = await verify(signed, zone(rsa, ed25519), now=NOW)
    assert [(one.result, one.algorithm, one.key_bits) for one in found] == [
        (DkimVerdict.PASS, "rsa-sha256", 2048),
        (DkimVerdict.PASS, "ed25519-sha256", 256),
    ]
    assert (found[0].domain, found[0].selector, found[0].identity) == ("example.vn", "s1", "@example.vn")


async def test_the_example_of_rfc_8463_passes() -> None:
    resolver = Zone(
        {
            "brisbane._domainkey.football.example.com": [
                {"TXT": "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}
            ]
        }
    )
    assert (await only(RFC_8463, resolver)).result is DkimVerdict.PASS


def test_dkimpy_verifies_ours(rsa: SigningKey) -> None:
    signed = sign(LETTER, [rsa], now=int(time.time())) + LETTER
    assert dkimpy.verify(signed, dnsfunc=lambda name, timeout=5: key_record(rsa).value.encode())


@pytest.mark.parametrize("header", [b"simple", b"relaxed"])
@pytest.mark.parametrize("body", [b"simple", b"relaxed"])
@pytest.mark.parametrize("text", [b"", b"\r\n\r\n", b" \r\n\t\r\n", b"a  b \t\r\n\r\n", b"no end"])
async def test_we_verify_dkimpys(header: bytes, body: bytes, text: bytes) -> None:
    pem = make_private_key()
    key = load_signing_key("example.vn", "s", pem)
    letter = b"From:a@example.vn\r\nSubject:  x \t y\r\n\t z \r\nTo: b@c\r\n\r\n" + text
    field = dkimpy.sign(
        letter, b"s", b"example.vn", pem, canonicalize=(header, body), include_headers=[b"from", b"subject"]
    )
    assert (await only(field + letter, zone(key), int(time.time()))).result is DkimVerdict.PASS


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        (b"Body", b"body", DkimVerdict.FAIL),
        (b"b@example.com", b"c@example.com", DkimVerdict.FAIL),
        (b"\r\nTo:", b"\r\nFrom: boss@example.vn\r\nTo:", DkimVerdict.FAIL),
        (b"\r\nTo:", b"\r\nSubject: another\r\nTo:", DkimVerdict.FAIL),
        (b"rsa-sha256", b"rsa-sha1", DkimVerdict.PERMERROR),
        (b"d=example.vn", b"d=other.vn", DkimVerdict.PERMERROR),
        (b"v=1;", b"v=2;", DkimVerdict.PERMERROR),
        (b"v=1;", b"v=1; l=4;", DkimVerdict.POLICY),
        (b"v=1;", b"v=1; v=1;", DkimVerdict.PERMERROR),
        (b"v=1;", b"v=1; x=5;", DkimVerdict.FAIL),
        (b"v=1;", b"v=1; i=@vn;", DkimVerdict.PERMERROR),
    ],
)
async def test_what_was_changed_does_not_pass(
    rsa: SigningKey, old: bytes, new: bytes, verdict: DkimVerdict
) -> None:
    signed = sign(LETTER, [rsa], now=NOW) + LETTER
    assert old in signed
    assert (await only(signed.replace(old, new, 1), zone(rsa))).result is verdict


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda value: value.replace("v=DKIM1; ", ""), DkimVerdict.PASS),
        (lambda value: value + "; t=y:s; s=email; h=sha256:sha1; n=note", DkimVerdict.PASS),
        (lambda value: value + "; h=sha1", DkimVerdict.PERMERROR),
        (lambda value: value + "; s=tlsrpt", DkimVerdict.PERMERROR),
        (lambda value: value.partition("p=")[0] + "p=", DkimVerdict.PERMERROR),
        (lambda value: value.replace("k=rsa", "k=ed25519"), DkimVerdict.PERMERROR),
        (lambda value: "v=spf1 -all", DkimVerdict.PERMERROR),
        (lambda value: value + "A" * 9000, DkimVerdict.PERMERROR),
    ],
)
async def test_a_key_is_used_as_its_record_allows(
    rsa: SigningKey, change: Callable[[str], str], verdict: DkimVerdict
) -> None:
    record = key_record(rsa)
    signed = sign(LETTER, [rsa], now=NOW) + LETTER
    got = await only(signed, Zone({record.name: [{"TXT": change(record.value)}]}))
    assert got.result is verdict, got.reason
    assert got.testing is ("t=y" in change(record.value))


def der_number(value: int) -> bytes:
    size = value.bit_length() // 8 + 1
    return b"\x02\x82" + size.to_bytes(2) + value.to_bytes(size)


@pytest.mark.parametrize("bits", [512, 8192])
async def test_keys_too_small_or_too_costly_are_refused(rsa: SigningKey, bits: int) -> None:
    modulus = (1 << bits) - 1
    inner = der_number(modulus) + der_number(65537)
    der = b"\x30\x82" + len(inner).to_bytes(2) + inner
    record = f"v=DKIM1; p={b64encode(der).decode()}"
    signed = sign(LETTER, [rsa], now=NOW) + LETTER
    got = await only(signed, Zone({"s1._domainkey.example.vn": [{"TXT": record}]}))
    assert got.result is DkimVerdict.PERMERROR


async def test_dns_trouble_is_temporary_and_no_key_is_not(rsa: SigningKey) -> None:
    signed = sign(LETTER, [rsa], now=NOW) + LETTER
    assert (
        await only(signed, Zone({"s1._domainkey.example.vn": ["TIMEOUT"]}))
    ).result is DkimVerdict.TEMPERROR
    assert (await only(signed, Zone({}))).result is DkimVerdict.PERMERROR


async def test_a_hundred_signatures_cost_five_look_ups(rsa: SigningKey) -> None:
    resolver = zone(rsa)
    found = await verify(sign(LETTER, [rsa], now=NOW) * 100 + LETTER, resolver, now=NOW)
    assert len(found) == len(resolver.asked) == MAX_SIGNATURES


def test_a_letter_without_from_is_not_signed(rsa: SigningKey) -> None:
    with pytest.raises(LetterError):
        sign(b"To: a@b\r\n\r\nx", [rsa], now=NOW)


def test_the_record_is_ready_for_a_zone_file(rsa: SigningKey) -> None:
    line = key_record(rsa).zone_line
    assert line.startswith('s1._domainkey.example.vn. IN TXT ( "v=DKIM1; k=rsa; p=MII')
    assert all(len(piece) <= 255 for piece in line.split('"'))


@pytest.mark.parametrize(
    "body", [b" " * 5_000_000 + b"x", b"\r\n" * 2_500_000 + b"\r", b"\r" * 5_000_000, b" \r\n" * 1_500_000]
)
async def test_a_monstrous_body_costs_linear_time(body: bytes) -> None:
    digest = b64encode(hashlib.sha256(b"").digest())
    field = (
        b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=b.vn; s=s; h=from; bh=%s; b=AAAA\r\n"
        % digest
    )
    before = time.process_time()
    await verify(field * 5 + b"From: a@b.vn\r\n\r\n" + body, Zone({}), now=NOW)
    assert time.process_time() - before < 3


@pytest.mark.parametrize(
    "header",
    [
        b"X: y\r\n" * 100_000,
        b"X:" + b"\r\n " * 200_000 + b"\r\n",
        b"DKIM-Signature: v=1; b=" + b"\r\n " * 5_000 + b"\r\n",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=b.vn; s=s; bh=AAAA; b=AAAA; h=from" + b":q" * 900 + b"\r\n",
        b"DKIM-Signature: " + b";" * 16_000 + b"\r\n",
        b"no field at all\r\n",
        b"DKIM-Signature: v=1; a=\xff\r\n",
    ],
)
async def test_a_monstrous_header_costs_linear_time(header: bytes) -> None:
    before = time.process_time()
    found = await verify(header + b"From: a@b.vn\r\n\r\nx", Zone({}), now=NOW)
    assert all(one.result is not DkimVerdict.PASS for one in found)
    assert time.process_time() - before < 2
