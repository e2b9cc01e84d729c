"""After a try: what became of each recipient is written down, and the sender told, in one unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from directory.address import AddressError, parse_address
from mailsvc.model.errors import NoSuchRecipient
from mailsvc.queue.dsn import Action, Sender, Told, compose
from mailsvc.queue.schedule import Fate, Patience, Verdict, judge
from mailsvc.services.receive import IncomingLetter, is_local, receive, resolve_recipient
from mailsvc.storage import messages, outbound, outbound_history

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from directory.address import Address
    from mailsvc.services.receive import PreparedContent
    from mailsvc.smtp.wire.reply import Reply
    from mailsvc.storage.outbound import QueuedLetter, QueuedRecipient
    from mailsvc.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Tried:
    """One recipient after a try: what was said, by whom."""

    recipient: QueuedRecipient
    reply: Reply
    server: str = ""
    """Who said it; empty if it was ourselves."""
    tells_itself: bool = False
    """The server has taken on to tell the sender what becomes of it (RFC 3461 §5.2.1)."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A try, and the verdict on it."""

    tried: Tried
    verdict: Verdict

    @property
    def recipient(self) -> QueuedRecipient:
        """Whom it is about."""
        return self.tried.recipient

    @property
    def reply(self) -> Reply:
        """What was said."""
        return self.tried.reply


@dataclass(frozen=True, slots=True)
class Notice:
    """A report to the sender, ready to be stored."""

    to: Address
    content: PreparedContent


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports, how a report gets its name, and how it is made ready for the store."""

    sender: Sender
    token: Callable[[], str]
    prepare: Callable[[bytes], PreparedContent]


def judge_all(
    letter: QueuedLetter,
    tries: Sequence[Tried],
    *,
    now: int,
    patience: Patience,
) -> list[Settled]:
    """The verdict on each recipient of one try."""
    return [
        Settled(
            tried,
            judge(
                tried.reply,
                now=now,
                created_at=letter.created_at,
                attempts=tried.recipient.attempts,
                delay_told=tried.recipient.delay_told,
                patience=patience,
            ),
        )
        for tried in tries
    ]


_WORD_FOR = {
    Action.FAILED: "FAILURE",
    Action.DELAYED: "DELAY",
    Action.DELIVERED: "SUCCESS",
    Action.RELAYED: "SUCCESS",
}


def wants_to_know(recipient: QueuedRecipient, action: Action) -> bool:
    """Whether the sender asked for such reports; without NOTIFY those of trouble are sent (RFC 3461 §4.1)."""
    word = _WORD_FOR[action]
    if recipient.notify is None:
        return word != "SUCCESS"
    return word in recipient.notify.upper().split(",")


def _news_of(one: Settled) -> Action | None:
    """What could be told of this try (RFC 3461 §5.2)."""
    if one.verdict.fate is Fate.FAILED:
        return Action.FAILED
    if one.verdict.tell_delay:
        return Action.DELAYED
    if one.verdict.fate is not Fate.SENT:
        return None
    if one.recipient.local_account_id is not None:
        return Action.DELIVERED
    return None if one.tried.tells_itself else Action.RELAYED


def notices(
    letter: QueuedLetter,
    settled: Sequence[Settled],
    content: Callable[[], bytes],
    *,
    reporter: Reporter,
    now: int,
    patience: Patience,
) -> list[Notice]:
    """Reports that this try gives rise to: none for the null reverse-path, so that they cannot loop (RFC 5321 §6.1)."""
    try:
        to = parse_address(letter.reverse_path)
    except AddressError:
        return []
    made = []
    for action in Action:
        told = [
            Told(one.recipient, one.reply, one.verdict.gave_up, one.tried.server)
            for one in settled
            if _news_of(one) is action and wants_to_know(one.recipient, action)
        ]
        if not told:
            continue
        report = compose(
            action,
            letter,
            told,
            content(),
            sender=reporter.sender,
            now=now,
            retry_until=letter.created_at + patience.lifetime,
            message_id=f"<{reporter.token()}@{reporter.sender.host}>",
        )
        made.append(Notice(to, reporter.prepare(report)))
    return made


def settle(
    uow: UnitOfWork, letter: QueuedLetter, settled: Sequence[Settled], reports: Sequence[Notice]
) -> None:
    """Write it all down. Once this is durable no recipient is tried again that was reached or given up."""
    for one in settled:
        verdict = one.verdict
        outbound.set_state(
            uow,
            one.recipient.id,
            verdict.fate.value,
            next_attempt=verdict.next_attempt,
            reply=str(one.reply),
        )
        said_by = f"{one.tried.server}: " if one.tried.server else ""
        outbound_history.add(uow, letter.id, [one.recipient.id], "tried", f"{said_by}{one.reply}")
    outbound.set_delay_told(uow, [one.recipient.id for one in settled if one.verdict.tell_delay])
    for notice in reports:
        _send(uow, notice)


def _send(uow: UnitOfWork, notice: Notice) -> None:
    if not is_local(uow, notice.to.domain):
        outbound.add(
            uow,
            messages.put(uow, notice.content),
            [outbound.NewRecipient(str(notice.to), notice.to.domain.lower())],
            reverse_path="",
            smtputf8=not notice.to.is_ascii,
            origin="report",
        )
        return
    try:
        recipient = resolve_recipient(uow, notice.to, full_too=True)
    except NoSuchRecipient:
        return  # the sender's box is gone: there is nobody to tell (RFC 5321 §6.1)
    receive(uow, IncomingLetter(notice.content, b"Return-Path: <>\r\n", "", (recipient,)))
