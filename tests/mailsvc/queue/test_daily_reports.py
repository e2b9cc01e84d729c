"""Domains hear of yesterday what they asked for, and what they send us is read (RFC 9990, RFC 8460)."""

import email
import email.policy
import gzip
import io
import json
import zipfile
from dataclasses import replace
from ipaddress import ip_address

import pytest

from config.settings import ReportSettings, Settings
from mailsvc.net.bridge import Bridge
from mailsvc.net.resolver import StaticResolver
from mailsvc.queue.assurance import Assurance
from mailsvc.queue.daily_reports import DailyReports
from mailsvc.queue.ledgers import Ledgers
from mailsvc.sender_auth.aggregate import Report, ReportError, Row, from_file, from_xml, to_xml
from mailsvc.sender_auth.check import Handover, check
from mailsvc.services import dmarc_reports
from mailsvc.services.receive import prepare
from mailsvc.storage import messages, outbound
from tests.mailsvc.sender_auth.zone import Zone
from tests.support.mail import DOMAIN, NOW, make_store

DAY = 86_400
RECORDS = {
    "_dmarc.x.vn": [
        b"v=DMARC1; p=reject; rua=mailto:d@x.vn,mailto:d@reports.vn!10m,mailto:d@unasked.vn,https://x.vn"
    ],
    "x.vn._report._dmarc.reports.vn": [b"v=DMARC1;"],
    "_smtp._tls.x.vn": [b"v=TLSRPTv1; rua=mailto:tls@x.vn"],
}


@pytest.fixture
async def world(tmp_path):
    store = make_store(tmp_path / "data")
    bridge = Bridge(store)
    yield store, bridge
    await bridge.close()
    store.close()


async def seen(store, bridge):
    """Three letters and three sessions."""
    ledgers = Ledgers(store.clock)
    zone = Zone({name: [{"TXT": text.decode()} for text in texts] for name, texts in RECORDS.items()})
    for client in ("192.0.2.1", "192.0.2.1", "2001:db8::1"):
        letter = b"From: a@x.vn\r\n\r\nhi\r\n"
        handover = Handover(ip_address(client), "mx.x.vn", "a@x.vn")
        ledgers.saw_letter(
            await check(letter, handover, zone, header=letter[:14], now=NOW, seconds=5), "reject"
        )
    for result in ("", "", "certificate-expired"):
        ledgers.saw_tls("x.vn", Assurance("sts", ("version: STSv1", "mode: enforce")), "mx.x.vn", result)
    unit = ledgers.take()
    await bridge.write(unit)
    assert ledgers.take() is None


async def report(store, bridge, **settings):
    reports = DailyReports(
        Settings(domain=DOMAIN, report=ReportSettings(**settings)), bridge, StaticResolver(texts=RECORDS),
        prepare=lambda content: prepare(content, store.pieces), token=lambda: "abc",
    )  # fmt: skip
    count = await reports.send()
    with store.read() as db:
        queued = outbound.waiting(db, 20)
        return count, {
            recipient.address: email.message_from_bytes(
                messages.content(db, letter.message_id), policy=email.policy.default
            )
            for letter, recipient in queued
        }


async def test_a_finished_day_is_reported_once_to_those_who_agreed(world):
    store, bridge = world
    await seen(store, bridge)
    assert (await report(store, bridge))[0] == 0  # the day is not over
    store.clock.now += DAY
    count, letters = await report(store, bridge)
    assert count == 3
    assert set(letters) == {"d@x.vn", "d@reports.vn", "tls@x.vn"}
    told = letters["d@x.vn"]
    assert told["Subject"].startswith(f"Report Domain: x.vn Submitter: {DOMAIN} Report-ID: <")
    (_, file) = told.iter_parts()
    assert file.get_filename().startswith(f"{DOMAIN}!x.vn!")
    found = from_file(file.get_content())
    assert (found.domain, found.policy) == ("x.vn", "reject")
    assert sorted((row.source, row.letters, row.disposition) for row in found.rows) == [
        ("192.0.2.1", 2, "reject"),
        ("2001:db8::1", 1, "reject"),
    ]
    assert (await report(store, bridge))[0] == 0


async def test_tls_sessions_are_summed_up(world):
    store, bridge = world
    await seen(store, bridge)
    store.clock.now += DAY
    _, letters = await report(store, bridge, dmarc=False)
    assert set(letters) == {"tls@x.vn"}
    letter = letters["tls@x.vn"]
    assert letter.get_content_type() == "multipart/report"
    assert letter.get_param("report-type") == "tlsrpt"
    assert letter["TLS-Report-Domain"] == "x.vn"
    (_, file) = letter.iter_parts()
    assert file.get_content_type() == "application/tlsrpt+gzip"
    (policy,) = json.loads(gzip.decompress(file.get_content()))["policies"]
    assert policy["summary"] == {"total-successful-session-count": 2, "total-failure-session-count": 1}
    assert policy["failure-details"][0]["result-type"] == "certificate-expired"
    assert policy["policy"]["policy-string"] == ["version: STSv1", "mode: enforce"]


REPORT = Report(
    "google.com", "noreply@google.com", "1", NOW - DAY, NOW, DOMAIN, "none",
    (
        Row("192.0.2.1", 5, "none", "pass", "pass", DOMAIN, DOMAIN, ((DOMAIN, "s1", "pass"),), (DOMAIN, "pass")),
        Row("203.0.113.9", 7, "reject", "fail", "fail", DOMAIN),
    ),
)  # fmt: skip


def zipped(octets):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", octets)
    return out.getvalue()


def test_a_report_is_read_as_it_was_written_and_as_others_write_it():
    assert from_xml(to_xml(REPORT)) == REPORT
    assert from_file(gzip.compress(to_xml(REPORT))) == REPORT
    assert from_file(zipped(to_xml(REPORT))) == REPORT
    old = to_xml(REPORT).replace(b' xmlns="urn:ietf:params:xml:ns:dmarc-2.0"', b"")  # RFC 7489
    assert from_xml(old) == REPORT


BOMB = b'<!DOCTYPE f [<!ENTITY a "xxxxxxxxxx">]><feedback>&a;</feedback>'


@pytest.mark.parametrize(
    "octets",
    [b"", b"hello", b"<x/>", BOMB, gzip.compress(b"\0" * 30_000_000), zipped(b"\0" * 30_000_000), b"PK\x03\x04", b"\x1f\x8b",
     to_xml(REPORT).replace(b"<count>5", b"<count>-5"), to_xml(REPORT)[:-20]],
)  # fmt: skip
def test_what_is_no_report_is_refused_in_bounded_memory(octets):
    with pytest.raises(ReportError):
        from_file(octets)


def test_reports_about_us_are_kept_once_and_those_who_fail_come_first(tmp_path):
    store = make_store(tmp_path / "data")
    letter = (
        b"Subject: report\r\nMIME-Version: 1.0\r\nContent-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + __import__("base64").encodebytes(gzip.compress(to_xml(REPORT))).replace(b"\n", b"\r\n")
    )
    with store.write() as uow:
        for octets in (to_xml(REPORT), letter):
            kept = [dmarc_reports.keep(uow, one) for one in dmarc_reports.reports_in(octets)]
        assert kept == [False]
        assert not dmarc_reports.keep(uow, replace(REPORT, domain="elsewhere.vn"))
    with store.read() as db:
        found = dmarc_reports.sources(db, days=30)
        assert [(one.source, one.letters, one.passed, one.refused) for one in found] == [
            ("203.0.113.9", 7, 0, 7),
            ("192.0.2.1", 5, 5, 0),
        ]
        assert dmarc_reports.sources(db, days=30, domain="elsewhere.vn") == []
    store.close()
