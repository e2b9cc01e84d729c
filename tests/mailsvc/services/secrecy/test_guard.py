"""Whole letters: texts, enclosed letters, PDF and DOCX; what cannot be read is reported."""

import io
import zipfile

import fpdf
import pytest

from mailsvc.mime.compose import Draft, OutgoingPart, compose
from mailsvc.mime.header_write import Mailbox
from mailsvc.model.errors import StateSecret
from mailsvc.services.secrecy import Degree, inspect, refuse_secrets
from mailsvc.services.secrecy.documents import UnreadableError, head_of_docx
from tests.support.mail import NOW

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def letter(subject: str = "Kế hoạch", text: str = "Kính gửi", **files: bytes) -> bytes:
    kinds = {"pdf": "application/pdf", "docx": "application/octet-stream", "png": "image/png"}
    parts = tuple(
        OutgoingPart(name.replace("_", "."), kinds[name.rpartition("_")[2]], octets)
        for name, octets in files.items()
    )
    an = Mailbox("An", "an@lamdong.example")
    return compose(Draft((an,), "1@x", NOW, subject, text, to=(an,), attachments=parts))


def pdf(*lines: str, password: str = "") -> bytes:
    page = fpdf.FPDF()
    page.add_page()
    page.add_font("dejavu", "", "directory/fonts/CongvuSerif-Regular.ttf")
    page.set_font("dejavu", size=12)
    for line in lines:
        page.cell(text=line, new_x="LMARGIN", new_y="NEXT")
    if password:
        page.set_encryption(owner_password=password, user_password=password)
    return bytes(page.output())


def docx(*paragraphs: str, declaration: str = "") -> bytes:
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "word/document.xml",
            f'{declaration}<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>',
        )
    return packed.getvalue()


def test_a_mark_is_found_wherever_it_stands() -> None:
    for content, where in [
        (letter("[MẬT] Kế hoạch"), "subject"),
        (letter(text="TỐI MẬT\nKế hoạch"), "text"),
        (letter(ke_hoach_docx=docx("ỦY BAN NHÂN DÂN", "MẬT", "KẾ HOẠCH")), "ke.hoach.docx"),
        (letter(ke_hoach_pdf=pdf("ỦY BAN NHÂN DÂN TỈNH", "TUYỆT MẬT", "Kế hoạch năm 2026")), "ke.hoach.pdf"),
    ]:
        found = inspect(content)
        assert found.degree is not None, where
        assert where in found.where
    with pytest.raises(StateSecret) as refused:
        refuse_secrets(letter("MẬT - Kế hoạch"))
    assert refused.value.args[0] == Degree.PLAIN.value


def test_documents_that_speak_of_secrets_pass() -> None:
    content = letter(
        "Tập huấn bảo mật",
        "Đổi mật khẩu.",
        a_pdf=pdf("TẬP HUẤN BẢO MẬT THÔNG TIN", "Mật khẩu, mật độ, bí mật nhà nước"),
        b_docx=docx("BẢO MẬT", "Văn bản này không mật"),
    )
    assert refuse_secrets(content) == ()


def test_what_cannot_be_looked_into_is_reported() -> None:
    content = letter(
        scan_pdf=pdf(),
        khoa_pdf=pdf("MẬT", password="x"),
        hong_pdf=b"%PDF-1.4 broken",
        hong_docx=b"PK not",
        anh_png=b"\x89PNG",
    )
    assert refuse_secrets(content) == ("scan.pdf", "khoa.pdf", "hong.pdf", "hong.docx", "anh.png")


def test_documents_do_not_eat_the_machine() -> None:
    with pytest.raises(UnreadableError):
        head_of_docx(docx("a" * 50_000_000))
    with pytest.raises(UnreadableError):
        head_of_docx(docx("x", declaration='<!DOCTYPE a [<!ENTITY b "c">]>'))
    paragraphs = [f"Kế hoạch số {number} {number * 7919 % 10007}" for number in range(20_000)]
    assert len(head_of_docx(docx(*paragraphs))) == 50_000
