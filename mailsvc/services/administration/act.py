"""What an administrative act is: its name, the deed it needs, what it touches, what it is asked and what it answers.

Requests and results are frozen dataclasses. pydantic checks them at the edge, bounds included, and writes their JSON
Schema, from which the OpenAPI document is made (docs/openapi.json).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, Literal, TypeVar

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from directory.scope import MAY, Deed, OutOfScopeError
from directory.upkeep import UpkeepRefused
from mailsvc.services.administration import once
from mailsvc.services.administration.refusal import ActRefused, Why, not_permitted, of_remarks

if TYPE_CHECKING:
    from collections.abc import Callable

    from directory.model import AdminRole
    from mailsvc.services.administration.desk import Desk

Q = TypeVar("Q")
R = TypeVar("R")
Method = Literal["GET", "POST", "PUT", "DELETE"]

Login = Annotated[str, StringConstraints(min_length=1, max_length=320, strip_whitespace=True)]
"""An address of ours, or its local part alone (RFC 5321 §4.5.3.1 bounds both)."""
Code = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
Words = Annotated[str, StringConstraints(max_length=200)]
Limit = Annotated[int, Field(ge=1, le=500)]
Offset = Annotated[int, Field(ge=0, le=1_000_000)]
Number = Annotated[int, Field(ge=0, le=2**53)]

_IN_PATH: Final = re.compile(r"\{(\w+)\}")


class Touches(StrEnum):
    """What an act looks at or changes."""

    ACCOUNT = "account"
    UNIT = "unit"
    GROUP = "group"
    PLAN = "plan"
    ADMINISTRATOR = "administrator"
    LOG = "log"
    DOMAIN = "domain"
    REPORT = "report"


@dataclass(frozen=True)
class Act(Generic[Q, R]):
    """One thing that administrators do. `perform` checks the scope again at the very object, inside its transaction."""

    name: str
    """As `noun.verb`, the operationId of the API."""
    deed: Deed
    touches: Touches
    method: Method
    path: str
    """Below /api/v1; fields of the request in braces."""
    vi: str
    en: str
    request: type[Q]
    result: Any
    """The type of the answer; a list of dataclasses is one too."""
    run: Callable[[Desk, Q], R]
    secret: bool = False
    """The answer holds a one-time password: told once, kept nowhere."""
    max_body: int = 64 * 1024
    step_up: bool = False
    """The console asks for a fresh proof of who it is."""

    @property
    def roles(self) -> frozenset[AdminRole]:
        """Who may do this at all; where is decided by the scope."""
        return frozenset(role for role, deeds in MAY.items() if self.deed in deeds)

    @property
    def changes(self) -> bool:
        """Whether anything is different afterwards."""
        return self.method != "GET"

    @cached_property
    def in_path(self) -> tuple[str, ...]:
        """Fields of the request that the path names."""
        return tuple(_IN_PATH.findall(self.path))

    @cached_property
    def beside_path(self) -> tuple[str, ...]:
        """Fields of the request that come as a query or in the body."""
        return tuple(item.name for item in fields(self.request) if item.name not in self.in_path)  # type: ignore[arg-type]

    @cached_property
    def requests(self) -> TypeAdapter[Q]:
        """Reads, checks and describes requests."""
        return TypeAdapter(self.request)

    @cached_property
    def results(self) -> TypeAdapter[R]:
        """Writes, reads and describes answers."""
        return TypeAdapter(self.result)

    def asked(self, values: dict[str, Any], *, as_text: bool = False) -> Q:
        """The request in values from outside; ActRefused names each field that is wrong.

        `as_text` is for queries and forms, where a number is written as text.
        """
        unknown = set(values) - {*self.in_path, *self.beside_path}
        if unknown:
            names = ", ".join(sorted(unknown))[:200]
            wrong = [{"field": name[:80], "message": "unknown field"} for name in sorted(unknown)[:20]]
            raise ActRefused(
                Why.INVALID, f"Không có trường {names}.", f"There is no field {names}.", fields=wrong
            )
        held = [name for name, value in values.items() if _holds_nul(value)]
        if held:  # no database of ours takes it (PostgreSQL: an error, not a mismatch)
            wrong = [{"field": name, "message": "holds the character NUL"} for name in held]
            names = ", ".join(held)
            raise ActRefused(
                Why.INVALID, f"{names}: có ký tự NUL.", f"{names}: holds the character NUL.", fields=wrong
            )
        try:
            return (
                self.requests.validate_python(values)
                if not as_text
                else self.requests.validate_strings(values)
            )
        except ValidationError as error:
            raise _wrong_fields(error) from error

    def checked(self, request: Q) -> Q:
        """The same request, held to the same bounds as one from outside."""
        return self.asked(self.requests.dump_python(request))


def _holds_nul(value: Any) -> bool:
    if isinstance(value, list):
        return any(_holds_nul(one) for one in value)
    if isinstance(value, dict):
        return any(_holds_nul(one) for pair in value.items() for one in pair)
    return isinstance(value, str) and "\0" in value


def _wrong_fields(error: ValidationError) -> ActRefused:
    wrong = [
        {"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"]}
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    listed = "; ".join(f"{item['field']}: {item['message']}" for item in wrong)
    return ActRefused(
        Why.INVALID, f"Yêu cầu không hợp lệ: {listed}", f"The request is not valid: {listed}", fields=wrong
    )


def perform(desk: Desk, act: Act[Q, R], request: Q) -> R:
    """Carry an act out for whoever sits at the desk, or raise ActRefused. The only way to any act."""
    request = act.checked(request)
    with desk.read() as db:
        if not desk.scope(db).has(act.deed):
            raise not_permitted(act.name)
        if desk.once is not None and desk.account_id is not None:
            before = once.answer_before(db, desk.account_id, desk.once)
            if before is not None:
                return act.results.validate_python(before)
    try:
        result = act.run(desk, request)
    except OutOfScopeError as refused:
        raise not_permitted(refused.what) from refused
    except UpkeepRefused as refused:
        raise of_remarks([refused.remark]) from refused
    if desk.once is not None and desk.account_id is not None and not act.secret:
        with desk.store.write() as uow:
            once.keep_answer(uow, desk.account_id, desk.once, act.results.dump_python(result, mode="json"))
    return result
