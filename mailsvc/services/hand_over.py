"""Bàn giao hộp thư: what is open in a shared box, and its passing on so that nobody is greeted by 40,000 unread.

The newcomer finds unread what waits for somebody, and read all that is done (NĐ 30/2020: hand over before leaving).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from directory import audit
from directory.model import AccountKind, Right, vietnam_day
from directory.repository import boxes as directory_boxes
from directory.repository import delegations
from directory.scope import Deed
from mailsvc.model.changes import DirectoryChanged
from mailsvc.model.errors import ServiceError
from mailsvc.model.ids import AccountId
from mailsvc.model.mailbox import SpecialUse
from mailsvc.storage import mailboxes, open_letters, seen

if TYPE_CHECKING:
    from directory.model import Account
    from directory.scope import Scope
    from mailsvc.model.mailbox import Mailbox
    from mailsvc.storage.entries import Range
    from mailsvc.storage.open_letters import OpenLetter
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

DAY = 86_400
UNANSWERED_DAYS = 30
LIMIT = 2_000
"""Letters listed of one mailbox; more are counted as that many, newest first."""
_NOT_WORK = frozenset({SpecialUse.DRAFTS, SpecialUse.SENT, SpecialUse.JUNK, SpecialUse.TRASH})
_ALL = Right.READ | Right.ACT | Right.SEND_AS


class HandOverRefused(ServiceError):
    """Why a box is not handed over; `reason` is one word for programs."""

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(f"{reason}: {what}")
        self.reason = reason
        self.what = what


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open letter and the folder it is in."""

    mailbox: str
    mailbox_id: int
    letter: OpenLetter


@dataclass(frozen=True, slots=True)
class Report:
    """Biên bản bàn giao: what is open in a box at one moment."""

    box: Account
    at: int
    letters: tuple[Waiting, ...]
    drafts: tuple[OpenLetter, ...]
    queued: tuple[tuple[str, str, int], ...]
    done: int
    """Letters that the newcomer inherits as read."""

    @property
    def counts(self) -> dict[str, int]:
        """The numbers at the head of the report."""
        letters = [item.letter for item in self.letters]
        return {
            "open": len(letters),
            "unread": sum(item.unread for item in letters),
            "unanswered": sum(not item.answered for item in letters),
            "flagged": sum(item.flagged for item in letters),
            "drafts": len(self.drafts),
            "queued": len(self.queued),
            "done": self.done,
        }


def shared_box(db: Reader, scope: Scope, login: str) -> Account:
    """A unit or post box in the scope of whoever asks; HandOverRefused for a person's own, which follows the person."""
    box = directory_boxes.account_by_login(db.conn, login)
    if box is None or not scope.may_touch(Deed.SHARE, box):
        raise HandOverRefused("unknown_box", login)
    if box.kind not in {AccountKind.UNIT, AccountKind.POST}:
        raise HandOverRefused("personal_box", str(box.address))
    return box


def report(db: Reader, scope: Scope, login: str, giver: str = "") -> Report:
    """What is open: unread by the giver (by everybody where none is named), flagged, unanswered for a month."""
    box = shared_box(db, scope, login)
    return _report(db, box, _person(db, giver).id if giver else None)


def _report(db: Reader, box: Account, viewer: AccountId | None) -> Report:
    since = db.clock() - UNANSWERED_DAYS * DAY
    letters: list[Waiting] = []
    drafts: list[OpenLetter] = []
    total = 0
    for mailbox in mailboxes.of_account(db, box.id):
        if mailbox.special_use is SpecialUse.DRAFTS:
            drafts += open_letters.every_letter(db, mailbox, limit=LIMIT)
        if mailbox.special_use in _NOT_WORK:
            continue
        total += mailbox.exists
        found = open_letters.open_letters(db, mailbox, viewer=viewer, since=since, limit=LIMIT)
        letters += [Waiting(mailbox.name, int(mailbox.id), letter) for letter in found]
    queued = open_letters.queued(db, str(box.address), limit=LIMIT)
    return Report(box, db.clock(), tuple(letters), tuple(drafts), tuple(queued), total - len(letters))


def hand_over(
    uow: UnitOfWork, scope: Scope, login: str, taker: str, *, giver: str = "", actor: str
) -> Report:
    """The newcomer uses the box from now on, and the giver no longer.

    A post box follows its post: the newcomer has to hold it already, and the giver not. HandOverRefused says why not.
    """
    box = shared_box(uow, scope, login)
    new = _person(uow, taker)
    old = _person(uow, giver) if giver else None
    if old is not None and old.id == new.id:
        raise HandOverRefused("same_person", taker)
    made = _report(uow, box, old.id if old is not None else None)
    if box.kind is AccountKind.UNIT:
        _pass_on(uow, box, old, new)
    elif not delegations.rights_on(uow.conn, new.id, box.id, vietnam_day(uow.clock())):
        raise HandOverRefused("not_the_holder", str(new.address))
    _greet(uow, box, new, made)
    detail = {"to": str(new.address), "from": str(old.address) if old is not None else "", **made.counts}
    audit.record(uow.conn, actor, "account.hand_over", str(box.address), detail, uow.clock())
    uow.record(DirectoryChanged())
    return made


def _person(db: Reader, login: str) -> Account:
    found = directory_boxes.account_by_login(db.conn, login)
    if found is None or found.kind is not AccountKind.PERSONAL:
        raise HandOverRefused("not_a_person", login)
    return found


def _pass_on(uow: UnitOfWork, box: Account, old: Account | None, new: Account) -> None:
    held = {item.grantee_id: item.rights for item in delegations.delegates_of(uow.conn, box.id)}
    rights = _ALL
    if old is not None:
        if old.id not in held:
            raise HandOverRefused("not_the_holder", str(old.address))
        rights = held[old.id]
        delegations.revoke(uow.conn, box.id, old.id)
    delegations.grant(uow.conn, box.id, new.id, rights | held.get(new.id, Right(0)), uow.clock())


def _greet(uow: UnitOfWork, box: Account, new: Account, made: Report) -> None:
    """All that is there counts as read for the newcomer, but for what waits."""
    seen.join(uow, AccountId(box.id), AccountId(new.id))
    for mailbox in mailboxes.of_account(uow, AccountId(box.id)):
        waiting = sorted(item.letter.uid for item in made.letters if item.mailbox_id == mailbox.id)
        if waiting:
            _mark_unread(uow, mailbox, AccountId(new.id), waiting)


def _mark_unread(uow: UnitOfWork, mailbox: Mailbox, viewer: AccountId, uids: list[int]) -> None:
    ranges: list[Range] = []
    for uid in uids:
        if ranges and ranges[-1][1] == uid - 1:
            ranges[-1] = (ranges[-1][0], uid)
        else:
            ranges.append((uid, uid))
    seen.mark(uow, mailbox, viewer, ranges, is_seen=False)
