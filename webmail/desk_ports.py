"""What the screens around the mailbox ask: letters that wait to be sent, rules, deleted letters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mailsvc.services.rules.box_rules import FormState
    from mailsvc.services.rules.forms import BoxRules
    from webmail.ports import Viewer


@dataclass(frozen=True, slots=True)
class Held:
    """A letter that waits on the server until its time."""

    draft_id: str
    due_at: int
    undo_seconds: int
    """How long it can be taken back from the page; 0 where the writer chose the time."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line of the list of letters that wait."""

    draft_id: str
    subject: str
    to_line: str
    due_at: int
    problem: str = ""
    """A word of `mailsvc.services.scheduled.PROBLEMS` where it could not go."""


class Scheduled(Protocol):
    """Letters that wait to be sent."""

    def listed(self, viewer: Viewer) -> tuple[Waiting, ...]:
        """The next one first."""

    def waiting(self, viewer: Viewer, draft_id: str) -> Waiting | None:
        """The plan of a draft, if it has one that still stands."""

    def cancel(self, viewer: Viewer, draft_id: str) -> None:
        """Take it back. Raise LetterMissing once it has gone."""

    def move(self, viewer: Viewer, draft_id: str, due_at: int) -> None:
        """Another time. Raise LetterMissing or BadTime."""


class RuleDesk(Protocol):
    """Rules of a box, as forms."""

    def state(self, viewer: Viewer, account_id: int) -> FormState:
        """What the forms show. Raise NotPermitted."""

    def change(
        self, viewer: Viewer, account_id: int, act: Callable[[BoxRules], BoxRules], *, replace: bool
    ) -> None:
        """Change the rules as they are now. Raise Conflict with the script of another program that runs."""


@dataclass(frozen=True, slots=True)
class LostLetter:
    """A letter that was deleted and can be had back."""

    mailbox_id: int
    uid: int
    sender: str
    subject: str
    folder: str
    """Where it was."""
    deleted_at: int
    size: int


class Recovery(Protocol):
    """Deleted letters."""

    def lost(
        self, viewer: Viewer, account_id: int, query: str, page: int
    ) -> tuple[tuple[LostLetter, ...], bool]:
        """Fifty that match by subject or sender, the newest loss first, and whether there are more. Raise NotPermitted."""

    def restore(self, viewer: Viewer, chosen: Mapping[int, tuple[int, ...]], target_id: int) -> int:
        """Give them back, by the mailbox they were in: to where they were, or to a folder of the same box."""
