"""Who tries, where they try, and what would betray that something foreign was told."""

import base64
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from directory.tokens import TokenScope
from mailsvc.services.administration import plans
from mailsvc.storage.store import Store
from tests.support.mail import DOMAIN
from tests.support.province import ROLES, make_province


@dataclass(frozen=True)
class Place:
    """Somebody and something of one unit, and who administers it."""

    name: str
    unit: str
    person: str
    """A personal account that nobody has a special interest in."""
    other: str
    """A second one there."""
    box: str
    """The unit's own box."""
    administered_by: frozenset[str]


INSIDE = Place("inside", "SYT", "an", "binh", "syt", frozenset({"help_desk", "unit", "auditor", "province"}))
BESIDE = Place("beside", "STC", "chi", "dung", "stc", frozenset({"province"}))
PARTY = Place("party", "VPTU", "dang", "giang", "vptu", frozenset({"party"}))
PLACES = (INSIDE, BESIDE, PARTY)
WHO = ("none", "user", *ROLES)
"""Nobody, a person without a role, and each role over its own subtree."""
BETRAYS = {
    "inside": ("an@", "binh@", "syt@", '"SYT"', "Sở Y tế"),
    "beside": ("chi@", "dung@", "stc@", '"STC"', "Sở Tài chính"),
    "party": ("dang@", "giang@", "vptu@", '"VPTU"', "Văn phòng Tỉnh ủy"),
}
"""What stands in an answer only if something of that place was told."""
EXTRA = (
    "address,full_name,unit,kind\n"
    "dung,Phan Văn Dũng,STC,personal\ngiang,Đỗ Thị Giang,VPTU,personal\nthuong,Bùi Văn Thường,SYT,personal\n"
)


class World:
    """The province with a token for everybody who has a role, and plans that wait or are applied in each place."""

    app: Flask

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = folder
        self.province = make_province(folder, store)
        self._apply(EXTRA)
        self.tokens = {
            who: self.province.token(local, TokenScope.ADMIN, TokenScope.SCIM)
            for who, local in {"user": "an", **{role: held[0] for role, held in ROLES.items()}}.items()
        }
        self.waiting = {place.name: self._make(self._roster(place, "Cho")) for place in PLACES}
        self.applied = {place.name: self._apply(self._roster(place, "Xong")) for place in PLACES}

    @staticmethod
    def _roster(place: Place, word: str) -> str:
        return f"address,full_name,unit,kind\n,Vũ Văn {word},{place.unit},personal\n"

    def _make(self, roster: str) -> int:
        asked = plans.MAKE.asked({"roster": base64.b64encode(roster.encode())})
        return self.province.does(None, plans.MAKE, asked).id

    def _apply(self, roster: str) -> int:
        number = self._make(roster)
        self.province.does(None, plans.APPLY, plans.OnePlan(number))
        return number

    def headers(self, who: str) -> dict[str, str]:
        """What a program of somebody's sends."""
        return {"Authorization": f"Bearer {self.tokens[who]}"} if who in self.tokens else {}


def betrayed(text: str, who: str) -> list[str]:
    """The places outside of the scope of `who` that an answer tells of."""
    foreign = [place for place in PLACES if who not in place.administered_by]
    return [place.name for place in foreign for word in BETRAYS[place.name] if word in text]


__all__ = ["DOMAIN", "PLACES", "WHO", "Place", "World", "betrayed"]
