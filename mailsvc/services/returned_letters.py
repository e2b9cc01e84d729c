"""After a reorganisation is undone: letters that came meanwhile for an old address go to its box too.

While a unit was merged its letters went to the successor, whose people answered them; they keep them. The unit that
is there again has them as well, so that every letter is where its rightful reader looks for it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, select

from directory.address import AddressError, parse_address
from directory.repository import boxes as directory_boxes
from directory.tables import addresses as address_table
from mailsvc.model.errors import OverQuota
from mailsvc.model.ids import AccountId, MailboxId
from mailsvc.model.mailbox import INBOX, SpecialUse
from mailsvc.storage import entries, mailboxes, tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from directory.journal import Journal
    from directory.provision import Undo
    from mailsvc.storage.entries import Range
    from mailsvc.storage.statement import Row
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_e, _b, _m = tables.entries, tables.mailboxes, tables.messages
_NOT_RECEIVED = frozenset({SpecialUse.DRAFTS, SpecialUse.SENT})
_DELIVERED_TO = b"Delivered-To: "
IN_ONE = 1_000
"""Letters given back in one transaction, so that nobody waits for it; what is left follows in others."""
HAS_SINCE = Statement(
    select(_e.c.message_id, _e.c.internal_date)
    .join(_b, _b.c.id == _e.c.mailbox_id)
    .where(
        and_(_b.c.account_id == bindparam("account"), _b.c.deleted == 0, _e.c.saved_at >= bindparam("since"))
    )
)
CAME_SINCE = Statement(
    select(_e.c.mailbox_id, _e.c.uid, _e.c.own_trace, _m.c.headline, _e.c.message_id, _e.c.internal_date)
    .join(_b, _b.c.id == _e.c.mailbox_id)
    .join(_m, _m.c.id == _e.c.message_id)
    .where(
        and_(_b.c.account_id == bindparam("account"), _b.c.deleted == 0, _e.c.saved_at >= bindparam("since"))
    )
    .order_by(_e.c.mailbox_id, _e.c.uid)
)


@dataclass(frozen=True, slots=True)
class Returned:
    """How many letters a box has again, or that it has no room for them."""

    address: str
    letters: int
    no_room: bool = False


def return_letters(uow: UnitOfWork, undo: Undo, undone_at: int) -> list[Returned]:
    """Copy what came since the plan was applied: at most IN_ONE letters; again until it is none.

    What was copied since the undoing is not copied twice.
    """
    since = undo.plan.applied_at
    if since is None:
        return []
    found: list[Returned] = []
    for heir, old_of_key in _handed_over(uow, undo.journal).items():
        for old, by_mailbox in _wanted(uow, heir, old_of_key, since, undone_at).items():
            room = IN_ONE - sum(item.letters for item in found)
            if room > 0:
                found.append(_copy(uow, heir, old, _first(by_mailbox, room)))
    return found


def _first(by_mailbox: Mapping[MailboxId, list[int]], room: int) -> dict[MailboxId, list[int]]:
    """As many of them as there is room for."""
    chosen: dict[MailboxId, list[int]] = {}
    for mailbox, uids in by_mailbox.items():
        chosen[mailbox] = uids[:room]
        room -= len(chosen[mailbox])
    return {mailbox: uids for mailbox, uids in chosen.items() if uids}


def _handed_over(db: Reader, journal: Journal) -> dict[AccountId, dict[str, AccountId]]:
    """By heir: the addresses it had meanwhile, and whose they are again."""
    moved = {
        item.id: (item.before["account_id"], item.after["account_id"])
        for item in journal.of(address_table).altered
        if item.before.get("account_id") is not None and item.after.get("account_id") is not None
    }
    if not moved:
        return {}
    query = select(address_table.c.id, address_table.c.key).where(address_table.c.id.in_(list(moved)))
    found: defaultdict[AccountId, dict[str, AccountId]] = defaultdict(dict)
    for number, key in db.conn.execute(query):
        old, heir = moved[number]
        found[AccountId(heir)][key] = AccountId(old)
    return dict(found)


def _wanted(
    db: Reader, heir: AccountId, old_of_key: Mapping[str, AccountId], since: int, undone_at: int
) -> dict[AccountId, dict[MailboxId, list[int]]]:
    has = {
        old: Counter((row[0], row[1]) for row in db.rows(HAS_SINCE, {"account": old, "since": undone_at}))
        for old in set(old_of_key.values())
    }
    skipped = {box.id for box in mailboxes.of_account(db, heir) if box.special_use in _NOT_RECEIVED}
    found: defaultdict[AccountId, defaultdict[MailboxId, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in db.rows(CAME_SINCE, {"account": heir, "since": since}):
        if row[0] in skipped:
            continue
        for old in {old_of_key[key] for key in _meant(row, old_of_key)}:
            if has[old][row[4], row[5]]:  # copied before; the same letter may have come twice
                has[old][row[4], row[5]] -= 1
                continue
            found[old][MailboxId(row[0])].append(int(row[1]))
    return {old: dict(by_mailbox) for old, by_mailbox in found.items()}


def _meant(row: Row, keys: Iterable[str]) -> set[str]:
    """The old addresses that a letter was for: by its delivery, or by its header where both addresses were named."""
    delivered, headline = _delivered_to(bytes(row[2])), str(row[3])
    return {key for key in keys if key == delivered or key in headline}


def _delivered_to(own_trace: bytes) -> str:
    line = own_trace.split(b"\r\n", 1)[0]
    if not line.startswith(_DELIVERED_TO):
        return ""
    try:
        return parse_address(line.removeprefix(_DELIVERED_TO).decode()).without_detail().key
    except (AddressError, UnicodeDecodeError):
        return ""


def _copy(
    uow: UnitOfWork, heir: AccountId, old: AccountId, by_mailbox: Mapping[MailboxId, list[int]]
) -> Returned:
    account = directory_boxes.account_by_id(uow.conn, old)
    name = str(account.address) if account is not None else str(old)
    sources = {box.id: box for box in mailboxes.of_account(uow, heir)}
    count = 0
    for mailbox, uids in by_mailbox.items():
        try:
            target = mailboxes.by_name(uow, old, INBOX)  # anew each time: its counters have moved
            copied, _ = entries.copy(uow, sources[mailbox], target, _ranges(uids))
        except OverQuota:
            return Returned(name, count, no_room=True)
        count += len(copied)
    return Returned(name, count)


def _ranges(uids: Iterable[int]) -> list[Range]:
    found: list[Range] = []
    for uid in uids:
        if found and found[-1][1] == uid - 1:
            found[-1] = (found[-1][0], uid)
        else:
            found.append((uid, uid))
    return found
