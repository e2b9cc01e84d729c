"""The scrub: every stored octet is read and checked once a week, slowly, and on from where it was after a restart.

What it finds damaged is noted for `congvu doctor` and `congvu verify`, and mended when somebody brings the same octets
again: until then nobody is told that a letter was kept which cannot be read.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, insert, select

from mailsvc.services.verify import is_still_there, piece_fault, piece_rows
from mailsvc.storage import tables
from mailsvc.storage.pieces import RECORD
from mailsvc.storage.statement import Statement
from mailsvc.storage.upkeep_tables import damaged_pieces

if TYPE_CHECKING:
    from mailsvc.services.pace import Pace
    from mailsvc.storage.store import Store
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

LEAST_RATE = 1 << 20
"""Octets a second at least: a small store is done in minutes."""
SPARE = 0.8
"""Of the days that a round may take: the rest is for nights and restarts."""
DAY = 86_400
_kept, _d, _p = tables.settings_kept, damaged_pieces, tables.pieces
_is_state = _kept.c.name == "scrub.state"
STATE = Statement(select(_kept.c.value).where(_is_state))
FORGET_STATE = Statement(delete(_kept).where(_is_state))
SET_STATE = Statement(insert(_kept).values(name="scrub.state", value=bindparam("value")))
DAMAGED = Statement(select(_d.c.piece_id, _d.c.found_at, _d.c.what).order_by(_d.c.piece_id))
FORGET_DAMAGE = Statement(delete(_d).where(_d.c.piece_id == bindparam("piece")))
NOTE_DAMAGE = Statement(
    insert(_d).from_select(
        ("piece_id", "found_at", "what"),
        select(
            _p.c.id,
            bindparam("now", type_=_d.c.found_at.type),
            bindparam("fault", type_=_d.c.what.type),
        ).where(_p.c.id == bindparam("piece")),
    )
)
TOTAL = Statement(select(func.coalesce(func.sum(_p.c.stored + RECORD.size), 0)))


@dataclass(frozen=True, slots=True)
class State:
    """How far the present round is, and when the last one ended."""

    began_at: int = 0
    """0: no round is under way."""
    after: int = 0
    checked: int = 0
    ended_at: int = 0


@dataclass(frozen=True, slots=True)
class Damage:
    """A piece that could not be read."""

    piece: int
    found_at: int
    what: str


def state(db: Reader) -> State:
    """How far the scrub is."""
    row = db.one(STATE, {})
    return State() if row is None else State(**json.loads(row[0]))


def damage(db: Reader) -> list[Damage]:
    """All that was found damaged and not mended since."""
    return [Damage(*row) for row in db.rows(DAMAGED, {})]


def rate(db: Reader, days: int) -> float:
    """Octets a second that end a round in time."""
    row = db.one(TOTAL, {})
    total = 0 if row is None else int(row[0])
    return max(LEAST_RATE, total / (days * DAY * SPARE))


def is_due(db: Reader, days: int) -> bool:
    """Whether a round is under way, or the next one's time has come."""
    now = state(db)
    return bool(now.began_at) or now.ended_at <= db.clock() - days * DAY


def step(store: Store, pace: Pace) -> bool:
    """Check the next pieces; False at the end of the round, or once it is to stop."""
    reader = store.reader()
    try:
        before = state(reader)
        known = {one.piece for one in damage(reader)}
        rows = piece_rows(reader, before.after)
        faults: dict[int, str] = {}
        after, checked = before.after, before.checked
        goes_on = True
        for row in rows:
            fault = piece_fault(reader, row)
            if fault and is_still_there(reader, row):
                faults[row[0]] = fault
            after, checked = row[0], checked + 1
            goes_on = pace.spend(RECORD.size + row[4])
            if not goes_on:
                break
    finally:
        reader.close()
    is_over = not rows
    with store.write() as uow:
        now = uow.clock()
        for piece in sorted(known & set(range(before.after + 1, after + 1)) | faults.keys()):
            uow.run(FORGET_DAMAGE, {"piece": piece})
            if piece in faults:
                uow.run(NOTE_DAMAGE, {"piece": piece, "now": now, "fault": faults[piece]})
        held = (
            State(0, 0, checked, now)
            if is_over
            else State(before.began_at or now, after, checked, before.ended_at)
        )
        _keep(uow, held)
    load(store)
    return goes_on and not is_over


def load(store: Store) -> None:
    """Tell the store which pieces are damaged: whoever brings their octets again mends them."""
    with store.read() as db:
        store.damaged = frozenset(one.piece for one in damage(db))


def _keep(uow: UnitOfWork, held: State) -> None:
    uow.run(FORGET_STATE, {})
    uow.run(SET_STATE, {"value": json.dumps(asdict(held))})
