"""A letter that bears a mark of a state secret is stopped on submission, and says why."""

import smtplib
import ssl
from pathlib import Path

import pytest

from tests.mailsvc.smtp.service import PASSWORD, service
from tests.support.mail import DOMAIN

LETTER = (
    f"From: an@{DOMAIN}\r\nTo: bo@{DOMAIN}\r\nSubject: %s\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
    "Content-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n--b\r\n"
    'Content-Type: application/pdf; name="scan.pdf"\r\n\r\n%%PDF-1.4\r\n--b--\r\n'
)


def test_a_marked_letter_does_not_leave_and_an_innocent_one_does(tmp_path: Path) -> None:
    with (
        service(tmp_path, trusted=False) as running,
        smtplib.SMTP("127.0.0.1", running.ports["submission.listen"]) as client,
    ):
        client.starttls(context=ssl._create_unverified_context())
        client.login(f"an@{DOMAIN}", PASSWORD)
        for subject, text in (("[MẬT] Kế hoạch", "x"), ("Kế hoạch", "TUYỆT MẬT\r\nx")):
            with pytest.raises(smtplib.SMTPDataError) as refused:
                client.sendmail(
                    f"an@{DOMAIN}", [f"bo@{DOMAIN}"], (LETTER % (subject, text)).encode(), ["SMTPUTF8"]
                )
            assert refused.value.smtp_code == 550
            assert "độ mật".encode() in refused.value.smtp_error
        innocent = (LETTER % ("Bảo mật thông tin", "Đổi mật khẩu")).encode()
        client.sendmail(f"an@{DOMAIN}", [f"bo@{DOMAIN}"], innocent, ["SMTPUTF8"])
        (kept,) = running.letters("bo")
        assert b"X-Congvu-Uninspected: scan.pdf\r\n" in kept
