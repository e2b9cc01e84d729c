"""Files that the demo makes: real formats, Vietnamese that can be copied out, the same octets every time."""

import zipfile
from datetime import date
from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
from fontTools.ttLib import TTFont
from openpyxl import load_workbook

from directory.fonts import FACES, face
from mailsvc.demo.attachments import Attachment, Format, OfficialDocument, Sheet, Signature, render
from mailsvc.demo.attachments.document import head_lines, long_date

ALPHABET = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"
STORM = OfficialDocument(
    number="1234/UBND-NN",
    issuer="ỦY BAN NHÂN DÂN TỈNH LÂM ĐỒNG",
    issuer_above="",
    place="Lâm Đồng",
    day=date(2026, 2, 5),
    kind="",
    summary="ứng phó với bão & lũ <khẩn>",
    addressed_to=("Các sở, ban, ngành", "Ủy ban nhân dân các xã, phường"),
    body=("Sơ tán các hộ ở ven suối.",) * 3,
    signature=Signature(("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"), "K'Brếp"),
    copies_to=("Như trên", "Lưu: VT"),
    urgency_stamp="HỎA TỐC",
)
TABLE = Sheet(
    "Biểu tổng hợp",
    "UBND XÃ ĐẠ RÒN",
    date(2026, 2, 5),
    ("Thôn", "Số hộ"),
    (("Suối Thông", 12), ("K'Lót", 30)),
    (1,),
)
FILES = (
    Attachment("a.pdf", Format.PDF, STORM),
    Attachment("a.docx", Format.DOCX, STORM),
    Attachment("a.xlsx", Format.XLSX, TABLE),
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.format)
def test_the_same_description_gives_the_same_octets(file: Attachment) -> None:
    first = render(file)
    render.cache_clear()
    assert render(file) == first


@pytest.mark.parametrize("style", FACES)
def test_every_face_writes_the_whole_vietnamese_alphabet(style: str) -> None:
    glyphs = TTFont(face(style)).getBestCmap()
    assert {letter for letter in ALPHABET + ALPHABET.upper() if ord(letter) not in glyphs} == set()


def test_a_pdf_carries_its_own_type_and_a_map_back_to_letters() -> None:
    octets = render(FILES[0])
    assert octets.startswith(b"%PDF-")
    assert octets.rstrip().endswith(b"%%EOF")
    assert b"/FontFile2" in octets  # ISO 32000-1 §9.9: the TrueType program itself
    assert b"/ToUnicode" in octets  # §9.10: so that what is copied out is Vietnamese again


def test_a_docx_says_all_parts_of_the_document() -> None:
    with zipfile.ZipFile(BytesIO(render(FILES[1]))) as archive:
        assert archive.testzip() is None
        parts = {name: ET.fromstring(archive.read(name)) for name in archive.namelist()}
    told = "\n".join(parts["word/document.xml"].itertext())
    for words in (
        "Số: 1234/UBND-NN",
        "Độc lập - Tự do - Hạnh phúc",
        "V/v ứng phó với bão & lũ <khẩn>",
        "HỎA TỐC",
        "K'Brếp",
    ):
        assert words in told


def test_an_xlsx_opens_with_its_rows_and_adds_up() -> None:
    page = load_workbook(BytesIO(render(FILES[2]))).active
    assert page is not None
    rows = [tuple(cell for cell in row if cell is not None) for row in page.iter_rows(values_only=True)]
    assert ("Suối Thông", 12) in rows
    assert ("Tổng", "=SUM(B6:B7)") in rows


def test_a_table_cannot_become_a_pdf() -> None:
    with pytest.raises(TypeError):
        render(Attachment("a.pdf", Format.PDF, TABLE))


def test_days_and_months_take_a_zero_where_the_decree_says_so() -> None:
    """NĐ 30/2020/NĐ-CP, annex I, II.4: days under 10, and months 1 and 2."""
    assert long_date("Đạ Ròn", date(2026, 2, 5)) == "Đạ Ròn, ngày 05 tháng 02 năm 2026"
    assert long_date("Đạ Ròn", date(2026, 9, 15)) == "Đạ Ròn, ngày 15 tháng 9 năm 2026"


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("SỞ TÀI CHÍNH", ("SỞ TÀI CHÍNH",)),
        ("ỦY BAN NHÂN DÂN TỈNH LÂM ĐỒNG", ("ỦY BAN NHÂN DÂN", "TỈNH LÂM ĐỒNG")),
        ("ỦY BAN NHÂN DÂN PHƯỜNG CAM LY", ("ỦY BAN NHÂN DÂN", "PHƯỜNG CAM LY")),
        ("BAN PHÁP CHẾ HỘI ĐỒNG NHÂN DÂN TỈNH", ("BAN PHÁP CHẾ HỘI ĐỒNG", "NHÂN DÂN TỈNH")),
    ],
)
def test_a_long_name_is_broken_before_the_place(name: str, lines: tuple[str, ...]) -> None:
    assert head_lines(name) == lines
