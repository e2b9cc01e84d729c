"""Handlers are started at once and become tasks only if they wait.

A task for each command would cost a turn of the loop, more than NOOP itself (Python 3.12 has eager tasks; we
run on 3.11 too).
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator


class Started(Coroutine[Any, Any, None]):
    """A coroutine that was started outside of a task and now awaits something, for a task to go on with."""

    __slots__ = ("_awaited", "_running")

    def __init__(self, running: Coroutine[Any, Any, None], awaited: Any) -> None:
        """`running.send(None)` has given `awaited`."""
        self._running = running
        self._awaited: tuple[Any, ...] = (awaited,)

    def send(self, value: Any) -> Any:
        """First what is awaited already, then whatever comes."""
        if self._awaited:
            awaited, self._awaited = self._awaited[0], ()
            return awaited
        return self._running.send(value)

    def throw(self, *error: Any) -> Any:
        """Hand an exception on, cancellation too."""
        return self._running.throw(*error)

    def close(self) -> None:
        """End it."""
        self._running.close()

    def __await__(self) -> Generator[Any, Any, None]:
        """Only tasks run this."""
        raise NotImplementedError
