"""Places (địa bàn) of the demo: province and communes of today; districts and old communes as history.

A province modelled on Lâm Đồng, not Lâm Đồng: the real reorganisation drew other lines. A place's code is its name as
rosters write it, so that the `place` column of units.csv can be read by people.
"""

from datetime import date
from typing import NamedTuple

from mailsvc.demo.model import DemoPlace

REFORM = date(2025, 7, 1)  # Luật 72/2025/QH15: no district tier from this day on
FOUNDED = date(1976, 2, 1)
PROVINCE = "tỉnh Lâm Đồng"


class Commune(NamedTuple):
    """A commune or ward of today, and what it was made of."""

    slug: str  # in codes and addresses
    kind: str  # xã, phường
    name: str
    district: str  # until 30/06/2025
    before: tuple[str, ...]  # the communes and wards that became it

    @property
    def place(self) -> str:
        """The place's name: `xã Đạ Ròn`."""
        return f"{self.kind} {self.name}"


COMMUNES = (
    Commune("daron", "xã", "Đạ Ròn", "huyện Đơn Dương", ("xã Đạ Ròn", "xã Tu Tra")),
    Commune("donduong", "xã", "Đơn Dương", "huyện Đơn Dương", ("thị trấn Thạnh Mỹ", "xã Lạc Lâm")),
    Commune("kado", "xã", "Ka Đô", "huyện Đơn Dương", ("xã Ka Đô", "xã Pró")),
    Commune("dran", "xã", "D'Ran", "huyện Đơn Dương", ("thị trấn D'Ran", "xã Lạc Xuân")),
    Commune(
        "xuanhuong",
        "phường",
        "Xuân Hương - Đà Lạt",
        "thành phố Đà Lạt",
        ("phường 1, Đà Lạt", "phường 2, Đà Lạt"),
    ),
    Commune("camly", "phường", "Cam Ly - Đà Lạt", "thành phố Đà Lạt", ("phường 6, Đà Lạt", "xã Tà Nung")),
    Commune("langbiang", "phường", "Lang Biang - Đà Lạt", "thành phố Đà Lạt", ("phường 7, Đà Lạt", "xã Lát")),
    Commune("lacduong", "xã", "Lạc Dương", "huyện Lạc Dương", ("xã Đạ Sar", "xã Đạ Nhim")),
    Commune("ductrong", "xã", "Đức Trọng", "huyện Đức Trọng", ("thị trấn Liên Nghĩa", "xã Phú Hội")),
    Commune("dilinh", "xã", "Di Linh", "huyện Di Linh", ("thị trấn Di Linh", "xã Liên Đầm")),
    Commune("baoloc1", "phường", "1 Bảo Lộc", "thành phố Bảo Lộc", ("phường 1, Bảo Lộc", "phường Lộc Phát")),
    Commune("dateh", "xã", "Đạ Tẻh", "huyện Đạ Huoai", ("thị trấn Đạ Tẻh", "xã An Nhơn")),
)
DISTRICTS = tuple(dict.fromkeys(commune.district for commune in COMMUNES))


def demo_places() -> tuple[DemoPlace, ...]:
    """The province, its communes of today, and what there was until 30/06/2025; parents before children."""
    places = [DemoPlace(PROVINCE, PROVINCE, "province", None, FOUNDED)]
    places += [
        DemoPlace(
            name,
            name,
            "district",
            PROVINCE,
            FOUNDED,
            REFORM,
            tuple(commune.place for commune in COMMUNES if commune.district == name),
        )
        for name in DISTRICTS
    ]
    for commune in COMMUNES:
        places += [
            DemoPlace(
                f"{old} ({commune.district})",
                old,
                "commune",
                commune.district,
                FOUNDED,
                REFORM,
                (commune.place,),
            )
            for old in commune.before
        ]
        places.append(DemoPlace(commune.place, commune.place, "commune", PROVINCE, REFORM))
    return tuple(places)
