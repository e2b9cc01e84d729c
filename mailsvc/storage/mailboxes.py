"""Boxes (an account's quota and use) and mailboxes (its folders) with their counters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, func, insert, select, update

from mailsvc.model.changes import MailboxListChanged
from mailsvc.model.errors import MailboxExists, MailboxMissing, OverQuota, TooMany
from mailsvc.model.flags import FIRST_KEYWORD_BIT, LAST_KEYWORD_BIT
from mailsvc.model.ids import AccountId, MailboxId, ModSeq, Uid, UidValidity
from mailsvc.model.mailbox import Mailbox, SpecialUse
from mailsvc.storage import tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailsvc.storage.statement import Row
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_b, _m = tables.boxes, tables.mailboxes
MAX_MAILBOXES = 2000
_COLUMNS = (
    _m.c.id,
    _m.c.account_id,
    _m.c.name,
    _m.c.special_use,
    _m.c.uid_validity,
    _m.c.uid_next,
    _m.c.highest_mod_seq,
    _m.c.exists_count,
    _m.c.unseen,
    _m.c.octets,
    _b.c.per_person_seen,
    _m.c.subscribed,
)
_joined = select(*_COLUMNS).join(_b, _b.c.account_id == _m.c.account_id)
BY_NAME = Statement(
    _joined.where(and_(_m.c.account_id == bindparam("account"), _m.c.name == bindparam("name")))
)
BY_ID = Statement(_joined.where(and_(_m.c.id == bindparam("mailbox"), _m.c.deleted == 0)))
OF_ACCOUNT = Statement(
    _joined.where(and_(_m.c.account_id == bindparam("account"), _m.c.deleted == 0)).order_by(_m.c.name)
)
COUNT = Statement(select(func.count()).select_from(_m).where(_m.c.account_id == bindparam("account")))
ADD_MAILBOX = Statement(
    insert(_m).values(
        {
            name: bindparam(name)
            for name in ("account_id", "name", "special_use", "uid_validity", "subscribed")
        }
    )
)
NEXT_VALIDITY = Statement(
    update(_b)
    .where(_b.c.account_id == bindparam("account"))
    .values(last_uid_validity=_b.c.last_uid_validity + 1)
    .returning(_b.c.last_uid_validity)
)
RAISE_VALIDITY = Statement(
    update(_b)
    .where(and_(_b.c.account_id == bindparam("account"), _b.c.last_uid_validity < bindparam("now")))
    .values(last_uid_validity=bindparam("now"))
)
RENAME = Statement(update(_m).where(_m.c.id == bindparam("mailbox")).values(name=bindparam("new_name")))
SUBSCRIBE = Statement(update(_m).where(_m.c.id == bindparam("mailbox")).values(subscribed=bindparam("on")))
DELETE = Statement(delete(_m).where(_m.c.id == bindparam("mailbox")))
CHARGE = Statement(
    update(_b)
    .where(and_(_b.c.account_id == bindparam("account"), _b.c.octets + bindparam("octets") <= _b.c.quota))
    .values(octets=_b.c.octets + bindparam("octets"))
)
REFUND = Statement(
    update(_b).where(_b.c.account_id == bindparam("account")).values(octets=_b.c.octets - bindparam("octets"))
)
USE = Statement(select(_b.c.octets, _b.c.quota).where(_b.c.account_id == bindparam("account")))
SET_QUOTA = Statement(
    update(_b).where(_b.c.account_id == bindparam("account")).values(quota=bindparam("quota"))
)
KEYWORDS = Statement(select(_b.c.keywords).where(_b.c.account_id == bindparam("account")))
SET_KEYWORDS = Statement(
    update(_b).where(_b.c.account_id == bindparam("account")).values(keywords=bindparam("keywords"))
)
COUNTED = Statement(
    update(_m)
    .where(_m.c.id == bindparam("mailbox"))
    .values(
        exists_count=_m.c.exists_count + bindparam("exists"),
        unseen=_m.c.unseen + bindparam("unseen"),
        octets=_m.c.octets + bindparam("octets"),
        uid_next=_m.c.uid_next + bindparam("uids"),
        highest_mod_seq=_m.c.highest_mod_seq + 1,
    )
    .returning(_m.c.uid_next, _m.c.highest_mod_seq)
)
LOCKED = Statement(select(_m.c.highest_mod_seq).where(_m.c.id == bindparam("mailbox")).with_for_update())
COUNTED_IN_INBOX = Statement(
    update(_m)
    .where(and_(_m.c.account_id == bindparam("account"), _m.c.name == "INBOX"))
    .values(
        exists_count=_m.c.exists_count + 1,
        unseen=_m.c.unseen + 1,
        octets=_m.c.octets + bindparam("octets"),
        uid_next=_m.c.uid_next + 1,
        highest_mod_seq=_m.c.highest_mod_seq + 1,
    )
    .returning(_m.c.id, _m.c.uid_next, _m.c.highest_mod_seq)
)


def mailbox_of(row: Row) -> Mailbox:
    """A row of the joined columns as a value."""
    return Mailbox(
        id=MailboxId(row[0]),
        account_id=AccountId(row[1]),
        name=row[2],
        special_use=SpecialUse(row[3]) if row[3] else None,
        uid_validity=UidValidity(row[4]),
        uid_next=Uid(row[5]),
        highest_mod_seq=ModSeq(row[6]),
        exists=row[7],
        unseen=row[8],
        octets=row[9],
        per_person_seen=bool(row[10]),
        subscribed=bool(row[11]),
    )


def by_name(db: Reader, account: AccountId, name: str) -> Mailbox:
    """The mailbox of that name; MailboxMissing if there is none."""
    row = db.one(BY_NAME, {"account": account, "name": name})
    if row is None:
        raise MailboxMissing(name)
    return mailbox_of(row)


def by_id(db: Reader, mailbox: MailboxId) -> Mailbox:
    """The mailbox with that id; MailboxMissing once it is deleted."""
    row = db.one(BY_ID, {"mailbox": mailbox})
    if row is None:
        raise MailboxMissing(str(mailbox))
    return mailbox_of(row)


def of_account(db: Reader, account: AccountId) -> list[Mailbox]:
    """All mailboxes of an account, by name."""
    return [mailbox_of(row) for row in db.rows(OF_ACCOUNT, {"account": account})]


def create(uow: UnitOfWork, account: AccountId, name: str, special_use: SpecialUse | None = None) -> Mailbox:
    """A new, empty mailbox; its UIDVALIDITY is larger than any that the box has had (RFC 9051 §2.3.1.1)."""
    if uow.one(BY_NAME, {"account": account, "name": name}) is not None:
        raise MailboxExists(name)
    count = uow.one(COUNT, {"account": account})
    if count is not None and count[0] >= MAX_MAILBOXES:
        raise TooMany(f"{MAX_MAILBOXES} mailboxes")
    uow.run(
        ADD_MAILBOX,
        {
            "account_id": account,
            "name": name,
            "special_use": None if special_use is None else special_use.value,
            "uid_validity": next_uid_validity(uow, account),
            "subscribed": 0,
        },
    )
    uow.record(MailboxListChanged(account))
    return by_name(uow, account, name)


def next_uid_validity(uow: UnitOfWork, account: AccountId) -> UidValidity:
    """A UIDVALIDITY that this box has never used."""
    uow.run(RAISE_VALIDITY, {"account": account, "now": uow.clock()})
    row = uow.one(NEXT_VALIDITY, {"account": account})
    if row is None:
        raise MailboxMissing(str(account))
    return UidValidity(row[0])


def count(
    uow: UnitOfWork, mailbox: MailboxId, *, exists: int = 0, unseen: int = 0, octets: int = 0, uids: int = 0
) -> tuple[Uid, ModSeq]:
    """Add to the counters and allot `uids` UIDs and one mod-sequence: (first UID allotted, mod-sequence)."""
    row = uow.one(
        COUNTED, {"mailbox": mailbox, "exists": exists, "unseen": unseen, "octets": octets, "uids": uids}
    )
    if row is None:
        raise MailboxMissing(str(mailbox))
    return Uid(row[0] - uids), ModSeq(row[1])


def lock(uow: UnitOfWork, mailbox: MailboxId) -> ModSeq:
    """Keep other changes of this mailbox waiting; the mod-sequence that it has reached."""
    row = uow.one(LOCKED, {"mailbox": mailbox})
    if row is None:
        raise MailboxMissing(str(mailbox))
    return ModSeq(row[0])


def charge(uow: UnitOfWork, account: AccountId, octets: int) -> None:
    """Take from the quota, or OverQuota: the check and the taking are one statement."""
    if not uow.run(CHARGE, {"account": account, "octets": octets}):
        raise OverQuota(str(account))


def refund(uow: UnitOfWork, account: AccountId, octets: int) -> None:
    """Give back to the quota."""
    uow.run(REFUND, {"account": account, "octets": octets})


def use(db: Reader, account: AccountId) -> tuple[int, int]:
    """Octets used and allowed."""
    row = db.one(USE, {"account": account})
    if row is None:
        raise MailboxMissing(str(account))
    return int(row[0]), int(row[1])


def set_quota(uow: UnitOfWork, account: AccountId, octets: int) -> None:
    """Allow another amount; a box that holds more stays readable and takes nothing new."""
    uow.run(SET_QUOTA, {"account": account, "quota": octets})


def keywords(db: Reader, account: AccountId) -> tuple[str, ...]:
    """Names of the box's keywords; the first one is flag bit 5."""
    row = db.one(KEYWORDS, {"account": account})
    return tuple(json.loads(row[0])) if row is not None else ()


def keyword_bits(uow: UnitOfWork, account: AccountId, names: Iterable[str]) -> int:
    """Flag bits of these keywords, which are made if they are new (RFC 9051 §2.3.2: case does not matter)."""
    known = list(keywords(uow, account))
    folded = [name.lower() for name in known]
    before = len(known)
    bits = 0
    for name in names:
        if name.lower() not in folded:
            if FIRST_KEYWORD_BIT + len(known) > LAST_KEYWORD_BIT:
                raise TooMany("keywords")
            known.append(name)
            folded.append(name.lower())
        bits |= 1 << (FIRST_KEYWORD_BIT + folded.index(name.lower()))
    if len(known) > before:
        uow.run(SET_KEYWORDS, {"account": account, "keywords": json.dumps(known)})
    return bits
