"""How far the hashing of passwords is, for whoever waits at a terminal; it takes minutes for thousands of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

if TYPE_CHECKING:
    from rich.progress import TaskID


class HashingBar:
    """A bar on standard error that comes with the first password and goes with the last; none where nobody looks."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def show(self, done: int, total: int) -> None:
        """So many of so many are hashed."""
        if self._bar is None or self._task is None:
            console = Console(stderr=True)
            self._bar = Progress(console=console, transient=True, disable=not console.is_terminal)
            self._task = self._bar.add_task("Băm mật khẩu / Hashing passwords", total=total)
            self._bar.start()
        self._bar.update(self._task, completed=done)
        if done == total:
            self._bar.stop()
            self._bar = None
