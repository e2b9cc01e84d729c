"""An official document as PDF, laid out as NĐ 30/2020/NĐ-CP, annex I, draws it."""

from collections.abc import Callable
from datetime import UTC, datetime, time

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

from directory.fonts import FACES, FAMILY, face
from mailsvc.demo.attachments.document import OfficialDocument, head_lines, long_date

LEFT, RIGHT, TOP, BOTTOM = 30, 15, 20, 20  # mm; NĐ 30/2020, annex I, I.3
ISSUER_WIDTH, MOTTO_WIDTH = 72, 93  # the two columns of the head share 165 mm
RED = (200, 0, 0)
INDENT = " " * 8  # about 1.27 cm at 14 points


def pdf_bytes(document: OfficialDocument) -> bytes:
    """The document as PDF: same words and day, same octets."""
    page = _Page(document)
    page.head()
    page.title_and_addressees()
    page.paragraphs()
    page.foot()
    return page.octets()


class _Page:
    """One document on its way to paper; the parts are drawn from the top down."""

    def __init__(self, document: OfficialDocument) -> None:
        self._doc = document
        self._pdf = FPDF(format="A4")
        self._pdf.set_creation_date(datetime.combine(document.day, time(8), UTC))
        self._pdf.set_title(document.summary)
        self._pdf.set_author(document.issuer)
        self._pdf.set_margins(LEFT, TOP, RIGHT)
        self._pdf.set_auto_page_break(auto=True, margin=BOTTOM)
        for style in FACES:
            self._pdf.add_font(FAMILY, style, face(style))
        self._pdf.add_page()

    def octets(self) -> bytes:
        return bytes(self._pdf.output())

    def _font(self, style: str, points: float) -> None:
        self._pdf.set_font(FAMILY, style, points)

    def _lines(self, left: float, width: float, text: str, height: float = 5.5) -> None:
        """Centred text in a column; leaves the pen under it."""
        self._pdf.set_x(left)
        self._pdf.multi_cell(width, height, text, align=Align.C, new_x=XPos.LEFT, new_y=YPos.NEXT)

    def _rule(self, left: float, width: float, share: float) -> None:
        """The short line under a name, centred in its column."""
        inset = width * (1 - share) / 2
        y = self._pdf.get_y() + 0.7
        self._pdf.line(left + inset, y, left + width - inset, y)
        self._pdf.set_y(y + 1.5)

    def _columns(self, first: Callable[[], None], second: Callable[[], None]) -> None:
        """Draws two columns from the same height and continues below the longer."""
        top = self._pdf.get_y()
        first()
        below = self._pdf.get_y()
        self._pdf.set_y(top)
        second()
        self._pdf.set_y(max(below, self._pdf.get_y()))

    def head(self) -> None:
        """Issuer and number on the left; national name and motto, place and day on the right."""
        self._columns(self._issuer, self._motto)
        self._pdf.ln(3)

    def _issuer(self) -> None:
        doc = self._doc
        if doc.issuer_above:
            self._font("", 12)
            self._lines(LEFT, ISSUER_WIDTH, "\n".join(head_lines(doc.issuer_above)))
        self._font("B", 12)
        self._lines(LEFT, ISSUER_WIDTH, "\n".join(head_lines(doc.issuer)))
        if doc.party:
            self._lines(LEFT, ISSUER_WIDTH, "*")
        else:
            self._rule(LEFT, ISSUER_WIDTH, 0.35)
        self._font("", 13)
        self._lines(LEFT, ISSUER_WIDTH, f"Số {doc.number}" if doc.party else f"Số: {doc.number}")
        if not doc.kind:
            self._font("I" if doc.party else "", 12)
            self._lines(LEFT, ISSUER_WIDTH, ("" if doc.party else "V/v ") + doc.summary, 5)
        if doc.urgency_stamp:
            self._stamp(doc.urgency_stamp)

    def _stamp(self, words: str) -> None:
        """The red frame of a mức độ khẩn (NĐ 30/2020, annex I, III.2.b)."""
        self._font("B", 13)
        self._pdf.set_draw_color(*RED)
        self._pdf.set_text_color(*RED)
        width = self._pdf.get_string_width(words) + 8
        self._pdf.ln(2)
        self._pdf.set_x(LEFT + (ISSUER_WIDTH - width) / 2)
        self._pdf.cell(width, 8, words, border=1, align=Align.C, new_x=XPos.LEFT, new_y=YPos.NEXT)
        self._pdf.set_draw_color(0)
        self._pdf.set_text_color(0)

    def _motto(self) -> None:
        left = LEFT + ISSUER_WIDTH
        if self._doc.party:
            self._font("B", 14)
            self._lines(left, MOTTO_WIDTH, "ĐẢNG CỘNG SẢN VIỆT NAM")
            self._rule(left, MOTTO_WIDTH, 0.72)
        else:
            self._font("B", 12)
            self._lines(left, MOTTO_WIDTH, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
            self._font("B", 13)
            self._lines(left, MOTTO_WIDTH, "Độc lập - Tự do - Hạnh phúc")
            self._rule(left, MOTTO_WIDTH, 0.62)
        self._font("I", 13)
        self._lines(left, MOTTO_WIDTH, long_date(self._doc.place, self._doc.day), 7)

    def title_and_addressees(self) -> None:
        """Type and summary of a named document, then Kính gửi."""
        doc = self._doc
        width = ISSUER_WIDTH + MOTTO_WIDTH
        if doc.kind:
            self._font("B", 14)
            self._lines(LEFT, width, doc.kind, 7)
            self._lines(LEFT, width, doc.summary, 6.5)
            self._rule(LEFT, width, 0.25)
        if doc.addressed_to:
            self._pdf.ln(2)
            self._font("", 14)
            if len(doc.addressed_to) == 1:
                self._lines(LEFT, width, f"Kính gửi: {doc.addressed_to[0]}", 7)
            else:
                self._pdf.set_x(LEFT + 30)
                self._pdf.cell(0, 7, "Kính gửi:", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
                for name in doc.addressed_to:
                    self._pdf.set_x(LEFT + 52)
                    self._pdf.multi_cell(0, 7, f"- {name};", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._pdf.ln(3)

    def paragraphs(self) -> None:
        """The text, 14 points, first lines indented, justified."""
        self._font("", 14)
        for paragraph in self._doc.body:
            self._pdf.multi_cell(
                0, 6.6, INDENT + paragraph, align=Align.J, new_x=XPos.LMARGIN, new_y=YPos.NEXT
            )
            self._pdf.ln(1.8)

    def foot(self) -> None:
        """Nơi nhận on the left, the signing block on the right, kept on one page."""
        doc = self._doc
        needed = 6 * max(len(doc.copies_to) + 1, len(doc.signature.lines) + 6)
        if self._pdf.will_page_break(needed):
            self._pdf.add_page()
        self._pdf.ln(2)
        self._columns(self._copies, self._signature)

    def _copies(self) -> None:
        self._font("BI", 12)
        self._pdf.cell(ISSUER_WIDTH, 5.5, "Nơi nhận:", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._font("", 11)
        last = len(self._doc.copies_to) - 1
        for index, name in enumerate(self._doc.copies_to):
            end = "." if index == last else ";"
            self._pdf.multi_cell(ISSUER_WIDTH, 5, f"- {name}{end}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _signature(self) -> None:
        left = LEFT + ISSUER_WIDTH
        self._font("B", 13)
        for line in self._doc.signature.lines:
            self._lines(left, MOTTO_WIDTH, line, 6)
        self._pdf.ln(22)
        self._font("B", 14)
        self._lines(left, MOTTO_WIDTH, self._doc.signature.name, 6)
