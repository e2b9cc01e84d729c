"""Taking a plan back, with what mail does for it; looked at beforehand, so that the writer is held for the writing only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from directory import provision
from mailsvc.model.changes import DirectoryChanged
from mailsvc.services.letters_held import letters_in
from mailsvc.services.returned_letters import return_letters

if TYPE_CHECKING:
    from directory.model import PlanId
    from directory.provision import Undo
    from directory.scope import Scope
    from mailsvc.services.returned_letters import Returned
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork


@dataclass(frozen=True, slots=True)
class PreparedUndo:
    """What undoing would do, as seen at one moment."""

    undo: Undo


def prepare(db: Reader, scope: Scope, plan_id: PlanId) -> PreparedUndo:
    """Look at everything; UndoRefusedError where there is nothing to undo. Slow for a province."""
    return PreparedUndo(provision.prepare_undo(db.conn, scope, plan_id, letters_in(db)))


@dataclass(slots=True)
class Undone:
    """What was taken back, when, and which letters went back with it in the last transaction."""

    undo: Undo
    at: int
    returned: list[Returned] = field(default_factory=list)

    @property
    def has_more(self) -> bool:
        """Whether there may be more letters to give back."""
        return any(item.letters for item in self.returned)


def carry_out(uow: UnitOfWork, scope: Scope, prepared: PreparedUndo, actor: str) -> Undone:
    """Take it back; UndoRefusedError with its conflicts. Looked at again where it could have become otherwise.

    Boxes that the plan made are looked at again: a letter may have come to one of them, and then it is kept.
    """
    undo = provision.confirm_undo(uow.conn, scope, prepared.undo, letters_in(uow))
    provision.carry_out_undo(uow.conn, undo, at=uow.clock(), actor=actor)
    undone = Undone(undo, uow.clock())
    undone.returned = return_letters(uow, undo, undone.at)
    uow.record(DirectoryChanged())
    return undone


def return_more(uow: UnitOfWork, undone: Undone) -> None:
    """Give back what one transaction had no room for; again while `undone.has_more`."""
    undone.returned = return_letters(uow, undone.undo, undone.at)
