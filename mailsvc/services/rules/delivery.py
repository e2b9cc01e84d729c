"""Rules carried out while a letter is delivered: the province's first, then the unit's, then the box's own.

A script that only keeps the letter hands it to the next; one that files, refuses or drops it is the last. Whatever
goes wrong, the letter is in the INBOX (RFC 5228 §2.10.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from directory.repository import boxes as directory_boxes
from mailsvc.model.errors import BadName, MailboxMissing, OverQuota, TooMany
from mailsvc.model.flags import SEEN, SYSTEM_FLAGS
from mailsvc.model.mailbox import INBOX
from mailsvc.services import mailbox_tree
from mailsvc.services.rules import automatic
from mailsvc.services.rules.world import BoxSurroundings, compiled
from mailsvc.sieve.actions import File, Notify, Outcome, Redirect, Reject, Vacation
from mailsvc.sieve.letter import Envelope, Letter
from mailsvc.sieve.run import run
from mailsvc.storage import arrivals, mailboxes, messages, scripts, traces
from mailsvc.storage.arrivals import Arrived
from mailsvc.storage.scripts import Owner, OwnerKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from directory.model import Account
    from mailsvc.model.ids import AccountId, MailboxId, MessageId
    from mailsvc.model.mailbox import Mailbox
    from mailsvc.storage.unit_of_work import UnitOfWork

log = structlog.get_logger("congvu.rules")
PROVINCE: Final = Owner(OwnerKind.PROVINCE, 0)
_KEEP: Final = Outcome((File(),))


@dataclass(frozen=True, slots=True)
class Arriving:
    """A letter at the door of some boxes."""

    message: MessageId
    size: int
    trace: bytes
    reverse_path: str
    recipients: Mapping[AccountId, str]
    """The address that was meant, by box."""


def deliver(uow: UnitOfWork, arriving: Arriving, own_traces: Mapping[AccountId, bytes]) -> Arrived:
    """Deliver to these boxes, each with its own lines before the shared trace: as their rules say, or to INBOX."""
    ruled = _with_rules(uow, own_traces)
    if not ruled:
        return arrivals.deliver(uow, arriving.message, arriving.size, arriving.trace, own_traces)
    plain = {account: own for account, own in own_traces.items() if account not in ruled}
    arrived = arrivals.deliver(uow, arriving.message, arriving.size, arriving.trace, plain)
    full, missing = set(arrived.full), set(arrived.missing)
    content = messages.content(uow, arriving.message)
    for account_id, account in ruled.items():
        one = _Delivery(arriving, account, own_traces[account_id], content)
        try:
            uow.attempt(one.carry_out)
        except OverQuota:
            full.add(account_id)
        except MailboxMissing:
            missing.add(account_id)
    return Arrived(frozenset(full), frozenset(missing))


def _with_rules(uow: UnitOfWork, accounts: Collection[AccountId]) -> dict[AccountId, Account]:
    """Those of these boxes over whose letters some script runs."""
    owners = scripts.with_rules(uow)
    if not owners:
        return {}
    boxes = {owner.id for owner in owners if owner.kind is OwnerKind.BOX}
    wider = len(boxes) < len(owners)
    concerned = [account for account in accounts if wider or int(account) in boxes]
    known = directory_boxes.accounts_by_ids(uow.conn, concerned)
    return {account.id: account for account in known.values() if not owners.isdisjoint(_owners(account))}


def _owners(account: Account) -> tuple[Owner, ...]:
    owners = [PROVINCE]
    if account.unit_id is not None:
        owners.append(Owner(OwnerKind.UNIT, int(account.unit_id)))
    return (*owners, Owner(OwnerKind.BOX, int(account.id)))


@dataclass(frozen=True, slots=True)
class _Kept:
    """What goes into mailboxes."""

    message: MessageId
    size: int
    own_trace: bytes
    trace_number: int


class _Delivery:
    """One letter to one box."""

    def __init__(self, arriving: Arriving, account: Account, own_trace: bytes, content: bytes) -> None:
        self._arriving = arriving
        self._account = account
        self._own_trace = own_trace
        self._content = content
        self._octets = own_trace + arriving.trace + content
        recipient = arriving.recipients.get(account.id, str(account.address))
        self._envelope = Envelope(arriving.reverse_path, recipient)
        self._uow: UnitOfWork
        self._world: BoxSurroundings

    def carry_out(self, uow: UnitOfWork) -> None:
        """Run the scripts, and do what the last of them wants."""
        self._uow = uow
        self._world = BoxSurroundings(uow, self._account.id, self._account.address.domain)
        outcome = self._decide()
        if outcome.error:
            log.info("rules_stopped", account=int(self._account.id), why=outcome.error)
        kept = self._what_is_kept(outcome)
        filed: set[MailboxId] = set()
        for action in outcome.actions:
            if isinstance(action, File):
                self._file(kept, self._mailbox(action), action.flags, filed)
        sender = automatic.Automatic(self._uow, self._account, self._octets, self._envelope)
        for action in outcome.actions:
            match action:
                case Redirect(address):
                    if (
                        not sender.redirect(address, self._arriving.message, self._arriving.trace)
                        and not filed
                    ):
                        self._file(kept, self._mailbox(File()), (), filed)  # nothing may be lost by it
                case Vacation():
                    sender.answer(action)
                case Reject():
                    sender.refuse(action)
                case Notify():
                    sender.notify(action)
                case File():
                    pass

    def _decide(self) -> Outcome:
        outcome = _KEEP
        for owner in _owners(self._account):
            octets = scripts.active(self._uow, owner)
            script = None if octets is None else compiled(octets)
            if script is None:
                continue
            outcome = run(script, Letter(self._octets, self._envelope), self._world)
            if outcome.error or outcome.actions != _KEEP.actions or outcome.header is not None:
                return outcome
        return outcome

    def _what_is_kept(self, outcome: Outcome) -> _Kept:
        """The letter as it came; or, where a script changed its header, one of its own."""
        arriving = self._arriving
        if outcome.header is None:
            size = arriving.size + len(arriving.trace) + len(self._own_trace)
            trace_number = traces.put(self._uow, arriving.message, arriving.trace)
            return _Kept(arriving.message, size, self._own_trace, trace_number)
        body = Letter(self._content, self._envelope).entity.body_start
        changed = outcome.header + b"\r\n" + self._content[body:]
        prepared = messages.prepare(changed, self._uow.store.pieces)
        return _Kept(messages.put(self._uow, prepared), prepared.size, b"", traces.NO_TRACE)

    def _file(
        self, kept: _Kept, mailbox: Mailbox, flag_names: tuple[str, ...], filed: set[MailboxId]
    ) -> None:
        """Into a mailbox, but never twice into one (RFC 5228 §2.10.3)."""
        if mailbox.id in filed:
            return
        filed.add(mailbox.id)
        flags = self._flags(flag_names)
        arrivals.add(
            self._uow,
            mailbox,
            kept.message,
            kept.size,
            flags=flags & ~SEEN if mailbox.per_person_seen else flags,
            internal_date=self._uow.clock(),
            own_trace=kept.own_trace,
            trace_number=kept.trace_number,
        )

    def _mailbox(self, action: File) -> Mailbox:
        if action.special_use and (found := self._world.for_use(action.special_use)) is not None:
            return found
        if action.mailbox:
            found = self._world.mailbox(action.mailbox)
            if found is None and action.create:
                found = self._made(action.mailbox)
            if found is not None:
                return found
        return mailboxes.by_name(self._uow, self._account.id, INBOX)

    def _made(self, name: str) -> Mailbox | None:
        try:
            return self._uow.attempt(mailbox_tree.make, self._account.id, mailbox_tree.clean_name(name))
        except (BadName, TooMany):
            return None

    def _flags(self, names: tuple[str, ...]) -> int:
        known = {name.lower(): bit for name, bit in SYSTEM_FLAGS.items()}
        bits = 0
        keywords = []
        for name in names:
            if name.lower() in known:
                bits |= known[name.lower()]
            elif not name.startswith("\\") and name.isascii() and name.isprintable() and len(name) <= 100:
                keywords.append(name)
        try:
            return bits | self._uow.attempt(mailboxes.keyword_bits, self._account.id, keywords)
        except TooMany:
            return bits
