"""DMARC aggregate reports: the XML that domains are sent, and that they send us (RFC 9990)."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO
from xml.etree import ElementTree as ET

MAX_OCTETS = 20 * 1024 * 1024
MAX_ROWS = 100_000
NAMESPACE = "urn:ietf:params:xml:ns:dmarc-2.0"


class ReportError(ValueError):
    """What came is no aggregate report, or too large for one."""


@dataclass(frozen=True, slots=True)
class Row:
    """Letters of one source with one result."""

    source: str
    letters: int
    disposition: str
    dkim: str
    """pass or fail, aligned."""
    spf: str
    header_from: str
    envelope_from: str = ""
    dkim_results: tuple[tuple[str, str, str], ...] = ()
    """Domain, selector and result of each signature."""
    spf_result: tuple[str, str] = ("", "")
    """Domain and result."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one receiver saw of one domain in a span of time."""

    reporter: str
    email: str
    report_id: str
    begins_at: int
    ends_at: int
    domain: str
    policy: str
    rows: tuple[Row, ...]


def to_xml(report: Report) -> bytes:
    """The report as RFC 9990 Appendix A has it."""
    root = ET.Element("feedback", xmlns=NAMESPACE)
    _add(root, "version", "1.0")
    about = ET.SubElement(root, "report_metadata")
    _add(about, "org_name", report.reporter)
    _add(about, "email", report.email)
    _add(about, "report_id", report.report_id)
    span = ET.SubElement(about, "date_range")
    _add(span, "begin", str(report.begins_at))
    _add(span, "end", str(report.ends_at))
    published = ET.SubElement(root, "policy_published")
    _add(published, "domain", report.domain)
    _add(published, "p", report.policy)
    for row in report.rows:
        _add_row(root, row)
    octets: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return octets


def _add_row(root: ET.Element, row: Row) -> None:
    record = ET.SubElement(root, "record")
    line = ET.SubElement(record, "row")
    _add(line, "source_ip", row.source)
    _add(line, "count", str(row.letters))
    evaluated = ET.SubElement(line, "policy_evaluated")
    _add(evaluated, "disposition", row.disposition)
    _add(evaluated, "dkim", row.dkim)
    _add(evaluated, "spf", row.spf)
    identifiers = ET.SubElement(record, "identifiers")
    _add(identifiers, "header_from", row.header_from)
    _add(identifiers, "envelope_from", row.envelope_from)
    results = ET.SubElement(record, "auth_results")
    for domain, selector, result in row.dkim_results:
        signature = ET.SubElement(results, "dkim")
        _add(signature, "domain", domain)
        _add(signature, "selector", selector)
        _add(signature, "result", result)
    spf = ET.SubElement(results, "spf")
    _add(spf, "domain", row.spf_result[0])
    _add(spf, "result", row.spf_result[1])


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = "".join(one if one.isprintable() else "?" for one in text)


def from_file(octets: bytes) -> Report:
    """A report as it comes: XML, gzip or zip. ReportError for anything else, and for what expands without end."""
    if octets[:2] == b"\x1f\x8b":
        octets = _expanded(gzip.GzipFile(fileobj=io.BytesIO(octets)))
    elif octets[:4] == b"PK\x03\x04":
        try:
            with zipfile.ZipFile(io.BytesIO(octets)) as archive, archive.open(archive.namelist()[0]) as inner:
                octets = _expanded(inner)
        except (zipfile.BadZipFile, IndexError, NotImplementedError, RuntimeError) as error:
            raise ReportError(f"zip: {error}") from error
    return from_xml(octets)


def _expanded(stream: IO[bytes] | gzip.GzipFile) -> bytes:
    try:
        octets = stream.read(MAX_OCTETS + 1)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise ReportError(f"not readable: {error}") from error
    if len(octets) > MAX_OCTETS:
        raise ReportError("the report is too large")
    return octets


def from_xml(octets: bytes) -> Report:
    """Read a report, of RFC 9990 or of RFC 7489. A document type, which could hold entities without end, is refused."""
    if len(octets) > MAX_OCTETS or b"<!" in octets.replace(b"<!--", b""):
        raise ReportError("the report is too large, or has a document type")
    try:
        root = ET.fromstring(octets)  # noqa: S314 - no document type, so no entities; and no more than MAX_OCTETS
    except ET.ParseError as error:
        raise ReportError(f"XML: {error}") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if root.tag != "feedback":
        raise ReportError("not <feedback>")
    records = root.findall("record")
    if len(records) > MAX_ROWS:
        raise ReportError("too many rows")
    return Report(
        _text(root, "report_metadata/org_name"),
        _text(root, "report_metadata/email"),
        _text(root, "report_metadata/report_id"),
        _number(root, "report_metadata/date_range/begin"),
        _number(root, "report_metadata/date_range/end"),
        _text(root, "policy_published/domain").lower(),
        _text(root, "policy_published/p"),
        tuple(_row(record) for record in records),
    )


def _row(record: ET.Element) -> Row:
    return Row(
        _text(record, "row/source_ip"),
        _number(record, "row/count"),
        _text(record, "row/policy_evaluated/disposition"),
        _text(record, "row/policy_evaluated/dkim"),
        _text(record, "row/policy_evaluated/spf"),
        _text(record, "identifiers/header_from"),
        _text(record, "identifiers/envelope_from"),
        tuple(
            (_text(one, "domain"), _text(one, "selector"), _text(one, "result"))
            for one in record.findall("auth_results/dkim")[:20]
        ),
        (_text(record, "auth_results/spf/domain"), _text(record, "auth_results/spf/result")),
    )


def _text(element: ET.Element, path: str) -> str:
    return (element.findtext(path) or "").strip()[:255]


def _number(element: ET.Element, path: str) -> int:
    text = _text(element, path)
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise ReportError(f"<{path}> is no number")
    return int(text)
