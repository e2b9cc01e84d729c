"""Thời hạn lưu thư: how long letters are kept, by unit and kind of box.

A rule deletes letters after so many days in a mailbox (of one special use, such as Trash, or of any), or keeps deleted
letters recoverable for longer than `storage.recover_days`. What it deletes is recoverable like what a user deletes. A legal
hold beats every rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, insert, not_, select

from directory import audit
from directory.model import AccountId, AccountKind, UnitId
from directory.scope import Deed
from mailsvc.model.errors import Conflict, MailboxMissing, NotPermitted
from mailsvc.model.ids import MailboxId, Uid
from mailsvc.services import reach
from mailsvc.services.hold import is_held
from mailsvc.storage import entries, mailboxes, tables
from mailsvc.storage.statement import Statement
from mailsvc.storage.upkeep_tables import retention_boxes, retention_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from directory.scope import Scope
    from mailsvc.model.mailbox import SpecialUse
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_r, _b, _e, _m = retention_rules, retention_boxes, tables.entries, tables.mailboxes
DAY = 86_400
MAX_DAYS = 100 * 366
STEP = 200
"""Letters deleted in one transaction."""
_COLUMNS = (
    _r.c.id,
    _r.c.unit_id,
    _r.c.unit_code,
    _r.c.kind,
    _r.c.special_use,
    _r.c.delete_after_days,
    _r.c.keep_deleted_days,
    _r.c.made_by,
    _r.c.made_at,
)
ADD = Statement(
    insert(_r).values({column.name: bindparam(column.name) for column in _COLUMNS[1:]}).returning(_r.c.id)
)
ALL = Statement(select(*_COLUMNS).order_by(_r.c.id))
REMOVE = Statement(delete(_r).where(_r.c.id == bindparam("rule")))
FORGET_BOXES = Statement(delete(_b))
ADD_BOX = Statement(insert(_b).values(account_id=bindparam("account"), keep_deleted_days=bindparam("days")))
KEPT_BOXES = Statement(select(_b.c.account_id, _b.c.keep_deleted_days))
DUE = Statement(
    select(_e.c.uid)
    .where(
        and_(
            _e.c.mailbox_id == bindparam("mailbox"),
            _e.c.saved_at < bindparam("before"),
            not_(is_held(bindparam("account", type_=_m.c.account_id.type), _e.c.message_id)),
        )
    )
    .order_by(_e.c.uid)
    .limit(STEP)
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; an empty kind or special use is every one."""

    id: int
    unit_id: UnitId | None
    unit_code: str
    kind: str
    special_use: str
    delete_after_days: int | None
    keep_deleted_days: int | None
    made_by: str
    made_at: int


def rules(db: Reader, scope: Scope) -> list[Rule]:
    """Rules in the scope."""
    allowed = scope.units(Deed.HOLD)
    return [one for one in _all(db) if allowed is None or one.unit_id in allowed]


def add(
    uow: UnitOfWork,
    scope: Scope,
    *,
    unit_code: str = "",
    kind: AccountKind | None = None,
    special_use: SpecialUse | None = None,
    delete_after_days: int | None = None,
    keep_deleted_days: int | None = None,
    actor: str,
) -> Rule:
    """Make a rule; without a unit it is for everyone, which takes an administrator of everything."""
    given = [days for days in (delete_after_days, keep_deleted_days) if days is not None]
    if len(given) != 1 or not 1 <= given[0] <= MAX_DAYS:
        raise Conflict(f"một trong hai, 1 đến {MAX_DAYS} ngày / one of the two, 1 to {MAX_DAYS} days")
    unit_id = None
    if unit_code:
        unit = reach.unit(uow, unit_code)
        scope.require_unit(Deed.HOLD, unit.id, unit.code)
        unit_id = unit.id
    elif scope.units(Deed.HOLD) is not None:
        raise NotPermitted("đơn vị nào? / a rule needs a unit")
    values = {
        "unit_id": unit_id,
        "unit_code": unit_code,
        "kind": kind.value if kind else "",
        "special_use": special_use.value if special_use else "",
        "delete_after_days": delete_after_days,
        "keep_deleted_days": keep_deleted_days,
        "made_by": actor,
        "made_at": uow.clock(),
    }
    row = uow.one(ADD, values)
    assert row is not None
    detail = {name: value for name, value in values.items() if name not in {"made_by", "made_at"}}
    audit.record(uow.conn, actor, "retention.add", unit_code or "*", {"rule": row[0], **detail}, uow.clock())
    return next(one for one in _all(uow) if one.id == row[0])


def remove(uow: UnitOfWork, scope: Scope, rule: int, *, actor: str) -> Rule:
    """Take a rule back; what it deleted stays deleted."""
    found = next((one for one in rules(uow, scope) if one.id == rule), None)
    if found is None:
        raise reach.NoSuchSubject(f"không có quy tắc {rule} / there is no rule {rule}")
    uow.run(REMOVE, {"rule": rule})
    audit.record(uow.conn, actor, "retention.remove", found.unit_code or "*", {"rule": rule}, uow.clock())
    return found


def _all(db: Reader) -> list[Rule]:
    return [Rule(*row) for row in db.rows(ALL, {})]


# -- applying


def kept_longer(db: Reader) -> dict[AccountId, int]:
    """Boxes whose deleted letters are kept for longer, and for how many days: the longest rule wins."""
    found: dict[AccountId, int] = {}
    for rule in _all(db):
        if rule.keep_deleted_days is not None:
            for account in _boxes(db, rule):
                found[account] = max(found.get(account, 0), rule.keep_deleted_days)
    return found


def set_kept_longer(uow: UnitOfWork, boxes: dict[AccountId, int]) -> None:
    """Remember it for `housekeeping.forget_old`."""
    if dict(uow.rows(KEPT_BOXES, {})) == boxes:
        return
    uow.run(FORGET_BOXES, {})
    uow.many(ADD_BOX, ({"account": account, "days": days} for account, days in boxes.items()))


def due(db: Reader, now: int) -> Iterator[tuple[Rule, MailboxId, list[Uid]]]:
    """Letters that rules delete now, some of one mailbox at a time, none that is under a hold."""
    for rule in _all(db):
        if rule.delete_after_days is None:
            continue
        before = now - rule.delete_after_days * DAY
        for account in _boxes(db, rule):
            for mailbox in mailboxes.of_account(db, account):
                if not mailbox.exists or rule.special_use not in {"", mailbox.special_use}:
                    continue
                wanted = {"mailbox": mailbox.id, "account": account, "before": before}
                while uids := [Uid(row[0]) for row in db.rows(DUE, wanted)]:
                    yield rule, mailbox.id, uids


def delete_due(uow: UnitOfWork, mailbox: MailboxId, uids: list[Uid]) -> int:
    """Delete letters as their owner would: they can be had back for a while."""
    try:
        box = mailboxes.by_id(uow, mailbox)
    except MailboxMissing:
        return 0
    return len(entries.expunge(uow, box, [(uid, uid) for uid in uids]))


def note(uow: UnitOfWork, rule: Rule, deleted: int) -> None:
    """The audit line of what one rule deleted in one run."""
    audit.record(
        uow.conn,
        "retention",
        "retention.apply",
        rule.unit_code or "*",
        {"rule": rule.id, "deleted": deleted},
        uow.clock(),
    )


def apply(db: Reader, now: int, write: Callable[..., Any]) -> dict[int, int]:
    """Apply all rules; how many letters each deleted. `write` runs a unit of work."""
    deleted: dict[Rule, int] = {}
    write(set_kept_longer, kept_longer(db))
    for rule, mailbox, uids in due(db, now):
        count: int = write(delete_due, mailbox, uids)
        if not count:
            break  # nothing moves: the next run tries again
        deleted[rule] = deleted.get(rule, 0) + count
    for rule, number in deleted.items():
        write(note, rule, number)
    return {rule.id: number for rule, number in deleted.items()}


def _boxes(db: Reader, rule: Rule) -> list[AccountId]:
    kind = AccountKind(rule.kind) if rule.kind else None
    return [AccountId(account.id) for account in reach.boxes_of_unit(db, rule.unit_id, kind)]
