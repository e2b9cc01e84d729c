"""What our servers found suspicious stands above the letter in plain words; what a sender writes about itself does not."""

import pytest

from mailsvc.model.marks import Mark, marks_field
from mailsvc.services.receive import IncomingLetter, prepare, receive, resolve_recipient
from tests.support.mail import DOMAIN
from tests.webmail.test_services import TEXT, Office, authenticate_address, text
from webmail.i18n import CATALOGS

HEAD = "Tên người gửi trùng tên lãnh đạo"
OUTSIDE = "Thư từ bên ngoài hệ thống"


@pytest.fixture
def office(tmp_path):
    office = Office(tmp_path / "data")
    yield office
    office.close()


def deliver_with(office, sender, trace, header=""):
    content = f"From: {sender}\r\nTo: an@{DOMAIN}\r\nSubject: x\r\n{header}{TEXT}\r\nx\r\n".encode()
    with office.store.write() as uow:
        to = (resolve_recipient(uow, authenticate_address("an")),)
        receive(uow, IncomingLetter(prepare(content, office.store.pieces), trace, "x@tinh.example", to))


def opened(office, sender, trace=b"", header=""):
    deliver_with(office, sender, trace, header)
    return text(office.reader().get(f"/mail/{office.box('an').id}/1"))


def test_marks_of_our_trace_are_told_in_words(office):
    trace = b"Return-Path: <x@tinh.example>\r\n" + marks_field([Mark.NAME_OF_A_HEAD, Mark.FAILS_DMARC])
    page = opened(office, "Chu tich <x@tinh.example>", trace)
    assert HEAD in page
    assert "Không xác thực được người gửi" in page
    assert OUTSIDE in page


def test_what_the_sender_wrote_is_not_believed(office):
    forged = "Congvu-Marks: name-of-a-head\r\n"
    page = opened(office, "x@tinh.example", b"Received: from a by b\r\n", forged)
    assert HEAD not in page
    assert OUTSIDE in page


def test_a_colleagues_letter_has_no_banner(office):
    page = opened(office, f"huong@{DOMAIN}", b"Received: from a by b\r\n")
    assert 'class="notice' not in page


def test_every_mark_has_words_in_both_languages():
    for catalog in CATALOGS.values():
        assert {f"mark_{mark.value}" for mark in Mark} <= set(catalog.words)
