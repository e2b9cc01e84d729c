"""The words of the demo: what its generators give and its loader takes."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from functools import cached_property

from mailsvc.demo.attachments import Attachment

VIETNAM = timezone(timedelta(hours=7), "+07")  # the country keeps one zone and no summer time


def local_time(seconds: int) -> datetime:
    """The clock on a Vietnamese wall at an epoch second."""
    return datetime.fromtimestamp(seconds, VIETNAM)


def day_of(seconds: int) -> date:
    """The Vietnamese calendar day of an epoch second."""
    return local_time(seconds).date()


class Right(StrEnum):
    """What a delegation allows: quyền dùng chung hộp thư (design §6)."""

    READ = "read"
    ACT = "act"
    SEND_AS = "send_as"


class BoxKind(StrEnum):
    """The three kinds of box that the directory knows (design §6)."""

    PERSONAL = "personal"
    UNIT = "unit"
    POST = "post"


class Role(StrEnum):
    """What a post is in its unit (design §6): head, deputy, specialist, or the duty of văn thư."""

    HEAD = "head"
    DEPUTY = "deputy"
    SPECIALIST = "specialist"
    CLERK = "clerk"


class Urgency(StrEnum):
    """Mức độ khẩn of a document (NĐ 30/2020/NĐ-CP): thường, khẩn, thượng khẩn, hỏa tốc."""

    NORMAL = "normal"
    URGENT = "urgent"
    VERY_URGENT = "very_urgent"
    EXPRESS = "express"


@dataclass(frozen=True, slots=True)
class DemoPlace:
    """A place (địa bàn) with its years: province, district, commune, ward."""

    code: str
    name: str
    tier: str
    parent: str | None
    valid_from: date
    valid_to: date | None = None
    succeeded_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoUnit:
    """A unit (đơn vị), in the columns of design §9."""

    code: str
    name: str
    parent: str | None
    tier: str
    branch: str
    short_name: str
    place: str
    identifier: str
    headcount: int
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class DemoPost:
    """A post (chức vụ) that a person holds in a unit; the primary one decides administrator and quota."""

    unit: str
    title: str
    role: Role
    primary: bool = True


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A person (cán bộ), and the personal box that is theirs."""

    address: str
    full_name: str
    ethnicity: str
    posts: tuple[DemoPost, ...]

    @property
    def post(self) -> DemoPost:
        """The primary post."""
        return self.posts[0]


@dataclass(frozen=True, slots=True)
class DemoBox:
    """A unit box or a post box: no password, reached by delegation."""

    address: str
    name: str
    unit: str
    kind: BoxKind
    holder: str | None = None  # a post box follows whoever holds the post


@dataclass(frozen=True, slots=True)
class DemoDelegation:
    """Who may use a box that is not their own, and how far."""

    box: str
    person: str
    rights: frozenset[Right]


@dataclass(frozen=True, slots=True)
class Correspondent:
    """A name and an address, as From, To and Cc show them."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class DemoLetter:
    """One letter of the demo. `sent_by` is the official who pressed the button when `from_` is a unit's box."""

    key: str
    from_: Correspondent
    to: tuple[Correspondent, ...]
    cc: tuple[Correspondent, ...]
    subject: str
    text: str
    html: str | None
    attachments: tuple[Attachment, ...]
    sent_at: int
    sent_by: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    urgency: Urgency = Urgency.NORMAL
    seen_by: tuple[str, ...] = ()
    flagged_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class DemoProvince:
    """The whole demo directory."""

    domain: str
    places: tuple[DemoPlace, ...]
    units: tuple[DemoUnit, ...]
    people: tuple[DemoPerson, ...]
    boxes: tuple[DemoBox, ...]
    delegations: tuple[DemoDelegation, ...]

    @cached_property
    def unit_by_code(self) -> dict[str, DemoUnit]:
        """Units by code."""
        return {unit.code: unit for unit in self.units}

    @cached_property
    def person_by_address(self) -> dict[str, DemoPerson]:
        """People by the address of their personal box."""
        return {person.address: person for person in self.people}

    @cached_property
    def box_by_address(self) -> dict[str, DemoBox]:
        """Unit and post boxes by address."""
        return {box.address: box for box in self.boxes}

    @cached_property
    def unit_box(self) -> dict[str, DemoBox]:
        """A unit's own box, by the unit's code."""
        return {box.unit: box for box in self.boxes if box.kind is BoxKind.UNIT}

    def staff(self, unit: str) -> tuple[DemoPerson, ...]:
        """The people whose primary post is in a unit, head first."""
        return tuple(person for person in self.people if person.post.unit == unit)

    def delegates(self, box: str) -> tuple[str, ...]:
        """Addresses of the people who may use a box."""
        return tuple(given.person for given in self.delegations if given.box == box)
