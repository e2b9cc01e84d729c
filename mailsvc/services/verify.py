"""`congvu verify`: what the store can know of itself. References, counters, quotas, every piece against its key.

That every acknowledged letter arrived, and once, is proved by an outside ledger (tests/crash). It runs while mail flows,
as slowly as one likes, and goes on where it was interrupted.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, text

from mailsvc.model.errors import LetterMissing
from mailsvc.model.ids import MessageId
from mailsvc.services.pace import Pace
from mailsvc.storage import messages, tables
from mailsvc.storage.pieces import RECORD, PieceDamaged
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mailsvc.storage.statement import Row
    from mailsvc.storage.unit_of_work import Reader

MAX_FAULTS = 1000
_p, _m, _s = tables.pieces, tables.messages, tables.segments
PIECES = Statement(
    select(_p.c.id, _p.c.key, _p.c.segment_id, _p.c.offset, _p.c.stored)
    .where(_p.c.id > bindparam("after"))
    .order_by(_p.c.id)
    .limit(500)
)
MESSAGES = Statement(
    select(_m.c.id, _m.c.content_key, _m.c.size)
    .where(_m.c.id > bindparam("after"))
    .order_by(_m.c.id)
    .limit(200)
)
SEGMENTS = Statement(select(_s.c.id, _s.c.length).order_by(_s.c.id))
CHECKS = {
    "mailbox counters": """
        SELECT m.id, m.name, m.exists_count, m.octets, COUNT(e.uid), COALESCE(SUM(e.size), 0)
        FROM mailboxes m LEFT JOIN entries e ON e.mailbox_id = m.id
        GROUP BY m.id, m.name, m.exists_count, m.octets
        HAVING m.exists_count <> COUNT(e.uid) OR m.octets <> COALESCE(SUM(e.size), 0)""",
    "unread counters": """
        SELECT m.id, m.name, m.unseen, SUM(1 - (e.flags & 1))
        FROM mailboxes m JOIN boxes b ON b.account_id = m.account_id JOIN entries e ON e.mailbox_id = m.id
        GROUP BY m.id, m.name, m.unseen HAVING m.unseen <> SUM(1 - (e.flags & 1))""",
    "UIDs below uid_next, mod-sequences up to the highest": """
        SELECT m.id, m.name, m.uid_next, m.highest_mod_seq, MAX(e.uid), MAX(e.mod_seq)
        FROM mailboxes m JOIN entries e ON e.mailbox_id = m.id
        GROUP BY m.id, m.name, m.uid_next, m.highest_mod_seq
        HAVING MAX(e.uid) >= m.uid_next OR MAX(e.mod_seq) > m.highest_mod_seq""",
    "quota use": """
        SELECT b.account_id, b.octets, COALESCE(SUM(m.octets), 0)
        FROM boxes b LEFT JOIN mailboxes m ON m.account_id = b.account_id
        GROUP BY b.account_id, b.octets HAVING b.octets <> COALESCE(SUM(m.octets), 0)""",
    "a UID both present and expunged": """
        SELECT e.mailbox_id, e.uid FROM entries e
        JOIN expunged x ON x.mailbox_id = e.mailbox_id AND x.uid = e.uid""",
    "entry without letter": """
        SELECT e.mailbox_id, e.uid FROM entries e
        LEFT JOIN messages g ON g.id = e.message_id WHERE g.id IS NULL""",
    "entry size": """
        SELECT e.mailbox_id, e.uid, e.size, g.size FROM entries e JOIN messages g ON g.id = e.message_id
        LEFT JOIN traces t ON t.message_id = e.message_id AND t.number = e.trace_number
        WHERE e.size <> g.size + LENGTH(e.own_trace) + COALESCE(LENGTH(t.octets), 0)""",
    "deleted letter without its content": """
        SELECT x.mailbox_id, x.uid FROM expunged x LEFT JOIN messages g ON g.id = x.message_id
        WHERE x.message_id IS NOT NULL AND g.id IS NULL""",
    "piece past the end of its segment": """
        SELECT p.id, p.segment_id FROM pieces p LEFT JOIN segments s ON s.id = p.segment_id
        WHERE p.segment_id IS NOT NULL AND (s.id IS NULL OR p."offset" + p.stored + 56 > s.length)""",
    "queued letter without content": """
        SELECT o.id FROM outbound o LEFT JOIN messages g ON g.id = o.message_id WHERE g.id IS NULL""",
    "account without box": """
        SELECT a.id FROM accounts a LEFT JOIN boxes b ON b.account_id = a.id WHERE b.account_id IS NULL""",
    "box without INBOX": """
        SELECT b.account_id FROM boxes b
        LEFT JOIN mailboxes m ON m.account_id = b.account_id AND m.name = 'INBOX' WHERE m.id IS NULL""",
}
"""Each query gives the rows that break a promise."""


@dataclass(slots=True)
class Report:
    """What was looked at, and what is wrong; and how far it came, to go on from there."""

    pieces: int = 0
    letters: int = 0
    entries: int = 0
    faults: list[str] = field(default_factory=list)
    rows_checked: bool = False
    last_piece: int = 0
    last_letter: int = 0

    def fault(self, what: str) -> None:
        """Note a fault; a thousand are enough to know."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(what)


class Notes:
    """Where an interrupted run is remembered; without a path, nowhere."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def read(self) -> Report:
        """How far the last run came; the beginning where there is none that can be read."""
        if self._path is not None:
            with suppress(OSError, ValueError, TypeError):
                return Report(**json.loads(self._path.read_bytes()))
        return Report()

    def write(self, report: Report) -> None:
        """Remember this much."""
        if self._path is not None:
            part = self._path.with_suffix(".part")
            part.write_text(json.dumps(asdict(report)), encoding="utf-8")
            part.replace(self._path)

    def forget(self) -> None:
        """It came to its end."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def verify(
    db: Reader,
    progress: Callable[[str, int, int], None] = lambda _what, _done, _all: None,
    *,
    pace: Pace | None = None,
    notes: Notes | None = None,
    resume: bool = False,
) -> Report:
    """Check everything. Safe while mail flows: rows are checked at one moment, pieces and letters as they come."""
    pace, notes = pace or Pace(), notes or Notes()
    report = notes.read() if resume else Report()
    if not report.rows_checked:
        check_rows(db, report, progress)
        check_segments(db, report)
        report.rows_checked = True
        notes.write(report)
    if _check_pieces(db, report, progress, pace, notes) and _check_letters(db, report, progress, pace, notes):
        notes.forget()
    return report


def check_rows(db: Reader, report: Report, progress: Callable[[str, int, int], None]) -> None:
    """The database by itself: references, counters, quotas; at one moment."""
    with db.consistent():
        if db.store.database.is_sqlite:
            for row in db.conn.execute(text("PRAGMA quick_check(100)")):
                if row[0] != "ok":
                    report.fault(f"database: {row[0]}")
        for number, (promise, query) in enumerate(CHECKS.items()):
            progress("rows", number, len(CHECKS))
            for row in db.conn.execute(text(query)):
                report.fault(f"{promise}: {tuple(row)}")
        report.entries = int(db.conn.execute(text("SELECT COUNT(*) FROM entries")).scalar() or 0)


def _count(db: Reader, table: str) -> int:
    return int(db.conn.execute(select(text("COUNT(*)")).select_from(text(table))).scalar() or 0)


def check_segments(db: Reader, report: Report) -> None:
    """Every segment is as long as its commits vouch for: a truncated one is named before any letter is opened."""
    for segment, length in db.rows(SEGMENTS, {}):
        path = db.store.pieces.segment_path(segment)
        size = path.stat().st_size if path.exists() else None
        if length and (size is None or size < length):
            there = "missing" if size is None else f"{size} octets"
            report.fault(
                f"segment {path.name}: {there}, {length} were committed. "
                "Phục hồi tệp này từ bản sao lưu / restore this file from a backup"
            )


def piece_rows(db: Reader, after: int) -> list[Row]:
    """The next pieces after one: (id, key, segment, offset, stored octets)."""
    return db.rows(PIECES, {"after": after})


def piece_fault(db: Reader, row: Row) -> str:
    """What is wrong with a piece; empty where nothing is."""
    _, key, segment, offset, stored = row
    try:
        data = db.store.pieces.read(segment, offset, stored, bytes(key))
    except PieceDamaged as error:
        return str(error)
    return "" if hashlib.sha256(data).digest() == bytes(key) else "not what its key says"


def is_still_there(db: Reader, row: Row) -> bool:
    """Whether the piece is still where the row said: compaction may have moved it, collection forgotten it."""
    return any(again[0] == row[0] and again[2:4] == row[2:4] for again in piece_rows(db, row[0] - 1)[:1])


def _check_pieces(
    db: Reader, report: Report, progress: Callable[[str, int, int], None], pace: Pace, notes: Notes
) -> bool:
    total = _count(db, "pieces")
    while rows := piece_rows(db, report.last_piece):
        for row in rows:
            fault = piece_fault(db, row)
            if fault and is_still_there(db, row):
                report.fault(f"piece {row[0]}: {fault}")
            report.pieces += 1
            report.last_piece = row[0]
            if not pace.spend(RECORD.size + row[4]):
                notes.write(report)
                return False
        progress("pieces", report.pieces, total)
        notes.write(report)
    return True


def _check_letters(
    db: Reader, report: Report, progress: Callable[[str, int, int], None], pace: Pace, notes: Notes
) -> bool:
    total = _count(db, "messages")
    while rows := db.rows(MESSAGES, {"after": report.last_letter}):
        for message, key, size in rows:
            try:
                if hashlib.sha256(messages.content(db, MessageId(message))).digest() != bytes(key):
                    report.fault(f"letter {message}: not what its key says")
            except PieceDamaged as error:
                report.fault(f"letter {message}: {error}")
            except LetterMissing:
                pass  # collected since the row was read
            report.letters += 1
            report.last_letter = message
            if not pace.spend(size):
                notes.write(report)
                return False
        progress("letters", report.letters, total)
        notes.write(report)
    return True
