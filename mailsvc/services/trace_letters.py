"""Thư của tôi đâu rồi? Where a letter is: which boxes of ours have it, what became of those outside.

People trace their own letters; administrators those of the boxes in their scope, by their envelope and never by their
text; the console all. What an administrator looks at is written into the audit log.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, or_, select

from directory import audit
from directory.address import AddressError, parse_address
from directory.repository import boxes as directory_boxes
from directory.scope import NOBODY, Deed, Scope
from mailsvc.model.ids import AccountId, MessageId
from mailsvc.storage import outbound_history, tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

DAYS = 30
MOST = 200
_e, _b, _m, _o, _r = (
    tables.entries,
    tables.mailboxes,
    tables.messages,
    tables.outbound,
    tables.outbound_recipients,
)
_LETTER = (_m.c.id, _m.c.message_id, _m.c.from_address, _m.c.size)
BY_MESSAGE_ID = Statement(select(*_LETTER).where(_m.c.message_id == bindparam("wanted")).limit(MOST))
OF_ACCOUNT = Statement(
    select(*_LETTER)
    .join(_e, _e.c.message_id == _m.c.id)
    .join(_b, _b.c.id == _e.c.mailbox_id)
    .where(_b.c.account_id == bindparam("account"), _e.c.internal_date >= bindparam("since"))
    .order_by(_e.c.internal_date.desc())
    .limit(bindparam("most", type_=_e.c.uid.type))
)
TO_ADDRESS = Statement(
    select(*_LETTER)
    .join(_o, _o.c.message_id == _m.c.id)
    .join(_r, _r.c.outbound_id == _o.c.id)
    .where(
        _o.c.created_at >= bindparam("since"),
        or_(_r.c.address == bindparam("address"), _o.c.reverse_path == bindparam("address")),
    )
    .order_by(_o.c.id.desc())
    .limit(bindparam("most", type_=_o.c.id.type))
)
PLACES = Statement(
    select(_b.c.account_id, _e.c.saved_at)
    .join(_b, _b.c.id == _e.c.mailbox_id)
    .where(_e.c.message_id == bindparam("message"))
    .order_by(_e.c.saved_at)
    .limit(MOST)
)
WAYS = Statement(
    select(
        _o.c.id,
        _o.c.account_id,
        _r.c.id,
        _r.c.address,
        _r.c.state,
        _r.c.local_account_id,
        _r.c.updated_at,
        _r.c.last_reply,
    )
    .join(_r, _r.c.outbound_id == _o.c.id)
    .where(_o.c.message_id == bindparam("message"))
    .order_by(_r.c.id)
    .limit(MOST)
)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the boxes that are theirs to read, and what they administer."""

    boxes: frozenset[AccountId] = frozenset()
    scope: Scope = NOBODY
    name: str = ""
    """For the audit log."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One place on the way of a letter."""

    address: str
    state: str
    """delivered: in a box of ours; waiting, held, sent, failed, dropped: on its way out."""
    at: int
    reply: str = ""
    """What the server outside said last."""
    history: tuple[tuple[int, str], ...] = ()
    """Every try: when, and what was said."""


@dataclass(frozen=True, slots=True)
class Traced:
    """One letter and where it is, as far as the asker may know."""

    message_id: str
    sender: str
    octets: int
    stops: tuple[Stop, ...]

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def trace(uow: UnitOfWork, asker: Asker, wanted: str, *, days: int = DAYS) -> list[Traced]:
    """Letters by their Message-ID, or those from and to an address in the last days; what one may not see is left out."""
    found = [
        traced
        for message in _letters(uow, asker, wanted.strip(), uow.clock() - days * 86_400)
        if (traced := _traced(uow, asker, message)).stops
    ]
    if asker.scope is not NOBODY:
        audit.record(
            uow.conn, asker.name, "mail.trace", wanted.strip()[:200], {"found": len(found)}, uow.clock()
        )
    return found


def _letters(db: Reader, asker: Asker, wanted: str, since: int) -> list[tuple[Any, ...]]:
    rows: dict[int, tuple[Any, ...]] = {}
    message_id = wanted if wanted.startswith("<") else f"<{wanted}>"
    for row in db.rows(BY_MESSAGE_ID, {"wanted": message_id}):
        rows[row[0]] = row
    if rows:
        return list(rows.values())
    try:
        address = parse_address(wanted)
    except AddressError:
        return []
    account = directory_boxes.account_by_address(db.conn, address.key)
    if account is not None and _may_see(db, asker, account.id):
        values = {"account": account.id, "since": since, "most": MOST}
        rows |= {row[0]: row for row in db.rows(OF_ACCOUNT, values)}
    outside = db.rows(TO_ADDRESS, {"address": str(address), "since": since, "most": MOST})
    rows |= {row[0]: row for row in outside}
    return list(rows.values())


def _traced(db: Reader, asker: Asker, row: tuple[Any, ...]) -> Traced:
    message = MessageId(row[0])
    ways = db.rows(WAYS, {"message": message})
    # The sender may know what became of all; others only of what concerns their own boxes.
    sent_by = {AccountId(way[1]) for way in ways if way[1] is not None}
    knows_all = asker.scope.on_the_server or any(_may_see(db, asker, account) for account in sent_by)
    stops = []
    places = db.rows(PLACES, {"message": message})
    accounts = directory_boxes.accounts_by_ids(db.conn, {AccountId(place[0]) for place in places})
    for account_id, at in places:
        account = accounts.get(AccountId(account_id))
        if account is not None and (knows_all or _may_see(db, asker, account.id)):
            stops.append(Stop(str(account.address), "delivered", at))
    histories: dict[int, list[outbound_history.Happening]] = {}
    for letter_id, _, recipient_id, address, state, local, at, reply in ways:
        if not knows_all and (local is None or not _may_see(db, asker, AccountId(local))):
            continue
        if letter_id not in histories:
            histories[letter_id] = outbound_history.of_letter(db, letter_id)
        lines = [line for line in histories[letter_id] if line.recipient_id == recipient_id]
        stops.append(
            Stop(address, state, at, reply, tuple((line.at, f"{line.event}: {line.text}") for line in lines))
        )
    return Traced(row[1], row[2], row[3], tuple(stops))


def _may_see(db: Reader, asker: Asker, account_id: AccountId) -> bool:
    if asker.scope.on_the_server or account_id in asker.boxes:
        return True
    if asker.scope is NOBODY:
        return False
    account = directory_boxes.account_by_id(db.conn, account_id)
    return account is not None and asker.scope.may_touch(Deed.SEE, account)
