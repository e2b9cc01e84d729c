"""What others report about our domains: kept once, and summed up for whoever looks (RFC 9990)."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, insert, select

from directory.repository import domains
from mailsvc.mime.parse import Entity, parse
from mailsvc.mime.transfer import decode_body
from mailsvc.sender_auth.aggregate import MAX_OCTETS, Report, ReportError, from_file
from mailsvc.storage.edge_tables import dmarc_reports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_d = dmarc_reports
DAY = 86_400
_TYPES = frozenset({"gzip", "x-gzip", "zip", "x-zip-compressed", "xml", "octet-stream"})


@dataclass(frozen=True, slots=True)
class Source:
    """One address that sends as a domain of ours, over all reports of a span."""

    domain: str
    source: str
    letters: int
    passed: int
    """Letters whose DKIM or SPF stood for our domain."""
    refused: int
    """Letters that were set aside or refused."""


def reports_in(octets: bytes) -> list[Report]:
    """The reports in a file: the report itself, or a letter with reports attached. ReportError if there is none."""
    try:
        return [from_file(octets)]
    except ReportError:
        found = []
        for part in _files(octets):
            try:
                found.append(from_file(part))
            except ReportError:
                continue
        if not found:
            raise
        return found


def _files(octets: bytes) -> Iterator[bytes]:
    stack: list[Entity] = [parse(octets)]
    while stack:
        entity = stack.pop()
        stack += entity.children
        if not entity.children and entity.subtype in _TYPES:
            yield decode_body(octets, entity, MAX_OCTETS)


def keep(uow: UnitOfWork, report: Report) -> bool:
    """Keep a report about one of our domains; False if it is there already, or about another domain."""
    if report.domain not in domains.local_domains(uow.conn):
        return False
    known = uow.conn.execute(
        select(_d.c.id).where(
            and_(
                _d.c.domain == report.domain,
                _d.c.reporter == report.reporter,
                _d.c.report_id == report.report_id,
            )
        )
    ).first()
    if known is not None:
        return False
    uow.conn.execute(
        insert(_d).values(
            domain=report.domain,
            reporter=report.reporter,
            report_id=report.report_id,
            begins_at=report.begins_at,
            ends_at=report.ends_at,
            received_at=uow.clock(),
            rows=json.dumps([asdict(row) for row in report.rows]),
        )
    )
    return True


def sources(db: Reader, *, days: int, domain: str | None = None) -> list[Source]:
    """Who sends as our domains, those that fail first: forgers, and servers of ours that nobody authorised."""
    query = select(_d.c.domain, _d.c.rows).where(_d.c.ends_at >= db.clock() - days * DAY)
    if domain is not None:
        query = query.where(_d.c.domain == domain)
    letters: Counter[tuple[str, str]] = Counter()
    passed: Counter[tuple[str, str]] = Counter()
    refused: Counter[tuple[str, str]] = Counter()
    for name, rows in db.conn.execute(query):
        for row in json.loads(rows):
            key = (name, row["source"])
            letters[key] += row["letters"]
            passed[key] += row["letters"] if "pass" in {row["dkim"], row["spf"]} else 0
            refused[key] += row["letters"] if row["disposition"] in {"quarantine", "reject"} else 0
    found = [Source(*key, count, passed[key], refused[key]) for key, count in letters.items()]
    return sorted(found, key=lambda one: (one.passed - one.letters, -one.letters, one.source))
