"""What a roster looks like when offices export it, and what is read of it."""

from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font

from directory.model import PostRole
from directory.roster import is_machine_format, read_roster
from directory.roster.dates import read_birth_date
from directory.roster.find_unit import spoken
from directory.roster.titles import role_of
from tests.directory.conftest import TODAY
from tests.directory.roster.workbooks import xlsx


def names(data: bytes) -> list[str]:
    return [row.full_name for row in read_roster(data, today=TODAY).rows]


def refusals(data: bytes) -> list[tuple[int, str]]:
    return [(remark.line, remark.fault.value) for remark in read_roster(data, today=TODAY).refused]


@pytest.mark.parametrize(
    "text",
    [
        "Họ và tên,Chức vụ\nNguyễn Văn An,Giám đốc",
        "\ufeffHỌ TÊN;Chức danh\nNguyễn Văn An;Giám đốc",
        "Full name\tPosition\nNguyễn Văn An\tDirector",
        "họ tên|đơn vị\nNguyễn Văn An|SYT",
        "Danh sách\n\n,,\nSTT,Họ và tên khai sinh,Phòng/Ban\n1,Nguyễn Văn An,Văn phòng",
    ],
)
def test_delimiters_marks_titles_and_both_languages_are_understood(text: str) -> None:
    assert names(text.encode()) == ["Nguyễn Văn An"]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_encodings_of_spreadsheets_are_told_apart(codec: str) -> None:
    text = "Họ và tên,Chức vụ\nĐặng Thị Hướng,Chuyên viên\nBùi Quốc Khánh,Phó Trưởng phòng\n"
    assert names(text.encode(codec)) == ["Đặng Thị Hướng", "Bùi Quốc Khánh"]


def test_windows_1258_is_read_without_being_told() -> None:
    text = "Họ và tên,Chức vụ\nNguyễn Thị Hồng,Chủ tịch\nPhạm Đức Thắng,Trưởng phòng\n"
    assert names(_ansi(text)) == ["Nguyễn Thị Hồng", "Phạm Đức Thắng"]


def _ansi(text: str) -> bytes:
    """As windows-1258 has it: vowels with their shape whole, tones behind them."""
    import unicodedata

    shapes = {"\u0302", "\u0306", "\u031b"}
    out = ""
    for character in unicodedata.normalize("NFD", text):
        joined = unicodedata.normalize("NFC", out[-1:] + character)
        out = out[:-1] + joined if character in shapes and len(joined) == 1 else out + character
    return out.encode("cp1258")


def test_the_name_in_two_columns_is_put_together_and_its_parts_are_kept() -> None:
    data = "TT,Họ và tên đệm,Tên,Đơn vị\n1,Nguyễn Thị,Hương Vân,SYT\n2,Trần Văn,An,SYT\n".encode()
    first, second = read_roster(data, today=TODAY).rows
    assert (first.full_name, first.parts and first.parts.given) == ("Nguyễn Thị Hương Vân", "Hương Vân")
    assert (second.full_name, second.parts) == ("Trần Văn An", None)


def test_a_name_over_two_columns_without_a_label_for_the_second() -> None:
    data = xlsx(["TT", "Họ và tên", None, "Chức vụ"], [1, "Trần Văn", "An", "Kế toán"], merge=["B1:C1"])
    assert names(data) == ["Trần Văn An"]
    assert names("TT,Họ và tên,,Chức vụ\n1,Trần Văn,An,Kế toán\n".encode()) == ["Trần Văn An"]


def test_sections_give_the_unit_until_the_next_one_of_their_depth() -> None:
    data = (
        "STT,Họ và tên,Chức vụ\n"
        "A,KHỐI ĐẢNG,\nI,Văn phòng,\n1,Nguyễn An,Chánh Văn phòng\n"
        "II. Ban Tổ chức: 01 người,,\n1,Lê Bình,Trưởng ban\nCộng: 2,,\n"
        "B,KHỐI CHÍNH QUYỀN,\n1,Trần Chi,Chủ tịch\n"
    ).encode()
    rows = read_roster(data, today=TODAY).rows
    assert [(row.full_name, row.place.sections) for row in rows] == [
        ("Nguyễn An", ("KHỐI ĐẢNG", "Văn phòng")),
        ("Lê Bình", ("KHỐI ĐẢNG", "Ban Tổ chức: 01 người")),
        ("Trần Chi", ("KHỐI CHÍNH QUYỀN",)),
    ]


def test_sums_signatures_and_headers_of_further_pages_are_passed_over() -> None:
    data = (
        "STT,Họ và tên,Đơn vị,Chức vụ\n1,Nguyễn An,SYT,Lái xe\nSTT,Họ và tên,Đơn vị,Chức vụ\n2,Cộng Văn Tổng,SYT,Lái xe\n"
        'Tổng cộng,2,,\n,,,\n,,,"Đà Lạt, ngày 5 tháng 11 năm 2026"\n,NGƯỜI LẬP,,THỦ TRƯỞNG ĐƠN VỊ\n,Lê Thị Lập,,Bùi Sơn\n'
    ).encode()
    assert names(data) == ["Nguyễn An", "Cộng Văn Tổng"]
    assert refusals(data) == []


def test_a_unit_merged_over_several_lines_is_that_of_each() -> None:
    data = xlsx(
        ["STT", "Họ và tên", "Đơn vị"],
        [1, "Nguyễn An", "Sở Y tế"],
        [2, "Lê Bình", None],
        [3, "Trần Chi", "STC"],
        merge=["C2:C3"],
    )
    assert [row.place.unit for row in read_roster(data, today=TODAY).rows] == ["Sở Y tế", "Sở Y tế", "STC"]


def test_names_lose_salutations_capitals_and_strange_blanks() -> None:
    data = (
        "Họ tên,Đơn vị\nĐ/c NGUYỄN\u00a0 THỊ  ÁNH (nghỉ thai sản),SYT\nÔng K'BRẾP JƯM,SYT\nÁnh,SYT\n".encode()
    )
    assert names(data) == ["Nguyễn Thị Ánh", "K'Brếp Jưm", "Ánh"]


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (date(1985, 9, 5), date(1985, 9, 5)),
        (31295, date(1985, 9, 5)),
        ("31295", date(1985, 9, 5)),
        ("5/9/1985", date(1985, 9, 5)),
        ("05-09-85", date(1985, 9, 5)),
        ("5.9.1985", date(1985, 9, 5)),
        ("'05/09/1985", date(1985, 9, 5)),
        ("1985-09-05 00:00:00", date(1985, 9, 5)),
        ("Ngày 5 tháng 9 năm 1985", date(1985, 9, 5)),
        ("5/9/05", date(2005, 9, 5)),
        ("5/9/45", date(1945, 9, 5)),
        ("31/2/1985", None),
        ("9/15/1985", None),
        ("5,9", None),
        (-1.5, None),
        (1e300, None),
    ],
)
def test_birth_dates_of_every_usual_form(value: object, day: date | None) -> None:
    found = read_birth_date(value, today=TODAY)  # type: ignore[arg-type]
    assert found is not None
    assert (found.day, found.year) == (day, None)


def test_a_year_alone_is_no_birth_date_and_an_empty_cell_says_nothing() -> None:
    assert [read_birth_date(value, today=TODAY).year for value in ("1985", 1985, "9/1985")] == [1985] * 3  # type: ignore[union-attr]
    assert [read_birth_date(value, today=TODAY) for value in (None, "", "-")] == [None] * 3


def test_serial_numbers_count_from_1904_where_the_file_says_so() -> None:
    assert read_birth_date(29833, today=TODAY, days_from_1904=True).day == date(1985, 9, 5)  # type: ignore[union-attr]
    data = xlsx(["Họ tên", "Ngày sinh"], ["Nguyễn An", datetime(1985, 9, 5)])
    assert read_roster(data, today=TODAY).rows[0].birth_date == date(1985, 9, 5)


def test_an_identifier_or_telephone_typed_as_a_number_gets_its_zero_back() -> None:
    data = xlsx(["Họ tên", "Số CCCD", "Điện thoại"], ["Nguyễn An", 68085001234, 912345678.0])
    roster = read_roster(data, today=TODAY)
    assert (roster.rows[0].identifier, roster.rows[0].phone) == (("cccd", "068085001234"), "0912345678")
    assert [remark.fault.value for remark in roster.warnings] == ["leading_zero"]


@pytest.mark.parametrize(
    ("title", "role"),
    [
        ("Giám đốc", PostRole.HEAD),
        ("Q. Giám đốc", PostRole.ACTING),
        ("Phụ trách phòng", PostRole.ACTING),
        ("PHÓ CHỦ TỊCH UBND", PostRole.DEPUTY),
        ("Chánh Văn phòng", PostRole.HEAD),
        ("Bí thư Đảng ủy", PostRole.HEAD),
        ("Nhân viên văn thư", PostRole.RECORDS_CLERK),
        ("Văn thư - Lưu trữ", PostRole.RECORDS_CLERK),
        ("Chuyên viên chính", PostRole.SPECIALIST),
        ("", None),
    ],
)
def test_a_title_tells_the_role(title: str, role: PostRole | None) -> None:
    assert role_of(title) is role


def test_units_are_spoken_and_written_alike() -> None:
    assert spoken("UBND xã Đạ Ròn") == spoken("Ủy ban nhân dân  XÃ ĐẠ RÒN")
    assert spoken("Ủy ban MTTQ Việt Nam xã Đạ Ròn") == spoken("UBMTTQ Việt Nam xã Đạ Ròn")


def test_the_format_of_the_design_is_told_from_a_roster() -> None:
    assert is_machine_format(b"address,full_name,unit,kind,password\n")
    assert is_machine_format(b'\xef\xbb\xbf"address";"full_name";"unit";"kind"\n')
    assert is_machine_format(b"")
    assert not is_machine_format("Họ và tên,Đơn vị\n".encode())
    assert not is_machine_format(b"Full name,Unit\n")
    assert not is_machine_format(xlsx(["address", "full_name", "unit", "kind"]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.binary(max_size=400)
    | st.text(max_size=300).map(lambda text: ("Họ tên,Đơn vị\n" + text).encode("utf-8", "ignore"))
)
def test_any_octets_are_people_or_a_refusal(data: bytes) -> None:
    roster = read_roster(data, today=TODAY)
    assert roster.rows or roster.refused or not roster.lines
    assert all(remark.message() and remark.remedy("en") for remark in roster.refused)


def test_old_fonts_are_known_by_their_names_and_by_what_makes_vietnamese_of_them() -> None:
    vni = {
        "Đ": "Ñ",
        "ă": "aê",
        "ạ": "aï",
        "ễ": "eã",
        "ị": "ò",
        "ọ": "oï",
        "à": "aø",
        "ê": "eâ",
        "ứ": "öù",
        "ụ": "uï",
        "ó": "où",
    }

    def in_vni(text: str) -> str:
        return "".join(vni.get(letter, letter) for letter in text)

    def set_font(page) -> None:
        for row in page.iter_rows():
            for cell in row:
                cell.font = Font(name="VNI-Times")

    rows = (["Họ và tên", "Chức vụ"], ["Nguyễn Văn Đạt", "Chuyên viên"], ["Phạm Thị Dụ", "Phó phòng"])
    old = [[in_vni(text) for text in row] for row in rows]
    for change in (set_font, None):  # without the font, by what makes syllables of it
        data = xlsx(*old, change=change)
        roster = read_roster(data, today=TODAY)
        assert [row.full_name for row in roster.rows] == ["Nguyễn Văn Đạt", "Phạm Thị Dụ"]
        assert [remark.values["charset"] for remark in roster.warnings] == ["VNI"]
    assert names(xlsx(*rows, change=set_font)) == ["Nguyễn Văn Đạt", "Phạm Thị Dụ"]  # Unicode in an old font
