"""What leaves us is signed by us, once for RSA and once for Ed25519, and others agree (RFC 6376, RFC 8463)."""

import subprocess

import dkim as dkimpy
import pytest

from mailsvc.model.ids import MessageId
from mailsvc.queue.signer import Signer
from mailsvc.sender_auth import arc
from mailsvc.sender_auth.dkim import verify
from mailsvc.sender_auth.results import Finding, results_field
from mailsvc.services.dkim_keys import DkimKeys
from mailsvc.storage.outbound import QueuedLetter
from tests.mailsvc.sender_auth.zone import Zone
from tests.support.system import need

NOW = 1_795_000_000
DOMAIN = "example.vn"
TRACE = b"Received: from pc ([192.0.2.1])\r\n\tby mail.example.vn; Sun, 22 Nov 2026 12:00:00 +0700\r\n"
LETTER = (
    b"From: =?utf-8?Q?V=C4=83n?= <an@example.vn>\r\nTo: b@example.com\r\nSubject: =?utf-8?B?xJDGoW4=?=\r\n"
    b"Date: Sun, 22 Nov 2026 12:00:00 +0700\r\nMessage-ID: <1@example.vn>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    + "Kính gửi các đơn vị \t \r\n.chấm\r\n\r\n\r\n".encode()
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    keys = DkimKeys(tmp_path_factory.mktemp("data"))
    keys.make(DOMAIN, NOW)
    return keys


def queued(number=1, **changes):
    return QueuedLetter(
        number,
        MessageId(1),
        TRACE,
        "an@example.vn",
        None,
        NOW,
        None,
        None,
        eight_bit=True,
        smtputf8=False,
        **changes,
    )


def signer(keys):
    return Signer(keys, authserv_id="mail.example.vn", domain=DOMAIN)


def zone(keys):
    records = [keys.record(DOMAIN, one.selector) for one in keys.entries(DOMAIN)]
    return Zone({record.name: [{"TXT": record.value}] for record in records})


def out(keys, content=LETTER, **changes):
    letter = queued(**changes)
    return signer(keys).fields(letter, content, now=NOW) + letter.trace + content


async def test_both_signatures_hold_for_ourselves_and_for_dkimpy(keys):
    octets = out(keys)
    found = await verify(octets, zone(keys), now=NOW)
    assert [(one.result, one.algorithm) for one in found] == [
        ("pass", "rsa-sha256"),
        ("pass", "ed25519-sha256"),
    ]
    records = zone(keys).records

    def ask(name, timeout=5):
        return records[name.decode().removesuffix(".")][0]["TXT"].encode()

    assert dkimpy.verify(octets, dnsfunc=ask)


@pytest.mark.peer
def test_opendkim_agrees(keys, tmp_path):
    """Debian's opendkim, with the key handed over in a file in place of DNS."""
    program = need("opendkim", package="opendkim")
    octets = out(keys)
    rsa = keys.record(DOMAIN, keys.entries(DOMAIN)[0].selector)
    (tmp_path / "keys").write_text(f"{rsa.name} {rsa.value}\n")
    (tmp_path / "conf").write_text(f"TestDNSData {tmp_path / 'keys'}\n")
    letter = tmp_path / "letter.eml"
    # One signature: Debian's build knows no Ed25519 and would ask for its key all the same.
    first = octets[: octets.index(b"DKIM-Signature:", 1)] + TRACE + LETTER
    letter.write_bytes(first)
    done = subprocess.run(
        [program, "-x", tmp_path / "conf", "-t", letter], capture_output=True, text=True, timeout=30
    )
    assert "verification (s=" in done.stdout, done.stdout + done.stderr
    assert "succeeded" in done.stdout
    letter.write_bytes(first.replace(b"1@example", b"2@example"))
    changed = subprocess.run(
        [program, "-x", tmp_path / "conf", "-t", letter], capture_output=True, text=True, timeout=30
    )
    assert "succeeded" not in changed.stdout


def test_a_domain_without_keys_and_several_authors_go_unsigned(keys):
    assert not out(keys, LETTER.replace(b"an@example.vn", b"an@other.vn"), number=2).startswith(b"DKIM")
    assert not out(keys, LETTER.replace(b"<an@example.vn>", b"<an@example.vn>, x@y.vn"), number=3).startswith(
        b"DKIM"
    )
    assert out(keys, LETTER.replace(b"an@example.vn", b"an@sub.example.vn"), number=4).startswith(b"DKIM")
    assert not out(keys, b"Subject: no author\r\n\r\n", number=5).startswith(b"DKIM")


def test_a_letter_is_signed_once_however_many_places_it_goes_to(keys):
    one = signer(keys)
    assert one.fields(queued(9), LETTER, now=NOW) is one.fields(queued(9), LETTER, now=NOW + 60)


def test_keys_that_another_process_switches_are_used_at_once(tmp_path):
    keys = DkimKeys(tmp_path)
    keys.make(DOMAIN, NOW)
    before = {one.selector for one in keys.signing_keys(DOMAIN)}
    other = DkimKeys(tmp_path)
    other.rotate(DOMAIN, NOW + 86_400)
    other.switch(DOMAIN, NOW + 86_401)
    assert before.isdisjoint(one.selector for one in keys.signing_keys(DOMAIN))


async def test_what_we_pass_on_carries_the_chain_with_what_we_found(keys):
    found = results_field("mail.example.vn", [Finding("spf", "pass"), Finding("dmarc", "pass")])
    letter = QueuedLetter(
        20,
        MessageId(1),
        found + TRACE,
        "x@world.example",
        None,
        NOW,
        None,
        None,
        True,
        False,
        origin="forwarded",
    )
    octets = signer(keys).fields(letter, LETTER, now=NOW) + letter.trace + LETTER
    assert octets.startswith(b"ARC-Seal:")
    chain = await arc.validate(octets, zone(keys))
    assert (chain.status, chain.sealers) == (arc.ArcStatus.PASS, (DOMAIN,))
    assert "dmarc=pass" in chain.findings[0]


def test_memory_is_bounded(keys):
    one = signer(keys)
    for number in range(600):
        one.fields(queued(number), b"Subject: x\r\n\r\n", now=NOW)
    assert len(one._kept) <= 256
