"""Optional filters on the way in and out, with Debian's clamd and rspamd and a resolver of the test's own."""

import base64
import smtplib
from email import message_from_bytes
from email.message import EmailMessage

import pytest

from config.settings import (
    AntivirusSettings,
    AttachmentSettings,
    DnsListSettings,
    GreylistSettings,
    RspamdSettings,
)
from mailsvc.model.marks import Mark, marks_of
from mailsvc.storage import entries, messages, snapshots
from tests.mailsvc.sender_auth.zone import Zone
from tests.mailsvc.smtp.service import PASSWORD, service
from tests.mailsvc.smtp.support import Wire
from tests.support.filters import EICAR, GREY_WORD, GTUBE, JUNK_WORD, clamd, rspamd
from tests.support.mail import DOMAIN, inbox, principal

WORLD = {"world.example": [{"TXT": "v=spf1 ip4:127.0.0.0/8 -all"}]}
LISTED = WORLD | {"1.0.0.127.bl.example": [{"A": "127.0.0.2"}]}
NUMBERS = iter(range(1_000))


def letter(body="hi", *, name="", octets=b"", extra=""):
    message = EmailMessage()
    message["From"] = "x@world.example"
    message["To"] = f"an@{DOMAIN}"
    message["Subject"] = "s"
    message["Message-ID"] = f"<{next(NUMBERS)}@world.example>"
    message.set_content(body)
    if name:
        message.add_attachment(octets, maintype="application", subtype="octet-stream", filename=name)
    return extra.encode() + message.as_bytes().replace(b"\n", b"\r\n")


def send(running, content, *, sender="x@world.example", to=("an",), listener="smtp.listen", signed_in=False):
    with smtplib.SMTP("127.0.0.1", running.ports[listener], local_hostname="pc.world.example") as client:
        if signed_in:
            client.login(f"an@{DOMAIN}", PASSWORD)
            sender = f"an@{DOMAIN}"
            content = content.replace(b"x@world.example", sender.encode(), 1)
        try:
            client.sendmail(sender, [f"{one}@{DOMAIN}" for one in to], content)
        except smtplib.SMTPDataError as error:
            return error.smtp_code, error.smtp_error.decode()
    return 250, ""


def junk(running, local="an"):
    with running.store.read() as db:
        place = inbox(db, principal(running.boxes[local], local), name="Junk")
        found = snapshots.snapshot(db, place.mailbox)
        held = [entries.one(db, place.mailbox.id, uid) for uid in found.uids]
        return [one.trace + messages.content(db, one.message_id) for one in held]


def marks(octets):
    return marks_of(octets.partition(b"Received:")[0])


@pytest.fixture(scope="module")
def clamd_at(tmp_path_factory):
    with clamd(tmp_path_factory.mktemp("clamd")) as (address, _):
        yield address


@pytest.fixture(scope="module")
def rspamd_at(tmp_path_factory):
    with rspamd(tmp_path_factory.mktemp("rspamd")) as address:
        yield address


# -- virus scanner


def test_a_virus_is_refused_at_data_from_outside_and_from_our_own_people(tmp_path, clamd_at):
    bad = letter(name="a.bin", octets=EICAR)
    with service(tmp_path, antivirus=AntivirusSettings(clamd=clamd_at), resolver=Zone({})) as running:
        for way in ({}, {"signed_in": True, "listener": "submission.listen"}):
            code, text = send(running, bad, **way)
            assert (code, text[:5]) == (550, "5.7.1")
            assert "Congvu.Test.Eicar" in text
            assert send(running, letter(), **way)[0] == 250
        # Its closing the connection may overtake its answer over TCP: then it is 451, and the sender comes again.
        tries = (send(running, letter(("c" * 60 + "\n") * 20_000)) for _ in range(20))
        code, text = next(found for found in tries if found[0] != 451)
        assert (code, text[:5]) == (552, "5.3.4")  # larger than this clamd takes, today and tomorrow
        assert len(running.letters("an")) == 2
        assert all(base64.b64encode(EICAR)[:20] not in one for one in running.letters("an"))


@pytest.mark.parametrize(("rule", "code"), [("defer", 451), ("accept", 250)])
def test_without_a_scanner_a_setting_decides(tmp_path, rule, code):
    nobody = AntivirusSettings(clamd=f"unix:{tmp_path}/nobody", unavailable=rule, seconds=2)
    with service(tmp_path, antivirus=nobody, resolver=Zone({})) as running:
        assert send(running, letter())[0] == code
        assert [marks(one) for one in running.letters("an")] == [(Mark.NOT_SCANNED,)] * (code == 250)


# -- rspamd


def test_what_rspamd_rejects_goes_to_junk_or_is_refused_as_the_setting_says(tmp_path, rspamd_at):
    for obey, code in (("junk", 250), ("all", 550)):
        rule = RspamdSettings(address=rspamd_at, obey=obey, seconds=20)
        with service(tmp_path / obey, trusted=False, resolver=Zone(WORLD), rspamd=rule) as running:
            assert send(running, letter(GTUBE))[0] == code
            assert len(junk(running)) == (code == 250)
            assert running.letters("an") == []


def test_a_score_stands_in_the_trace_and_forged_ones_are_taken_out(tmp_path, rspamd_at):
    rule = RspamdSettings(address=rspamd_at, seconds=20)
    forged = "X-Spam-Status: No, score=-99\r\n\tmore\r\nX-Spam-Flag: NO\r\n"
    with service(tmp_path, trusted=False, resolver=Zone(WORLD), rspamd=rule) as running:
        assert send(running, letter(JUNK_WORD, extra=forged))[0] == 250
        assert send(running, letter(extra=forged))[0] == 250
        [bad] = map(message_from_bytes, junk(running))
        [good] = map(message_from_bytes, running.letters("an"))
    assert bad.get_all("X-Spam-Flag") == ["YES"]
    [status] = bad.get_all("X-Spam-Status")
    assert status.startswith("Yes, score=8.00 required=15.00")
    assert "CONGVU_JUNK" in status
    assert good["X-Spam-Flag"] is None
    [status] = good.get_all("X-Spam-Status")
    assert status.startswith("No, score=0.00")


def test_without_rspamd_letters_pass_unjudged(tmp_path):
    rule = RspamdSettings(address=f"unix:{tmp_path}/nobody", obey="all", seconds=2)
    with service(tmp_path, trusted=False, resolver=Zone(WORLD), rspamd=rule) as running:
        assert send(running, letter())[0] == 250
        assert b"X-Spam" not in running.letters("an")[0]


def test_trusted_networks_are_not_judged(tmp_path, rspamd_at):
    rule = RspamdSettings(address=rspamd_at, obey="all", seconds=20)
    with service(tmp_path, resolver=Zone(WORLD), rspamd=rule) as running:
        assert send(running, letter(GTUBE))[0] == 250


# -- DNS lists


@pytest.mark.parametrize(("weight", "code", "in_junk"), [(10, 550, 0), (4, 250, 1), (1, 250, 0)])
def test_a_listed_client_is_refused_set_aside_or_marked_by_weight(tmp_path, weight, code, in_junk):
    rule = DnsListSettings(lists={"bl.example": weight, "dead.example": 9})
    zone = Zone(LISTED | {"1.0.0.127.dead.example": ["TIMEOUT"]})
    with service(tmp_path, trusted=False, resolver=zone, dns_lists=rule) as running:
        found, text = send(running, letter())
        assert found == code
        assert ("bl.example" in text) == (code == 550)
        assert len(junk(running)) == in_junk
        assert [marks(one) for one in (*junk(running), *running.letters("an"))] == [(Mark.LISTED_CLIENT,)] * (
            code == 250
        )


# -- greylisting


def test_a_stranger_comes_again_and_a_domain_with_proof_is_known_from_then_on(tmp_path):
    rule = GreylistSettings(mode="all")
    with service(tmp_path, trusted=False, resolver=Zone(WORLD), greylist=rule) as running:
        first = letter()
        code, text = send(running, first)
        assert (code, text[:5]) == (451, "4.7.1")
        running.store.clock.now += rule.delay_seconds
        assert send(running, first)[0] == 250
        assert send(running, letter(), sender="other@world.example", to=("bo",))[0] == 250
        assert send(running, letter(), sender="x@unproven.example")[0] == 451


def test_only_the_suspected_are_asked_to_come_again(tmp_path, rspamd_at):
    rules = {
        "greylist": GreylistSettings(mode="suspected"),
        "rspamd": RspamdSettings(address=rspamd_at, seconds=20),
    }
    with service(tmp_path, trusted=False, resolver=Zone(WORLD), **rules) as running:
        assert send(running, letter())[0] == 250
        assert send(running, letter(GREY_WORD))[0] == 451


# -- attachments that run


def test_files_that_run_are_refused_or_marked_in_both_directions(tmp_path):
    rule = AttachmentSettings(executables="refuse", macros="mark")
    with service(tmp_path, attachments=rule, resolver=Zone({})) as running:
        for way in ({}, {"signed_in": True, "listener": "submission.listen"}):
            code, text = send(running, letter(name="hoá đơn.pdf.exe", octets=b"x"), **way)
            assert code == 550
            assert text.startswith("5.7.1 Khong nhan tep chay duoc hoac co macro: hoa don.pdf.exe")
            assert send(running, letter(name="a.xlsm", octets=b"x"), **way)[0] == 250
        assert [marks(one) for one in running.letters("an")] == [(Mark.MACROS,)] * 2


def test_each_recipient_of_lmtp_hears_of_a_refusal(tmp_path):
    rule = AttachmentSettings(executables="refuse")
    with service(tmp_path, attachments=rule) as running, Wire(running.ports["lmtp.listen"]) as wire:
        wire.hello(b"LHLO front.example")
        for command in (b"MAIL FROM:<x@w.example>", b"RCPT TO:<an@%b>", b"RCPT TO:<bo@%b>", b"DATA"):
            wire.asks(command.replace(b"%b", DOMAIN.encode()) + b"\r\n")
        first = wire.asks(letter(name="a.lnk", octets=b"x") + b"\r\n.\r\n")
        assert [first[:9], wire.reply()[:9]] == [b"550 5.7.1"] * 2
        assert running.letters("an") == running.letters("bo") == []


def test_filters_are_off_by_default(tmp_path):
    with service(tmp_path, trusted=False, resolver=Zone(LISTED)) as running:
        assert running.servers._shared.filters is None
        kept = "X-Spam-Status: No\r\n"
        assert send(running, letter(GTUBE, name="a.exe", octets=EICAR, extra=kept))[0] == 250
        assert b"X-Spam-Status: No" in running.letters("an")[0]
