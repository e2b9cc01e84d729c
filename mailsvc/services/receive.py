"""A letter arrives: for whom it is, whether it fits, and into which mailboxes it goes, in one unit of work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from directory.repository import domains
from mailsvc.model.errors import MailboxMissing, NoSuchRecipient, OverQuota
from mailsvc.services import filing
from mailsvc.services.rules import delivery as rules
from mailsvc.services.rules.delivery import Arriving
from mailsvc.services.whereabouts import as_now, directory_head, target_behind
from mailsvc.storage import arrivals, frozen_lists, mailboxes, messages, outbound
from mailsvc.storage.messages import (
    ContentGone,
    KnownContent,
    PreparedContent,
    content_key,
    known_content,
    prepare,
)

if TYPE_CHECKING:
    from directory.address import Address
    from directory.model import GroupId
    from mailsvc.model.ids import AccountId, MessageId
    from mailsvc.storage.arrivals import Arrived
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

__all__ = ["ContentGone", "KnownContent", "PreparedContent", "content_key", "known_content", "prepare"]


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address of ours, and the accounts behind it: one box, or those of a group."""

    address: Address
    """As the sender wrote it."""
    accounts: tuple[AccountId, ...]
    group: GroupId | None = None
    """The group of that address, whose members at this moment `accounts` are."""
    head: int | None = None
    """The newest act on the directory when they were looked up; None: they are meant as they are."""
    notify: str | None = None
    """Of what the sender wants to hear (RFC 3461 §4.1)."""
    original_recipient: str | None = None

    @property
    def awaits_news(self) -> bool:
        """Whether the sender wants to hear that it arrived."""
        return self.notify is not None and "SUCCESS" in self.notify


@dataclass(frozen=True, slots=True)
class IncomingLetter:
    """A letter that came by SMTP or LMTP, ready to be put into mailboxes."""

    content: PreparedContent | KnownContent
    trace: bytes
    """Return-Path, Received and Authentication-Results; Delivered-To is added for each recipient."""
    reverse_path: str
    """Empty is the null path."""
    recipients: tuple[Recipient, ...]
    smtputf8: bool = False
    sender: AccountId | None = None
    """The box of ours that sends it."""
    envelope_id: str | None = None
    return_full: bool | None = None
    to_junk: bool = False
    """Its domain asks that it be set aside (RFC 9989 §4.7)."""


class Outcome(Enum):
    """What became of a letter for one recipient."""

    DELIVERED = "delivered"
    OVER_QUOTA = "over quota"
    QUEUED = "queued"
    """The box filled up between RCPT and DATA: the letter waits in the queue for it."""
    MISSING = "missing"
    """The box went away between RCPT and DATA."""


def is_local(db: Reader, domain: str) -> bool:
    """Whether a domain is one of ours."""
    return domain.lower() in domains.local_domains(db.conn)


def resolve_recipient(db: Reader, address: Address, *, full_too: bool = False) -> Recipient:
    """Accounts behind an address of ours; NoSuchRecipient, or OverQuota when its only box is full (RFC 5321 §3.3).

    With `full_too` a full box is no reason to refuse: its letter will wait in the queue.
    """
    head = directory_head(db)
    target = target_behind(db, address)
    refuse_if_gone_or_full(db, address, target.account_ids, full_too=full_too)
    return Recipient(address, target.account_ids, target.group_id, head)


def refuse_if_gone_or_full(
    db: Reader, address: Address, accounts: tuple[AccountId, ...], *, full_too: bool = False
) -> None:
    """NoSuchRecipient or OverQuota where one box stands behind the address, and it is gone or full."""
    if len(accounts) == 1:
        row = db.one(mailboxes.USE, {"account": accounts[0]})
        if row is None:
            raise NoSuchRecipient(str(address))
        if row[0] >= row[1] and not full_too:
            raise OverQuota(str(address))


def receive(uow: UnitOfWork, letter: IncomingLetter, *, queue_when_full: bool = True) -> tuple[Outcome, ...]:
    """Put a letter into the INBOX of every recipient; one outcome for each, in their order.

    Where somebody acted on the directory since RCPT, the addresses are looked up again.
    A box that several recipients share gets it once. A full box never makes the others wait: its copy goes to the
    queue (SMTP has one answer for all), or is refused alone where the protocol can say so (LMTP).
    """
    letter = replace(letter, recipients=as_now(uow, letter.recipients))
    message = messages.put(uow, letter.content)
    own_traces: dict[AccountId, bytes] = {}
    for recipient in letter.recipients:
        for account in recipient.accounts:
            own_traces.setdefault(account, _delivered_to(str(recipient.address)))
    reported = _by_the_queue(letter) if queue_when_full else frozenset()
    now = {account: own for account, own in own_traces.items() if account not in reported}
    size = letter.content.size
    if letter.to_junk:
        arrived = filing.into_junk(uow, message, size, letter.trace, now)
    else:
        arrived = rules.deliver(
            uow, Arriving(message, size, letter.trace, letter.reverse_path, _meant(letter)), now
        )
    if reported:
        arrived = replace(arrived, full=arrived.full | reported)
    if len(arrived.full) + len(arrived.missing) < len(own_traces):
        uow.run(arrivals.FEED, {"message_id": message})
    for recipient in letter.recipients:
        if recipient.group is not None:
            frozen_lists.keep(
                uow,
                letter.content.key,
                recipient.group,
                str(recipient.address),
                recipient.accounts,
                letter.sender,
            )
    if arrived.full and queue_when_full:
        _queue(uow, letter, message, arrived.full)
    return tuple(_outcome(recipient, arrived, queued=queue_when_full) for recipient in letter.recipients)


def _meant(letter: IncomingLetter) -> dict[AccountId, str]:
    """The address by which each box was meant; the first of several."""
    return {
        account: str(recipient.address)
        for recipient in reversed(letter.recipients)
        for account in recipient.accounts
    }


def _by_the_queue(letter: IncomingLetter) -> frozenset[AccountId]:
    """Boxes that the queue's worker fills, at once: it tells the sender (RFC 3461 §5.2.3).

    Of a list the first box stands for all: its sender hears that it was delivered to the list (RFC 3461 §5.2.7.3).
    """
    if not letter.reverse_path:
        return frozenset()
    return frozenset(one.accounts[0] for one in letter.recipients if one.awaits_news and one.accounts)


def _delivered_to(address: str) -> bytes:
    """The line that finds loops, and says why a letter that went to many is here."""
    return b"Delivered-To: %b\r\n" % address.encode()


def _queue(uow: UnitOfWork, letter: IncomingLetter, message: MessageId, full: frozenset[AccountId]) -> None:
    waiting = [
        outbound.NewRecipient(
            str(recipient.address),
            recipient.address.domain.lower(),
            account,
            recipient.notify,
            recipient.original_recipient,
        )
        for recipient in letter.recipients
        for account in recipient.accounts
        if account in full
    ]
    outbound.add(
        uow,
        message,
        waiting,
        reverse_path=letter.reverse_path,
        trace=letter.trace,
        envelope_id=letter.envelope_id,
        return_full=letter.return_full,
        eight_bit=True,
        smtputf8=letter.smtputf8,
        origin="incoming",
    )


def _outcome(recipient: Recipient, arrived: Arrived, *, queued: bool) -> Outcome:
    waiting = [account for account in recipient.accounts if account in arrived.full]
    reached = len(recipient.accounts) > len(waiting) + sum(
        account in arrived.missing for account in recipient.accounts
    )
    if waiting:
        if queued:
            return Outcome.QUEUED
        if not reached:
            return Outcome.OVER_QUOTA
    return Outcome.DELIVERED if reached else Outcome.MISSING


def deliver_queued(uow: UnitOfWork, letter: outbound.QueuedLetter, address: str, account: AccountId) -> bool:
    """Another try for a box that was full; False while it still is."""
    size_row = uow.one(messages.FACTS, {"message": letter.message_id})
    assert size_row is not None
    arriving = Arriving(
        letter.message_id, int(size_row[0]), letter.trace, letter.reverse_path, {account: address}
    )
    arrived = rules.deliver(uow, arriving, {account: _delivered_to(address)})
    if arrived.missing:
        raise MailboxMissing(f"{account}: INBOX")
    if arrived.full:
        return False
    uow.run(arrivals.FEED, {"message_id": letter.message_id})
    return True
