"""Workbooks that would harm are refused, with what to do instead, before anything unpacks them."""

import time
import zipfile
from io import BytesIO

import pytest
from openpyxl import Workbook

from directory.roster import package, read_roster, read_xlsx
from tests.directory.conftest import TODAY
from tests.directory.roster.workbooks import octets, repacked, xlsx

GOOD = xlsx(["Họ tên", "Đơn vị"], ["Nguyễn An", "SYT"])


def refused(data: bytes) -> list[str]:
    roster = read_roster(data, today=TODAY)
    assert all(remark.remedy("vi") and remark.remedy("en") for remark in roster.refused)
    return [remark.fault.value for remark in roster.refused]


def test_a_good_one_is_read() -> None:
    assert refused(GOOD) == []


@pytest.mark.parametrize("column", ["Họ tên", "Đơn vị"])
def test_a_formula_is_named_with_its_cell(column: str) -> None:
    row = {"Họ tên": "Nguyễn An", "Đơn vị": "SYT"} | {column: '=HYPERLINK("http://x")'}
    (remark,) = read_roster(xlsx(["Họ tên", "Đơn vị"], row.values()), today=TODAY).refused
    assert (remark.fault.value, remark.line) == ("formula_cell", 2)
    assert ("A2" if column == "Họ tên" else "B2") in remark.message()


def test_an_error_value_is_refused_with_its_cell() -> None:
    assert refused(xlsx(["Họ tên", "Đơn vị"], ["Nguyễn An", "#REF!"])) == ["error_cell"]


@pytest.mark.parametrize("sign", list("=+-@"))
def test_csv_cells_that_a_spreadsheet_would_run_are_refused(sign: str) -> None:
    assert refused(f"Họ tên,Đơn vị\n{sign}Nguyễn An,SYT\n".encode()) == ["formula"]


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ("xl/vbaProject.bin", "xlsx_macros"),
        ("xl/macrosheets/sheet1.xml", "xlsx_macros"),
        ("xl/externalLinks/externalLink1.xml", "xlsx_links"),
        ("xl/connections.xml", "xlsx_links"),
    ],
)
def test_macros_and_links_to_other_files_are_refused(part: str, fault: str) -> None:
    assert refused(repacked(GOOD, {part: b"<x/>"})) == [fault]


def test_a_part_that_unpacks_to_much_is_refused_before_it_is_unpacked() -> None:
    bomb = repacked(GOOD, {"xl/sharedStrings.xml": b" " * (package.MAX_STRINGS + 1)})
    begins = time.process_time()
    assert refused(bomb) == ["xlsx_bomb"]
    assert time.process_time() - begins < 1
    assert refused(repacked(GOOD, {"xl/media/a.bin": b"\0" * (8 * package.MIB)})) == ["xlsx_bomb"]


def test_thousands_of_parts_are_refused() -> None:
    parts = {f"xl/worksheets/s{n}.xml": b"" for n in range(package.MAX_PARTS + 1)}
    assert refused(repacked(GOOD, parts)) == ["xlsx_bomb"]


def test_a_document_type_is_refused() -> None:
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><sst>&a;</sst>'
    assert refused(repacked(GOOD, {"xl/sharedStrings.xml": evil})) == ["not_xlsx"]


@pytest.mark.parametrize(
    "data",
    [
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        b"<html><table><tr><td>H\xe1\xbb\x8d t\xc3\xaan</td></tr></table></html>",
        b"%PDF-1.7",
        b"PK\x03\x04 and nothing",
        GOOD[:-40],
        GOOD[: len(GOOD) // 2],
    ],
)
def test_other_formats_and_broken_files_are_refused_with_how_to_save_them(data: bytes) -> None:
    assert refused(data) == ["not_xlsx"]


def test_a_row_at_the_end_of_the_sheet_does_not_make_a_million_lines() -> None:
    def far(page) -> None:
        page.cell(1_048_576, 1, "xa")

    begins = time.process_time()
    assert refused(xlsx(["Họ tên", "Đơn vị"], ["Nguyễn An", "SYT"], change=far)) == []
    assert time.process_time() - begins < 5


def test_merged_ranges_over_the_whole_sheet_cost_nothing() -> None:
    sheet = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(BytesIO(xlsx(["Họ tên", "Đơn vị"], ["Nguyễn An", "SYT"], merge=["D1:E1"]))) as made:
        written = made.read(sheet)
    wide = written.replace(b'ref="D1:E1"', b'ref="D1:XFD1048576"')
    assert wide != written
    assert refused(repacked(GOOD, {sheet: wide})) == []


def test_too_many_rows_and_too_long_a_reading_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(0, 10_000, 20))
    from directory.roster.grid import RosterFileError

    with pytest.raises(RosterFileError) as late:
        read_xlsx.read_xlsx(GOOD, None, lambda _grid: True, clock=lambda: float(next(ticks)))
    assert late.value.remark.fault.value == "takes_too_long"
    monkeypatch.setattr(read_xlsx, "MAX_ROWS", 1)
    assert refused(GOOD) == ["too_many_lines"]


def test_a_hidden_sheet_is_not_read_and_a_second_list_is_told_of() -> None:
    book = Workbook()
    for title, state in (("Ẩn", "hidden"), ("Một", "visible"), ("Hai", "visible"), ("Khác", "visible")):
        page = book.create_sheet(title)
        page.sheet_state = state
        page.append(["Họ tên", "Đơn vị"] if title != "Khác" else ["x"])
        page.append([f"Nguyễn {title}", "SYT"])
    data = octets(book)
    roster = read_roster(data, today=TODAY)
    assert [row.full_name for row in roster.rows] == ["Nguyễn Một"]
    assert [(remark.fault.value, remark.values["value"]) for remark in roster.warnings] == [
        ("sheet_ignored", "Hai")
    ]
    assert [row.full_name for row in read_roster(data, today=TODAY, sheet="Hai").rows] == ["Nguyễn Hai"]
    missing = read_roster(data, today=TODAY, sheet="Ba").refused
    assert missing[0].fault.value == "unreadable_sheet"


def test_an_opendocument_sheet_is_named() -> None:
    raw = BytesIO()
    with zipfile.ZipFile(raw, "w") as made:
        made.writestr("content.xml", "<x/>")
    (remark,) = read_roster(raw.getvalue(), today=TODAY).refused
    assert "ODS" in remark.message()
