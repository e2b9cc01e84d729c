"""The two hundred people of the demo, each with a post: some named here, most drawn by lot."""

from directory.names import LocalParts, local_part, split_name
from mailsvc.demo.model import DemoPerson, DemoPost, DemoUnit, Role
from mailsvc.demo.names import CHURU, KHO, KINH, Names
from mailsvc.demo.units import COMMUNE_COMMITTEES, DEPARTMENTS, MASS_UNITS

H, D, C, S = Role.HEAD, Role.DEPUTY, Role.CLERK, Role.SPECIALIST
_Posts = tuple[tuple[Role, str], ...]

_PEOPLE_OF: dict[str, _Posts] = {
    "TU": ((H, "Bí thư Tỉnh ủy"), (D, "Phó Bí thư Thường trực Tỉnh ủy")),
    "VPTU": (
        (H, "Chánh Văn phòng"),
        (D, "Phó Chánh Văn phòng"),
        (C, "Văn thư"),
        (S, "Chuyên viên Phòng Tổng hợp"),
    ),
    **{
        code: ((H, title), (C, "Văn thư"), (S, "Chuyên viên chính"))
        for code, title in (
            ("BTCTU", "Trưởng Ban"),
            ("BTGDV", "Trưởng Ban"),
            ("UBKTTU", "Chủ nhiệm"),
            ("BNCTU", "Trưởng Ban"),
        )
    },
    "TCT": ((H, "Hiệu trưởng"), (C, "Văn thư")),
    "DBQH": ((H, "Trưởng đoàn"), (C, "Thư ký Đoàn")),
    "HDND": ((H, "Chủ tịch Hội đồng nhân dân tỉnh"), (D, "Phó Chủ tịch Hội đồng nhân dân tỉnh")),
    "VPHDND": ((H, "Chánh Văn phòng"), (C, "Văn thư"), (S, "Chuyên viên Phòng Công tác Hội đồng")),
    "BPC": ((H, "Trưởng Ban"), (S, "Chuyên viên")),
    "BKTNS": ((H, "Trưởng Ban"), (S, "Chuyên viên")),
    "UBND": (
        (H, "Chủ tịch Ủy ban nhân dân tỉnh"),
        (D, "Phó Chủ tịch Thường trực"),
        (D, "Phó Chủ tịch phụ trách kinh tế"),
        (D, "Phó Chủ tịch phụ trách văn hóa - xã hội"),
    ),
    "VPUBND": (
        (H, "Chánh Văn phòng"),
        (D, "Phó Chánh Văn phòng"),
        (D, "Phó Chánh Văn phòng"),
        (C, "Văn thư"),
        (C, "Văn thư"),
        (S, "Chuyên viên Phòng Tổng hợp"),
        (S, "Chuyên viên Phòng Nông nghiệp"),
        (S, "Chuyên viên Phòng Đô thị"),
        (S, "Chuyên viên Phòng Khoa giáo - Văn xã"),
    ),
    **dict.fromkeys(DEPARTMENTS, ((H, "Giám đốc"), (D, "Phó Giám đốc"), (C, "Văn thư"), (S, "Chuyên viên"))),
    "TTT": ((H, "Chánh Thanh tra"), (D, "Phó Chánh Thanh tra"), (C, "Văn thư"), (S, "Thanh tra viên")),
    "BQLKCN": ((H, "Trưởng ban"), (D, "Phó Trưởng ban"), (C, "Văn thư"), (S, "Chuyên viên")),
    "TTPVHCC": ((H, "Giám đốc Trung tâm"), (C, "Văn thư")),
    "CCTL": ((H, "Chi cục trưởng"), (C, "Văn thư kiêm trực ban phòng, chống thiên tai")),
    "TTCDS": (
        (H, "Giám đốc Trung tâm"),
        (S, "Viên chức quản trị hệ thống thư"),
        (S, "Viên chức An toàn thông tin"),
        (C, "Văn thư"),
    ),
    "MTTQ": ((H, "Chủ tịch"), (C, "Văn thư"), (S, "Chuyên viên Ban Phong trào")),
    **dict.fromkeys(MASS_UNITS, ((H, "Chủ tịch"), (C, "Văn thư"), (S, "Chuyên viên Ban Phong trào"))),
    "DTN": ((H, "Bí thư Tỉnh đoàn"), (C, "Văn thư"), (S, "Chuyên viên Ban Phong trào")),
    **dict.fromkeys(
        COMMUNE_COMMITTEES,
        (
            (H, "Chủ tịch Ủy ban nhân dân"),
            (D, "Phó Chủ tịch Ủy ban nhân dân"),
            (C, "Văn thư - lưu trữ"),
            (S, "Công chức Phòng Kinh tế"),
            (S, "Công chức Phòng Văn hóa - Xã hội"),
        ),
    ),
    "DU": ((H, "Bí thư Đảng ủy"), (C, "Văn thư Văn phòng Đảng ủy")),
    "HDND-": ((H, "Chủ tịch Hội đồng nhân dân"),),
    "MTTQ-": ((H, "Chủ tịch Ủy ban Mặt trận Tổ quốc"),),
}
# Who the walk and its test meet, and a few whose names show what names can be: unit, place among its posts, name.
_NAMED: dict[tuple[str, int], tuple[str, str]] = {
    ("VPUBND", 3): ("Nguyễn Thị Thu Hà", KINH),
    ("VPUBND", 4): ("Phạm Quốc Khánh", KINH),
    ("UBND-DARON", 0): ("Ya Soan", CHURU),
    ("UBND-DARON", 2): ("Ka Thị Hoa", KHO),
    ("UBND-DARON", 3): ("K'Brếp", KHO),
    ("TTCDS", 1): ("Lê Minh Tuấn", KINH),
    ("SNV", 3): ("Nguyễn Văn An", KINH),
    ("STC", 3): ("Nguyễn Văn Ân", KINH),
    ("UBND-KADO", 3): ("Nguyễn Vân An", KINH),  # three names that fold alike: annv, annv2, annv3
    ("SYT", 0): ("Tôn Thất Hướng", KINH),
    ("SGDDT", 2): ("Đặng Thị Hướng", KINH),
    ("UBND-DILINH", 3): ("Tiệp", KHO),
}
_SECOND_POSTS = {  # kiêm nhiệm
    ("UBND-DARON", 2): DemoPost("HDND-DARON", "Văn thư (kiêm nhiệm)", C, primary=False),
    ("UBND", 1): DemoPost("BQLKCN", "Trưởng Ban chỉ đạo phát triển công nghiệp", S, primary=False),
}


def posts_of(unit: DemoUnit) -> _Posts:
    """The posts that the demo fills in a unit of today."""
    if unit.code in _PEOPLE_OF:
        return _PEOPLE_OF[unit.code]
    return _PEOPLE_OF[{"party": "DU", "council": "HDND-", "mass": "MTTQ-"}[unit.branch]]


def demo_people(units: tuple[DemoUnit, ...], domain: str) -> tuple[DemoPerson, ...]:
    """Everyone, unit by unit, with addresses as the directory makes them: given name, then initials."""
    names = Names(frozenset(name for name, _ in _NAMED.values()))
    locals_ = LocalParts(())
    people = []
    for unit in units:
        if unit.valid_to is not None:
            continue
        commune = unit.code.partition("-")[2].lower() if unit.tier == "commune" else ""
        for place, (role, title) in enumerate(posts_of(unit)):
            named = _NAMED.get((unit.code, place))
            name, ethnicity = named or names.next_name(commune)
            posts = [DemoPost(unit.code, title, role)]
            if second := _SECOND_POSTS.get((unit.code, place)):
                posts.append(second)
            local = locals_.take(local_part(split_name(name)))
            people.append(DemoPerson(f"{local}@{domain}", name, ethnicity, tuple(posts)))
    return tuple(people)
