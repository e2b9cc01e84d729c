"""Garbage collection: takes back the room of letters that nobody has any more, while mail flows.

The order and why it is safe to stop anywhere is told in `storage/garbage.py`. This is one run of it, in a thread of its
own: short transactions under the writers' lock, and a pause after each, so that deliveries go first.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, select

from mailsvc.storage import garbage, tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mailsvc.model.ids import MessageId
    from mailsvc.storage.store import Store
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

GRACE_SECONDS = 3600
"""How long a reader may have an older row: an emptied segment's file stays for so long."""
GARBAGE_SHARE = 3
"""A segment is compacted when more than one part in so many of it is garbage (ADR 0004)."""
PAUSE_SECONDS = 0.02
_kept = tables.settings_kept
_is_last = _kept.c.name == "collect.last"
LAST = Statement(select(_kept.c.value).where(_is_last))
FORGET_LAST = Statement(delete(_kept).where(_is_last))
SET_LAST = Statement(insert(_kept).values(name="collect.last", value=bindparam("value")))


@dataclass(slots=True)
class Collected:
    """What one run did."""

    letters: int = 0
    pieces: int = 0
    segments_compacted: int = 0
    moved_octets: int = 0
    segments_emptied: int = 0
    freed_octets: int = 0
    files_wait: bool = False
    """Files to be removed stay for now: a backup is running."""
    damaged: int = 0
    """Pieces that could not be moved; `congvu verify` names the letters."""
    is_whole: bool = False
    """False where the run was stopped before its end; the next one starts anew."""


class Collector:
    """One run; `stop` ends it after the step that it is in."""

    def __init__(
        self,
        store: Store,
        *,
        grace: float = GRACE_SECONDS,
        pause: float = PAUSE_SECONDS,
        stop: threading.Event | None = None,
        on_letters: Callable[[Collection[MessageId]], None] = lambda _gone: None,
    ) -> None:
        self.store = store
        self.grace = grace
        self.pause = pause
        self.done = Collected()
        self._stop = stop or threading.Event()
        self._on_letters = on_letters

    def run(self) -> Collected:
        """All steps in their order."""
        for step in (self._letters, self._pieces, self._compact, self._segments, self._files):
            if not step():
                return self.done
        self.done.is_whole = True
        self._write(_note, self.done)
        return self.done

    def _go_on(self) -> bool:
        return not self._stop.wait(self.pause)

    def _write(self, unit: Callable[..., object], *args: object) -> object:
        with self.store.write() as uow:
            return unit(uow, *args)

    def _letters(self) -> bool:
        reader = self.store.reader()
        try:
            newest = garbage.newest_letter(reader)
            for first in range(1, newest + 1, garbage.WINDOW):
                last = first + garbage.WINDOW - 1
                if garbage.unreferenced(reader, first, last):
                    with self.store.write() as uow:
                        gone = garbage.forget_letters(uow, first, last)
                    self.done.letters += len(gone)
                    self._on_letters(gone)
                    if not self._go_on():
                        return False
        finally:
            reader.close()
        return True

    def _pieces(self) -> bool:
        reader = self.store.reader()
        try:
            marks = garbage.Marks.begin(reader)
            while marks.walk(reader):
                if self._stop.is_set():
                    return False
            for first in range(1, marks.newest_piece + 1, garbage.WINDOW):
                last = min(first + garbage.WINDOW - 1, marks.newest_piece)
                if garbage.unmarked(reader, marks, first, last):
                    with self.store.write() as uow:
                        self.done.pieces += garbage.forget_pieces(uow, marks, first, last)
                    if not self._go_on():
                        return False
        finally:
            reader.close()
        return True

    def _compact(self) -> bool:
        with self.store.read() as db:
            found = garbage.usage(db)
        for use in found:
            if use.live > 0 and (use.length - use.live) * GARBAGE_SHARE > use.length:
                if not self._move(use):
                    return False
                self.done.segments_compacted += 1
        return True

    def _move(self, use: garbage.SegmentUse) -> bool:
        after = 0
        while True:
            self.store.room.look()
            if self.store.room.is_short:
                return True  # what is free is for deleting; the room of emptied segments comes first
            with self.store.write() as uow:
                moved = garbage.move_pieces(uow, use, after)
            self.done.moved_octets += moved.octets
            self.done.damaged += len(moved.damaged)
            if moved.last_piece is None:
                return True
            after = moved.last_piece
            if not self._go_on():
                return False

    def _segments(self) -> bool:
        with self.store.read() as db:
            empty = [use.segment_id for use in garbage.usage(db) if not use.live]
        if empty:
            self._write(garbage.note_emptied, empty)
        with self.store.write() as uow:
            gone = garbage.forget_segments(uow, int(uow.clock() - self.grace))
        self.done.segments_emptied = len(gone)
        return True

    def _files(self) -> bool:
        freed = garbage.sweep(self.store, older_than=self.grace)
        self.done.files_wait = freed is None
        self.done.freed_octets = freed or 0
        return True


def _note(uow: UnitOfWork, done: Collected) -> None:
    uow.run(FORGET_LAST, {})
    uow.run(SET_LAST, {"value": json.dumps({"at": uow.clock(), **asdict(done)})})


def last(db: Reader) -> tuple[int, Collected] | None:
    """When the last whole run ended, and what it did."""
    row = db.one(LAST, {})
    if row is None:
        return None
    held = json.loads(row[0])
    return held.pop("at"), Collected(**held)


def garbage_octets(db: Reader) -> tuple[int, int]:
    """Octets of sealed segments, and how many of them nothing refers to."""
    found = garbage.usage(db)
    return sum(use.length for use in found), sum(use.length - use.live for use in found)
