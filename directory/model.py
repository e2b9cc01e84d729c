"""The words of the directory: frozen values, no behaviour beyond their own rules.

Dates are half-open: a version is in force from `valid_from` and no longer on `valid_to`, as Vietnamese law says
"hết hiệu lực kể từ ngày" (ceases to have effect from that day on).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntFlag, StrEnum
from typing import Final, NewType

from directory.address import Address

AccountId = NewType("AccountId", int)
PersonId = NewType("PersonId", int)
UnitId = NewType("UnitId", int)
PlaceId = NewType("PlaceId", int)
PostId = NewType("PostId", int)
GroupId = NewType("GroupId", int)
DomainId = NewType("DomainId", int)
PlanId = NewType("PlanId", int)

GIB: Final = 1024**3
MAX_IDENTIFIER: Final = 35  # QĐ 20/2020/QĐ-TTg: an agency's identifier has at most 35 characters
_VIETNAM: Final = timedelta(hours=7)


def vietnam_day(instant: int) -> date:
    """The day in Vietnam (UTC+7, no summer time) of an instant in epoch seconds."""
    return (datetime.fromtimestamp(instant, UTC) + _VIETNAM).date()


class Tier(StrEnum):
    """Cấp hành chính. Tiers are data: the district tier ended on 1 July 2025 and lives on in history."""

    PROVINCE = "province"  # cấp tỉnh
    DISTRICT = "district"  # cấp huyện, abolished on 1 July 2025
    COMMUNE = "commune"  # cấp xã

    @property
    def depth(self) -> int:
        """0 at the province; a unit never stands above its parent."""
        return list(Tier).index(self)


class Branch(StrEnum):
    """Khối. The Party branch has its own root and administrators (design §1)."""

    PARTY = "party"  # khối Đảng
    ASSEMBLY = "assembly"  # Đoàn đại biểu Quốc hội
    COUNCIL = "council"  # Hội đồng nhân dân
    STATE = "state"  # khối Nhà nước: UBND và các cơ quan
    MASS = "mass"  # Mặt trận Tổ quốc và các đoàn thể


class PlaceKind(StrEnum):
    """Loại đơn vị hành chính (Luật Tổ chức chính quyền địa phương 2025, and the districts before it)."""

    PROVINCE = "province"  # tỉnh
    CITY = "city"  # thành phố trực thuộc trung ương
    DISTRICT = "district"  # huyện, quận, thị xã, thành phố thuộc tỉnh (until 1 July 2025)
    COMMUNE = "commune"  # xã
    WARD = "ward"  # phường
    TOWNSHIP = "township"  # thị trấn (until 1 July 2025)
    SPECIAL_ZONE = "special_zone"  # đặc khu


class AccountKind(StrEnum):
    """Loại hộp thư. Only personal and service accounts have a password."""

    PERSONAL = "personal"  # hộp thư cá nhân
    UNIT = "unit"  # hộp thư đơn vị: shared, reached by delegation
    POST = "post"  # hộp thư chức danh: follows whoever holds the post
    SERVICE = "service"  # tài khoản dịch vụ: scanners and portals, may only send
    SYSTEM = "system"  # hộp thư hệ thống: postmaster and abuse until a province names its own

    @property
    def signs_in(self) -> bool:
        """Whether someone signs in as this account; the others are reached by delegation."""
        return self in {AccountKind.PERSONAL, AccountKind.SERVICE}

    @property
    def receives(self) -> bool:
        """Whether letters can be delivered to it."""
        return self is not AccountKind.SERVICE


class AccountState(StrEnum):
    """Trạng thái tài khoản."""

    ACTIVE = "active"  # đang dùng
    LOCKED = "locked"  # bị khóa: nobody signs in, letters still arrive
    LEFT = "left"  # đã nghỉ: its person may still read in the page, and nothing else, until it is archived
    ARCHIVED = "archived"  # đã lưu trữ: closed, its addresses are retired


class AddressKind(StrEnum):
    """What an address is to its box."""

    PRIMARY = "primary"  # địa chỉ chính, one an account
    ALIAS = "alias"  # bí danh
    RESERVED = "reserved"  # postmaster@ (RFC 5321 §4.5.1), abuse@ (RFC 2142 §4)
    RETIRED = "retired"  # đã thu hồi: stays as a row so that nobody gets it again


class PostRole(StrEnum):
    """Vai trò của một chức vụ trong đơn vị; the wording of the office itself is the post's title."""

    HEAD = "head"  # cấp trưởng
    ACTING = "acting"  # phụ trách, quyền
    DEPUTY = "deputy"  # cấp phó
    SPECIALIST = "specialist"  # chuyên viên, công chức
    RECORDS_CLERK = "records_clerk"  # văn thư (NĐ 30/2020/NĐ-CP, điều 6)


class Right(IntFlag):
    """Quyền dùng chung hộp thư. Not *ủy quyền*, which is a legal act of signing."""

    READ = 1  # đọc
    ACT = 2  # xử lý: flag, move, delete, answer
    SEND_AS = 4  # gửi thay mặt


class AdminRole(StrEnum):
    """Vai trò quản trị, each over a subtree of units and within its branch."""

    PROVINCE = "province"  # quản trị tỉnh
    UNIT = "unit"  # quản trị đơn vị
    HELP_DESK = "help_desk"  # hỗ trợ: resets, never reads
    AUDITOR = "auditor"  # giám sát: reads the audit log


class GroupKind(StrEnum):
    """Nhóm: a fixed list of members, or computed from the tree."""

    FIXED = "fixed"
    COMPUTED = "computed"


class SuccessionAspect(StrEnum):
    """What a unit hands on; staff, address and archive may go to different successors (domain, 1 July 2025)."""

    STAFF = "staff"
    ADDRESS = "address"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class QuotaClass:
    """Hạn mức dung lượng: a name and its octets."""

    name: str
    octets: int


PERSONAL_QUOTA: Final = QuotaClass("personal", 4 * GIB)  # Lâm Đồng 2017: 4 GB a person
UNIT_QUOTA: Final = QuotaClass("unit", 10 * GIB)  # Lâm Đồng 2017: 10 GB an organisation


@dataclass(frozen=True, slots=True)
class Period:
    """A span of days, open at the end when `valid_to` is None."""

    valid_from: date
    valid_to: date | None = None

    def holds(self, day: date) -> bool:
        """Whether `day` lies in the span; `valid_to` itself does not."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Place:
    """Địa bàn: a province, district, commune, ward or special zone. A place holds units, it is not one."""

    id: PlaceId
    code: str
    name: str
    kind: PlaceKind
    tier: Tier
    parent_id: PlaceId | None
    period: Period


@dataclass(frozen=True, slots=True)
class Unit:
    """Đơn vị, as it is on one day: its code is for ever, all else is a version."""

    id: UnitId
    code: str
    name: str
    short_name: str  # for addresses: `stttt`
    parent_id: UnitId | None
    tier: Tier
    branch: Branch
    place_id: PlaceId | None
    headcount: int | None  # biên chế
    period: Period


@dataclass(frozen=True, slots=True)
class Identifier:
    """Mã định danh of a unit: (scheme, value), dated (QĐ 20/2020/QĐ-TTg; older `000.00.01.Hxx` beside it)."""

    scheme: str
    value: str
    period: Period


@dataclass(frozen=True, slots=True)
class NameParts:
    """Họ, tên đệm, tên. A one-word name has a given name only."""

    family: str
    middle: str
    given: str

    @property
    def full(self) -> str:
        """The name as it is written: family, middle, given."""
        return " ".join(part for part in (self.family, self.middle, self.given) if part)


@dataclass(frozen=True, slots=True)
class Person:
    """Cán bộ, công chức, viên chức."""

    id: PersonId
    full_name: str
    parts: NameParts
    parts_overridden: bool  # the parts were given, not split from the full name: `K'Brếp`


@dataclass(frozen=True, slots=True)
class Post:
    """Chức vụ of one person in one unit, dated; *kiêm nhiệm* is a second one, and one is primary."""

    id: PostId
    unit_id: UnitId
    person_id: PersonId
    role: PostRole
    title: str
    primary: bool
    period: Period


@dataclass(frozen=True, slots=True)
class Account:
    """Hộp thư: what a letter is delivered to."""

    id: AccountId
    kind: AccountKind
    address: Address
    display_name: str
    unit_id: UnitId | None
    person_id: PersonId | None
    state: AccountState
    must_change_password: bool
    quota_octets: int
    created_at: int
    last_login_at: int | None = None
    credentials_epoch: int = 0
    """Rises when passwords change or are taken back: who signed in before is out."""


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """One address ever given out, and whose it is or was."""

    address: Address
    kind: AddressKind
    account_id: AccountId | None
    group_id: GroupId | None
    created_at: int
    retired_at: int | None


@dataclass(frozen=True, slots=True)
class Domain:
    """A mail domain that is ours."""

    id: DomainId
    name: str
    is_default: bool
    created_at: int


@dataclass(frozen=True, slots=True)
class Group:
    """Nhóm: an address with many boxes behind it."""

    id: GroupId
    name: str
    kind: GroupKind
    branch: Branch | None


@dataclass(frozen=True, slots=True)
class Delegation:
    """Quyền dùng chung hộp thư: what `grantee_id` may do in the box `account_id`."""

    account_id: AccountId
    grantee_id: AccountId
    rights: Right
    joined_at: int  # the watermark: what came before is not unread for the newcomer


@dataclass(frozen=True, slots=True)
class SharedBox:
    """A box that a reader reaches by delegation, with what the reader may do there."""

    account: Account
    rights: Right
    joined_at: int


@dataclass(frozen=True, slots=True)
class Target:
    """Where a letter to one address goes: one box, or those of a group."""

    account_ids: tuple[AccountId, ...]
    group_id: GroupId | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line of address completion."""

    account_id: AccountId | None
    address: Address
    display_name: str
    detail: str  # title and unit, as the reader sees it
    kind: AccountKind | None  # None is a group
