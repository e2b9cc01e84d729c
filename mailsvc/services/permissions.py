"""Who may do what in which box. Deny by default: without a `Place` from here no mail is touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from directory.model import AccountKind, Right, vietnam_day
from directory.repository import boxes as directory_boxes
from directory.repository import delegations
from mailsvc.model.errors import MailboxMissing, NotPermitted
from mailsvc.storage import mailboxes

if TYPE_CHECKING:
    from directory.address import Address
    from directory.model import AccountId, SharedBox
    from mailsvc.model.ids import MailboxId
    from mailsvc.model.mailbox import Mailbox
    from mailsvc.storage.unit_of_work import Reader

OWNER = Right.READ | Right.ACT | Right.SEND_AS


@dataclass(frozen=True, slots=True)
class Principal:
    """Who has signed in: the account of one person, or of a service."""

    account_id: AccountId
    address: Address
    display_name: str
    kind: AccountKind
    must_change_password: bool = False
    reads: bool = True
    """False for service accounts, which may only send."""


@dataclass(frozen=True, slots=True)
class Place:
    """A mailbox, seen by somebody with certain rights."""

    mailbox: Mailbox
    viewer: AccountId
    rights: Right

    @property
    def is_shared(self) -> bool:
        r"""Whether \Seen here is the viewer's own."""
        return self.mailbox.per_person_seen


def shared_boxes(db: Reader, principal: Principal) -> list[SharedBox]:
    """Unit and post boxes that this person reaches today."""
    if not principal.reads:
        return []
    return delegations.delegated_to(db.conn, principal.account_id, vietnam_day(db.clock()))


def rights_in(db: Reader, principal: Principal, account: AccountId) -> Right:
    """What this person may do in a box: everything in their own, what was delegated in another, else nothing."""
    if not principal.reads:
        return Right(0)
    if account == principal.account_id:
        return OWNER
    return delegations.rights_on(db.conn, principal.account_id, account, vietnam_day(db.clock()))


def place_of(db: Reader, principal: Principal, mailbox: Mailbox, needed: Right = Right.READ) -> Place:
    """The mailbox for this person; MailboxMissing where they may not even know of it, else NotPermitted."""
    rights = rights_in(db, principal, mailbox.account_id)
    if not rights & Right.READ:
        raise MailboxMissing(mailbox.name)
    if needed & ~rights:
        raise NotPermitted(mailbox.name)
    return Place(mailbox, principal.account_id, rights)


def place_by_id(db: Reader, principal: Principal, mailbox: MailboxId, needed: Right = Right.READ) -> Place:
    """The mailbox with this id, for this person."""
    return place_of(db, principal, mailboxes.by_id(db, mailbox), needed)


def place_by_name(
    db: Reader, principal: Principal, account: AccountId, name: str, needed: Right = Right.READ
) -> Place:
    """The mailbox of this name in this box, for this person."""
    if not rights_in(db, principal, account) & Right.READ:
        raise MailboxMissing(name)
    return place_of(db, principal, mailboxes.by_name(db, account, name), needed)


def sending_addresses(db: Reader, principal: Principal) -> list[Address]:
    """Addresses that this person may put into From and MAIL FROM, their own first."""
    own = directory_boxes.sending_addresses(db.conn, [principal.account_id])
    shared = [box.account.id for box in shared_boxes(db, principal) if box.rights & Right.SEND_AS]
    return own + directory_boxes.sending_addresses(db.conn, shared)
