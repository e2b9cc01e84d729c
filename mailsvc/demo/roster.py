"""The roster of the walk: four newcomers of xã Đạ Ròn, first with two faults, then mended."""

from mailsvc.demo.model import DemoProvince
from mailsvc.demo.province import csv_text

_HEADS = ("address", "full_name", "unit", "kind", "title", "password")
FIRST_PASSWORD = "Doi-Ngay-2026"  # noqa: S105  # must be changed at the first sign-in
WRONG_UNIT, RIGHT_UNIT = "UBND-DARONG", "UBND-DARON"
NEWCOMERS = (
    ("Touneh Ma Phượng", RIGHT_UNIT, "Công chức Trung tâm Phục vụ hành chính công"),
    ("Nguyễn Hoàng Gia Bảo", RIGHT_UNIT, "Công chức Địa chính - Xây dựng"),
    ("K'Sơn", RIGHT_UNIT, "Công chức Nông nghiệp"),
    ("Trần Thị Mỹ Duyên", "HDND-DARON", "Chuyên viên Văn phòng HĐND và UBND"),
)
_LOCALS = ("phuongtm", "baonhg", "kson", "duyenttm")


def faulty_accounts_csv(province: DemoProvince) -> str:
    """Four people, two faults: a unit that is misspelt (line 3), an address of another domain (line 4)."""
    return _roster(province, {1: WRONG_UNIT}, {2: "lamdong.invalid"})


def mended_accounts_csv(province: DemoProvince) -> str:
    """The same four people without the faults."""
    return _roster(province, {}, {})


def _roster(province: DemoProvince, units: dict[int, str], domains: dict[int, str]) -> str:
    return csv_text(
        _HEADS,
        (
            (
                f"{_LOCALS[number]}@{domains.get(number, province.domain)}",
                name,
                units.get(number, unit),
                "personal",
                title,
                FIRST_PASSWORD,
            )
            for number, (name, unit, title) in enumerate(NEWCOMERS)
        ),
    )
