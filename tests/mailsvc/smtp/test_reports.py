"""What the sender asks to hear of stays with the letter, and comes true (RFC 3461, RFC 8689)."""

import gzip
import smtplib
import ssl

import pytest

from config.settings import ReportSettings
from mailsvc.mime.header_write import Mailbox
from mailsvc.mime.machine_report import MachinePart, machine_report
from mailsvc.model.mailbox import SpecialUse
from mailsvc.net.resolver import StaticResolver
from mailsvc.queue.worker import QueueWorker
from mailsvc.sender_auth.aggregate import Report, Row, to_xml
from mailsvc.services import dmarc_reports, mailbox_tree
from mailsvc.storage import entries, outbound, snapshots
from tests.mailsvc.sender_auth.zone import Zone
from tests.mailsvc.smtp.service import PASSWORD, service
from tests.mailsvc.smtp.support import Wire
from tests.support.mail import DOMAIN, NOW, inbox, letter, principal


@pytest.fixture
def running(tmp_path):
    with service(tmp_path) as running:
        yield running


def to(local):
    return f"{local}@{DOMAIN}"


def work_off(running):
    """The queue, once."""

    async def once():
        worker = QueueWorker(running.settings, running.store, running.bridge, StaticResolver())
        await worker.work_off()
        await worker.stop()

    running.thread.run(once())


def submit(running, mail, *rcpts, content=None):
    with smtplib.SMTP("127.0.0.1", running.ports["submission.listen"]) as client:
        client.starttls(context=ssl._create_unverified_context())
        client.login(to("an"), PASSWORD)
        assert client.docmd("MAIL", f"FROM:<{to('an')}> {mail}")[0] == 250
        for rcpt in rcpts:
            assert client.docmd("RCPT", f"TO:{rcpt}")[0] == 250
        assert client.data(content or letter(1).replace(b"vanthu@", b"an@"))[0] == 250


def test_a_local_recipient_is_reported_as_delivered(running):
    submit(running, "RET=HDRS ENVID=QQ+2B1", f"<{to('bo')}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;{to('bo')}")
    assert running.letters("bo") == []
    work_off(running)
    assert len(running.letters("bo")) == 1
    (report,) = running.letters("an")
    assert b"\r\nAction: delivered\r\n" in report
    assert b"\r\nStatus: 2.0.0\r\n" in report
    assert b"\r\nOriginal-Envelope-Id: QQ+1\r\n" in report
    assert f"\r\nOriginal-Recipient: rfc822; {to('bo')}\r\n".encode() in report
    work_off(running)
    assert len(running.letters("bo")) == 1
    assert len(running.letters("an")) == 1


def test_a_letter_from_the_world_is_reported_to_the_world(running):
    with Wire(running.ports["smtp.listen"]) as wire:
        wire.hello()
        wire.say(f"MAIL FROM:<x@w.example>\r\nRCPT TO:<{to('bo')}> NOTIFY=SUCCESS\r\nDATA\r\n".encode())
        assert [wire.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        assert wire.asks(letter(2) + b".\r\n").startswith(b"250")
    work_off(running)
    assert len(running.letters("bo")) == 1
    with running.store.read() as db:
        ((queued, recipient),) = outbound.waiting(db, 10)
    assert (queued.reverse_path, queued.origin, recipient.address) == ("", "report", "x@w.example")


def test_nothing_is_reported_to_the_null_path(running):
    with Wire(running.ports["smtp.listen"]) as wire:
        wire.hello()
        wire.say(f"MAIL FROM:<>\r\nRCPT TO:<{to('bo')}> NOTIFY=SUCCESS\r\nDATA\r\n".encode())
        assert [wire.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        assert wire.asks(letter(3) + b".\r\n").startswith(b"250")
    assert len(running.letters("bo")) == 1


def queued(running):
    with running.store.read() as db:
        return outbound.waiting(db, 10)[-1][0]


def test_how_safe_the_way_must_be_stays_with_the_letter(running):
    submit(running, "REQUIRETLS", "<x@w.example>")
    assert queued(running).tls == "required"
    submit(
        running, "", "<x@w.example>", content=b"TLS-Required: No\r\n" + letter(5).replace(b"vanthu@", b"an@")
    )
    assert queued(running).tls == "waived"
    submit(
        running,
        "REQUIRETLS",
        "<x@w.example>",
        content=b"TLS-Required: No\r\n" + letter(6).replace(b"vanthu@", b"an@"),
    )
    assert queued(running).tls == "required"


def test_requiretls_is_offered_and_taken_under_tls_only(running):
    with Wire(running.ports["smtp.listen"]) as wire:
        assert b"REQUIRETLS" not in wire.hello()
        assert wire.asks(b"MAIL FROM:<x@w.example> REQUIRETLS\r\n").startswith(b"530 5.7.10")
    with smtplib.SMTP("127.0.0.1", running.ports["smtp.listen"]) as client:
        client.starttls(context=ssl._create_unverified_context())
        client.ehlo()
        assert client.has_extn("requiretls")


def test_what_its_domain_wants_set_aside_is_in_junk_with_a_mark(tmp_path):
    zone = Zone({"_dmarc.soft.example": [{"TXT": "v=DMARC1; p=quarantine"}]})
    with service(tmp_path, trusted=False, resolver=zone) as running:
        with smtplib.SMTP("127.0.0.1", running.ports["smtp.listen"]) as client:
            client.sendmail("x@soft.example", [to("an")], b"From: x@soft.example\r\nSubject: s\r\n\r\nhi\r\n")
        assert running.letters("an") == []
        with running.store.read() as db:
            junk = mailbox_tree.special(db, running.boxes["an"], SpecialUse.JUNK)
            place = inbox(db, principal(running.boxes["an"]), name=junk.name)
            (uid,) = snapshots.snapshot(db, place.mailbox).uids
            assert b"Congvu-Marks: fails-dmarc" in entries.one(db, junk.id, uid).trace


def test_reports_of_others_about_us_are_read_as_they_come(tmp_path):
    xml = to_xml(
        Report(
            "google.com",
            "n@google.com",
            "1",
            NOW - 86_400,
            NOW,
            DOMAIN,
            "none",
            (Row("192.0.2.9", 3, "none", "fail", "fail", DOMAIN),),
        )
    )
    attached = machine_report(
        from_=Mailbox("", "n@google.com"), to=Mailbox("", to("bo")), subject="Report", text="x",
        part=MachinePart("application/gzip", "a.xml.gz", gzip.compress(xml)), date=NOW, message_id_="<1@google.com>",
    )  # fmt: skip
    with service(tmp_path, report=ReportSettings(inbox=to("bo"))) as running:
        with smtplib.SMTP("127.0.0.1", running.ports["smtp.listen"]) as client:
            client.sendmail("n@google.com", [to("bo")], attached)
            client.sendmail("n@google.com", [to("bo")], letter(9))
        assert len(running.letters("bo")) == 2
        with running.store.read() as db:
            assert [(one.source, one.letters) for one in dmarc_reports.sources(db, days=30)] == [
                ("192.0.2.9", 3)
            ]
