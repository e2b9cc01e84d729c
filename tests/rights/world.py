"""Who tries, where they try, and what would betray that something foreign was told."""

import base64
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Flask
from sqlalchemy import Connection

from directory.authenticate import NewPassword, store_password
from directory.model import AccountId
from directory.passwords import hash_password
from directory.repository.units import unit_ids_by_code
from directory.tables import metadata as directory_tables
from directory.tokens import TokenScope
from mailsvc.services.administration import groups, plans
from mailsvc.storage import mailboxes
from mailsvc.storage.store import Store
from mailsvc.storage.tables import metadata as mail_tables
from tests.support.mail import DOMAIN, NOW, deliver, letter
from tests.support.province import PASSWORD, ROLES, make_province
from tests.webmail.conftest import Reader


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
ABOUT_A_BOX = ("account_id", "grantee_id", "box_id", "owner_id", "unit_id")
"""Columns of any table by which a row belongs to somebody."""


@cache
def _tables() -> list[tuple[str, list[str]]]:
    every = [*directory_tables.sorted_tables, *mail_tables.sorted_tables]
    found = [(table.name, [name for name in ABOUT_A_BOX if name in table.c]) for table in every]
    return [
        ("accounts", ["id"]),
        *((name, columns) for name, columns in found if columns and name != "accounts"),
    ]


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
        self.touched: set[str] = set()
        self.made = 0  # accounts, by the last transaction
        self.readers: dict[str, Reader] = {}
        self.province.ids |= self._newcomers(EXTRA)
        with store.write() as uow:
            known = NewPassword(hash_password(PASSWORD))
            store_password(uow.conn, self.province.ids["thuong"], known, NOW, must_change=False)
        self.tokens = {
            who: self.province.token(local, TokenScope.ADMIN, TokenScope.SCIM)
            for who, local in {"user": "thuong", **{role: held[0] for role, held in ROLES.items()}}.items()
        }
        with store.read() as db:
            codes = unit_ids_by_code(db.conn)
        self._units = {codes[place.unit]: place.name for place in PLACES}
        self._boxes = {
            self.province.ids[local]: place.name
            for place in PLACES
            for local in (place.person, place.other, place.box)
        }
        for place in PLACES:
            deliver(
                store,
                letter().replace(b"Subject: ", b"Subject: Chuyen rieng cua nguoi khac "),
                AccountId(self.province.ids[place.person]),
                local=place.person,
            )
        with store.read() as db:
            self.inboxes = {
                place.name: mailboxes.by_name(db, self.province.ids[place.person], "INBOX").id
                for place in PLACES
            }
        self.groups = {place.name: self._group(place) for place in PLACES}
        self.waiting = {place.name: self._make(self._roster(place, "Cho")) for place in PLACES}
        self.applied = {place.name: self._apply(self._roster(place, "Xong")) for place in PLACES}

    @staticmethod
    def _roster(place: Place, word: str) -> str:
        return f"address,full_name,unit,kind\n,Vũ Văn {word},{place.unit},personal\n"

    def _make(self, roster: str) -> int:
        asked = plans.MAKE.asked({"roster": base64.b64encode(roster.encode())})
        return self.province.does(None, plans.MAKE, asked).id

    def _newcomers(self, roster: str) -> dict[str, int]:
        self._apply(roster)
        locals_ = [line.partition(",")[0] for line in roster.splitlines()[1:]]
        return {local: self.province.account(local).id for local in locals_}

    def _apply(self, roster: str) -> int:
        number = self._make(roster)
        self.province.does(None, plans.APPLY, plans.OnePlan(number))
        return number

    def sign_everybody_in(self) -> None:
        """A browser for everybody, and one for nobody."""
        locals_ = {"user": "thuong", **{role: held[0] for role, held in ROLES.items()}}
        for who, local in locals_.items():
            reader = self.readers[who] = Reader(self.app)
            assert reader.sign_in(f"{local}@{DOMAIN}", PASSWORD).status_code == 303
            reader.get("/mail", follow_redirects=True)
            reader.get(reader.get("/mail").headers["Location"])
        owner = self.readers["owner"] = Reader(self.app)
        assert owner.sign_in(f"{PLACES[0].person}@{DOMAIN}", PASSWORD).status_code == 303
        self.readers["none"] = Reader(self.app)
        self.readers["none"].get("/")

    def _group(self, place: Place) -> int:
        asked = groups.CreateGroup(f"Nhóm {place.name}", place.unit, members=[place.person])
        return self.province.does(None, groups.CREATE, asked).id

    def fingerprints(self, conn: Connection) -> dict[str, frozenset[str]]:
        """For each place, every row that the database holds about its people, boxes and unit."""
        found: dict[str, set[str]] = {place.name: set() for place in PLACES}
        for table, columns in _tables():
            names = ", ".join(f'"{name}"' for name in columns)
            for row in conn.exec_driver_sql(f'SELECT {names}, * FROM "{table}"'):
                for place in {self._owner(name, value) for name, value in zip(columns, row, strict=False)} - {
                    ""
                }:
                    found[place].add(f"{table}{tuple(row)}")
        return {place: frozenset(rows) for place, rows in found.items()}

    def _owner(self, column: str, value: object) -> str:
        """The place that a row is about by one of its columns; empty for none."""
        return (self._units if column == "unit_id" else self._boxes).get(value, "")

    def headers(self, who: str) -> dict[str, str]:
        """What a program of somebody's sends."""
        return {"Authorization": f"Bearer {self.tokens[who]}"} if who in self.tokens else {}


def betrayed(text: str, who: str) -> list[str]:
    """The places outside of the scope of `who` that an answer tells of."""
    foreign = [place for place in PLACES if who not in place.administered_by]
    return [place.name for place in foreign for word in BETRAYS[place.name] if word in text]


__all__ = ["DOMAIN", "PLACES", "WHO", "Place", "World", "betrayed"]
