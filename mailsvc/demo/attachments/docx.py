"""An official document as DOCX: the few parts of WordprocessingML (ECMA-376) that it needs, and no more."""

from xml.sax.saxutils import escape

from mailsvc.demo.attachments.document import OfficialDocument, head_lines, long_date
from mailsvc.demo.attachments.packages import package

NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
HEADER = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
CONTENT_TYPES = (
    HEADER + '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{OFFICE}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{OFFICE}.styles+xml"/>'
    '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
    "</Types>"
)
PACKAGE_RELATIONS = (
    HEADER + '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="word/document.xml"/>'
    '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"'
    ' Target="docProps/core.xml"/></Relationships>'
)
DOCUMENT_RELATIONS = (
    HEADER + '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>'
)
STYLES = (
    HEADER + f'<w:styles xmlns:w="{NAMESPACE}"><w:docDefaults><w:rPrDefault><w:rPr>'
    '<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:cs="Times New Roman"/>'
    '<w:sz w:val="28"/><w:lang w:val="vi-VN"/></w:rPr></w:rPrDefault></w:docDefaults>'
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style></w:styles>'
)
# the name of the state must stand on one line, so the cells keep no room at their sides
NO_PADDING = '<w:tblCellMar><w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar>'
ISSUER_TWIPS, MOTTO_TWIPS = (
    4080,
    5272,
)  # the page is 210 mm less 30 and 15 of margin, in twentieths of a point


def docx_bytes(document: OfficialDocument) -> bytes:
    """The document as DOCX: same words and day, same octets."""
    core = (
        HEADER
        + '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(document.summary)}</dc:title><dc:creator>{escape(document.issuer)}</dc:creator>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{document.day.isoformat()}T08:00:00Z</dcterms:created>'
        "</cp:coreProperties>"
    )
    parts = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": PACKAGE_RELATIONS,
        "docProps/core.xml": core,
        "word/document.xml": _document_xml(document),
        "word/styles.xml": STYLES,
        "word/_rels/document.xml.rels": DOCUMENT_RELATIONS,
    }
    return package({name: part.encode() for name, part in parts.items()}, document.day)


def _paragraph(
    text: str, style: str = "", *, points: float = 14, align: str = "center", body: bool = False
) -> str:
    """One w:p; `style` holds the letters b, i and r (red)."""
    run = f'<w:sz w:val="{round(points * 2)}"/>'
    run = '<w:color w:val="C80000"/>' * ("r" in style) + run
    run = "<w:b/>" * ("b" in style) + "<w:i/>" * ("i" in style) + run
    indent = '<w:spacing w:after="120"/><w:ind w:firstLine="720"/>' if body else '<w:spacing w:after="0"/>'
    return (
        f'<w:p><w:pPr>{indent}<w:jc w:val="{align}"/></w:pPr>'
        f'<w:r><w:rPr>{run}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'
    )


def _two_columns(left: str, right: str) -> str:
    """A table without lines, as every office lays out head and foot."""
    cells = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{content}</w:tc>'
        for width, content in ((ISSUER_TWIPS, left), (MOTTO_TWIPS, right))
    )
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{ISSUER_TWIPS + MOTTO_TWIPS}" w:type="dxa"/><w:tblLayout w:type="fixed"/>{NO_PADDING}</w:tblPr>'
        f'<w:tblGrid><w:gridCol w:w="{ISSUER_TWIPS}"/><w:gridCol w:w="{MOTTO_TWIPS}"/></w:tblGrid>'
        f"<w:tr>{cells}</w:tr></w:tbl>"
    )


def _head(doc: OfficialDocument) -> str:
    left = "".join(_paragraph(line, points=12) for line in head_lines(doc.issuer_above))
    left += "".join(_paragraph(line, "b", points=12) for line in head_lines(doc.issuer))
    left += _paragraph("*" if doc.party else "_________", "b", points=12)
    left += _paragraph(f"Số {doc.number}" if doc.party else f"Số: {doc.number}", points=13)
    if not doc.kind:
        left += _paragraph(doc.summary if doc.party else f"V/v {doc.summary}", "i" * doc.party, points=12)
    if doc.urgency_stamp:
        left += _paragraph(doc.urgency_stamp, "br", points=13)
    if doc.party:
        right = _paragraph("ĐẢNG CỘNG SẢN VIỆT NAM", "b")
    else:
        right = _paragraph("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "b", points=12)
        right += _paragraph("Độc lập - Tự do - Hạnh phúc", "b", points=13)
    right += _paragraph("____________________", "b", points=12)
    right += _paragraph(long_date(doc.place, doc.day), "i", points=13)
    return _two_columns(left, right)


def _foot(doc: OfficialDocument) -> str:
    left = _paragraph("Nơi nhận:", "bi", points=12, align="left")
    last = len(doc.copies_to) - 1
    for index, name in enumerate(doc.copies_to):
        left += _paragraph(f"- {name}{'.' if index == last else ';'}", points=11, align="left")
    right = "".join(_paragraph(line, "b", points=13) for line in doc.signature.lines)
    right += "".join(_paragraph("", points=13) for _ in range(4))
    right += _paragraph(doc.signature.name, "b")
    return _two_columns(left, right)


def _document_xml(doc: OfficialDocument) -> str:
    parts = [_head(doc), _paragraph("")]
    if doc.kind:
        parts += [_paragraph(doc.kind, "b"), _paragraph(doc.summary, "b"), _paragraph("")]
    if len(doc.addressed_to) == 1:
        parts.append(_paragraph(f"Kính gửi: {doc.addressed_to[0]}"))
    elif doc.addressed_to:
        parts.append(_paragraph("Kính gửi:", align="left"))
        parts += [_paragraph(f"- {name};", align="left", body=True) for name in doc.addressed_to]
    parts += [_paragraph(""), *(_paragraph(text, align="both", body=True) for text in doc.body), _foot(doc)]
    margins = '<w:pgMar w:top="1134" w:right="850" w:bottom="1134" w:left="1701" w:header="567" w:footer="567" w:gutter="0"/>'
    section = f'<w:p/><w:sectPr><w:pgSz w:w="11906" w:h="16838"/>{margins}</w:sectPr>'
    return (
        f'{HEADER}<w:document xmlns:w="{NAMESPACE}"><w:body>{"".join(parts)}{section}</w:body></w:document>'
    )
