"""Once a day: to each domain that asks for it, what was seen of it yesterday (RFC 9990, RFC 8460)."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from directory.address import AddressError, parse_address
from mailsvc.mime.header_write import Mailbox
from mailsvc.mime.machine_report import MachinePart, machine_report
from mailsvc.net.resolver import Answer
from mailsvc.sender_auth.aggregate import Report, Row, to_xml
from mailsvc.sender_auth.dmarc import is_dmarc, parse_record
from mailsvc.storage import messages, outbound, seen_by_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from config.settings import Settings
    from directory.address import Address
    from mailsvc.net.bridge import Bridge
    from mailsvc.net.resolver import Resolver
    from mailsvc.storage.messages import PreparedContent
    from mailsvc.storage.unit_of_work import UnitOfWork

log = structlog.get_logger("congvu.queue")
DAY = 86_400
MAX_ROWS = 10_000
_FAILURES_SHOWN = 100


class DailyReports:
    """One for a mail process."""

    def __init__(
        self,
        settings: Settings,
        bridge: Bridge,
        resolver: Resolver,
        *,
        prepare: Callable[[bytes], PreparedContent],
        token: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._bridge = bridge
        self._resolver = resolver
        self._prepare = prepare
        self._token = token
        self._sender = parse_address(settings.report.contact or f"postmaster@{settings.domain}")

    async def send(self) -> int:
        """Report every finished day; the number of reports that were queued."""
        today = datetime.fromtimestamp(self._bridge.reader.clock(), UTC).strftime("%Y-%m-%d")
        count = 0
        for table, wanted, make in (
            (seen_by_day.DMARC, self._settings.report.dmarc, self._dmarc),
            (seen_by_day.TLS, self._settings.report.tls, self._tls),
        ):
            for day, domain in self._bridge.read(table.finished, today):
                rows = self._bridge.read(table.rows, day, domain)[:MAX_ROWS]
                letters: list[tuple[Address, bytes]] = await make(day, domain, rows) if wanted else []
                prepared = [(to, await self._bridge.slow(self._prepare, content)) for to, content in letters]
                await self._bridge.write(_queue_and_drop, table, day, domain, prepared)
                count += len(prepared)
        return count

    # -- DMARC

    async def _dmarc(self, day: str, domain: str, rows: list[tuple[Any, ...]]) -> list[tuple[Address, bytes]]:
        to = await self._dmarc_readers(domain)
        if not to:
            return []
        begins = _epoch(day)
        facts = [(source, json.loads(text), count) for source, text, count in rows]
        report = Report(
            reporter=self._settings.domain,
            email=str(self._sender),
            report_id=f"{day}.{self._token()}",
            begins_at=begins,
            ends_at=begins + DAY - 1,
            domain=domain,
            policy=facts[0][1]["policy"] if facts else "none",
            rows=tuple(_row(source, known, count) for source, known, count in facts),
        )
        # RFC 9990 §3.2: the name says who reports about whom, and when.
        name = f"{self._settings.domain}!{domain}!{report.begins_at}!{report.ends_at}.xml.gz"
        subject = (
            f"Report Domain: {domain} Submitter: {self._settings.domain} Report-ID: <{report.report_id}>"
        )
        part = MachinePart("application/gzip", name, gzip.compress(to_xml(report), mtime=0))
        return [(one, self._letter(one, subject, f"DMARC: {domain}, {day}", part)) for one in to]

    async def _dmarc_readers(self, domain: str) -> list[Address]:
        """Where the domain wants reports, as far as those who would get them agree (RFC 9990 §4)."""
        found = await self._resolver.txt(f"_dmarc.{domain}")
        records = [text for text in found.records if is_dmarc(text)] if isinstance(found, Answer) else []
        record = parse_record(records[0]) if len(records) == 1 else None
        readers = []
        for address in _mailto(record.report_to if record is not None else ()):
            other = address.domain.lower()
            if other == domain or other.endswith(f".{domain}"):
                readers.append(address)
                continue
            agreed = await self._resolver.txt(f"{domain}._report._dmarc.{other}")
            if isinstance(agreed, Answer) and any(is_dmarc(text) for text in agreed.records):
                readers.append(address)
        return readers

    # -- TLS

    async def _tls(self, day: str, domain: str, rows: list[tuple[Any, ...]]) -> list[tuple[Address, bytes]]:
        found = await self._resolver.txt(f"_smtp._tls.{domain}")
        records = (
            [one for one in found.records if one.startswith(b"v=TLSRPTv1;")]
            if isinstance(found, Answer)
            else []
        )
        if len(records) != 1:
            return []
        tags = (one.partition("=") for one in records[0].decode("latin-1").split(";"))
        rua = next((value.strip() for name, _, value in tags if name.strip() == "rua"), "")
        to = _mailto(one.strip() for one in rua.split(","))
        report_id = f"{day}.{self._token()}"
        text = json.dumps(tls_report(self._settings.domain, str(self._sender), report_id, day, domain, rows))
        begins = _epoch(day)
        name = f"{self._settings.domain}!{domain}!{begins}!{begins + DAY - 1}!{report_id}.json.gz"
        subject = f"Report Domain: {domain} Submitter: {self._settings.domain} Report-ID: <{report_id}>"
        part = MachinePart("application/tlsrpt+gzip", name, gzip.compress(text.encode(), mtime=0))
        headers = (("TLS-Report-Domain", domain), ("TLS-Report-Submitter", self._settings.domain))
        return [
            (one, self._letter(one, subject, f"TLS: {domain}, {day}", part, headers, report_type="tlsrpt"))
            for one in to
        ]

    def _letter(
        self,
        to: Address,
        subject: str,
        text: str,
        part: MachinePart,
        headers: tuple[tuple[str, str], ...] = (),
        *,
        report_type: str = "",
    ) -> bytes:
        return machine_report(
            from_=Mailbox("", str(self._sender)),
            to=Mailbox("", str(to)),
            subject=subject,
            text=text,
            part=part,
            headers=headers,
            report_type=report_type,
            date=self._bridge.reader.clock(),
            message_id_=f"<{self._token()}@{self._settings.hostname}>",
        )


def tls_report(
    reporter: str, contact: str, report_id: str, day: str, domain: str, rows: list[tuple[Any, ...]]
) -> dict[str, Any]:
    """The JSON of RFC 8460 §4.4."""
    policies: dict[tuple[str, str], dict[str, Any]] = {}
    for policy_type, policy, mx_host, result, sessions in rows:
        entry = policies.setdefault(
            (policy_type, policy),
            {
                "policy": {
                    "policy-type": policy_type,
                    "policy-string": json.loads(policy),
                    "policy-domain": domain,
                },
                "summary": {"total-successful-session-count": 0, "total-failure-session-count": 0},
                "failure-details": [],
            },
        )
        kind = "failure" if result else "successful"
        entry["summary"][f"total-{kind}-session-count"] += sessions
        if result and len(entry["failure-details"]) < _FAILURES_SHOWN:
            entry["failure-details"].append(
                {"result-type": result, "receiving-mx-hostname": mx_host, "failed-session-count": sessions}
            )
    return {
        "organization-name": reporter,
        "date-range": {"start-datetime": f"{day}T00:00:00Z", "end-datetime": f"{day}T23:59:59Z"},
        "contact-info": contact,
        "report-id": report_id,
        "policies": list(policies.values()),
    }


def _row(source: str, known: dict[str, Any], count: int) -> Row:
    return Row(
        source,
        count,
        known["disposition"],
        known["dkim"],
        known["spf"],
        known["header_from"],
        known["envelope_from"],
        tuple((one[0], one[1], one[2]) for one in known["dkim_results"]),
        (known["spf_result"][0], known["spf_result"][1]),
    )


def _mailto(uris: Iterable[str]) -> list[Address]:
    """The addresses of `mailto:` URIs, their parameters and a size limit cut off (RFC 6068 §2)."""
    found = []
    for uri in uris:
        scheme, _, rest = uri.partition(":")
        text = rest.partition("?")[0].partition("!")[0]
        if scheme.lower() != "mailto":
            continue
        try:
            found.append(parse_address(text))
        except AddressError:
            log.info("report_address_malformed", uri=uri[:100])
    return found


def _epoch(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def _queue_and_drop(
    uow: UnitOfWork,
    table: seen_by_day.SeenByDay,
    day: str,
    domain: str,
    letters: list[tuple[Address, PreparedContent]],
) -> None:
    """Queued and forgotten together: no day is reported twice, none is lost."""
    for to, content in letters:
        # RFC 8460 §5.3, RFC 9990 §5: a report goes even where TLS fails, and nothing comes back for it.
        outbound.add(
            uow,
            messages.put(uow, content),
            [outbound.NewRecipient(str(to), to.domain.lower(), notify="NEVER")],
            reverse_path="",
            origin="report",
            tls="waived",
        )
    table.drop(uow, day, domain)
