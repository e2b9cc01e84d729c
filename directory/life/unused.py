"""Tài khoản không sử dụng: since when, what follows, and whom it concerns. Days on leave do not count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from directory import audit
from directory.model import Account, AccountId, AccountKind, AccountState, Branch, Tier, vietnam_day
from directory.policies import Defaults, PolicyBook, effective_policy, open_book, strictest
from directory.policies.rules import InactivityRule
from directory.repository.boxes import ACCOUNTS, set_state, to_account
from directory.repository.rows import chunks, insert_rows
from directory.repository.units import IN_FORCE
from directory.tables import absences, accounts, posts, unit_versions, unused_notices

LOCKED_AT_ONCE: Final = 200
ACTOR: Final = "congvu"
_c: Final = accounts.c


@dataclass(frozen=True, slots=True)
class Unused:
    """How long nobody has used an account, and what follows from it."""

    account: Account
    since: date
    days: int
    rule: InactivityRule
    listed_at: int | None  # when the unit's clerk was told of it, in this time of not using it

    @property
    def is_due(self) -> bool:
        """Whether the page and the clerk are to be told."""
        return self.days >= self.rule.notice_days

    @property
    def locks_on(self) -> date | None:
        """The day on which it is locked; None is never."""
        return self.since + timedelta(days=self.rule.lock_days) if self.rule.lock_days else None

    @property
    def must_be_locked(self) -> bool:
        """Long unused, and somebody was told before."""
        return bool(self.rule.lock_days) and self.days >= self.rule.lock_days and self.listed_at is not None


def unused_state(
    conn: Connection,
    account_id: AccountId,
    day: date,
    defaults: Defaults | None = None,
    used_on: date | None = None,
) -> Unused | None:
    """How it stands with one account, for its page; None where nobody signs in to it, or it is not in use.

    `used_on` is a later day of use that mail knows of: a session that goes on for weeks signs in once.
    """
    found = _rows(conn, [account_id])
    if not found:
        return None
    account, used, listed = found[0]
    away = _away(conn, [account], day)
    if account.person_id is not None and away.get(account.person_id, date.min) > day:
        return None
    rule = effective_policy(conn, account_id, day, defaults or Defaults()).inactivity
    return _unused(account, used, listed, rule, away, {account.id: used_on} if used_on else {}, day)


def unused_accounts(
    conn: Connection,
    day: date,
    defaults: Defaults | None = None,
    used_on: Mapping[AccountId, date] | None = None,
) -> list[Unused]:
    """Everybody of whom the page and the clerk are to be told, the longest unused first; nobody who is on leave."""
    rules = _Rules(open_book(conn, day, defaults or Defaults()))
    rows = _rows(conn)
    away = _away(conn, [account for account, _, _ in rows], day)
    contexts = _contexts(conn, day)
    found = []
    for account, used, listed in rows:
        if account.person_id is not None and away.get(account.person_id, date.min) > day:
            continue
        rule = rules.of(contexts.get(account.person_id or 0, []))
        state = _unused(account, used, listed, rule, away, used_on or {}, day)
        if state.is_due:
            found.append(state)
    return sorted(found, key=lambda item: (item.since, item.account.id))


def note_listed(conn: Connection, listed: Sequence[Unused], at: int) -> None:
    """The clerk was told of these now."""
    ids = [item.account.id for item in listed]
    for some in chunks(ids):
        conn.execute(unused_notices.delete().where(unused_notices.c.account_id.in_(list(some))))
    insert_rows(conn, unused_notices, [{"account_id": number, "listed_at": at} for number in ids])


def lock_unused(conn: Connection, long_unused: Sequence[Unused], at: int) -> list[Account]:
    """Lock those whose time is over and who have not signed in since they were looked at; letters still arrive."""
    locked = []
    for item in [item for item in long_unused if item.must_be_locked][:LOCKED_AT_ONCE]:
        row = conn.execute(select(_c.state, _c.last_login_at).where(_c.id == item.account.id)).first()
        if row is None or row[0] != AccountState.ACTIVE.value or row[1] != item.account.last_login_at:
            continue
        set_state(conn, item.account.id, AccountState.LOCKED, at)
        detail = {"reason": "unused", "since": item.since.isoformat(), "days": item.days}
        audit.record(conn, ACTOR, "account.locked", str(item.account.address), detail, at)
        locked.append(item.account)
    return locked


def _rows(conn: Connection, only: Sequence[AccountId] | None = None) -> list[tuple[Account, int, int | None]]:
    """Accounts of people in use: when they were used last, and when their clerk was told."""
    extra = (_c.last_login_at, _c.locked_at, _c.created_at, unused_notices.c.listed_at)
    query = (
        ACCOUNTS.add_columns(*extra)
        .outerjoin(unused_notices, unused_notices.c.account_id == _c.id)
        .where(_c.state == AccountState.ACTIVE.value, _c.kind == AccountKind.PERSONAL.value)
    )
    if only is not None:
        query = query.where(_c.id.in_(list(only)))
    width = len(extra)
    return [
        (to_account(row), max(value or 0 for value in row[-width:-1]), row[-1])
        for row in conn.execute(query).all()
    ]


def _unused(
    account: Account,
    used: int,
    listed: int | None,
    rule: InactivityRule,
    away: Mapping[int, date],
    used_on: Mapping[AccountId, date],
    day: date,
) -> Unused:
    since = max(
        vietnam_day(used), used_on.get(account.id, date.min), away.get(account.person_id or 0, date.min)
    )
    told = listed if listed is not None and listed > used and vietnam_day(listed) >= since else None
    return Unused(account, since, max((day - since).days, 0), rule, told)


def _away(conn: Connection, people: Sequence[Account], day: date) -> dict[int, date]:
    """The day on which a person came back from leave; a later one than `day` where they are still away."""
    query = select(absences.c.person_id, func.max(func.coalesce(absences.c.valid_to, "9999-12-31"))).where(
        absences.c.valid_from <= day.isoformat()
    )
    wanted = {account.person_id for account in people}
    return {
        row[0]: min(date.fromisoformat(row[1]), day + timedelta(days=1))
        for row in conn.execute(query.group_by(absences.c.person_id))
        if row[0] in wanted
    }


def _contexts(conn: Connection, day: date) -> dict[int, list[tuple[Tier, Branch]]]:
    """Tier and branch of every post that is held."""
    today = day.isoformat()
    query = (
        select(posts.c.person_id, unit_versions.c.tier, unit_versions.c.branch)
        .join(unit_versions, (unit_versions.c.unit_id == posts.c.unit_id) & IN_FORCE)
        .where(
            posts.c.valid_from <= today,
            posts.c.valid_to.is_(None) | (posts.c.valid_to > today),
        )
    )
    found: dict[int, list[tuple[Tier, Branch]]] = {}
    for person, tier, branch in conn.execute(query, {"on": today}):
        found.setdefault(person, []).append((Tier(tier), Branch(branch)))
    return found


class _Rules:
    """The rule for the posts somebody holds; a province has few kinds of posts and many people."""

    def __init__(self, book: PolicyBook) -> None:
        self._book = book
        self._known: dict[frozenset[tuple[Tier, Branch]], InactivityRule] = {}

    def of(self, held: Sequence[tuple[Tier, Branch]]) -> InactivityRule:
        """The strictest of them."""
        key = frozenset(held)
        if key not in self._known:
            policies = [self._book.of(tier, branch) for tier, branch in sorted(key)]
            self._known[key] = (strictest(policies) or self._book.of(None, None)).inactivity
        return self._known[key]
