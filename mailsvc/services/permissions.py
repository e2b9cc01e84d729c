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
    read_only: bool = False
    """Somebody who left: the own box may still be read."""
    only: AccountId | None = None
    """The one box that this sign-in opens, where an app password was made for it alone."""
    epoch: int = 0
    """Of the account's credentials: a sign-in with an older one is over."""
    app_password_id: int | None = None
    token_id: int | None = None

    @property
    def home(self) -> AccountId:
        """The box whose mailboxes are named without a prefix."""
        return self.account_id if self.only is None else self.only


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

    @property
    def is_watched(self) -> bool:
        """Whether it is another person's own box: each letter that is opened is written down, and none is taken along."""
        return not self.mailbox.per_person_seen and self.mailbox.account_id != self.viewer


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who has rights in a box."""

    address: Address
    rights: Right


def holders(db: Reader, place: Place) -> list[Holder]:
    """Who reaches the box of a mailbox: its owner where it is a person's, and those it was shared with by name."""
    box = place.mailbox.account_id
    rights = {entry.grantee_id: entry.rights for entry in delegations.delegates_of(db.conn, box)}
    if not place.is_shared:
        rights[box] = OWNER
    known = directory_boxes.accounts_by_ids(db.conn, rights)
    return [Holder(known[account].address, held) for account, held in rights.items() if account in known]


def shared_boxes(db: Reader, principal: Principal) -> list[SharedBox]:
    """Unit and post boxes that this person reaches today."""
    if not principal.reads or principal.only is not None:
        return []
    return delegations.delegated_to(db.conn, principal.account_id, vietnam_day(db.clock()))


def rights_in(db: Reader, principal: Principal, account: AccountId) -> Right:
    """What this person may do in a box: everything in their own, what was delegated in another, else nothing."""
    if not principal.reads or principal.only not in {None, account}:
        return Right(0)
    if account == principal.account_id:
        return Right.READ if principal.read_only else OWNER
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
    if principal.only is not None:
        may = rights_in(db, principal, principal.only) & Right.SEND_AS
        return directory_boxes.sending_addresses(db.conn, [principal.only] if may else [])
    own = directory_boxes.sending_addresses(db.conn, [principal.account_id])
    shared = [box.account.id for box in shared_boxes(db, principal) if box.rights & Right.SEND_AS]
    return own + directory_boxes.sending_addresses(db.conn, shared)
