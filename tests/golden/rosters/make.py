"""Makes the five ugly rosters, each as offices really send them: python -m tests.golden.rosters.make"""

from datetime import date
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

HERE = Path(__file__).parent
NBSP = "\u00a0"


def put(
    sheet: Worksheet, row: int, *values: object, font: str = "Times New Roman", bold: bool = False
) -> None:
    for column, value in enumerate(values, 1):
        if value is not None:
            cell = sheet.cell(row, column, value)
            cell.font = Font(name=font, size=12, bold=bold)
            cell.alignment = Alignment(wrap_text=True)


def titles_and_sections() -> Workbook:
    """Titles, a header over two lines with merged cells, a line of numbers, sections, dates of every kind, a signature."""
    book = Workbook()
    sheet = book.active
    sheet.title = "DS CBCC"
    put(sheet, 1, "UBND TỈNH LÂM ĐỒNG", None, None, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
    put(sheet, 2, "SỞ Y TẾ", None, None, "Độc lập - Tự do - Hạnh phúc", bold=True)
    put(sheet, 4, "DANH SÁCH CÁN BỘ, CÔNG CHỨC ĐỀ NGHỊ CẤP HỘP THƯ CÔNG VỤ", bold=True)
    put(sheet, 5, "(Kèm theo Công văn số 123/SYT-VP ngày 05/11/2026 của Sở Y tế)")
    put(
        sheet,
        7,
        "STT",
        "Họ và tên",
        "Ngày, tháng, năm sinh",
        None,
        "Chức vụ, chức danh",
        "Số điện thoại",
        "Ghi chú",
        bold=True,
    )
    put(sheet, 8, None, None, "Nam", "Nữ", bold=True)
    for merged in (
        "A1:C1",
        "D1:G1",
        "A2:C2",
        "D2:G2",
        "A4:G4",
        "A5:G5",
        "C7:D7",
        "A7:A8",
        "B7:B8",
        "E7:E8",
        "F7:F8",
        "G7:G8",
    ):
        sheet.merge_cells(merged)
    put(sheet, 9, "(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)")
    put(sheet, 10, "I. VĂN PHÒNG", bold=True)
    sheet.merge_cells("A10:G10")
    put(sheet, 11, 1, "NGUYỄN VĂN AN", date(1975, 3, 2), None, "Chánh Văn phòng", "0912.345.678")
    put(sheet, 12, 2, f"Trần Thị{NBSP}Bích  Hằng", None, "15/8/1988", "Văn thư", "0263 3822 111", f"{NBSP}")
    put(sheet, 13, 3, "K'Brếp", 32874, None, "Chuyên viên")
    put(sheet, 15, "II", "Phòng Nghiệp vụ Y", bold=True)
    put(sheet, 16, 1, "Lê Đình Phúc", "ngày 7 tháng 9 năm 1980", None, "Trưởng phòng", 988776655)
    put(sheet, 17, 2, "Bà Hoàng Thị Hương Vân", None, "1.2.85", "Phó Trưởng phòng")
    put(sheet, 18, 3, "Hoàng Thị Hương Văn", None, "1990", "Chuyên viên")
    put(sheet, 19, 4, "Phạm Quốc Đạt", "31/02/1991", None, "Chuyên viên")
    put(sheet, 20, None, "Cộng: 4 người", bold=True)
    put(sheet, 22, None, "Tổng cộng:", None, None, "7 người", bold=True)
    put(sheet, 23, "Danh sách này có 07 người./.")
    put(sheet, 25, None, None, None, None, "Lâm Đồng, ngày 05 tháng 11 năm 2026")
    put(sheet, 26, None, "NGƯỜI LẬP BIỂU", None, None, "GIÁM ĐỐC", bold=True)
    put(sheet, 27, None, "(Ký, ghi rõ họ tên)", None, None, "(Ký tên, đóng dấu)")
    put(sheet, 31, None, "Trần Thị Bích Hằng", None, None, "Bùi Xuân Sơn")
    sheet.column_dimensions["B"].width = 30
    hidden = book.create_sheet("Nháp")
    hidden.sheet_state = "hidden"
    put(hidden, 1, "Họ và tên", "Đơn vị")
    put(hidden, 2, "Người Cũ", "Sở Y tế")
    return book


def _tcvn(text: str) -> str:
    """Text as an ABC font needs it: each letter at the octet where the font draws it."""
    from directory.old_charsets import tcvn

    octet_of = {tcvn(chr(octet)): chr(octet) for octet in range(0xA1, 0xFF)}
    return "".join(
        character if character.isascii() else octet_of.get(character) or octet_of[character.lower()]
        for character in text
    )


def old_fonts() -> Workbook:
    """TCVN3 in .VnTime, capitals by the font .VnTimeH, names in two columns, units merged over several lines."""
    book = Workbook()
    sheet = book.active
    put(sheet, 1, _tcvn("danh sách cán bộ xã đạ ròn"), font=".VnTimeH", bold=True)
    sheet.merge_cells("A1:G1")
    put(
        sheet,
        3,
        "TT",
        _tcvn("Họ và tên"),
        None,
        _tcvn("Năm sinh"),
        _tcvn("Chức vụ"),
        _tcvn("Phòng ban"),
        "Email",
        font=".VnTime",
        bold=True,
    )
    sheet.merge_cells("B3:C3")
    people = (
        ("Nguyễn Đức", "Thắng", "12/05/1972", "Chủ tịch"),
        ("Đỗ Thị Mỹ", "Hạnh", "03/11/1984", "Phó Chủ tịch"),
        ("Rơ Ông", "K'Tiêng", "1969", "Văn thư - Lưu trữ"),
        ("Trần Hữu", "Nghĩa", "20/10/1993", "Kế toán"),
    )
    for row, (family, given, born, post) in enumerate(people, 4):
        put(sheet, row, row - 3, _tcvn(family), _tcvn(given), born, _tcvn(post), font=".VnTime")
    put(sheet, 4, None, None, None, None, None, _tcvn("UBND xã Đạ Ròn"), font=".VnTime")
    sheet.merge_cells("F4:F6")
    put(sheet, 7, None, None, None, None, None, _tcvn("Trạm Y tế"), "nghia.tran@gmail.com", font=".VnTime")
    put(sheet, 9, None, _tcvn("Người lập"), None, None, _tcvn("Chủ tịch"), font=".VnTime")
    return book


def transfers() -> Workbook:
    """A second roster of people who are there: moved, renamed, one identifier for two, formulas, a lost zero."""
    book = Workbook()
    sheet = book.active
    put(
        sheet,
        2,
        "STT",
        "Họ tên",
        "Số CCCD",
        "Ngày sinh",
        "Đơn vị công tác",
        "Chức danh",
        "Thư điện tử",
        "Quê quán",
        bold=True,
    )
    rows = (
        (
            1,
            "Nguyễn Văn Cũ",
            "068075000001",
            date(1975, 1, 1),
            "Sở Tài chính",
            "Phó Giám đốc",
            "cunv@lamdong.gov.vn",
            "Đà Lạt",
        ),
        (
            2,
            "Trần Thị Thủy",
            68080000002,
            date(1980, 2, 2),
            "Phòng Nghiệp vụ Y, Sở Y tế",
            "Trưởng phòng",
            "thuy80@gmail.com",
            "Bảo Lộc",
        ),
        (3, "Lê Văn Mới", "068090000003", date(1990, 3, 3), "SYT", "Chuyên viên", None, "Đức Trọng"),
        (4, "Lê Thị Mai", "068090000003", date(1992, 4, 4), "SYT", "Chuyên viên", None, "Di Linh"),
        (5, "Phan Đình Khôi", "068075000001", date(1985, 5, 5), "SYT", "Chuyên viên", None, "Lạc Dương"),
        (6, '=B4&" 2"', "068093000006", date(1993, 6, 6), "SYT", "Chuyên viên", None, "Đơn Dương"),
        (7, "Vũ Thị Nga", "068094000007", date(1994, 7, 7), "Văn phòng", "Chuyên viên", None, "=1+1"),
        (8, "Bùi Thị Yến", "068095000008", date(1995, 8, 8), "Phòng Không Có", "Chuyên viên", None, None),
        (9, "Đặng Văn Sáu", "068096000009", date(1896, 9, 9), "SYT", "Chuyên viên", "sau@@lamdong", None),
        (10, "Trương Gia Bảo", None, None, "STC", "Chuyên viên", "bao.truong", None),
        (11, "Cao Văn Lưu", None, date(1970, 10, 10), "SYT", "Chuyên viên", None, None),
    )
    for row, values in enumerate(rows, 3):
        put(sheet, row, *values)
    put(sheet, 15, None, "=COUNTA(B3:B13)", "người")
    return book


def old_csv() -> bytes:
    """Octets of an ABC font that no file names any more, semicolons, line ends within cells, dates with dots."""
    lines = (
        'Stt;"Họ\nđệm";Tên;Ngày sinh;Chức vụ;Đơn vị',
        "1;Võ Thành;Công;5.9.78;Bí thư;Đảng ủy xã Đạ Ròn",
        "2;Ngô Thị Kim;Ngân;17-12-1991;Văn thư;Đảng ủy xã Đạ Ròn",
        '3;Đinh;Núp;"02/9/1968";"Chủ nhiệm\nỦy ban kiểm tra";Đảng ủy xã Đạ Ròn',
        ";;;;;",
        "4;Ngô Thị Kim;Ngân;17-12-1991;Văn thư;Đảng ủy xã Đạ Ròn",
        "Tổng số;;;;4 đồng chí;",
    )
    return _tcvn("\r\n".join(lines)).encode("latin-1") + b"\r\n"


def english_utf16() -> bytes:
    """What Excel calls Unicode Text: UTF-16, tabs, English headers, sections without marks, a header on each page."""
    lines = (
        "Staff list 2026",
        "",
        "No\tFull name\tJob title\tDate of birth\tStaff code\tE-mail",
        "STC",
        "1\tNguyễn Thị Hòa\tDirector\t1979-04-30\tTC-001\thoa.nguyen@lamdong.gov.vn",
        "2\tNguyễn Thị Hoà\tAccountant\t1983-05-01\tTC-002\t",
        "3\t=cmd|' /C calc'!A0\tAccountant\t1983-05-02\tTC-003\t",
        "No\tFull name\tJob title\tDate of birth\tStaff code\tE-mail",
        "4\tTrần-Lê Quốc Anh\tDeputy Director\t02/13/1980\tTC 004\t",
        "5\t\tDriver\t1985-05-05\tTC-005\t",
        "Total\t\t\t\t5\t",
    )
    return "\r\n".join(lines).encode("utf-16")


def main() -> None:
    titles_and_sections().save(HERE / "1-tieu-de-va-muc.xlsx")
    old_fonts().save(HERE / "2-phong-chu-cu.xlsx")
    transfers().save(HERE / "3-dieu-chuyen.xlsx")
    (HERE / "4-ma-tcvn3.csv").write_bytes(old_csv())
    (HERE / "5-unicode-text.csv").write_bytes(english_utf16())


if __name__ == "__main__":
    main()
