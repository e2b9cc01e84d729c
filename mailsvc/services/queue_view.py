"""The queue as an operator sees it, and what they may do with it: each act has a reason, a line in the history, and one in the audit log."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from directory import audit
from directory.repository import boxes as directory_boxes
from directory.scope import SERVER, Deed, OutOfScopeError, Scope
from mailsvc.model.errors import LetterMissing
from mailsvc.storage import messages, outbound, outbound_history

if TYPE_CHECKING:
    from mailsvc.storage.outbound import QueuedLetter, QueuedRecipient
    from mailsvc.storage.outbound_history import Event
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

Act = Literal["hold", "retry", "drop"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One recipient of a letter that has not reached them."""

    id: int
    sender: str
    recipient: str
    created_at: int
    attempts: int
    next_attempt: int
    last_reply: str
    state: str = "waiting"
    """waiting, held; `trying` while a worker has it."""

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RecipientStory:
    """One recipient, and all that happened."""

    id: int
    address: str
    state: str
    attempts: int
    next_attempt: int
    last_reply: str
    history: tuple[outbound_history.Happening, ...]


@dataclass(frozen=True, slots=True)
class LetterStory:
    """A queued letter from its arrival on."""

    id: int
    sender: str
    message_id: str
    octets: int
    created_at: int
    origin: str
    tls: str
    recipients: tuple[RecipientStory, ...]

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def waiting(db: Reader, limit: int, scope: Scope = SERVER) -> list[Waiting]:
    """What waits, the oldest letter first; of letters that the scope covers."""
    return [
        Waiting(
            letter.id,
            letter.reverse_path,
            recipient.address,
            letter.created_at,
            recipient.attempts,
            recipient.next_attempt,
            recipient.last_reply,
            _state(recipient),
        )
        for letter, recipient in outbound.waiting(db, limit)
        if _covers(db, scope, Deed.SEE, letter)
    ]


def count_waiting(db: Reader) -> int:
    """How many recipients wait."""
    return outbound.count_waiting(db)


def story(db: Reader, letter_id: int, scope: Scope = SERVER) -> LetterStory:
    """Everything about one queued letter but its text; LetterMissing where the scope does not reach."""
    letter = outbound.letter(db, letter_id)
    if letter is None or not _covers(db, scope, Deed.SEE, letter):
        raise LetterMissing(str(letter_id))
    facts = db.one(messages.FACTS, {"message": letter.message_id})
    history = outbound_history.of_letter(db, letter_id)
    return LetterStory(
        letter.id,
        letter.reverse_path,
        str(facts[3]) if facts else "",
        int(facts[0]) if facts else 0,
        letter.created_at,
        letter.origin,
        letter.tls,
        tuple(
            RecipientStory(
                one.id,
                one.address,
                _state(one),
                one.attempts,
                one.next_attempt,
                one.last_reply,
                tuple(line for line in history if line.recipient_id == one.id),
            )
            for one in outbound.recipients(db, letter_id)
        ),
    )


def do(
    uow: UnitOfWork,
    act: Act,
    letter_id: int,
    *,
    actor: str,
    reason: str,
    scope: Scope = SERVER,
    address: str | None = None,
) -> int:
    """Hold, try again now, or drop what waits of a letter, for one recipient or all; how many it concerned.

    What a worker has in hand meanwhile is brought to its end: if it arrives it has arrived.
    """
    letter = outbound.letter(uow, letter_id)
    if letter is None or not _covers(uow, scope, Deed.SEE, letter):
        raise LetterMissing(str(letter_id))
    if not _covers(uow, scope, Deed.MANAGE, letter):
        raise OutOfScopeError(Deed.MANAGE, letter.reverse_path)
    wanted = [one for one in outbound.recipients(uow, letter_id) if address in {None, one.address}]
    touched = [one.id for one in wanted if _apply(uow, act, one, reason)]
    if touched:
        outbound_history.add(uow, letter_id, touched, _EVENT[act], reason, actor=actor)
        detail = {"letter": letter_id, "recipients": len(touched), "reason": reason}
        audit.record(uow.conn, actor, f"queue.{act}", letter.reverse_path, detail, uow.clock())
    return len(touched)


_EVENT: dict[Act, Event] = {"hold": "held", "retry": "released", "drop": "dropped"}


def _apply(uow: UnitOfWork, act: Act, recipient: QueuedRecipient, reason: str) -> bool:
    if recipient.state not in {"waiting", "held"}:
        return False
    match act:
        case "hold":
            return outbound_history.move(uow, recipient.id, from_state="waiting", to_state="held", why=reason)
        case "drop":
            return outbound_history.move(
                uow, recipient.id, from_state=recipient.state, to_state="dropped", why=reason
            )
        case "retry":
            if recipient.state == "held":
                return outbound_history.move(
                    uow, recipient.id, from_state="held", to_state="waiting", why=recipient.last_reply
                )
            outbound_history.hurry(uow, recipient.id)
            return True


def _state(recipient: QueuedRecipient) -> str:
    return "trying" if recipient.state == "waiting" and recipient.claimed_by else recipient.state


def _covers(db: Reader, scope: Scope, deed: Deed, letter: QueuedLetter) -> bool:
    """Letters of an account belong to whoever administers it; all others are the console's."""
    if scope.on_the_server:
        return True
    account = None if letter.account_id is None else directory_boxes.account_by_id(db.conn, letter.account_id)
    return account is not None and scope.may_touch(deed, account)
