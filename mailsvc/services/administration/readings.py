"""Acts on reading in another's box: asked for, approved by two others, listed, ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date  # noqa: TC003 - pydantic reads the annotation
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import StringConstraints

from directory import reading, repository
from directory.model import vietnam_day
from directory.reading import MAX_REASON, MIN_REASON, ReadingFault, ReadingRefused
from directory.scope import Deed
from mailsvc.services import reading_access
from mailsvc.services.administration.act import Act, Limit, Login, Number, Touches
from mailsvc.services.administration.finding import find_account
from mailsvc.services.administration.refusal import ActRefused, Why, no_account

if TYPE_CHECKING:
    from directory.reading import Reading
    from mailsvc.services.administration.desk import Desk
    from mailsvc.storage.unit_of_work import Reader

Reason = Annotated[str, StringConstraints(min_length=1, max_length=MAX_REASON)]


@dataclass(frozen=True, slots=True)
class AskReading:
    """Whose box, who is to read, why, and the last day."""

    box: Login
    reader: Login
    reason: Reason
    until: date


@dataclass(frozen=True, slots=True)
class OneReading:
    """A request by its number."""

    id: Number


@dataclass(frozen=True, slots=True)
class ListReadings:
    """How many of the newest."""

    limit: Limit = 100


@dataclass(frozen=True, slots=True)
class ReadingLine:
    """A request to read in somebody's box, and how far it is."""

    id: int
    box: str
    reader: str
    requester: str
    reason: str
    until: date
    state: Literal["waiting", "in_force", "ended"]
    approvers: list[str]
    requested_at: int
    approved_at: int | None
    ended_at: int | None


_SAYS: dict[ReadingFault, tuple[Why, str, str]] = {
    ReadingFault.REASON: (
        Why.INVALID,
        f"Lý do cần {MIN_REASON}–{MAX_REASON} ký tự: ghi rõ việc và căn cứ.",
        f"A reason takes {MIN_REASON} to {MAX_REASON} characters: say for what, and on which grounds.",
    ),
    ReadingFault.UNTIL: (
        Why.INVALID,
        "Ngày kết thúc phải từ hôm nay và trong thời hạn cho phép (administration.reading_days).",
        "The last day is today or later, and no further than administration.reading_days.",
    ),
    ReadingFault.BOX: (
        Why.INVALID,
        "Hộp thư này không đọc hộ được: chọn hộp thư cá nhân, đơn vị hoặc chức danh chưa lưu trữ.",
        "This box cannot be read by another: name one of a person, unit or post that is not archived.",
    ),
    ReadingFault.READER: (
        Why.INVALID,
        "Người đọc phải là cán bộ đang làm việc, không phải chủ hộp thư, không thuộc bộ phận hỗ trợ.",
        "The reader is a person in service, not the owner, and of no help desk.",
    ),
    ReadingFault.MISSING: (
        Why.NOT_FOUND,
        "Không có đề nghị này. Xem: congvu reading list",
        "There is no such request. See: congvu reading list",
    ),
    ReadingFault.OVER: (
        Why.CONFLICT,
        "Đề nghị này đã được duyệt đủ hoặc đã kết thúc. Xem: congvu reading list",
        "This request is approved or over already. See: congvu reading list",
    ),
    ReadingFault.NOT_ANOTHER: (
        Why.NOT_PERMITTED,
        "Cần người khác duyệt: không phải người đề nghị, người đọc, chủ hộp thư hay người đã duyệt; mỗi người duyệt bằng tài khoản của mình (--server, --token-file).",
        "Somebody else has to approve: not who asked, reads, owns the box or has approved; each with an account of their own (--server, --token-file).",
    ),
    ReadingFault.NO_AUDITOR: (
        Why.CONFLICT,
        "Chưa có giám sát viên nào để thông báo. Giao quyền trước: congvu admin grant ĐỊA-CHỈ --unit MÃ --role auditor",
        "There is no auditor to be told. Appoint one first: congvu admin grant ADDRESS --unit CODE --role auditor",
    ),
}


def _refusal(refused: ReadingRefused) -> ActRefused:
    why, vi, en = _SAYS[refused.fault]
    return ActRefused(why, vi, en, fault=refused.fault.value)


def _line(db: Reader, found: Reading) -> ReadingLine:
    known = repository.accounts_by_ids(db.conn, {found.box, found.reader, *found.approvers})
    return ReadingLine(
        id=found.id,
        box=str(known[found.box].address),
        reader=str(known[found.reader].address),
        requester=found.requester,
        reason=found.reason,
        until=found.until,
        state=found.state(vietnam_day(db.clock())).value,
        approvers=[str(known[one].address) for one in found.approvers],
        requested_at=found.requested_at,
        approved_at=found.approved_at,
        ended_at=found.ended_at,
    )


def _ask(desk: Desk, asked: AskReading) -> ReadingLine:
    with desk.write() as uow:
        scope = desk.scope(uow)
        box = find_account(uow, scope, asked.box, Deed.ASK_READING)
        reader = repository.account_by_login(uow.conn, asked.reader)  # may be of another unit
        if reader is None:
            raise no_account(asked.reader)
        try:
            found = reading.request_reading(
                uow.conn,
                scope,
                box,
                reader,
                reason=asked.reason,
                until=asked.until,
                max_days=desk.settings.administration.reading_days,
                actor=desk.actor,
                at=uow.clock(),
            )
        except ReadingRefused as refused:
            raise _refusal(refused) from refused
        return _line(uow, found)


def _approve(desk: Desk, asked: OneReading) -> ReadingLine:
    with desk.write() as uow:
        try:
            found = reading_access.approve(uow, desk.scope(uow), asked.id, desk.actor)
        except ReadingRefused as refused:
            raise _refusal(refused) from refused
        return _line(uow, found)


def _end(desk: Desk, asked: OneReading) -> ReadingLine:
    with desk.write() as uow:
        try:
            found = reading.end_reading(uow.conn, desk.scope(uow), asked.id, actor=desk.actor, at=uow.clock())
        except ReadingRefused as refused:
            raise _refusal(refused) from refused
        return _line(uow, found)


def _list(desk: Desk, asked: ListReadings) -> list[ReadingLine]:
    with desk.read() as db:
        found = reading.readings(db.conn, desk.scope(db), limit=asked.limit)
        return [_line(db, one) for one in found]


_IN = Touches.ACCOUNT
REQUEST = Act(
    "reading.request", Deed.ASK_READING, _IN, "POST", "/readings",
    "Đề nghị đọc hộp thư của người khác", "Ask that somebody may read in another's box",
    AskReading, ReadingLine, _ask,
)  # fmt: skip
APPROVE = Act(
    "reading.approve", Deed.APPROVE_READING, _IN, "POST", "/readings/{id}/approve",
    "Duyệt một đề nghị đọc hộp thư", "Approve such a request",
    OneReading, ReadingLine, _approve, step_up=True,
)  # fmt: skip
LIST = Act(
    "reading.list", Deed.SEE, _IN, "GET", "/readings",
    "Các đề nghị đọc hộp thư", "Requests to read in others' boxes", ListReadings, list[ReadingLine], _list,
)  # fmt: skip
END = Act(
    "reading.end", Deed.ASK_READING, _IN, "POST", "/readings/{id}/end",
    "Chấm dứt quyền đọc hộp thư", "End a right to read", OneReading, ReadingLine, _end,
)  # fmt: skip
ACTS = (REQUEST, APPROVE, LIST, END)
