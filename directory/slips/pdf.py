"""Slips on paper: four to a page with lines to cut along, or one list a unit to be signed for."""

from collections.abc import Sequence
from typing import Final

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

from directory.fonts import FACES, FAMILY, face
from directory.slips.keep import Slip
from directory.slips.words import HEADS, TITLE, Occasion, by_unit

_MARGIN: Final = 15  # mm
_ON_A_PAGE: Final = 4
_PAGE_HEIGHT: Final = 297  # ISO 216, A4
_COLUMNS: Final = (12, 52, 58, 38, 20)
_LINE: Final = 7


def slips_pdf(slips: Sequence[Slip], occasion: Occasion) -> bytes:
    """One slip for each person."""
    pdf = _paper()
    height = _PAGE_HEIGHT / _ON_A_PAGE
    for number, slip in enumerate(slips):
        place = number % _ON_A_PAGE
        if place == 0:
            pdf.add_page()
        else:
            pdf.set_dash_pattern(dash=2, gap=2)
            pdf.line(0, place * height, pdf.w, place * height)
            pdf.set_dash_pattern()
        pdf.set_y(place * height + 6)
        _one(pdf, slip, occasion)
    return bytes(pdf.output())


def unit_lists_pdf(slips: Sequence[Slip], occasion: Occasion) -> bytes:
    """One list for each unit, with a place to sign for each person."""
    pdf = _paper()
    for name, people in by_unit(slips):
        pdf.add_page()
        pdf.set_y(_MARGIN)
        _text(pdf, TITLE, "B", 14, centred=True)
        _text(pdf, name, "B", 12, centred=True)
        _row(pdf, HEADS, bold=True)
        for number, slip in enumerate(people, 1):
            _row(pdf, (str(number), slip.full_name, slip.address, slip.password, ""))
        pdf.ln(4)
        for rule in occasion.rules:
            _text(pdf, rule, "I", 10)
    return bytes(pdf.output())


def _paper() -> FPDF:
    pdf = FPDF(format="A4")
    pdf.set_title(TITLE)
    pdf.set_margins(_MARGIN, _MARGIN, _MARGIN)
    pdf.set_auto_page_break(auto=True, margin=8)
    for style in FACES:
        pdf.add_font(FAMILY, style, face(style))
    return pdf


def _one(pdf: FPDF, slip: Slip, occasion: Occasion) -> None:
    _text(pdf, TITLE, "B", 12, centred=True)
    for label, value in (
        ("Họ và tên", slip.full_name),
        ("Đơn vị", slip.unit_name),
        ("Địa chỉ thư công vụ", slip.address),
    ):
        _text(pdf, f"{label}: {value}", "", 11)
    _text(pdf, f"Mật khẩu ban đầu: {slip.password}", "B", 13)
    for rule in occasion.rules:
        _text(pdf, rule, "I", 9, height=4)


def _text(
    pdf: FPDF, text: str, style: str, points: float, *, centred: bool = False, height: float = 5.5
) -> None:
    pdf.set_font(FAMILY, style, points)
    align = Align.C if centred else Align.L
    pdf.multi_cell(0, height, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _row(pdf: FPDF, values: Sequence[str], *, bold: bool = False) -> None:
    if pdf.will_page_break(_LINE):
        pdf.add_page()
    for width, value in zip(_COLUMNS, values, strict=True):
        points = 11.0
        pdf.set_font(FAMILY, "B" if bold else "", points)
        while pdf.get_string_width(value) > width - 2 and points > 5:
            points -= 0.5
            pdf.set_font_size(points)
        pdf.cell(width, _LINE, value, border=1)
    pdf.ln(_LINE)
