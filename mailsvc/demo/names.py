"""Names of people of the highlands: Kinh, K'Ho, Churu, Mạ, Tày, Nùng. All are made up."""

from mailsvc.demo.dice import Dice

KINH, KHO, CHURU, MA, TAY, NUNG = "Kinh", "K'Ho", "Churu", "Mạ", "Tày", "Nùng"

_FAMILIES = (
    *("Nguyễn",) * 9,
    *("Trần",) * 4,
    *("Lê",) * 3,
    *("Phạm",) * 2,
    *("Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Đinh", "Mai", "Tạ"),
    *("Tôn Thất", "Trương", "Lương", "Cao", "Đoàn", "Lâm"),
)
_MIDDLE_M = ("Văn", "Đức", "Quốc", "Minh", "Hữu", "Xuân", "Ngọc", "Thanh", "Công", "Đình", "Anh", "Trọng")
_MIDDLE_F = (
    *("Thị", "Thị Thu", "Thị Ngọc", "Thị Thanh", "Thị Kim", "Thị Bích", "Thị Mỹ", "Phương", "Thùy"),
    *("Thị Hồng", "Ngọc", "Thị Minh"),
)
_GIVEN_M = (
    *("An", "Bình", "Cường", "Dũng", "Đạt", "Đông", "Hải", "Hiếu", "Hòa", "Hùng", "Huy", "Khánh", "Kiên"),
    *("Lâm", "Long", "Nam", "Nghĩa", "Phong", "Phúc", "Quang", "Quân", "Sơn", "Tài", "Tâm", "Thắng", "Thành"),
    *("Thịnh", "Toàn", "Trí", "Trung", "Tú", "Tuấn", "Tùng", "Việt", "Vinh", "Vũ"),
)
_GIVEN_F = (
    *("Anh", "Chi", "Diệp", "Dung", "Duyên", "Giang", "Hà", "Hạnh", "Hằng", "Hiền", "Hoa", "Hồng", "Huệ"),
    *("Hương", "Lan", "Liên", "Linh", "Loan", "Mai", "Nga", "Ngân", "Nhung", "Oanh", "Phượng", "Quyên"),
    *("Tâm", "Thảo", "Thoa", "Thúy", "Thủy", "Trang", "Trinh", "Tuyết", "Vân", "Xuân", "Yến"),
)
_OTHERS = {
    KHO: (
        *("K'Brếp", "K'Tem", "K'Sèn", "K'Broh", "Ka Thị Nhiêm", "Ka Đơi", "Ka Sơm", "Cil Ha Thuyên"),
        *("Krajăn Plin", "Kơ Să Ha Thương", "Liêng Jrang Ha Chú", "Bon Yô Soan", "Rơ Ông K'Long", "Ka Duyn"),
        *("Păng Ting Sin", "Cil Mup Ha Kra", "Lơ Mu Hiền", "Ka Hiếu"),
    ),
    CHURU: (
        *("Ya Thăng", "Ya Tiong", "Ma Wêl", "Ma Thoan", "Touneh Ma Thu", "Touprong Hiệp", "Ya Lâm"),
        *("Touneh Hàn Thọ", "Ma Nhỏ", "Ya Grang", "Banahria Ya Hoa"),
    ),
    MA: ("K'Vin", "Ka Hem", "Điểu K'Rớt", "Ka Lĩnh", "K'Điệp", "Điểu Thị Vân"),
    TAY: (
        "Nông Văn Thắng",
        "Bế Thị Lan",
        "Hoàng Thị Slao",
        "Ma Văn Tuyên",
        "Triệu Đức Thuận",
        "Nông Thị Hằng",
    ),
    NUNG: ("Vi Văn Chài", "Voòng A Sáng", "Hoàng Thị Bích", "Lục Văn Phòng", "Nùng Thị Cúc"),
}
_AROUND = {  # who lives around the commune; the rest is Kinh
    "daron": (CHURU, KHO),
    "donduong": (CHURU,),
    "kado": (CHURU, KHO),
    "dran": (KHO, CHURU),
    "langbiang": (KHO,),
    "lacduong": (KHO,),
    "dilinh": (KHO, MA),
    "ductrong": (KHO, NUNG),
    "dateh": (MA, TAY),
}


class Names:
    """Hands out names, each once, but for a few that two people share in life as well."""

    def __init__(self, taken: frozenset[str]) -> None:
        self._dice = Dice("names")
        self._taken = set(taken)

    def next_name(self, commune: str = "") -> tuple[str, str]:
        """A full name and an ethnicity that are likely in this commune; "" is a provincial office."""
        near = _AROUND.get(commune, ())
        percent = 45 if near else 9
        if self._dice.chance(percent):
            for ethnicity in (self._dice.pick(near or tuple(_OTHERS)), *near):
                left = [name for name in _OTHERS[ethnicity] if name not in self._taken]
                if left:
                    name = self._dice.pick(left)
                    self._taken.add(name)
                    return name, ethnicity
        return self._kinh(), KINH

    def _kinh(self) -> str:
        while True:
            dice, family = self._dice, self._dice.pick(_FAMILIES)
            if dice.chance(47):
                family = family.replace("Thất", "Nữ")  # Tôn Thất, and for women Tôn Nữ
                name = f"{family} {dice.pick(_MIDDLE_F)} {dice.pick(_GIVEN_F)}"
            else:
                name = f"{family} {dice.pick(_MIDDLE_M)} {dice.pick(_GIVEN_M)}"
            if name not in self._taken:
                self._taken.add(name)
                return name
