"""A matter (vụ việc) about which one unit writes to many."""

from dataclasses import dataclass
from enum import StrEnum

from mailsvc.demo.attachments import Format
from mailsvc.demo.model import Urgency


class Audience(StrEnum):
    """To whom a matter goes."""

    COMMUNES = "communes"  # UBND of every commune and ward
    DEPARTMENTS = "departments"
    STATE = "state"  # both
    PARTY = "party"  # Party committees of communes
    MASS = "mass"
    COMMITTEE = "committee"  # up: to the People's Committee of the province


class Answer(StrEnum):
    """How units answer."""

    NONE = "none"
    NOTED = "noted"  # đã nhận, đã giao
    REPORT = "report"  # with figures


@dataclass(frozen=True, slots=True)
class Matter:
    """One document. {a} {b} {c} are numbers, {s} a small one, {p} a percentage, {total} {done} {left} {share} agree, {due} a day to come, {when} a meeting's day."""

    issuer: str
    mark: str  # after the slash of số, ký hiệu: UBND-NN, KH-SYT, CV/TU
    kind: str  # KẾ HOẠCH, QUYẾT ĐỊNH …; a công văn has none
    summary: str
    body: tuple[str, ...]
    audience: Audience
    answer: Answer = Answer.NONE
    answers: int = 0
    file: Format | None = None
    urgency: Urgency = Urgency.NORMAL
    rows: tuple[str, ...] = ()  # column heads of the table where the file is one
