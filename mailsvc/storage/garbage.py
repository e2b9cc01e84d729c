"""Taking back the room of letters that nobody has any more: by walking references, never by a counter.

In this order, each step a short transaction under the writers' lock or none, so that a kill between any two leaves only
work for the next run:

1. letters that no row refers to are forgotten (`unreferenced`, `forget_letters`);
2. all manifests are walked, and pieces that none of them names are forgotten (`Marks`, `forget_pieces`);
3. sealed segments of which little is in use give it to the open segment (`usage`, `move_pieces`);
4. emptied segments are forgotten after a grace (`note_emptied`, `forget_segments`);
5. files that no row knows are removed (`sweep`), unless somebody reads by older rows (`lease`).
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, exists, func, insert, not_, select, update

from mailsvc.model.ids import MessageId
from mailsvc.storage import lease, tables
from mailsvc.storage.pieces import MAGIC, RECORD
from mailsvc.storage.statement import Statement
from mailsvc.storage.upkeep_tables import damaged_pieces, emptied_segments

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Column

    from mailsvc.storage.store import Store
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_m, _p, _s = tables.messages, tables.pieces, tables.segments
OWNED_BY_LETTER = frozenset({"traces"})
"""Tables whose rows go with the letter they refer to; a row of any other table keeps its letter."""
WINDOW = 2_000
"""Ids looked at in one step."""
MOVE_BYTES = 1 << 20
"""Octets moved in one transaction: some milliseconds for those who wait."""


def _referrers(*, owned: bool) -> list[Column[int]]:
    return [
        key.parent
        for table in tables.metadata.tables.values()
        for key in table.foreign_keys
        if key.column is _m.c.id and (table.name in OWNED_BY_LETTER) is owned
    ]


_nobody = and_(*(not_(exists().where(column == _m.c.id)) for column in _referrers(owned=False)))
UNREFERENCED = Statement(
    select(_m.c.id).where(and_(_m.c.id.between(bindparam("first"), bindparam("last")), _nobody))
)
FORGET_OWNED = tuple(
    Statement(delete(column.table).where(column == bindparam("message"))) for column in _referrers(owned=True)
)
FORGET_LETTER = Statement(delete(_m).where(_m.c.id == bindparam("message")))
NEWEST_LETTER = Statement(select(func.coalesce(func.max(_m.c.id), 0)))
NEWEST_PIECE = Statement(select(func.coalesce(func.max(_p.c.id), 0)))
MANIFESTS = Statement(
    select(_m.c.id, _m.c.manifest).where(_m.c.id > bindparam("after")).order_by(_m.c.id).limit(WINDOW)
)
PIECES = Statement(select(_p.c.id).where(_p.c.id.between(bindparam("first"), bindparam("last"))))
FORGET_DAMAGE = Statement(delete(damaged_pieces).where(damaged_pieces.c.piece_id == bindparam("piece")))
FORGET_PIECE = Statement(delete(_p).where(_p.c.id == bindparam("piece")))
USAGE = Statement(
    select(
        _s.c.id,
        _s.c.length,
        func.coalesce(func.sum(_p.c.stored + RECORD.size), 0),
        func.coalesce(func.min(_p.c.id), 0),
        func.coalesce(func.max(_p.c.id), 0),
    )
    .select_from(_s.outerjoin(_p, _p.c.segment_id == _s.c.id))
    .where(_s.c.sealed == 1)
    .group_by(_s.c.id, _s.c.length)
    .order_by(_s.c.id)
)
HELD_IN_SEGMENT = Statement(
    select(_p.c.id, _p.c.offset, _p.c.stored, _p.c.key)
    .where(
        and_(_p.c.id.between(bindparam("first"), bindparam("last")), _p.c.segment_id == bindparam("segment"))
    )
    .order_by(_p.c.id)
    .limit(500)
)
MOVE = Statement(
    update(_p)
    .where(_p.c.id == bindparam("piece"))
    .values(segment_id=bindparam("to_segment"), offset=bindparam("to_offset"))
)
NOTE_EMPTIED = Statement(
    insert(emptied_segments).from_select(
        ("segment_id", "at"),
        select(_s.c.id, bindparam("now", type_=_s.c.id.type)).where(
            and_(
                _s.c.id == bindparam("segment"),
                _s.c.sealed == 1,
                not_(exists().where(emptied_segments.c.segment_id == _s.c.id)),
            )
        ),
    )
)
EMPTIED_BEFORE = Statement(
    select(emptied_segments.c.segment_id).where(emptied_segments.c.at <= bindparam("before"))
)
FORGET_EMPTIED = Statement(
    delete(emptied_segments).where(emptied_segments.c.segment_id == bindparam("segment"))
)
FORGET_SEGMENT = Statement(delete(_s).where(_s.c.id == bindparam("segment")))
SEGMENT_IDS = Statement(select(_s.c.id))
LARGE_BETWEEN = Statement(
    select(_p.c.key).where(
        and_(_p.c.segment_id.is_(None), _p.c.key.between(bindparam("first"), bindparam("last")))
    )
)


# -- letters


def newest_letter(db: Reader) -> int:
    """The highest id of a letter; those that come later are left alone by this run."""
    row = db.one(NEWEST_LETTER, {})
    return 0 if row is None else int(row[0])


def unreferenced(db: Reader, first: int, last: int) -> list[MessageId]:
    """Letters of a range of ids that no row refers to."""
    return [MessageId(row[0]) for row in db.rows(UNREFERENCED, {"first": first, "last": last})]


def forget_letters(uow: UnitOfWork, first: int, last: int) -> list[MessageId]:
    """Forget letters of a range that nothing refers to, looked up again in this transaction."""
    gone = unreferenced(uow, first, last)
    for statement in (*FORGET_OWNED, FORGET_LETTER):
        uow.many(statement, ({"message": message} for message in gone))
    return gone


# -- pieces


@dataclass(slots=True)
class Marks:
    """Pieces that letters name, as far as the walk has come: a bit for each piece there was at the start."""

    newest_piece: int
    walked_to: int = 0
    _bits: bytearray = field(default_factory=bytearray)

    @classmethod
    def begin(cls, db: Reader) -> Marks:
        """No piece is marked yet; those that come later are none of this run's business."""
        row = db.one(NEWEST_PIECE, {})
        newest = 0 if row is None else int(row[0])
        return cls(newest, 0, bytearray(newest // 8 + 1))

    def walk(self, db: Reader) -> bool:
        """Mark what the next letters name; False at the end."""
        rows = db.rows(MANIFESTS, {"after": self.walked_to})
        for message, manifest in rows:
            for piece, *_ in json.loads(manifest):
                if piece <= self.newest_piece:
                    self._bits[piece >> 3] |= 1 << (piece & 7)
            self.walked_to = message
        return bool(rows)

    def is_marked(self, piece: int) -> bool:
        """Whether a letter names this piece."""
        return piece > self.newest_piece or bool(self._bits[piece >> 3] >> (piece & 7) & 1)


def unmarked(db: Reader, marks: Marks, first: int, last: int) -> list[int]:
    """Pieces of a range of ids that no letter names."""
    return [row[0] for row in db.rows(PIECES, {"first": first, "last": last}) if not marks.is_marked(row[0])]


def forget_pieces(uow: UnitOfWork, marks: Marks, first: int, last: int) -> int:
    """Forget pieces of a range that no letter names; letters that came since the walk are walked here first."""
    while marks.walk(uow):
        pass
    gone = unmarked(uow, marks, first, last)
    for statement in (FORGET_DAMAGE, FORGET_PIECE):
        uow.many(statement, ({"piece": piece} for piece in gone))
    return len(gone)


# -- segments


@dataclass(frozen=True, slots=True)
class SegmentUse:
    """How much of a sealed segment is still referred to, and by which range of pieces."""

    segment_id: int
    length: int
    live: int
    first_piece: int
    last_piece: int


def usage(db: Reader) -> list[SegmentUse]:
    """Every sealed segment."""
    return [SegmentUse(*(int(item) for item in row)) for row in db.rows(USAGE, {})]


@dataclass(frozen=True, slots=True)
class Moved:
    """What one step of compaction did."""

    octets: int
    damaged: tuple[int, ...]
    last_piece: int | None
    """None when no piece was left to move."""


def move_pieces(uow: UnitOfWork, use: SegmentUse, after: int) -> Moved:
    """Put the next pieces of a segment at the end of the open one: octets first, then the rows (ADR 0004).

    Records are moved as they lie, each checked; a damaged one stays where it is, for `congvu verify` to name.
    """
    rows = uow.rows(
        HELD_IN_SEGMENT,
        {"segment": use.segment_id, "first": max(use.first_piece, after + 1), "last": use.last_piece},
    )
    moved, damaged, last = 0, [], None
    for piece, offset, stored, key in rows:
        last = piece
        record = uow.store.pieces.record(use.segment_id, offset, stored)
        if not _is_whole(record, bytes(key)):
            damaged.append(piece)
            continue
        segment, place = uow.place(record)
        uow.run(MOVE, {"piece": piece, "to_segment": segment, "to_offset": place})
        moved += len(record)
        if moved >= MOVE_BYTES:
            break
    return Moved(moved, tuple(damaged), last)


def _is_whole(record: bytes, key: bytes) -> bool:
    if len(record) < RECORD.size:
        return False
    magic, _, length, _, crc, named = RECORD.unpack_from(record)
    stored = memoryview(record)[RECORD.size :]
    return bool(magic == MAGIC and len(stored) == length and zlib.crc32(stored) == crc and named == key)


def note_emptied(uow: UnitOfWork, segments: list[int]) -> None:
    """Sealed segments that nothing refers to any more: from now on their grace runs."""
    uow.many(NOTE_EMPTIED, ({"segment": segment, "now": uow.clock()} for segment in segments))


def forget_segments(uow: UnitOfWork, before: int) -> list[int]:
    """Forget segments that have been empty since before a time; their files are `sweep`'s."""
    gone = [row[0] for row in uow.rows(EMPTIED_BEFORE, {"before": before})]
    for statement in (FORGET_EMPTIED, FORGET_SEGMENT):
        uow.many(statement, ({"segment": segment} for segment in gone))
    return gone


# -- files


def sweep(store: Store, *, older_than: float) -> int | None:
    """Remove files that no row knows; the octets given back, or None while a backup relies on them.

    Under the writers' lock nobody is about to refer to a file. Files younger than `older_than` seconds are left alone
    all the same: they may belong to a letter that is being received.
    """
    with lease.exclusive(store.data_dir) as may:
        if not may:
            return None
        limit = time.time() - older_than
        freed = _sweep_segments(store, limit)
        for folder in sorted(store.pieces.large_dir.glob("[0-9a-f][0-9a-f]")):
            freed += _sweep_large(store, folder, limit)
        return freed


def _sweep_segments(store: Store, limit: float) -> int:
    freed = 0
    with _locked(store) as db:
        known = {row[0] for row in db.rows(SEGMENT_IDS, {})}
        for path in store.pieces.segments_dir.glob("[0-9]*.seg"):
            if int(path.stem) not in known and path.stat().st_mtime <= limit:
                freed += path.stat().st_size
                os.truncate(path, 0)  # other processes may have it open: the room comes back all the same
                path.unlink()
        for path in store.pieces.segments_dir.glob(".probe.*"):
            if path.stat().st_mtime <= limit:
                path.unlink(missing_ok=True)
    return freed


def _sweep_large(store: Store, folder: Path, limit: float) -> int:
    """Look without the lock first: most folders hold nothing to remove."""
    with store.read() as db:
        if not _unknown(db, folder, limit):
            return 0
    freed = 0
    with _locked(store) as db:
        for path in _unknown(db, folder, limit):
            freed += path.stat().st_size
            path.unlink()
    return freed


def _unknown(db: Reader, folder: Path, limit: float) -> list[Path]:
    prefix = bytes.fromhex(folder.name)
    span = {"first": prefix + bytes(31), "last": prefix + b"\xff" * 31}
    known = {bytes(row[0]).hex() for row in db.rows(LARGE_BETWEEN, span)}
    found = []
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # a letter came: its temporary file has its name now
            if path.name not in known and path.stat().st_mtime <= limit:
                found.append(path)
    return found


@contextlib.contextmanager
def _locked(store: Store) -> Iterator[Reader]:
    """A reader while nobody writes."""
    store.database.lock()
    try:
        with store.read() as db:
            yield db
    finally:
        store.database.unlock()
