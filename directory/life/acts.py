"""What may become of a person: the words of the life cycle, each with its day in the plan that carries it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from directory.model import PostRole


class Reason(StrEnum):
    """Why somebody leaves."""

    LEAVE = "leave"  # thôi việc, chuyển ngành
    RETIREMENT = "retirement"  # nghỉ hưu
    DISMISSAL = "dismissal"  # buộc thôi việc: the box is kept, but its person reads it no more


class AbsenceKind(StrEnum):
    """Why somebody is away without leaving; nobody counts as unused meanwhile."""

    LEAVE = "leave"  # nghỉ phép
    MATERNITY = "maternity"  # nghỉ thai sản
    SICK = "sick"  # nghỉ ốm
    STUDY = "study"  # đi học


@dataclass(frozen=True, slots=True)
class Transfer:
    """Điều chuyển: the primary post goes on in another unit; the box follows, the old unit's boxes do not."""

    address: str
    unit: str
    role: PostRole = PostRole.SPECIALIST
    title: str = ""
    share_unit_box: bool = False  # the new unit's box, from that day on


@dataclass(frozen=True, slots=True)
class SecondPost:
    """Kiêm nhiệm: one more post beside the primary one."""

    address: str
    unit: str
    role: PostRole
    title: str = ""
    share_unit_box: bool = False


@dataclass(frozen=True, slots=True)
class EndPost:
    """Thôi kiêm nhiệm: a post that is not the primary one ends."""

    address: str
    unit: str


@dataclass(frozen=True, slots=True)
class Departure:
    """Thôi việc, nghỉ hưu, buộc thôi việc: every post ends, and all rights; the box is kept for a time by rank."""

    address: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Return:
    """Trở lại công tác: somebody whose box is still kept comes back."""

    address: str
    unit: str
    role: PostRole = PostRole.SPECIALIST
    title: str = ""


@dataclass(frozen=True, slots=True)
class Absence:
    """Nghỉ phép, thai sản: from the day of the plan until `back_on`, where that is known."""

    address: str
    kind: AbsenceKind
    back_on: date | None = None


LifeAct = Transfer | SecondPost | EndPost | Departure | Return | Absence
NAMES: Final[dict[type[LifeAct], str]] = {
    Transfer: "transfer",
    SecondPost: "second_post",
    EndPost: "end_post",
    Departure: "departure",
    Return: "return",
    Absence: "absence",
}


def name_of(act: LifeAct) -> str:
    """The act as plans and the audit log call it; a departure by its reason."""
    return act.reason.value if isinstance(act, Departure) else NAMES[type(act)]
