"""What waits in the queue, as an operator sees it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mailsvc.storage import outbound

if TYPE_CHECKING:
    from mailsvc.storage.unit_of_work import Reader


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

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def waiting(db: Reader, limit: int) -> list[Waiting]:
    """What waits, the oldest letter first."""
    return [
        Waiting(
            letter.id,
            letter.reverse_path,
            recipient.address,
            letter.created_at,
            recipient.attempts,
            recipient.next_attempt,
            recipient.last_reply,
        )
        for letter, recipient in outbound.waiting(db, limit)
    ]


def count_waiting(db: Reader) -> int:
    """How many recipients wait."""
    return outbound.count_waiting(db)
