"""Why an act of administration was refused: one value that the command line, the API and the console say in their way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from directory.provision.faults import Fault, Remark
from mailsvc.model.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Why(StrEnum):
    """The kinds of refusals; doors have one table that turns them into a status."""

    INVALID = "invalid"  # the request cannot be understood or breaks a rule
    NOT_PERMITTED = "not_permitted"  # the role does not allow it there
    NOT_FOUND = "not_found"  # no such thing, or the administrator may not know of it
    CONFLICT = "conflict"  # it exists already, or has changed meanwhile
    TOO_LARGE = "too_large"


class ActRefused(ServiceError):
    """An act that is refused; nothing was changed. The texts say why and what to do, in both languages."""

    def __init__(self, why: Why, vi: str, en: str, **detail: Any) -> None:
        super().__init__(en)
        self.why = why
        self.vi = vi
        self.en = en
        self.detail: Mapping[str, Any] = detail


def not_permitted(what: str) -> ActRefused:
    """The role does not reach that far."""
    return ActRefused(
        Why.NOT_PERMITTED,
        f"Ngoài phạm vi quản trị của bạn: {what}. Hãy nhờ quản trị cấp trên.",
        f"This is outside of what you administer: {what}. Ask an administrator above you.",
    )


def no_account(address: str) -> ActRefused:
    """No such box, as far as this administrator may know."""
    shown = address[:80]
    return ActRefused(
        Why.NOT_FOUND,
        f"Không có tài khoản {shown}. Xem: congvu account list",
        f"There is no account {shown}. See: congvu account list",
    )


def no_unit(code: str) -> ActRefused:
    """No such unit, as far as this administrator may know."""
    shown = code[:80]
    return ActRefused(
        Why.NOT_FOUND,
        f"Không có đơn vị {shown}. Xem: congvu unit list",
        f"There is no unit {shown}. See: congvu unit list",
    )


def of_remarks(remarks: Sequence[Remark]) -> ActRefused:
    """Refused for what a line or option says, each with its remedy."""
    texts = {
        language: "\n".join(f"{item.message(language)} {item.remedy(language)}" for item in remarks)
        for language in ("vi", "en")
    }
    listed = [
        {**item.to_json("vi"), "message_en": item.message("en"), "remedy_en": item.remedy("en")}
        for item in remarks
    ]
    permitted = all(item.fault.value != "out_of_scope" for item in remarks)
    why = Why.INVALID if permitted else Why.NOT_PERMITTED
    return ActRefused(why, texts["vi"], texts["en"], refused=listed)


@dataclass(frozen=True, slots=True)
class RemarkLine:
    """Why a line is refused, or what deserves a look in something that is allowed all the same."""

    line: int
    field: str
    reason: str
    values: dict[str, str]
    message: str
    remedy: str
    message_en: str
    remedy_en: str


def remark_line(remark: Remark) -> RemarkLine:
    """A remark as an answer carries it, in both languages."""
    return RemarkLine(
        line=remark.line,
        field=remark.field,
        reason=remark.fault.value,
        values=dict(remark.values),
        message=remark.message("vi"),
        remedy=remark.remedy("vi"),
        message_en=remark.message("en"),
        remedy_en=remark.remedy("en"),
    )


def remarks_of(lines: Sequence[RemarkLine]) -> list[Remark]:
    """Remarks of an answer, to be shown as those of a plan made here."""
    return [Remark(item.line, item.field, Fault(item.reason), item.values) for item in lines]
