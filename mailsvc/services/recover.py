"""Deleted letters: what a box can have back, and giving it back. Housekeeping forgets them after `storage.recover_days`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import LargeBinary, and_, bindparam, exists, literal, null, select, update

from directory import audit
from directory.model import Right
from directory.repository import boxes as directory_boxes
from mailsvc.model.errors import LetterMissing, MailboxMissing, NotPermitted
from mailsvc.model.flags import DELETED
from mailsvc.model.ids import AccountId, MailboxId, MessageId, Uid
from mailsvc.model.mailbox import INBOX, SpecialUse
from mailsvc.services.permissions import rights_in
from mailsvc.storage import arrivals, mailboxes, tables
from mailsvc.storage.pull_tables import withdrawn_letters
from mailsvc.storage.statement import Statement
from mailsvc.storage.traces import NO_TRACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.model.mailbox import Mailbox
    from mailsvc.services.permissions import Principal
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_x, _m, _g = tables.expunged, tables.mailboxes, tables.messages
_withdrawn = exists().where(
    withdrawn_letters.c.mailbox_id == _x.c.mailbox_id, withdrawn_letters.c.uid == _x.c.uid
)
"""By an administrator (`mailsvc.services.pull`), who alone gives it back."""
OF_ACCOUNT = Statement(
    select(
        _x.c.mailbox_id,
        _m.c.name,
        _m.c.deleted,
        _x.c.uid,
        _x.c.at,
        _x.c.internal_date,
        _x.c.size,
        _g.c.from_name,
        _g.c.from_address,
        _g.c.subject,
        _g.c.id,
    )
    .join(_m, _m.c.id == _x.c.mailbox_id)
    .join(_g, _g.c.id == _x.c.message_id)
    .where(and_(_m.c.account_id == bindparam("account"), _x.c.at >= bindparam("since"), ~_withdrawn))
    .order_by(_x.c.at.desc(), _x.c.mailbox_id, _x.c.uid.desc())
    .limit(bindparam("limit", type_=_x.c.uid.type))
    .offset(bindparam("offset", type_=_x.c.uid.type))
)
ONE = Statement(
    select(
        _x.c.message_id, _x.c.flags, _x.c.internal_date, _x.c.size, _x.c.own_trace, _x.c.trace_number
    ).where(
        and_(
            _x.c.mailbox_id == bindparam("mailbox"),
            _x.c.uid == bindparam("gone"),
            _x.c.message_id.is_not(None),
            ~_withdrawn,
        )
    )
)
GIVEN_BACK = Statement(
    update(_x)
    .where(and_(_x.c.mailbox_id == bindparam("mailbox"), _x.c.uid == bindparam("gone")))
    .values(message_id=null(), own_trace=literal(b"", LargeBinary), trace_number=NO_TRACE)
)
OWNER_OF = Statement(
    select(_m.c.account_id, _m.c.deleted, _m.c.special_use).where(_m.c.id == bindparam("mailbox"))
)
NOT_BACK_INTO = frozenset({SpecialUse.TRASH.value, SpecialUse.JUNK.value})
"""Who takes a letter back wants to see it, and housekeeping or a filter may empty these again."""


@dataclass(frozen=True, slots=True)
class DeletedLetter:
    """A letter that was deleted and can be had back."""

    mailbox_id: MailboxId
    mailbox_name: str
    """Where it was; of a mailbox that was deleted too, its former name."""
    uid: Uid
    deleted_at: int
    internal_date: int
    size: int
    from_name: str
    from_address: str
    subject: str
    message_id: MessageId


def deleted(
    db: Reader,
    principal: Principal,
    account: AccountId | None = None,
    *,
    since: int = 0,
    limit: int = 200,
    offset: int = 0,
) -> list[DeletedLetter]:
    """Letters that this person can have back in their own box, or in one where they may act; the newest loss first."""
    _need_act(db, principal, account or principal.account_id)
    return deleted_in(db, account or principal.account_id, since=since, limit=limit, offset=offset)


def deleted_in(
    db: Reader, account: AccountId, *, since: int = 0, limit: int = 200, offset: int = 0
) -> list[DeletedLetter]:
    """The same for an administrator, whose right was checked elsewhere."""
    rows = db.rows(OF_ACCOUNT, {"account": account, "since": since, "limit": limit, "offset": offset})
    return [
        DeletedLetter(
            mailbox_id=MailboxId(row[0]),
            mailbox_name=row[1].split("/", 3)[-1] if row[2] else row[1],
            uid=Uid(row[3]),
            deleted_at=row[4],
            internal_date=row[5],
            size=row[6],
            from_name=row[7],
            from_address=row[8],
            subject=row[9],
            message_id=MessageId(row[10]),
        )
        for row in rows
    ]


def recover(
    uow: UnitOfWork, principal: Principal, mailbox_id: MailboxId, uids: Sequence[Uid]
) -> list[tuple[MailboxId, Uid]]:
    """Give letters back that were deleted from this mailbox: where each of them is now.

    They return with the flags and the date that they had, under new UIDs: a UID that was told to be gone never comes
    back (RFC 9051 §2.3.1.1). From Trash, Junk or a mailbox that is deleted itself they come to INBOX. All or none:
    OverQuota where they do not fit, LetterMissing where one cannot be had back any more.
    """
    account = _owner(uow, mailbox_id)
    _need_act(uow, principal, account)
    return recover_in(uow, account, mailbox_id, uids, str(principal.address))


def recover_in(
    uow: UnitOfWork, account: AccountId, mailbox_id: MailboxId, uids: Sequence[Uid], actor: str
) -> list[tuple[MailboxId, Uid]]:
    """The same for an administrator, whose right was checked elsewhere."""
    if _owner(uow, mailbox_id) != account:
        raise MailboxMissing(str(mailbox_id))
    target = _target(uow, account, mailbox_id)
    placed = []
    for uid in sorted(set(uids)):
        row = uow.one(ONE, {"mailbox": mailbox_id, "gone": uid})
        if row is None:
            raise LetterMissing(f"{mailbox_id}:{uid}")
        new_uid, _ = arrivals.add(
            uow,
            target,
            MessageId(row[0]),
            row[3],
            flags=row[1] & ~DELETED,
            internal_date=row[2],
            own_trace=bytes(row[4]),
            trace_number=row[5],
        )
        uow.run(GIVEN_BACK, {"mailbox": mailbox_id, "gone": uid})
        placed.append((target.id, new_uid))
    if placed:
        owner = directory_boxes.account_by_id(uow.conn, account)
        subject = str(owner.address) if owner is not None else str(account)
        detail = {"from": mailbox_id, "to": target.id, "uids": [int(uid) for _, uid in placed]}
        audit.record(uow.conn, actor, "letter.recover", subject, detail, uow.clock())
    return placed


def _owner(db: Reader, mailbox_id: MailboxId) -> AccountId:
    row = db.one(OWNER_OF, {"mailbox": mailbox_id})
    if row is None:
        raise MailboxMissing(str(mailbox_id))
    return AccountId(row[0])


def _target(db: Reader, account: AccountId, mailbox_id: MailboxId) -> Mailbox:
    row = db.one(OWNER_OF, {"mailbox": mailbox_id})
    if row is None or row[1] or row[2] in NOT_BACK_INTO:
        return mailboxes.by_name(db, account, INBOX)
    return mailboxes.by_id(db, mailbox_id)


def _need_act(db: Reader, principal: Principal, account: AccountId) -> None:
    rights = rights_in(db, principal, account)
    if not rights & Right.READ:
        raise MailboxMissing(str(account))
    if not rights & Right.ACT:
        raise NotPermitted(str(account))
