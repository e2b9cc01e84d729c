"""The files beside the letters: a matter or a report as an official document or a table."""

from datetime import date

from mailsvc.demo.attachments import Attachment, Format, OfficialDocument, Sheet, Signature
from mailsvc.demo.desk import STAMPS, Desk
from mailsvc.demo.model import DemoUnit, Role, day_of
from mailsvc.demo.texts.matter import Matter

COLLECTIVE = ("UBND", "HDND", "MTTQ")  # whose head signs on behalf of all: TM.


def matter_file(desk: Desk, matter: Matter, number: str, body: tuple[str, ...], sent_at: int) -> Attachment:
    """The document that a matter's letter carries."""
    file_format = matter.file or Format.PDF
    unit = desk.province.unit_by_code[matter.issuer]
    name = _file_name(number, matter.summary, file_format)
    if file_format is Format.XLSX:
        rows = tuple(
            (
                commune.name.removeprefix("Ủy ban nhân dân "),
                desk.dice.number(60, 900),
                desk.dice.number(6, 59),
            )
            for commune in desk.province.units
            if commune.tier == "commune" and commune.branch == "state"
        )
        return Attachment(name, file_format, _sheet(matter.rows, rows, unit, matter.summary, day_of(sent_at)))
    return Attachment(
        name,
        file_format,
        _document(desk, unit, number, matter.kind, matter.summary, body, sent_at, STAMPS[matter.urgency]),
    )


def report_file(
    desk: Desk, unit: DemoUnit, matter: Matter, number: str, body: tuple[str, ...], sent_at: int
) -> Attachment:
    """What a unit sends up: a table where the matter had one, else a report."""
    if matter.rows:
        villages = ("Ma Đanh", "Suối Thông", "Đạ Ròn 1", "Tân Hiên", "Lạc Thạnh", "K'Lót", "Kambute")
        rows = tuple(
            (f"Thôn {village}", desk.dice.number(60, 400), desk.dice.number(6, 59)) for village in villages
        )
        name = _file_name(number, matter.summary, Format.XLSX)
        return Attachment(name, Format.XLSX, _sheet(matter.rows, rows, unit, matter.summary, day_of(sent_at)))
    content = _document(desk, unit, number, "BÁO CÁO", f"Kết quả {matter.summary}", body, sent_at, "")
    file_format = desk.dice.pick((Format.PDF, Format.DOCX))
    return Attachment(_file_name(number, f"Báo cáo {matter.summary}", file_format), file_format, content)


def _sheet(
    heads: tuple[str, ...],
    rows: tuple[tuple[str | int | float, ...], ...],
    unit: DemoUnit,
    title: str,
    day: date,
) -> Sheet:
    return Sheet(f"Biểu kèm theo: {title}", unit.name.upper(), day, heads, rows, (1, 2))


def _document(
    desk: Desk,
    unit: DemoUnit,
    number: str,
    kind: str,
    summary: str,
    body: tuple[str, ...],
    sent_at: int,
    stamp: str,
) -> OfficialDocument:
    head = next(person for person in desk.province.staff(unit.code) if person.post.role is Role.HEAD)
    title = head.post.title.upper()
    collective = unit.code.startswith(COLLECTIVE)
    lines: tuple[str, ...] = (title,)
    if collective:
        lines = (f"TM. {_collective(unit)}", title.split(" ỦY BAN")[0])
    elif unit.code == "TU" or unit.code.startswith("DU-"):
        lines = ("T/M BAN THƯỜNG VỤ", "BÍ THƯ")
    place = unit.place.partition(" ")[2] if unit.tier == "commune" else "Lâm Đồng"
    return OfficialDocument(
        number=number,
        issuer=unit.name.upper(),
        issuer_above=_above(desk, unit),
        place=place,
        day=day_of(sent_at),
        kind=kind,
        summary=summary[0].upper() + summary[1:] if kind else summary,
        addressed_to=() if kind else ("Các cơ quan, đơn vị liên quan",),
        body=body,
        signature=Signature(lines, head.full_name),
        copies_to=("Như trên", "Lãnh đạo cơ quan", "Lưu: VT"),
        urgency_stamp=stamp,
        party=unit.branch == "party",
    )


def _above(desk: Desk, unit: DemoUnit) -> str:
    """Cơ quan chủ quản: nothing above a root, nor above a commune's committees, which stand for themselves."""
    if unit.parent is None or (unit.tier == "commune" and unit.branch != "party"):
        return ""
    return desk.province.unit_by_code[unit.parent].name.upper()


def _collective(unit: DemoUnit) -> str:
    if unit.branch == "mass":
        return "BAN THƯỜNG TRỰC"
    return "ỦY BAN NHÂN DÂN" if unit.branch == "state" else "HỘI ĐỒNG NHÂN DÂN"


def _file_name(number: str, summary: str, file_format: Format) -> str:
    short = " ".join(summary.split()[:9]).rstrip(",")
    return f"{number.replace('/', '-')} {short}.{file_format.value}"
