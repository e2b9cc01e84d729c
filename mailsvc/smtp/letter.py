"""A whole letter has come: checked for loops, prepared, and handed to the service that stores or sends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import structlog

from mailsvc.mime.header_write import field_line, mailbox_words
from mailsvc.model.errors import ServiceError, StateSecret, StoreUnavailable
from mailsvc.sender_auth.aggregate import ReportError
from mailsvc.services.authorship import authorship
from mailsvc.services.dmarc_reports import keep as keep_report
from mailsvc.services.dmarc_reports import reports_in
from mailsvc.services.receive import (
    ContentGone,
    IncomingLetter,
    Outcome,
    content_key,
    known_content,
    prepare,
    receive,
)
from mailsvc.services.secrecy import refuse_secrets, uninspected_field
from mailsvc.services.submit import OutgoingLetter, RemoteRecipient, submit
from mailsvc.services.writing_rules import Writing
from mailsvc.smtp import says
from mailsvc.smtp.filters import Stranger
from mailsvc.smtp.rules import Language
from mailsvc.smtp.vetting import Handover
from mailsvc.smtp.wire import trace
from mailsvc.smtp.wire.address import Ret
from mailsvc.smtp.wire.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from directory.address import Address
    from mailsvc.mime.header_write import Mailbox
    from mailsvc.sender_auth.check import Checked
    from mailsvc.services.receive import KnownContent, PreparedContent, Recipient
    from mailsvc.smtp.gate import Accepted, Gate
    from mailsvc.smtp.rules import Client, Transaction
    from mailsvc.smtp.vetting import Vetted
    from mailsvc.smtp.wire.address import RcptTo
    from mailsvc.storage.outbound import TlsDemand

log = structlog.get_logger("congvu.smtp")

_SLOW_OCTETS = 64 * 1024
"""Letters from this size on are parsed, hashed and compressed in a thread."""
_VIETNAM = timezone(timedelta(hours=7))


class Arrival:
    """One letter on its way from the session to a service."""

    def __init__(
        self, gate: Gate, client: Client, transaction: Transaction[Accepted], content: bytes
    ) -> None:
        assert transaction.mail is not None
        self.gate = gate
        self.client = client
        self.mail = transaction.mail
        self.recipients = list(transaction.recipients)
        self.content = content
        self.id = gate.letter_id(client)
        header = trace.header_of(content)
        self.is_far_travelled = trace.hops(header) > gate.shared.max_hops
        """RFC 5321 §6.3: a count of Received fields finds loops through other servers."""
        self.findings = b""
        """Trace fields of what was found out about the sender."""
        self.to_junk = False
        self.looping = trace.delivered_before(header, (item.rcpt.forward_path for item in self.recipients))

    # -- in: to boxes of ours

    async def take_in(self) -> list[Reply]:
        """Deliver to our own boxes; one reply for each recipient, also in SMTP, where `one_reply` joins them."""
        if self.is_far_travelled:
            return self._all(says.LOOP)
        arrived = self.content
        vetted = await self._vet()
        if vetted is not None:
            if vetted.refusal is not None:
                log.warning("smtp_refused", letter=self.id, reply=str(vetted.refusal))
                return self._all(vetted.refusal)
            self.content, self.findings, self.to_junk = vetted.content, vetted.trace, vetted.to_junk
        refusal = await self._filter(arrived, None if vetted is None else vetted.checked)
        if refusal is not None:
            return self._all(refusal)
        looping = self.looping
        wanted = [
            item for item in self.recipients if not looping or item.rcpt.forward_path.key not in looping
        ]
        outcomes: tuple[Outcome, ...] = ()
        if wanted:
            try:
                outcomes = await self._receive(wanted)
            except ServiceError as error:
                return self._all(self._refused(error))
        answers = iter(outcomes)
        taken = Reply(250, "2.0.0", f"OK {self.id}")
        replies = [
            says.LOOP
            if looping and item.rcpt.forward_path.key in looping
            else OUTCOME_SAYS.get(next(answers), taken)
            for item in self.recipients
        ]
        self._log("smtp_received", replies)
        await self._read_reports(outcomes)
        return replies

    async def _read_reports(self, outcomes: Sequence[Outcome]) -> None:
        """A letter to the inbox of DMARC reports is kept as a letter, and what it reports is kept too (RFC 9990)."""
        shared = self.gate.shared
        if not outcomes or shared.report_inbox not in {
            item.rcpt.forward_path.key for item in self.recipients
        }:
            return
        try:
            for report in await shared.bridge.slow(reports_in, self.content):
                await shared.bridge.write(keep_report, report)
        except (ReportError, ServiceError) as error:
            log.info("report_not_read", letter=self.id, error=str(error))

    async def _vet(self) -> Vetted | None:
        """Look at a stranger's letter; trusted networks and LMTP are free of it (design §9)."""
        vetting = self.gate.shared.vetting
        if vetting is None or not self._is_strangers:
            return None
        return await vetting.vet(self.content, self._handover(), self.id)

    async def _filter(self, arrived: bytes, checked: Checked | None) -> Reply | None:
        """What the optional filters say of the letter as it arrived: a refusal, or what is to be written above it."""
        filters = self.gate.shared.filters
        if filters is None:
            return None
        stranger = None
        if self._is_strangers:
            recipients = tuple(item.rcpt.forward_path.key for item in self.recipients)
            stranger = Stranger(self._handover(), recipients, checked)
            self.content = filters.cleaned(self.content)
        found = await filters.look(arrived, self.id, stranger)
        self.findings += found.trace
        self.to_junk = self.to_junk or found.to_junk
        return found.refusal

    @property
    def _is_strangers(self) -> bool:
        return not self.client.is_trusted and self.gate.language is not Language.LMTP

    def _handover(self) -> Handover:
        reverse_path = "" if self.mail.reverse_path is None else str(self.mail.reverse_path)
        return Handover(self.client.address, self.client.name, reverse_path)

    async def _receive(self, wanted: list[Accepted]) -> tuple[Outcome, ...]:
        letter = IncomingLetter(
            content=await self._content(),
            trace=trace.return_path(self.mail.reverse_path) + self.findings + self._received(),
            reverse_path="" if self.mail.reverse_path is None else str(self.mail.reverse_path),
            recipients=tuple(_local(item) for item in wanted),
            smtputf8=self.mail.smtputf8,
            envelope_id=self.mail.envid,
            return_full=None if self.mail.ret is None else self.mail.ret is Ret.FULL,
            to_junk=self.to_junk,
        )
        queue_when_full = self.gate.language is Language.SMTP
        write = self.gate.shared.bridge.write
        try:
            return await write(lambda uow: receive(uow, letter, queue_when_full=queue_when_full))
        except ContentGone:  # collected since we looked
            whole = replace(letter, content=await self._prepare(self.content))
            return await write(lambda uow: receive(uow, whole, queue_when_full=queue_when_full))

    async def _content(self) -> KnownContent | PreparedContent:
        """Prepared, unless it is large and stored already: then it comes again, for the next thousand recipients."""
        if len(self.content) < _SLOW_OCTETS:
            return await self._prepare(self.content)
        bridge = self.gate.shared.bridge
        key = await bridge.slow(content_key, self.content)
        known = bridge.read(known_content, key, len(self.content))
        return known or await self._prepare(self.content, key)

    # -- out: from somebody who signed in

    async def send_out(self) -> Reply:
        """Deliver to our boxes and queue for the world, as the one who signed in."""
        if self.is_far_travelled:
            return says.LOOP
        shared = self.gate.shared
        now = self._date()
        # The letter's name may not tell who else sent at that second: a random word, under our own host.
        content = self.content if shared.vetting is None else shared.vetting.cleaned(self.content)
        try:
            origin = shared.bridge.read(authorship, self.client.account, trace.header_of(content))
        except ServiceError as error:
            return self._refused(error)
        content = trace.completed(
            content,
            date=now,
            message_id=f"{shared.token()}@{shared.hostname}",
            from_=_field("From", origin.missing),
            sender=_field("Sender", origin.sender),
        )
        try:
            hop = self._received() + await self._guarded(content)
        except StateSecret as secret:
            return self._refused(secret)
        if shared.filters is not None:
            found = await shared.filters.look(content, self.id)
            if found.refusal is not None:
                return found.refusal
            self.findings = found.trace
        letter = OutgoingLetter(
            content=await self._prepare(content),
            trace=trace.return_path(self.mail.reverse_path) + self.findings + hop,
            outbound_trace=hop,
            reverse_path=self.mail.reverse_path,
            local=tuple(_local(item) for item in self.recipients if item.local is not None),
            remote=tuple(_remote(item) for item in self.recipients if item.local is None),
            envelope_id=self.mail.envid,
            return_full=None if self.mail.ret is None else self.mail.ret is Ret.FULL,
            smtputf8=self.mail.smtputf8,
            writing=Writing(shared.wide_list),
            authors=origin.authors,
            limits=None if self.client.is_trusted else shared.sending,
            tls=self._tls_demand(content),
        )
        try:
            await shared.bridge.write(submit, self.client.account, letter)
        except ServiceError as error:
            return self._refused(error)
        reply = Reply(250, "2.0.0", f"OK {self.id}")
        self._log("smtp_submitted", [reply])
        return reply

    async def _guarded(self, content: bytes) -> bytes:
        """StateSecret for a letter that bears a mark; else a line that names what could not be looked into."""
        shared = self.gate.shared
        if not shared.sending.secrecy_guard:
            return b""
        if len(content) < _SLOW_OCTETS and b"\nContent-Type: multipart/" not in content:
            return uninspected_field(refuse_secrets(content))
        return uninspected_field(await shared.bridge.slow(refuse_secrets, content))

    # -- both

    async def _prepare(self, content: bytes, key: bytes | None = None) -> PreparedContent:
        bridge, files = self.gate.shared.bridge, self.gate.shared.files
        try:
            if len(content) < _SLOW_OCTETS:
                return prepare(content, files)
            return await bridge.slow(prepare, content, files, key)
        except OSError as error:
            raise StoreUnavailable(str(error)) from error

    def _tls_demand(self, content: bytes) -> TlsDemand:
        """RFC 8689 §3: the header field asks for less, REQUIRETLS for more, and REQUIRETLS wins."""
        if self.mail.require_tls:
            return "required"
        said = trace.values_of(trace.header_of(content), b"tls-required")
        return "waived" if [value.strip().lower() for value in said] == [b"no"] else "usual"

    def _received(self) -> bytes:
        client = self.client
        paths: list[Address] = [item.rcpt.forward_path for item in self.recipients]
        return trace.received(
            trace.Hop(
                client_name=client.name,
                client_address=str(client.address),
                by=self.gate.hostname,
                protocol=trace.protocol_name(
                    "LMTP" if self.gate.language is Language.LMTP else "SMTP",
                    extended=client.is_extended,
                    secure=client.is_secure,
                    authenticated=client.account is not None,
                    utf8=self.mail.smtputf8,
                ),
                letter_id=self.id,
                only_recipient=paths[0] if len(paths) == 1 else None,
                date=self._date(),
            )
        )

    def _date(self) -> str:
        return _written_date(int(self.gate.shared.now()))

    def _refused(self, error: ServiceError) -> Reply:
        reply = says.SERVICE_SAYS.get(type(error), says.LOCAL_ERROR)
        log.warning("smtp_refused", letter=self.id, reply=str(reply), error=repr(error))
        return reply

    def _all(self, reply: Reply) -> list[Reply]:
        return [reply] * len(self.recipients)

    def _log(self, event: str, replies: Sequence[Reply]) -> None:
        log.info(
            event,
            letter=self.id,
            client=str(self.client.address),
            octets=len(self.content),
            recipients=len(self.recipients),
            refused=sum(not reply.is_positive for reply in replies),
        )


@lru_cache(maxsize=4)
def _written_date(seconds: int) -> str:
    """RFC 5322 §3.3; a thousand letters share a second."""
    return format_datetime(datetime.fromtimestamp(seconds, UTC).astimezone(_VIETNAM))


OUTCOME_SAYS = {
    Outcome.OVER_QUOTA: Reply(452, "4.2.2", "The mailbox is full"),
    Outcome.MISSING: Reply(550, "5.1.1", "No such recipient here"),
}


def one_reply(replies: Sequence[Reply]) -> Reply:
    """SMTP's one answer for all: yes if anybody got it, else the refusal that lets the sender try again, if any.

    A refusal of all because of some would double the letter for the others.
    """
    return min(replies, key=lambda reply: (not reply.is_positive, reply.code))


def _field(name: str, mailbox: Mailbox | None) -> bytes:
    return b"" if mailbox is None else field_line(name, mailbox_words((mailbox,)))


def _remote(item: Accepted) -> RemoteRecipient:
    notify, original = _wishes(item.rcpt)
    return RemoteRecipient(item.rcpt.forward_path, notify=notify, original_recipient=original)


def _local(item: Accepted) -> Recipient:
    """With what the sender wants to hear of it; nearly always nothing."""
    local: Recipient = item.local
    if item.rcpt.notify is None and item.rcpt.original is None:
        return local
    notify, original = _wishes(item.rcpt)
    return replace(local, notify=notify, original_recipient=original)


def _wishes(rcpt: RcptTo) -> tuple[str | None, str | None]:
    """NOTIFY and ORCPT as the queue keeps them (RFC 3461 §4.1, §4.2)."""
    notify = None if rcpt.notify is None else ",".join(sorted(rcpt.notify))
    original = None if rcpt.original is None else f"{rcpt.original.address_type};{rcpt.original.address}"
    return notify, original
