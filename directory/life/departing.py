"""Leaving: posts, rights and memberships end at once; the box is kept for a time by rank, then archived."""

from calendar import monthrange
from datetime import date

from directory.life.acts import Departure, Reason
from directory.life.state import Life
from directory.model import AccountId, AccountKind, AccountState, Branch, GroupKind, PostRole, Tier
from directory.policies import Policy, strictest
from directory.provision.faults import Fault
from directory.tables import accounts, departures, group_members, group_people, groups


def depart(life: Life, act: Departure) -> None:
    """Every post ends. Its person may go on reading in the page until the box is archived, unless dismissed."""
    gone = life.draft.by(departures, "account_id", life.account["id"])
    if gone:
        life.refuse("address", Fault.LEFT, value=life.address, day=gone[0]["left_on"])
        return
    until = add_months(life.draft.on, _months(life))
    for row in life.posts():
        life.end_post(row)
    life.leave_boxes(None)
    life.stop_administering(None)
    _leave_groups(life)
    dismissed = act.reason is Reason.DISMISSAL
    state = AccountState.LOCKED if dismissed else AccountState.LEFT
    life.draft.put(accounts, life.account["id"], state=state.value)
    life.draft.add(
        departures,
        account_id=life.account["id"],
        reason=act.reason.value,
        left_on=life.draft.day,
        keep_until=until.isoformat(),
    )
    life.leaver = AccountId(life.account["id"])
    life.step("kept_until", until.isoformat())


def add_months(day: date, months: int) -> date:
    """The same day of a later month; its last day where that month is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _months(life: Life) -> int:
    """The longest time that any post of the person asks for; Bộ TT&TT QĐ 652/2016: 6 months, 12 for heads."""
    held = life.posts()
    policies = []
    for row in held:
        version = life.draft.version(row["unit_id"])
        if version is not None:
            policies.append(
                life.book.of(Tier(version["tier"]), Branch(version["branch"]), AccountKind.PERSONAL)
            )
    policy: Policy = strictest(policies) or life.book.of(None, None, AccountKind.PERSONAL)
    roles = {PostRole(row["role"]) for row in held} or {PostRole.SPECIALIST}
    return max(policy.keeping.months(role) for role in roles)


def _leave_groups(life: Life) -> None:
    """Fixed groups lose the member; computed ones are worked out again."""
    for row in life.draft.by(group_members, "account_id", life.account["id"]):
        group = life.draft.get(groups, row["group_id"])
        if group["kind"] == GroupKind.FIXED.value:
            life.draft.drop(group_members, row["id"])
            life.step("leaves_group", group["name"])
    for row in life.draft.by(group_people, "account_id", life.account["id"]):
        life.draft.drop(group_people, row["id"])
