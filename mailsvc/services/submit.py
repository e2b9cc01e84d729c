"""A letter sets out: from whom it may be, to which boxes of ours it goes, and what is queued for the world.

One unit of work: the copy in Sent, the local deliveries and the queue are durable together, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from directory.model import AccountState, Right
from directory.repository import boxes as directory_boxes
from mailsvc.model.errors import NoSuchRecipient, NotPermitted, OverQuota
from mailsvc.model.flags import SEEN
from mailsvc.model.mailbox import SpecialUse
from mailsvc.services import mailbox_tree, sending, usage, writing_rules
from mailsvc.services.permissions import rights_in, sending_addresses
from mailsvc.services.receive import IncomingLetter, Outcome, Recipient, is_local, receive, resolve_recipient
from mailsvc.services.writing_rules import USUAL, Writing
from mailsvc.storage import arrivals, messages, outbound, seen

if TYPE_CHECKING:
    from config.settings import SendingSettings
    from directory.address import Address
    from directory.model import Account
    from mailsvc.model.ids import AccountId, MessageId
    from mailsvc.services.permissions import Principal
    from mailsvc.storage.messages import PreparedContent
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork


@dataclass(frozen=True, slots=True)
class RemoteRecipient:
    """A recipient outside, with what RFC 3461 lets the sender ask for."""

    address: Address
    notify: str | None = None
    original_recipient: str | None = None


@dataclass(frozen=True, slots=True)
class OutgoingLetter:
    """A letter that one of ours sends."""

    content: PreparedContent
    trace: bytes
    """Return-Path and Received for local recipients; the world gets `outbound_trace`."""
    outbound_trace: bytes
    reverse_path: Address | None
    local: tuple[Recipient, ...]
    remote: tuple[RemoteRecipient, ...]
    envelope_id: str | None = None
    return_full: bool | None = None
    smtputf8: bool = False
    keep_in_sent_of: AccountId | None = None
    """Webmail keeps the copy itself; mail clients append their own."""
    authors: tuple[Address, ...] = ()
    """Who stands in From; each must be somebody whom the sender may send as."""
    tls: outbound.TlsDemand = "usual"
    """How safe its way must be (RFC 8689)."""
    limits: SendingSettings | None = None
    """How much may be sent; None from a trusted network."""
    writing: Writing = USUAL
    """Under which rule it goes to lists."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of it, now that it is durable."""

    local: tuple[Outcome, ...]
    queued: int
    """Recipients outside that wait in the queue."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """Recipients by where they are; `unknown` are addresses in our domains that nobody has."""

    local: tuple[Recipient, ...] = ()
    remote: tuple[RemoteRecipient, ...] = ()
    unknown: tuple[Address, ...] = field(default=())


def sort_recipients(db: Reader, addresses: tuple[Address, ...]) -> Sorted:
    """Ours, the world's and nobody's. A full box counts as ours: its letter waits in the queue."""
    local: list[Recipient] = []
    remote: list[RemoteRecipient] = []
    unknown: list[Address] = []
    for address in addresses:
        if not is_local(db, address.domain):
            remote.append(RemoteRecipient(address))
            continue
        try:
            local.append(resolve_recipient(db, address))
        except NoSuchRecipient:
            unknown.append(address)
        except OverQuota:
            local.append(resolve_recipient(db, address, full_too=True))
    return Sorted(tuple(local), tuple(remote), tuple(unknown))


def check_sender(db: Reader, principal: Principal, address: Address) -> None:
    """NotPermitted unless the person may send as this address (their own, or a box with the right to).

    A detail may stand behind the name, `annv+tin@`, as in letters that come (RFC 5233 §1).
    """
    held = {own.key for own in sending_addresses(db, principal)}
    if address.key not in held and address.without_detail().key not in held:
        raise NotPermitted(str(address))


def sending_box(db: Reader, principal: Principal, address: Address | None) -> AccountId:
    """The box whose address this is: a unit's own where somebody sends as the unit."""
    box = None if address is None else directory_boxes.account_by_address(db.conn, address.key)
    return principal.account_id if box is None else box.id


def submit(uow: UnitOfWork, principal: Principal, letter: OutgoingLetter) -> Submitted:
    """Deliver to our own boxes, queue for the world, keep a copy where asked: durable together."""
    account = check_senders(uow, principal, (letter.reverse_path, *letter.authors))
    is_held = letter.limits is not None and not sending.admit(
        uow, account, letter.limits, outside=len(letter.remote)
    )
    sender = sending_box(uow, principal, letter.reverse_path)
    writing_rules.check(uow, principal, sender, letter.local, letter.writing)
    message = messages.put(uow, letter.content)
    outcomes: tuple[Outcome, ...] = ()
    reverse_path = "" if letter.reverse_path is None else str(letter.reverse_path)
    if letter.local:
        outcomes = receive(
            uow,
            IncomingLetter(
                letter.content,
                letter.trace,
                reverse_path,
                letter.local,
                letter.smtputf8,
                sender,
                letter.envelope_id,
                letter.return_full,
            ),
        )
    if letter.remote:
        queued = outbound.add(
            uow,
            message,
            (
                outbound.NewRecipient(
                    str(remote.address),
                    remote.address.domain.lower(),
                    notify=remote.notify,
                    original_recipient=remote.original_recipient,
                    held=sending.HELD if is_held else "",
                )
                for remote in letter.remote
            ),
            reverse_path=reverse_path,
            trace=letter.outbound_trace,
            account=principal.account_id,
            envelope_id=letter.envelope_id,
            return_full=letter.return_full,
            eight_bit=True,
            smtputf8=letter.smtputf8,
            tls=letter.tls,
        )
        if is_held:
            sending.name_held_letter(uow, principal.account_id, queued)
    if letter.keep_in_sent_of is not None:
        _keep_copy(uow, principal, letter, message)
    usage.sent(uow, principal, letter)
    return Submitted(outcomes, len(letter.remote))


def check_senders(db: Reader, principal: Principal, addresses: tuple[Address | None, ...]) -> Account:
    """The account that sends; NotPermitted where it is locked, or may not send as one of these."""
    account = _refuse_unless_active(db, principal)
    for address in addresses:
        if address is not None:
            check_sender(db, principal, address)
    return account


def _refuse_unless_active(db: Reader, principal: Principal) -> Account:
    """A session outlives the lock of its account; what is sent in it must not."""
    account = directory_boxes.account_by_id(db.conn, principal.account_id)
    if account is None or account.state is not AccountState.ACTIVE:
        raise NotPermitted(str(principal.address))
    return account


def _keep_copy(uow: UnitOfWork, principal: Principal, letter: OutgoingLetter, message: MessageId) -> None:
    assert letter.keep_in_sent_of is not None
    if not rights_in(uow, principal, letter.keep_in_sent_of) & Right.SEND_AS:
        raise NotPermitted(str(principal.address))
    sent = mailbox_tree.special(uow, letter.keep_in_sent_of, SpecialUse.SENT)
    flags = 0 if sent.per_person_seen else SEEN
    uid, _ = arrivals.add(uow, sent, message, letter.content.size, flags=flags, internal_date=uow.clock())
    if sent.per_person_seen:
        seen.mark(uow, sent, principal.account_id, [(uid, uid)], is_seen=True)
