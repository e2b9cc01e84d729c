"""Drafts: one id and a revision for a draft's whole life, and always one letter of it in Drafts.

What was typed is kept as it was typed (the form), beside the letter that other clients see.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, insert, select, update

from directory.model import Right
from mailsvc.model.errors import AlreadyScheduled, Conflict, LetterMissing, MailboxMissing
from mailsvc.model.flags import ANSWERED, DRAFT, SEEN
from mailsvc.model.ids import AccountId, MailboxId, Uid
from mailsvc.model.mailbox import SpecialUse
from mailsvc.services import letters, mailbox_tree
from mailsvc.services.letters import FlagChange
from mailsvc.services.permissions import place_by_id, place_of
from mailsvc.services.submit import submit
from mailsvc.storage import entries, messages, scheduled_sends, tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from mailsvc.services.permissions import Principal
    from mailsvc.services.submit import OutgoingLetter, Submitted
    from mailsvc.storage.messages import PreparedContent
    from mailsvc.storage.statement import Row
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_d = tables.drafts
_COLUMNS = (_d.c.id, _d.c.account_id, _d.c.author_id, _d.c.revision, _d.c.mailbox_id, _d.c.uid, _d.c.form)
BY_ID = Statement(select(*_COLUMNS).where(_d.c.id == bindparam("draft")))
BY_ENTRY = Statement(
    select(*_COLUMNS).where(and_(_d.c.mailbox_id == bindparam("mailbox"), _d.c.uid == bindparam("uid")))
)
ADD = Statement(
    insert(_d).values(
        {
            name: bindparam(name)
            for name in (
                "id",
                "account_id",
                "author_id",
                "revision",
                "mailbox_id",
                "uid",
                "form",
                "updated_at",
            )
        }
    )
)
SET = Statement(
    update(_d)
    .where(_d.c.id == bindparam("draft"))
    .values(
        account_id=bindparam("account"),
        revision=bindparam("new_revision"),
        mailbox_id=bindparam("mailbox"),
        uid=bindparam("new_uid"),
        form=bindparam("new_form"),
        updated_at=bindparam("now"),
    )
)
DROP = Statement(delete(_d).where(_d.c.id == bindparam("draft")))

_m, _e, _b = tables.messages, tables.entries, tables.mailboxes
SENT = Statement(
    select(_e.c.uid)
    .join(_m, _m.c.id == _e.c.message_id)
    .join(_b, _b.c.id == _e.c.mailbox_id)
    .where(
        and_(
            _m.c.message_id == bindparam("message_id"),
            _b.c.account_id == bindparam("account"),
            _b.c.special_use == SpecialUse.SENT.value,
        )
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """A draft as the server has it."""

    id: str
    account_id: AccountId
    author_id: AccountId
    revision: int
    mailbox_id: MailboxId
    uid: Uid
    form: str
    """JSON of the composer; its shape is webmail's."""


def _draft_of(row: Row) -> KeptDraft:
    return KeptDraft(
        row[0], AccountId(row[1]), AccountId(row[2]), row[3], MailboxId(row[4]), Uid(row[5]), row[6]
    )


def get(db: Reader, principal: Principal, draft_id: str) -> KeptDraft:
    """A draft that this person may write on; LetterMissing once it was sent or thrown away."""
    row = db.one(BY_ID, {"draft": draft_id})
    if row is None:
        raise LetterMissing(draft_id)
    draft = _draft_of(row)
    try:
        place_by_id(db, principal, draft.mailbox_id, Right.READ | Right.ACT)
    except MailboxMissing as error:
        raise LetterMissing(draft_id) from error
    return draft


def of_entry(db: Reader, principal: Principal, mailbox: MailboxId, uid: Uid) -> KeptDraft | None:
    """The draft behind a letter in Drafts; None where another client wrote it."""
    place_by_id(db, principal, mailbox, Right.READ | Right.ACT)
    row = db.one(BY_ENTRY, {"mailbox": mailbox, "uid": uid})
    return None if row is None else _draft_of(row)


def save(
    uow: UnitOfWork,
    principal: Principal,
    account: AccountId,
    draft_id: str,
    revision: int,
    form: str,
    letter: PreparedContent,
    *,
    new: bool = False,
) -> KeptDraft:
    """Keep a draft: its form, and the letter in Drafts in place of the one before.

    An empty id makes one; with `new` the id given is the new draft's, so that a lost answer does not double it.
    Conflict when the server has a newer revision: another window, or another clerk.
    """
    old = get(uow, principal, draft_id) if draft_id and not new else None
    if old is not None:
        _refuse_scheduled(uow, old)
        if old.revision != revision:
            raise Conflict(f"{old.revision}")
    drafts_box = mailbox_tree.special(uow, account, SpecialUse.DRAFTS)
    place = place_of(uow, principal, drafts_box, Right.READ | Right.ACT)
    if old is not None:
        _take_away(uow, principal, old)
    _, uid = letters.append(uow, place, letter, system=SEEN | DRAFT)
    kept_id = old.id if old is not None else draft_id or secrets.token_urlsafe(16)
    if old is None:
        uow.run(
            ADD,
            {
                "id": kept_id,
                "account_id": account,
                "author_id": principal.account_id,
                "revision": 1,
                "mailbox_id": drafts_box.id,
                "uid": uid,
                "form": form,
                "updated_at": uow.clock(),
            },
        )
    else:
        uow.run(
            SET,
            {
                "draft": kept_id,
                "account": account,
                "new_revision": revision + 1,
                "mailbox": drafts_box.id,
                "new_uid": uid,
                "new_form": form,
                "now": uow.clock(),
            },
        )
    return get(uow, principal, kept_id)


def _take_away(uow: UnitOfWork, principal: Principal, draft: KeptDraft) -> None:
    place = place_by_id(uow, principal, draft.mailbox_id, Right.READ | Right.ACT)
    letters.expunge(uow, place, [(draft.uid, draft.uid)])


def discard(uow: UnitOfWork, principal: Principal, draft_id: str) -> None:
    """Throw a draft away; it stays recoverable like every deleted letter."""
    draft = get(uow, principal, draft_id)
    _refuse_scheduled(uow, draft)
    _take_away(uow, principal, draft)
    _forget(uow, draft_id)


def _forget(uow: UnitOfWork, draft_id: str) -> None:
    scheduled_sends.drop(uow, draft_id)
    uow.run(DROP, {"draft": draft_id})


def _refuse_scheduled(db: Reader, draft: KeptDraft) -> None:
    if (waiting := scheduled_sends.get(db, draft.id)) is not None and not waiting.problem:
        raise AlreadyScheduled(draft.id)


def send(
    uow: UnitOfWork,
    principal: Principal,
    draft_id: str,
    revision: int,
    letter: OutgoingLetter,
    answers: tuple[MailboxId, Uid] | None,
) -> Submitted:
    """Send what the draft holds: delivered or queued, kept in Sent, the draft gone and the answered letter marked.

    All of it is one unit, so that a letter is never sent twice: the second try finds no draft (LetterMissing).
    """
    draft = get(uow, principal, draft_id)
    if draft.revision != revision:
        raise Conflict(f"{draft.revision}")
    _take_away(uow, principal, draft)
    _forget(uow, draft_id)
    submitted = submit(uow, principal, letter)
    if answers is not None:
        _mark_answered(uow, principal, *answers)
    return submitted


def _mark_answered(uow: UnitOfWork, principal: Principal, mailbox: MailboxId, uid: Uid) -> None:
    try:
        place = place_by_id(uow, principal, mailbox)
    except MailboxMissing:
        return  # the letter that was answered is gone; the answer goes out all the same
    if place.rights & Right.ACT:
        letters.store_flags(uow, place, [(uid, uid)], FlagChange.ADD, ANSWERED)


def content_of(db: Reader, principal: Principal, draft: KeptDraft) -> bytes:
    """The letter in Drafts, for its attached files."""
    place_by_id(db, principal, draft.mailbox_id, Right.READ | Right.ACT)
    held = entries.one(db, draft.mailbox_id, draft.uid)
    if held is None:
        raise LetterMissing(draft.id)
    return messages.content(db, held.message_id)


def was_sent(db: Reader, account: AccountId, message_id: str) -> bool:
    """Whether a box has sent a letter with this Message-ID: a send whose answer was lost is not done again."""
    return db.one(SENT, {"message_id": message_id, "account": account}) is not None
