"""Nhật ký: an append-only log in which every line carries the hash of the one before it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, text

from directory.repository.rows import AnyRow, insert_one
from directory.tables import audit

GENESIS: Final = bytes(32)
_LOCK: Final = 0x636F6E67  # PostgreSQL: two transactions must not continue the same line
_LAST: Final = select(audit.c.sequence, audit.c.hash).order_by(audit.c.sequence.desc()).limit(1)
_PAGE: Final = 1000
NEWEST: Final = select(
    audit.c.sequence, audit.c.at, audit.c.actor, audit.c.act, audit.c.subject, audit.c.detail
).order_by(audit.c.sequence.desc())
"""Lines as `AuditLine` has them, the newest first; callers add who may see which."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One act: who did what to whom, when."""

    sequence: int
    at: int
    actor: str
    act: str
    subject: str
    detail: str  # canonical JSON


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What `verify` found: how many lines hold together, and the first that does not."""

    lines: int
    head: bytes
    fault_at: int | None = None
    fault: str = ""

    @property
    def clean(self) -> bool:
        """Whether the whole log holds together."""
        return self.fault_at is None


def record(conn: Connection, actor: str, act: str, subject: str, detail: Mapping[str, Any], at: int) -> int:
    """Write one line inside the caller's transaction; its number. Never passwords, hashes or letters in `detail`."""
    hold(conn)
    last = conn.execute(_LAST).first()
    sequence, previous = (int(last[0]) + 1, bytes(last[1])) if last is not None else (1, GENESIS)
    line = AuditLine(sequence, at, actor, act, subject, _canonical(detail))
    insert_one(
        conn,
        audit,
        sequence=line.sequence,
        at=line.at,
        actor=line.actor,
        act=line.act,
        subject=line.subject,
        detail=line.detail,
        previous_hash=previous,
        hash=chain(previous, line),
    )
    return sequence


def hold(conn: Connection) -> None:
    """Let no other transaction write to the directory until this one ends (SQLite has one writer anyway)."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def head(conn: Connection) -> int:
    """The number of the newest line: the same number later means that nobody has acted meanwhile."""
    last = conn.execute(_LAST).first()
    return 0 if last is None else int(last[0])


def chain(previous: bytes, line: AuditLine) -> bytes:
    """The hash of a line: SHA-256 over the hash before it and the line as one JSON array."""
    body = json.dumps(
        [line.sequence, line.at, line.actor, line.act, line.subject, line.detail],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(previous + body.encode()).digest()


def verify(conn: Connection, *, expected_lines: int = 0, expected_head: bytes | None = None) -> AuditReport:
    """Walk the chain: a changed, missing or inserted line is named.

    Lines cut off at the end leave a shorter chain that holds together; what an earlier report said (`expected_lines`
    and `expected_head`, kept elsewhere) shows that too.
    """
    previous, number = GENESIS, 0
    for row in _rows(conn):
        number += 1
        line = AuditLine(*row[:6])
        if line.sequence != number:
            return AuditReport(number - 1, previous, number, "missing")
        if bytes(row[6]) != previous or bytes(row[7]) != chain(previous, line):
            return AuditReport(number - 1, previous, number, "changed")
        previous = bytes(row[7])
        if number == expected_lines and expected_head is not None and previous != expected_head:
            return AuditReport(number - 1, previous, number, "rewritten")
    if number < expected_lines:
        return AuditReport(number, previous, number + 1, "cut off")
    return AuditReport(number, previous)


def lines(conn: Connection, *, subject: str | None = None, limit: int = 100) -> list[AuditLine]:
    """The newest lines first, of one subject or of all."""
    query = NEWEST.limit(limit)
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    return [AuditLine(*row) for row in conn.execute(query)]


def _rows(conn: Connection) -> Iterator[AnyRow]:
    query = (
        select(
            audit.c.sequence,
            audit.c.at,
            audit.c.actor,
            audit.c.act,
            audit.c.subject,
            audit.c.detail,
            audit.c.previous_hash,
            audit.c.hash,
        )
        .where(audit.c.sequence > bindparam("after"))
        .order_by(audit.c.sequence)
        .limit(_PAGE)
    )
    after = -1
    while page := conn.execute(query, {"after": after}).all():
        yield from page
        after = page[-1][0]


def _canonical(detail: Mapping[str, Any]) -> str:
    return json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
