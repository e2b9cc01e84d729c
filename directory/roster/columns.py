"""What the columns of a roster are called, as offices call them, in Vietnamese or English."""

import re
from enum import StrEnum
from typing import Final

from directory.names import syllables


class Column(StrEnum):
    """What a column says; the value is the field that remarks name."""

    ORDER = "order"  # STT
    FULL_NAME = "full_name"
    FAMILY = "family_name"  # họ và tên đệm
    GIVEN = "given_name"
    UNIT = "unit"
    DEPARTMENT = "department"  # a part of the unit: phòng ban
    TITLE = "title"
    BIRTH = "birth_date"
    CITIZEN = "citizen_id"  # số căn cước
    STAFF = "staff_code"
    IDENTIFIER = "identifier"
    ADDRESS = "address"
    PHONE = "phone"


_WORDS: Final[dict[Column, str]] = {
    Column.ORDER: "stt; so tt; tt; so thu tu; no; number; order; sl no",
    Column.FULL_NAME: (
        "ho va ten; ho ten; ho va ten khai sinh; ho ten khai sinh; ho va ten can bo; ten can bo; ho ten can bo"
        "; ho va ten can bo cong chuc; ho va ten cbcc; ho va ten cbccvc; ho va ten chu; ten nhan vien; hoten"
        "; full name; fullname; name; employee name; staff name; officer; officer name; ho va ten nguoi dung"
    ),
    Column.FAMILY: (
        "ho; ho dem; ho va dem; ho va ten dem; ho ten dem; ho lot; ho va ten lot; ho va chu lot; ho chu lot; ho va ho dem"
        "; family name; last name; surname; family and middle name; family and middle names; surname and middle name"
    ),
    Column.GIVEN: "ten; ten goi; given name; first name; forename",
    Column.UNIT: (
        "don vi; don vi cong tac; ten don vi; co quan; co quan don vi; co quan cong tac; noi cong tac; ten co quan; ma don vi"
        "; co quan don vi cong tac; don vi co quan; don vi quan ly; unit; unit code; unit name; organisation; organization"
        "; agency; office; place of work; workplace"
    ),
    Column.DEPARTMENT: (
        "phong ban; phong; ban; bo phan; phong ban don vi; phong chuyen mon; don vi truc thuoc; phong bo phan; to"
        "; phong ban bo phan; to bo phan; department; division; section; team"
    ),
    Column.TITLE: (
        "chuc vu; chuc danh; chuc vu chuc danh; chuc danh chuc vu; chuc vu cong tac; chuc vu hien tai; vi tri viec lam"
        "; chuc vu dang chinh quyen; chuc vu chinh quyen; vi tri; title; job title; position; post; role; rank"
    ),
    Column.BIRTH: (
        "ngay sinh; ngay thang nam sinh; ngay thang sinh; nam sinh; sinh ngay; ntns; ngay thang nam sinh nam"
        "; date of birth; birth date; birthdate; birthday; dob; born"
    ),
    Column.CITIZEN: (
        "so can cuoc; can cuoc; can cuoc cong dan; so can cuoc cong dan; cccd; so cccd; cmnd; so cmnd; cccd cmnd; cmnd cccd"
        "; so cccd cmnd; so cmnd cccd; so dinh danh; so dinh danh ca nhan; citizen id; national id; id number; id card"
        "; identity card"
    ),
    Column.STAFF: (
        "ma can bo; ma cb; ma cong chuc; ma vien chuc; ma nhan vien; ma nv; ma so; so hieu; so hieu cong chuc"
        "; so hieu cong chuc vien chuc; ma cbcc; ma cbccvc; ma so can bo; ma; staff code; staff id; employee id"
        "; employee code; employee no; code"
    ),
    Column.IDENTIFIER: "ma dinh danh; identifier; id",
    Column.ADDRESS: (
        "email; e mail; thu dien tu; dia chi thu dien tu; dia chi email; dia chi e mail; hop thu; hop thu cong vu; mail"
        "; email cong vu; thu dien tu cong vu; dia chi; dia chi hop thu; dia chi thu; email address; e mail address"
        "; mail address; address; tai khoan; ten tai khoan; ten dang nhap; account; username; login"
    ),
    Column.PHONE: (
        "dien thoai; so dien thoai; sdt; dt; so dt; dtdd; di dong; dien thoai di dong; so di dong; dien thoai co quan"
        "; phone; phone number; telephone; mobile; mobile phone; tel; cell"
    ),
}
_BY_WORDS: Final = {name.strip(): column for column, names in _WORDS.items() for name in names.split(";")}

# Words under a header that runs over several columns: "Ngày sinh" over "Nam" and "Nữ".
_SEXES: Final = frozenset({"nam", "nu", "male", "female"})
_KNOWN_BUT_UNUSED: Final = frozenset(
    {
        *_SEXES,
        *(
            "ghi chu",
            "gioi tinh",
            "dan toc",
            "ton giao",
            "que quan",
            "trinh do",
            "luong",
            "he so",
            "ngach",
            "bac",
        ),
        *("ly do bi tu choi", "cach sua", "dong goc", "notes", "note", "remarks", "sex", "gender"),
    }
)
_IN_BRACKETS: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


def words_of(label: str) -> str:
    """A label as it is compared: without marks, signs and what stands in brackets."""
    return " ".join(syllables(_IN_BRACKETS.sub(" ", label)))


def column_called(label: str) -> Column | None:
    """What a label names; None where it is none of ours."""
    return _BY_WORDS.get(words_of(label))


def column_under(top: str, sub: str) -> Column | None:
    """What a label of two lines names: `Ngày sinh` over `Nam` is a birth date, `Họ và tên` over `Tên` a given name."""
    if not sub:
        return column_called(top)
    above = column_called(top)
    if words_of(sub) in _SEXES:
        return above if above is Column.BIRTH else None
    return column_called(sub) or column_called(f"{top} {sub}") or (above if not column_called(sub) else None)


def is_label(text: str) -> bool:
    """Whether a cell could be the name of a column, one of ours or not."""
    return column_called(text) is not None or words_of(text) in _KNOWN_BUT_UNUSED


def deserves_no_word(label: str) -> bool:
    """Whether everybody knows that this column is not used."""
    return not label or words_of(label) in _KNOWN_BUT_UNUSED
