"""Acts in a person's life: what posts they hold; transfer, second post, leaving, coming back, being away.

Each is a plan: `dry_run` only shows it, a day to come is waited for, and `plan undo` takes it back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from directory import administer, life, provision, repository
from directory.life import AbsenceKind, Reason
from directory.model import PostRole, vietnam_day
from directory.policies import Defaults
from directory.scope import Deed
from mailsvc.services import life as life_service
from mailsvc.services.administration.act import Act, Code, Login, Touches, Words
from mailsvc.services.administration.finding import find_account, unit_code, units_by_id
from mailsvc.services.administration.refusal import ActRefused, RemarkLine, Why, of_remarks, remark_line

if TYPE_CHECKING:
    from directory.life import LifeAct, LifePlan
    from directory.scope import Scope
    from mailsvc.services.administration.desk import Desk
    from mailsvc.storage.unit_of_work import Reader

ATTEMPTS: Final = 3
"""How often a plan is made anew because somebody acted on the directory while it was shown."""
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]


@dataclass(frozen=True, slots=True)
class PersonAt:
    """A person, by the address of the personal box."""

    address: Login


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A post; the unit is empty where it is outside of the scope."""

    unit: str
    role: str
    title: str
    primary: bool
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Gone:
    """That somebody left, and until when the box is kept."""

    reason: Reason
    on: date
    kept_until: date


@dataclass(frozen=True, slots=True)
class PersonPosts:
    """A person with posts, absence and departure."""

    address: str
    full_name: str
    state: str
    away: bool
    left: Gone | None
    posts: list[HeldPost]


@dataclass(frozen=True, slots=True)
class TransferPerson:
    """The primary post goes on in another unit, and the personal box with it."""

    address: Login
    unit: Code
    role: PostRole = PostRole.SPECIALIST
    title: Words = ""
    share_unit_box: bool = False
    on: Day | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class SecondPost:
    """One more post beside the primary one."""

    address: Login
    unit: Code
    role: PostRole
    title: Words = ""
    share_unit_box: bool = False
    on: Day | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class EndPost:
    """A second post ends."""

    address: Login
    unit: Code
    on: Day | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Leave:
    """Who leaves and why: posts and rights end, the box is kept for a time by rank."""

    address: Login
    reason: Reason = Reason.LEAVE
    on: Day | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Return:
    """Somebody whose box is still kept comes back."""

    address: Login
    unit: Code
    role: PostRole = PostRole.SPECIALIST
    title: Words = ""
    on: Day | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Away:
    """On leave, ill, studying: does not count as unused."""

    address: Login
    kind: AbsenceKind = AbsenceKind.LEAVE
    back_on: Day | None = None
    on: Day | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that changes; the detail is empty where it lies outside of the scope."""

    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class LifeDone:
    """What the act changes, and the plan by which it can be undone; none was made by a `dry_run`."""

    address: str
    act: str
    effective_on: date
    counts: dict[str, int]
    steps: list[Step]
    warnings: list[RemarkLine] = field(default_factory=list)
    applied: bool = False
    scheduled: bool = False
    plan: int | None = None


def _posts(desk: Desk, asked: PersonAt) -> PersonPosts:
    with desk.read() as db:
        scope, today = desk.scope(db), vietnam_day(db.clock())
        found = find_account(db, scope, asked.address, Deed.SEE)
        if found.person_id is None:
            raise ActRefused(
                Why.INVALID,
                f"{found.address} không phải hộp thư cá nhân. Xem: congvu account list --kind personal",
                f"{found.address} is not a person's own box. See: congvu account list --kind personal",
            )
        units = units_by_id(db, scope, today)
        left = life.departure_of(db.conn, found.id)
        return PersonPosts(
            address=str(found.address),
            full_name=found.display_name,
            state=found.state.value,
            away=life.is_absent(db.conn, found.id, today),
            left=None if left is None else Gone(left.reason, left.left_on, left.keep_until),
            posts=[
                HeldPost(
                    unit=unit_code(units, post.unit_id),
                    role=post.role.value,
                    title=post.title,
                    primary=post.primary,
                    valid_from=post.period.valid_from,
                    valid_to=post.period.valid_to,
                )
                for post in repository.posts_of(db.conn, found.person_id)
            ],
        )


def _transfer(desk: Desk, asked: TransferPerson) -> LifeDone:
    act = life.Transfer(asked.address, asked.unit, asked.role, asked.title, asked.share_unit_box)
    return _live(desk, act, asked.on, dry_run=asked.dry_run)


def _second_post(desk: Desk, asked: SecondPost) -> LifeDone:
    act = life.SecondPost(asked.address, asked.unit, asked.role, asked.title, asked.share_unit_box)
    return _live(desk, act, asked.on, dry_run=asked.dry_run)


def _end_post(desk: Desk, asked: EndPost) -> LifeDone:
    return _live(desk, life.EndPost(asked.address, asked.unit), asked.on, dry_run=asked.dry_run)


def _leave(desk: Desk, asked: Leave) -> LifeDone:
    return _live(desk, life.Departure(asked.address, asked.reason), asked.on, dry_run=asked.dry_run)


def _return(desk: Desk, asked: Return) -> LifeDone:
    act = life.Return(asked.address, asked.unit, asked.role, asked.title)
    return _live(desk, act, asked.on, dry_run=asked.dry_run)


def _away(desk: Desk, asked: Away) -> LifeDone:
    act = life.Absence(asked.address, asked.kind, asked.back_on)
    return _live(desk, act, asked.on, dry_run=asked.dry_run)


def _live(desk: Desk, asked: LifeAct, on: date | None, *, dry_run: bool) -> LifeDone:
    with desk.read() as db:
        scope, today = desk.scope(db), vietnam_day(db.clock())
        found = find_account(db, scope, asked.address, Deed.MANAGE)
        act = replace(asked, address=str(found.address))
        shown = _sound(desk, db, scope, act, on or today)
        done = _told(db, scope, shown)
    if dry_run or shown.changes_nothing:
        return done
    if shown.effective_on > today:
        with desk.write() as uow:
            number = life_service.put_off(uow, desk.scope(uow), shown, desk.actor)
        return replace(done, scheduled=True, plan=number)
    return replace(done, applied=True, plan=_apply(desk, shown))


def _sound(desk: Desk, db: Reader, scope: Scope, act: LifeAct, day: date) -> LifePlan:
    plan = life_service.plan_act(db, scope, act, day, Defaults.from_settings(desk.settings))
    if plan.refused:
        raise of_remarks(plan.refused)
    return plan


def _apply(desk: Desk, shown: LifePlan) -> int:
    plan = shown
    for _ in range(ATTEMPTS):
        try:
            with desk.write() as uow:
                return life_service.carry_out(uow, desk.scope(uow), plan, desk.actor)
        except provision.PlanDriftedError:
            with desk.read() as db:
                plan = _sound(desk, db, desk.scope(db), shown.act, shown.effective_on)
            if plan.steps != shown.steps:
                break
    raise ActRefused(
        Why.CONFLICT, "Dữ liệu vừa thay đổi. Hãy làm lại.", "The directory has just changed. Do it again."
    )


def _told(db: Reader, scope: Scope, plan: LifePlan) -> LifeDone:
    """What may be said of a plan: that something ends elsewhere, but not which unit, box or group that is."""
    known = {unit.code for unit in administer.visible_units(db.conn, scope, vietnam_day(db.clock()))}
    groups = {group.name for group in administer.visible_groups(db.conn, scope)}

    def is_seen(what: str, detail: str) -> bool:
        if scope.on_the_server or what in {"moves", "kept_until", "returns", "away"}:
            return True
        if what == "leaves_group":
            return detail in groups
        if "@" in detail:
            return administer.visible_account(db.conn, scope, detail) is not None
        return detail.partition(":")[0] in known

    return LifeDone(
        address=plan.address,
        act=life.name_of(plan.act),
        effective_on=plan.effective_on,
        counts=plan.counts,
        steps=[Step(what, detail if is_seen(what, detail) else "") for what, detail in plan.steps],
        warnings=[
            remark_line(item) for item in plan.warnings if is_seen("warning", item.values.get("value", ""))
        ],
    )


_IN = Touches.ACCOUNT
POSTS = Act(
    "person.posts", Deed.SEE, _IN, "GET", "/accounts/{address}/posts",
    "Chức vụ, vắng mặt, thời gian nghỉ", "Posts, absence, departure", PersonAt, PersonPosts, _posts,
)  # fmt: skip
TRANSFER = Act(
    "person.transfer", Deed.MANAGE, _IN, "POST", "/accounts/{address}/life/transfer",
    "Điều chuyển", "Transfer a person", TransferPerson, LifeDone, _transfer, step_up=True,
)  # fmt: skip
SECOND_POST = Act(
    "person.second_post", Deed.MANAGE, _IN, "POST", "/accounts/{address}/life/second-post",
    "Kiêm nhiệm", "A second post", SecondPost, LifeDone, _second_post, step_up=True,
)  # fmt: skip
END_POST = Act(
    "person.end_post", Deed.MANAGE, _IN, "POST", "/accounts/{address}/life/end-post",
    "Thôi kiêm nhiệm", "A second post ends", EndPost, LifeDone, _end_post, step_up=True,
)  # fmt: skip
LEAVE = Act(
    "person.leave", Deed.MANAGE, _IN, "POST", "/accounts/{address}/leave",
    "Thôi việc, nghỉ hưu, buộc thôi việc", "Leave, retire, be dismissed", Leave, LifeDone, _leave, step_up=True,
)  # fmt: skip
RETURN = Act(
    "person.return", Deed.MANAGE, _IN, "POST", "/accounts/{address}/life/return",
    "Trở lại công tác", "Come back", Return, LifeDone, _return, step_up=True,
)  # fmt: skip
AWAY = Act(
    "person.away", Deed.MANAGE, _IN, "POST", "/accounts/{address}/life/away",
    "Nghỉ phép, thai sản, ốm, đi học", "Be away", Away, LifeDone, _away,
)  # fmt: skip
ACTS = (POSTS, TRANSFER, SECOND_POST, END_POST, LEAVE, RETURN, AWAY)
