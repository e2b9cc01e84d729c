"""Acts carried out on this machine, by whoever has its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from mailsvc.cli.hashing_bar import HashingBar
from mailsvc.cli.plan_view import actor
from mailsvc.services.administration.act import perform
from mailsvc.services.administration.desk import Desk

if TYPE_CHECKING:
    from config.settings import Settings
    from mailsvc.services.administration.act import Act
    from mailsvc.services.open_store import Store

Q = TypeVar("Q")
R = TypeVar("R")


class Local:
    """This installation, without a limit of scope."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._desk = Desk(store, settings, actor(), account_id=None, on_progress=HashingBar().show)

    def perform(self, act: Act[Q, R], request: Q) -> R:
        """Carry an act out, or raise ActRefused."""
        return perform(self._desk, act, request)
