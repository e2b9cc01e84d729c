"""`congvu verify`: what the store can know of itself. References, counters, quotas, every piece against its key.

That every acknowledged letter arrived, and once, is proved by an outside ledger (tests/crash).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, text

from mailsvc.model.ids import MessageId
from mailsvc.storage import messages, tables
from mailsvc.storage.pieces import PieceDamaged
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.storage.unit_of_work import Reader

MAX_FAULTS = 1000
_p, _m = tables.pieces, tables.messages
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
    """What was looked at, and what is wrong."""

    pieces: int = 0
    letters: int = 0
    entries: int = 0
    faults: list[str] = field(default_factory=list)

    def fault(self, what: str) -> None:
        """Note a fault; a thousand are enough to know."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(what)


def verify(db: Reader, progress: Callable[[str, int, int], None] = lambda _what, _done, _all: None) -> Report:
    """Check everything. Safe while mail flows: rows are checked at one moment, pieces and letters as they come."""
    report = Report()
    check_rows(db, report, progress)
    _check_pieces(db, report, progress)
    _check_letters(db, report, progress)
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


def _check_pieces(db: Reader, report: Report, progress: Callable[[str, int, int], None]) -> None:
    after, total = 0, _count(db, "pieces")
    while rows := db.rows(PIECES, {"after": after}):
        for piece, key, segment, offset, stored in rows:
            try:
                data = db.store.pieces.read(segment, offset, stored, bytes(key))
                if hashlib.sha256(data).digest() != bytes(key):
                    report.fault(f"piece {piece}: not what its key says")
            except PieceDamaged as error:
                report.fault(f"piece {piece}: {error}")
            report.pieces += 1
        after = rows[-1][0]
        progress("pieces", report.pieces, total)


def _check_letters(db: Reader, report: Report, progress: Callable[[str, int, int], None]) -> None:
    after, total = 0, _count(db, "messages")
    while rows := db.rows(MESSAGES, {"after": after}):
        for message, key, _size in rows:
            try:
                if hashlib.sha256(messages.content(db, MessageId(message))).digest() != bytes(key):
                    report.fault(f"letter {message}: not what its key says")
            except PieceDamaged as error:
                report.fault(f"letter {message}: {error}")
            report.letters += 1
        after = rows[-1][0]
        progress("letters", report.letters, total)
