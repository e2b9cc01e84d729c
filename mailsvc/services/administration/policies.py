"""Acts on policies: the rules by tier, branch and kind of box; what holds for a box; set, end, and try one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date  # noqa: TC003 - pydantic reads it when it runs
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StringConstraints

from directory import administer, policies
from directory.model import AccountKind, Branch, Tier, vietnam_day
from directory.policies import AddressRule, Defaults, PolicyName, PolicyRefusedError, Where
from directory.policies.preview import Note  # noqa: TC001 - pydantic reads it when it runs
from directory.scope import Deed
from mailsvc.services.administration.act import Act, Login, Touches, Words
from mailsvc.services.administration.finding import find_account
from mailsvc.services.administration.lives import Day  # noqa: TC001 - pydantic reads it when it runs
from mailsvc.services.administration.refusal import ActRefused, Why

if TYPE_CHECKING:
    from collections.abc import Sequence

    from directory.policies import PolicyRow, Proposal
    from directory.scope import Scope
    from mailsvc.services.administration.desk import Desk
    from mailsvc.storage.unit_of_work import Reader

Key = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Value = Annotated[str, StringConstraints(max_length=2000)]
Fields = Annotated[dict[Key, Value], Field(min_length=1, max_length=40)]
Names = Annotated[list[Words], Field(max_length=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """Whose rule it is; what is not given means every one."""

    tier: Tier | None = None
    branch: Branch | None = None
    kind: AccountKind | None = None

    @property
    def where(self) -> Where:
        """The same, as the directory says it."""
        return Where(self.tier, self.branch, self.kind)


@dataclass(frozen=True, slots=True)
class ListPolicies:
    """Those in force; `ended` lists all that ever were."""

    ended: bool = False


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """One rule."""

    policy: str
    tier: str | None
    branch: str | None
    kind: str | None
    fields: dict[str, Any]
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class OfAccount:
    """A box, by its address."""

    address: Login


@dataclass(frozen=True, slots=True)
class Holding:
    """What holds for a box today, by policy and field."""

    address: str
    rules: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPolicy(Meant):
    """A rule from a day on; fields of the one before that are not named go on."""

    name: PolicyName
    fields: Fields
    since: Day | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPolicy(Meant):
    """The rule no longer holds from that day on."""

    name: PolicyName
    since: Day | None = None


@dataclass(frozen=True, slots=True)
class PolicySet:
    """From when it holds, and what it says."""

    policy: str
    tier: str | None
    branch: str | None
    kind: str | None
    since: date
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TryAddresses:
    """A rule for addresses, tried on these names, or on everybody in the scope."""

    fields: Annotated[dict[Key, Value], Field(max_length=40)] = field(default_factory=dict)
    names: Names = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Resembles:
    """Why an address deserves a look, and the address or name that it resembles."""

    note: Note
    of: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """The address that one name would get."""

    name: str
    unit: str
    current: str
    proposed: str
    notes: list[Resembles]


def _list(desk: Desk, asked: ListPolicies) -> list[PolicyLine]:
    with desk.read() as db:
        today = vietnam_day(db.clock())
        rows = policies.list_rows(db.conn, on=None if asked.ended else today)
        branches = _branches(db, desk.scope(db), today)
    return [_line(row) for row in rows if row.where.branch is None or row.where.branch in branches]


def _show(desk: Desk, asked: OfAccount) -> Holding:
    with desk.read() as db:
        found = find_account(db, desk.scope(db), asked.address, Deed.SEE)
        defaults = Defaults.from_settings(desk.settings)
        effective = policies.effective_policy(db.conn, found.id, vietnam_day(db.clock()), defaults)
    rules = {name.value: effective.rule(name).model_dump(mode="json") for name in PolicyName}
    return Holding(str(found.address), rules)


def _set(desk: Desk, asked: SetPolicy) -> PolicySet:
    try:
        values = policies.read_fields(asked.name, asked.fields)
        with desk.write() as uow:
            day, scope, at = asked.since or vietnam_day(uow.clock()), desk.scope(uow), uow.clock()
            policies.set_policy(
                uow.conn, scope, asked.name, asked.where, values, on=day, actor=desk.actor, at=at
            )
    except PolicyRefusedError as refused:
        raise _refused(refused) from refused
    return PolicySet(asked.name.value, asked.tier, asked.branch, asked.kind, day, values)


def _end(desk: Desk, asked: EndPolicy) -> PolicySet:
    try:
        with desk.write() as uow:
            day, scope, at = asked.since or vietnam_day(uow.clock()), desk.scope(uow), uow.clock()
            ended = policies.end_policy(
                uow.conn, scope, asked.name, asked.where, on=day, actor=desk.actor, at=at
            )
    except PolicyRefusedError as refused:
        raise _refused(refused) from refused
    if not ended:
        raise ActRefused(
            Why.NOT_FOUND,
            f"Không có quy định {asked.name.value} như vậy. Xem: congvu policy list",
            f"There is no such rule {asked.name.value}. See: congvu policy list",
        )
    return PolicySet(asked.name.value, asked.tier, asked.branch, asked.kind, day, {})


def _preview(desk: Desk, asked: TryAddresses) -> list[Proposed]:
    try:
        rule = AddressRule.model_validate(policies.read_fields(PolicyName.ADDRESS, asked.fields))
    except PolicyRefusedError as refused:
        raise _refused(refused) from refused
    if asked.names:
        return _proposed(policies.propose(rule, asked.names))
    with desk.read() as db:
        today = vietnam_day(db.clock())
        return _proposed(policies.preview_addresses(db.conn, desk.scope(db), rule, on=today))


def _branches(db: Reader, scope: Scope, on: date) -> set[Branch]:
    """The branches that the administrator sees: the state side reads no rule of the Party's."""
    if scope.on_the_server:
        return set(Branch)
    return {unit.branch for unit in administer.visible_units(db.conn, scope, on)}


def _line(row: PolicyRow) -> PolicyLine:
    return PolicyLine(
        policy=row.name.value,
        tier=row.where.tier,
        branch=row.where.branch,
        kind=row.where.kind,
        fields=dict(row.fields),
        valid_from=row.period.valid_from,
        valid_to=row.period.valid_to,
    )


def _proposed(found: Sequence[Proposal]) -> list[Proposed]:
    return [
        Proposed(
            one.name, one.unit, one.current, one.proposed, [Resembles(note, of) for note, of in one.notes]
        )
        for one in found
    ]


def _refused(refused: PolicyRefusedError) -> ActRefused:
    lines = "\n".join(f"{fault.field}: {fault.reason}" for fault in refused.faults)
    known = "\n  ".join(refused.known)
    text = lines + (f"\nCác trường / fields:\n  {known}" if known else "")
    listed = [{"field": item.field, "message": item.reason} for item in refused.faults]
    return ActRefused(Why.INVALID, text, text, refused=listed)


_IN = Touches.UNIT
LIST = Act(
    "policy.list", Deed.SEE, _IN, "GET", "/policies",
    "Các quy định", "The rules", ListPolicies, list[PolicyLine], _list,
)  # fmt: skip
SHOW = Act(
    "policy.show", Deed.SEE, _IN, "GET", "/accounts/{address}/policies",
    "Quy định áp dụng cho một hộp thư", "What holds for a box", OfAccount, Holding, _show,
)  # fmt: skip
SET = Act(
    "policy.set", Deed.APPOINT, _IN, "POST", "/policies/{name}",
    "Đặt quy định", "Set a rule", SetPolicy, PolicySet, _set, step_up=True,
)  # fmt: skip
END = Act(
    "policy.end", Deed.APPOINT, _IN, "POST", "/policies/{name}/end",
    "Thôi áp dụng quy định", "A rule ends", EndPolicy, PolicySet, _end, step_up=True,
)  # fmt: skip
PREVIEW = Act(
    "policy.preview", Deed.SEE, _IN, "POST", "/address-preview",
    "Thử quy tắc địa chỉ", "Try a rule for addresses", TryAddresses, list[Proposed], _preview,
)  # fmt: skip
ACTS = (LIST, SHOW, SET, END, PREVIEW)
