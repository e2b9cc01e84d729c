"""Units (đơn vị) of the demo: five branches at the province, and those of twelve communes and wards."""

from datetime import date
from typing import NamedTuple

from mailsvc.demo.model import DemoUnit
from mailsvc.demo.places import COMMUNES, DISTRICTS, FOUNDED, PROVINCE, REFORM, Commune

MARCH_2025 = date(2025, 3, 1)  # the departments were merged four months before the communes


class _Row(NamedTuple):
    code: str
    name: str
    parent: str | None
    short_name: str
    headcount: int
    since: date = FOUNDED


_PARTY = (
    _Row("TU", "Tỉnh ủy Lâm Đồng", None, "tinhuy", 15),
    _Row("VPTU", "Văn phòng Tỉnh ủy", "TU", "vptu", 62),
    _Row("BTCTU", "Ban Tổ chức Tỉnh ủy", "TU", "btctu", 38),
    _Row("BTGDV", "Ban Tuyên giáo và Dân vận Tỉnh ủy", "TU", "btgdvtu", 44, MARCH_2025),
    _Row("UBKTTU", "Ủy ban Kiểm tra Tỉnh ủy", "TU", "ubkttu", 40),
    _Row("BNCTU", "Ban Nội chính Tỉnh ủy", "TU", "bnctu", 27),
    _Row("TCT", "Trường Chính trị tỉnh", "TU", "truongchinhtri", 46),
)
_ASSEMBLY = (_Row("DBQH", "Đoàn đại biểu Quốc hội tỉnh", None, "ddbqh", 7),)
_COUNCIL = (
    _Row("HDND", "Hội đồng nhân dân tỉnh", None, "hdnd", 9),
    _Row("VPHDND", "Văn phòng Đoàn đại biểu Quốc hội và Hội đồng nhân dân tỉnh", "HDND", "vphdnd", 48),
    _Row("BPC", "Ban Pháp chế Hội đồng nhân dân tỉnh", "HDND", "banphapche", 6),
    _Row("BKTNS", "Ban Kinh tế - Ngân sách Hội đồng nhân dân tỉnh", "HDND", "banktns", 6),
)
_STATE = (
    _Row("UBND", "Ủy ban nhân dân tỉnh Lâm Đồng", None, "ubnd", 6),
    _Row("VPUBND", "Văn phòng Ủy ban nhân dân tỉnh", "UBND", "vpubnd", 98),
    _Row("SNV", "Sở Nội vụ", "UBND", "snv", 112, MARCH_2025),
    _Row("STC", "Sở Tài chính", "UBND", "stc", 146, MARCH_2025),
    _Row("SXD", "Sở Xây dựng", "UBND", "sxd", 121, MARCH_2025),
    _Row("SNNMT", "Sở Nông nghiệp và Môi trường", "UBND", "snnmt", 187, MARCH_2025),
    _Row("SKHCN", "Sở Khoa học và Công nghệ", "UBND", "skhcn", 84, MARCH_2025),
    _Row("SYT", "Sở Y tế", "UBND", "syt", 92),
    _Row("SGDDT", "Sở Giáo dục và Đào tạo", "UBND", "sgddt", 88),
    _Row("SVHTTDL", "Sở Văn hóa, Thể thao và Du lịch", "UBND", "svhttdl", 79),
    _Row("SCT", "Sở Công Thương", "UBND", "sct", 74),
    _Row("STP", "Sở Tư pháp", "UBND", "stp", 46),
    _Row("SDTTG", "Sở Dân tộc và Tôn giáo", "UBND", "sdttg", 41, MARCH_2025),
    _Row("TTT", "Thanh tra tỉnh", "UBND", "thanhtra", 68),
    _Row("BQLKCN", "Ban Quản lý các khu công nghiệp", "UBND", "bqlkcn", 36),
    _Row("TTPVHCC", "Trung tâm Phục vụ hành chính công tỉnh", "VPUBND", "hcc", 34),
    _Row("CCTL", "Chi cục Thủy lợi", "SNNMT", "chicucthuyloi", 39),
    _Row("TTCDS", "Trung tâm Chuyển đổi số", "SKHCN", "ttcds", 42, MARCH_2025),
)
_MASS = (
    _Row("MTTQ", "Ủy ban Mặt trận Tổ quốc Việt Nam tỉnh", None, "mttq", 58),
    _Row("LDLD", "Liên đoàn Lao động tỉnh", "MTTQ", "ldld", 31),
    _Row("HND", "Hội Nông dân tỉnh", "MTTQ", "hoinongdan", 24),
    _Row("HPN", "Hội Liên hiệp Phụ nữ tỉnh", "MTTQ", "hoiphunu", 25),
    _Row("DTN", "Đoàn Thanh niên Cộng sản Hồ Chí Minh tỉnh", "MTTQ", "tinhdoan", 26),
    _Row("CCB", "Hội Cựu chiến binh tỉnh", "MTTQ", "ccb", 12),
)
_BRANCHES = (
    ("party", _PARTY),
    ("assembly", _ASSEMBLY),
    ("council", _COUNCIL),
    ("state", _STATE),
    ("mass", _MASS),
)
_IN_A_COMMUNE = (  # branch, prefix of the code, name, parent, prefix of the short name, headcount, in which communes
    ("state", "UBND", "Ủy ban nhân dân {place}", "UBND", "", 42, tuple(c.slug for c in COMMUNES)),
    (
        "party",
        "DU",
        "Đảng ủy {place}",
        "TU",
        "dangbo.",
        18,
        ("daron", "donduong", "xuanhuong", "ductrong", "dilinh", "baoloc1"),
    ),
    ("council", "HDND", "Hội đồng nhân dân {place}", "HDND", "hdnd.", 4, ("daron", "xuanhuong", "ductrong")),
    (
        "mass",
        "MTTQ",
        "Ủy ban Mặt trận Tổ quốc Việt Nam {place}",
        "MTTQ",
        "mttq.",
        12,
        ("daron", "ductrong", "dilinh"),
    ),
)


def commune_code(prefix: str, slug: str) -> str:
    """The code of a commune's unit: `UBND-DARON`."""
    return f"{prefix}-{slug.upper()}"


COMMUNE_COMMITTEES = tuple(commune_code("UBND", commune.slug) for commune in COMMUNES)
COMMUNE_PARTY = tuple(
    commune_code("DU", slug) for _, prefix, *_, slugs in _IN_A_COMMUNE if prefix == "DU" for slug in slugs
)
DEPARTMENTS = tuple(row.code for row in _STATE if row.parent == "UBND" and row.code != "VPUBND")
MASS_UNITS = tuple(row.code for row in _MASS if row.parent)


def demo_units() -> tuple[DemoUnit, ...]:
    """Sixty units of today after those of the districts that ended; parents before children."""
    units = [
        DemoUnit(
            code=row.code,
            name=row.name,
            parent=row.parent,
            tier="province",
            branch=branch,
            short_name=row.short_name,
            place=PROVINCE,
            identifier=f"H36.{number}" if branch == "state" else "",  # QĐ 20/2020/QĐ-TTg
            headcount=row.headcount,
            valid_from=row.since,
        )
        for branch, rows in _BRANCHES
        for number, row in enumerate(rows)
    ]
    for number, commune in enumerate(COMMUNES, 101):
        units += _of_commune(commune, number)
    units += [_of_district(number, name) for number, name in enumerate(DISTRICTS, 51)]
    return tuple(units)


def _of_commune(commune: Commune, number: int) -> list[DemoUnit]:
    return [
        DemoUnit(
            code=commune_code(prefix, commune.slug),
            name=name.format(place=commune.place),
            parent=parent,
            tier="commune",
            branch=branch,
            short_name=f"{short}{commune.slug}",
            place=commune.place,
            identifier=f"H36.{number}" if branch == "state" else "",
            headcount=headcount,
            valid_from=REFORM,
        )
        for branch, prefix, name, parent, short, headcount, slugs in _IN_A_COMMUNE
        if commune.slug in slugs
    ]


def _of_district(number: int, name: str) -> DemoUnit:
    """What a district had: its People's Committee, ended with the tier; nobody has a box there."""
    return DemoUnit(
        code=f"UBND-H{number}",
        name=f"Ủy ban nhân dân {name}",
        parent="UBND",
        tier="district",
        branch="state",
        short_name="",
        place=name,
        identifier=f"000.00.{number}.H36",  # Thông tư 10/2016/TT-BTTTT
        headcount=96,
        valid_from=FOUNDED,
        valid_to=REFORM,
    )
