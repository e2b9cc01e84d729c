"""What the row of a letter keeps."""

import pytest

from mailsvc.mime.base_subject import base_subject
from mailsvc.mime.dates import date_epoch
from mailsvc.mime.parse import parse
from mailsvc.mime.summary import summarise


def summary(*lines: bytes):
    content = b"\r\n".join(lines)
    return summarise(content, parse(content))


def test_texts_are_decoded():
    row = summary(
        b"From: =?utf-8?q?Nguy=E1=BB=85n?= An <an@x.vn>", b'To: "B, C" <b@x.vn>, d@x.vn', b"Cc: =?utf-8?b?xJDhuqE=?= <e@x.vn>",
        b"Subject: Re: =?utf-8?b?QsOjbyBz4buRIDU=?=", b"Date: Sun, 22 Nov 2026 11:30:14 +0700", b"Message-ID: <1@x>",
        b"In-Reply-To: <0@x> (comment)", b"References: <a@x>", b"\t<0@x>", b"", b"> quoted", b"Own words", b"",
    )  # fmt: skip
    assert (row.from_name, row.from_address, row.to_line) == ("Nguyễn An", "an@x.vn", "B, C, d@x.vn, Đạ")
    assert (row.subject, row.base_subject) == ("Re: Bão số 5", "bão số 5")
    assert (row.message_id, row.in_reply_to, row.references) == ("<1@x>", "<0@x>", ("<a@x>", "<0@x>"))
    assert (row.sent_at, row.preview, row.has_attachments) == (1795321814, "Own words", False)


def test_lists_are_bounded():
    row = summary(
        b"To: " + b", ".join(b"person%d@x.vn" % at for at in range(6041)),
        b"References: " + b" ".join(b"<%d@x>" % at for at in range(300)),
        b"",
    )
    assert len(row.to_line) <= 500
    assert (len(row.references), row.references[0], row.references[-1]) == (50, "<0@x>", "<299@x>")
    assert row.envelope.count(b'"x.vn"') == 6041


def test_a_paper_clip_is_for_files_and_not_for_pictures_in_the_text():
    def letter(part: bytes):
        return summary(
            b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\nx\r\n--b\r\n" + part
            + b"\r\n\r\nx\r\n--b--\r\n"
        ).has_attachments  # fmt: skip

    assert letter(b"Content-Type: application/pdf")
    assert letter(b"Content-Disposition: attachment")
    assert not letter(b"Content-Type: image/png\r\nContent-ID: <a>")


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Re: Re[2]: [list] x (fwd) (fwd)", "x"), ("[Fwd: RE: x]", "x"), ("[only]", "[only]"), ("FW: [a] [b] c", "c"),
        ("re", "re"), ("", ""), ("Fwd:", ""), ("[a] ", "[a]"),
    ],
)  # fmt: skip
def test_base_subjects_follow_rfc_5256(subject, base):
    assert base_subject(subject)[0] == base


@pytest.mark.parametrize(
    ("text", "epoch"),
    [
        ("Thu, 01 Jan 1970 00:00:00 +0000", 0), ("1 Jan 70 07:00 +0700", 0), ("Thu Jan  1 00:00:00 1970", 0),
        ("Wed, 31 Dec 1969 19:00:00 EST", 0), ("32 Foo 2020 99:99:99", None), ("", None), ("1 Jan 0000 00:00:00 +9999", None),
    ],
)  # fmt: skip
def test_dates_are_read_in_all_their_shapes(text, epoch):
    assert date_epoch(text) == epoch
