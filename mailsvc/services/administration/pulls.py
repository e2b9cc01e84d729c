"""Acts on harmful letters: found in all boxes, withdrawn, given back; and what people reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints

from directory import audit
from directory.scope import Deed
from mailsvc.model.errors import LetterMissing
from mailsvc.services import pull
from mailsvc.services.administration.act import Act, Limit, Number, Touches
from mailsvc.services.administration.refusal import ActRefused, Why
from mailsvc.services.open_store import open_index
from mailsvc.services.pull import MIN_REASON, NothingToFind, ReasonMissing, Sought

if TYPE_CHECKING:
    from mailsvc.services.administration.desk import Desk
    from mailsvc.services.pull import FoundLetter

Text = Annotated[str, StringConstraints(max_length=998)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500)]
DAY = 86_400


@dataclass(frozen=True, slots=True)
class FindLetters:
    """What letters are looked for; all that is given has to fit."""

    message_id: Text = ""
    sender: Text = ""
    words: Text = ""
    text: Text = ""
    days: Annotated[int, Field(ge=1, le=3650)] = 30


@dataclass(frozen=True, slots=True)
class LetterLine:
    """One letter, and in how many boxes of the scope it is."""

    id: int
    message_id: str
    sender: str
    subject: str
    first_at: int
    boxes: int
    opened: int


@dataclass(frozen=True, slots=True)
class WithdrawLetter:
    """Which letter, and why."""

    id: Number
    reason: Reason


@dataclass(frozen=True, slots=True)
class OneWithdrawal:
    """A withdrawal by its number."""

    id: Number


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """From how many places the letter was taken, under which number it can be given back."""

    id: int
    letters: int


@dataclass(frozen=True, slots=True)
class Restored:
    """To how many places it came back, and where it could not."""

    id: int
    letters: int
    left: int


@dataclass(frozen=True, slots=True)
class ListPulls:
    """How many of the newest."""

    limit: Limit = 100


@dataclass(frozen=True, slots=True)
class WithdrawalLine:
    """One letter that was withdrawn."""

    id: int
    message_id: str
    sender: str
    subject: str
    reason: str
    actor: str
    at: int
    restored_at: int | None
    letters: int


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A letter that people reported."""

    id: int
    message_id: str
    sender: str
    subject: str
    kind: Literal["phishing", "junk"]
    reports: int
    first_at: int
    boxes: int


def _find(desk: Desk, asked: FindLetters) -> list[LetterLine]:
    """Looking into everybody's mail is written down, whatever is found."""
    since = desk.store.clock() - asked.days * DAY
    sought = Sought(asked.message_id, asked.sender, asked.words, asked.text, since)
    try:
        found = _found(desk, sought)
    except NothingToFind as empty:
        raise ActRefused(
            Why.INVALID,
            "Nêu ít nhất một: Message-ID, người gửi, từ trong tiêu đề hoặc trong thư.",
            "Name at least one: Message-ID, sender, words of the subject or of the letter.",
        ) from empty
    with desk.store.write() as uow:
        subject = ", ".join(sought.said().values())
        detail = {**sought.said(), "letters": len(found)}
        audit.record(uow.conn, desk.actor, "letter.find", subject, detail, uow.clock())
    return [
        LetterLine(
            one.id, one.message_name, one.from_address, one.subject, one.first_at, one.boxes, one.opened
        )
        for one in found
    ]


def _found(desk: Desk, sought: Sought) -> list[FoundLetter]:
    if not sought.text.strip():
        with desk.read() as db:
            return pull.find(db, desk.scope(db), sought)
    from search.query import QueryError  # with Whoosh's parser, which most acts do not need

    engine = open_index(desk.store.data_dir)
    try:
        with desk.read() as db:
            return pull.find(db, desk.scope(db), sought, engine)
    except QueryError as problem:
        raise ActRefused(
            Why.INVALID,
            "Không hiểu câu tìm kiếm này. Hãy thử bỏ bớt ký hiệu.",
            "This search cannot be understood. Try it with fewer signs.",
        ) from problem
    finally:
        engine.close()


def _withdraw(desk: Desk, asked: WithdrawLetter) -> Withdrawn:
    """In short transactions, so that mail flows on; what was taken so far stays taken if one fails."""
    with desk.write() as uow:
        try:
            number = pull.begin(uow, desk.scope(uow), asked.id, reason=asked.reason, actor=desk.actor)
        except ReasonMissing as refused:
            raise ActRefused(
                Why.INVALID,
                f"Lý do cần ít nhất {MIN_REASON} ký tự.",
                f"A reason takes at least {MIN_REASON} characters.",
            ) from refused
        except LetterMissing as gone:
            raise ActRefused(
                Why.NOT_FOUND,
                "Không có thư này trong phạm vi của bạn. Tìm lại: congvu letter find",
                "There is no such letter in your scope. Search again: congvu letter find",
            ) from gone
    letters = 0
    while True:
        with desk.store.write() as uow:
            taken = pull.take_some(uow, desk.scope(uow), number)
        if not taken:
            break
        letters += taken
    with desk.store.write() as uow:
        pull.tell(uow, number, letters, actor=desk.actor)
    return Withdrawn(number, letters)


def _restore(desk: Desk, asked: OneWithdrawal) -> Restored:
    with desk.read() as db:
        if asked.id not in {one.id for one in pull.listed(db, desk.scope(db), limit=500)}:
            raise ActRefused(
                Why.NOT_FOUND,
                "Không có lần thu hồi này. Xem: congvu letter withdrawn",
                "There is no such withdrawal. See: congvu letter withdrawn",
            )
    letters = 0
    while True:
        with desk.store.write() as uow:
            back, left = pull.give_some_back(uow, desk.scope(uow), asked.id, desk.actor)
        if not back:
            return Restored(asked.id, letters, left)
        letters += back


def _withdrawn(desk: Desk, asked: ListPulls) -> list[WithdrawalLine]:
    with desk.read() as db:
        found = pull.listed(db, desk.scope(db), asked.limit)
    return [
        WithdrawalLine(
            one.id,
            one.message_name,
            one.from_address,
            one.subject,
            one.reason,
            one.actor,
            one.at,
            one.restored_at,
            one.letters,
        )
        for one in found
    ]


def _reports(desk: Desk, asked: ListPulls) -> list[ReportLine]:
    with desk.read() as db:
        found = pull.reported(db, desk.scope(db), limit=asked.limit)
    return [
        ReportLine(
            one.id,
            one.message_name,
            one.from_address,
            one.subject,
            one.kind.value,
            one.reports,
            one.first_at,
            one.boxes,
        )
        for one in found
    ]


_IN = Touches.REPORT
FIND = Act(
    "letter.find", Deed.WITHDRAW, _IN, "GET", "/letters",
    "Tìm một thư trong mọi hộp thư", "Find a letter in all boxes", FindLetters, list[LetterLine], _find,
)  # fmt: skip
WITHDRAW = Act(
    "letter.withdraw", Deed.WITHDRAW, _IN, "POST", "/letters/{id}/withdraw",
    "Thu hồi thư khỏi mọi hộp thư", "Take a letter out of all boxes",
    WithdrawLetter, Withdrawn, _withdraw, step_up=True,
)  # fmt: skip
RESTORE = Act(
    "letter.restore_withdrawn", Deed.WITHDRAW, _IN, "POST", "/withdrawals/{id}/restore",
    "Trả lại thư đã thu hồi", "Give a withdrawn letter back",
    OneWithdrawal, Restored, _restore, step_up=True,
)  # fmt: skip
WITHDRAWN = Act(
    "letter.withdrawn", Deed.WITHDRAW, _IN, "GET", "/withdrawals",
    "Các thư đã thu hồi", "Letters that were withdrawn", ListPulls, list[WithdrawalLine], _withdrawn,
)  # fmt: skip
REPORTS = Act(
    "letter.reports", Deed.WITHDRAW, _IN, "GET", "/letter-reports",
    "Thư bị báo cáo", "Letters that people reported", ListPulls, list[ReportLine], _reports,
)  # fmt: skip
ACTS = (FIND, WITHDRAW, RESTORE, WITHDRAWN, REPORTS)
