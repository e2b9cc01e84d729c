"""Letters we write are strict, and read back as they were meant; the standard library is the second opinion."""

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsvc.mime.compose import ComposeError, Draft, Mailbox, OutgoingPart, compose
from mailsvc.mime.parse import parse
from mailsvc.mime.report import RecipientStatus, delivery_report
from mailsvc.mime.summary import summarise
from mailsvc.mime.text import readable_parts
from mailsvc.mime.transfer import decode_body

AN = Mailbox("Nguyễn Văn An", "annv@lamdong.example")


def draft(**values) -> Draft:
    return Draft(**{"from_": (AN,), "message_id": "1@x.example", "date": 1795321814, **values})


def test_a_letter_reads_back_as_it_was_meant():
    made = compose(
        draft(
            to=(Mailbox('Trần "B", C', "b@x.example"), Mailbox("", "c@x.example")),
            bcc=(Mailbox("", "secret@x.example"),),
            subject="Hỏa tốc: ứng phó bão số 5 " * 5,
            text="Kính gửi\n.\nFrom here\n-- \n",
            html="<p>Kính gửi <img src='cid:l@x'>",
            inline=(OutgoingPart("l.png", "image/png", b"PNG", "l@x"),),
            attachments=(
                OutgoingPart(
                    "Công văn số 123 về việc ứng phó với bão số 5.pdf", "application/pdf", b"%PDF" * 9000
                ),
            ),
            in_reply_to="<0@x>",
            references=("<a@x>", "<0@x>"),
        )
    )
    entity = parse(made)
    row = summarise(made, entity)
    assert row.subject == ("Hỏa tốc: ứng phó bão số 5 " * 5).strip()
    assert (row.from_name, row.from_address, row.sent_at) == (AN.name, AN.address, 1795321814)
    assert row.to_line == 'Trần "B", C, c@x.example'
    assert row.references == ("<a@x>", "<0@x>")
    shown = readable_parts(made, entity)
    assert shown.blocks[0].plain == "Kính gửi\n.\nFrom here\n-- \n"
    assert [a.file_name for a in shown.attachments] == [
        "l.png",
        "Công văn số 123 về việc ứng phó với bão số 5.pdf",
    ]
    assert decode_body(made, shown.attachments[1].entity) == b"%PDF" * 9000
    assert b"secret" not in made
    assert max(map(len, made.split(b"\r\n"))) <= 78
    assert made.isascii()
    assert b"\n" not in made.replace(b"\r\n", b"")
    second = email.message_from_bytes(made, policy=email.policy.default)
    assert str(second["subject"]) == row.subject
    assert [part.get_filename() for part in second.walk() if part.get_filename()] == [
        a.file_name for a in shown.attachments
    ]


def test_bcc_is_written_in_drafts_only():
    kept = draft(bcc=(Mailbox("", "s@x.example"),))
    assert b"Bcc: s@x.example\r\n" in compose(kept, with_bcc=True)
    assert b"Bcc" not in compose(kept)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_makes_a_header_line(subject, name):
    made = compose(
        draft(subject=subject + "\r\nBcc: x@x", to=(Mailbox(name + "\nX-Evil: 1", "a@x.example"),))
    )
    names = [field.lower for field in parse(made).fields]
    assert names == [b"date", b"from", b"to", b"subject", b"message-id", b"mime-version", b"content-type", b"content-transfer-encoding"]  # fmt: skip
    assert all(len(line) <= 998 for line in made.split(b"\r\n"))


@pytest.mark.parametrize(
    "values",
    [
        {"to": (Mailbox("", "a@x\r\nBcc: b@x"),)}, {"to": (Mailbox("", "a b@x"),)}, {"to": (Mailbox("", "a@x>, <b@x"),)},
        {"message_id": "a\r\nb"}, {"in_reply_to": "a b"}, {"extra": (("Bcc", "a@x"),)}, {"extra": (("X-Priority\r\nA", "1"),)},
        {"from_": ()}, {"from_": (AN, AN)},
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused(values):
    with pytest.raises(ComposeError):
        compose(draft(**values))


def test_an_enclosed_letter_is_not_encoded():
    inner = compose(draft(subject="in"))
    made = compose(draft(attachments=(OutgoingPart("x.eml", "message/rfc822", inner),)))
    (attachment,) = readable_parts(made, parse(made)).attachments
    assert attachment.media_type == "message/rfc822"
    assert inner in made


def test_a_delivery_report_says_who_did_not_get_it():
    """RFC 3464 §2."""
    made = delivery_report(
        from_=Mailbox("Hệ thống thư", "mailer-daemon@x.example"), to=AN, subject="Thư không gửi được", text="Không gửi được.",
        reporting_mta="mail.x.example",
        recipients=(RecipientStatus("nobody@y.example", "failed", "5.1.1", remote_mta="mx.y.example", diagnostic="550 5.1.1 no\r\nsuch user"),
                    RecipientStatus("thư@y.example", "delayed", "4.4.1", will_retry_until=1795321814)),
        original=b"Subject: =?utf-8?q?x?=\r\nFrom: a@x\r\n\r\nbody stays home", date=1795321814, message_id_="r@x.example",
    )  # fmt: skip
    second = email.message_from_bytes(made, policy=email.policy.default)
    assert second.get_content_type() == "multipart/report"
    assert second.get_param("report-type") == "delivery-status"
    groups = [dict(group.items()) for group in second.get_payload(1).get_payload()]
    assert groups[0]["Reporting-MTA"] == "dns; mail.x.example"
    assert groups[1]["Final-Recipient"] == "rfc822; nobody@y.example"
    assert groups[1]["Diagnostic-Code"] == "smtp; 550 5.1.1 no such user"
    assert groups[2]["Final-Recipient"] == "utf-8; th\\x{1B0}@y.example"
    assert second["auto-submitted"] == "auto-replied"
    assert b"body stays home" not in made
