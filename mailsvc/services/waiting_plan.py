"""A plan that was made again on its day: applied if it still is what had been shown, else left for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from directory import scheduled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from directory.journal import Journal
    from directory.provision import Remark
    from directory.scheduled import Waiting
    from mailsvc.storage.unit_of_work import UnitOfWork


class _Plan(Protocol):
    @property
    def refused(self) -> Sequence[Remark]: ...


P = TypeVar("P", bound=_Plan)


def apply_or_give_up(
    uow: UnitOfWork,
    waiting: Waiting,
    plan: P | None,
    differs: Callable[[P, Waiting], str],
    write: Callable[[UnitOfWork, P, str], Journal],
) -> bool:
    """Whether it was applied; if not, a note says why: `plan` is None where its source cannot be read."""
    if plan is None:
        why = "không đọc được / cannot be read"
    else:
        why = plan.refused[0].message("vi") if plan.refused else differs(plan, waiting)
    if plan is None or why:
        scheduled.give_up(uow.conn, waiting, why, uow.clock())
        return False
    scheduled.settle(uow.conn, waiting, write(uow, plan, waiting.created_by), uow.clock())
    return True
