"""Optional filters on a letter's way: virus scanner, attachments that run, rspamd, DNS lists, greylisting.

All look at once, each under a deadline of its own. A filter that cannot be asked lets the letter pass, but the virus
scanner, for which a setting says what then.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from mailsvc.model.errors import ForbiddenFile, ServiceError
from mailsvc.model.marks import Mark, marks_field
from mailsvc.net.filters.beside import UnavailableError
from mailsvc.net.filters.clamd import Clamd, TooLargeToScanError
from mailsvc.net.filters.dns_lists import DnsLists
from mailsvc.net.filters.rspamd import JUNK_ACTIONS, Question, Rspamd, spam_fields
from mailsvc.net.limits import network_of
from mailsvc.sender_auth.signing import DkimVerdict
from mailsvc.sender_auth.spf_record import Verdict
from mailsvc.services import greylist
from mailsvc.services.dangerous_files import check_files
from mailsvc.smtp import says
from mailsvc.smtp.wire.trace import without_field

if TYPE_CHECKING:
    from collections.abc import Callable

    from config.settings import Settings
    from mailsvc.net.bridge import Bridge
    from mailsvc.net.filters.dns_lists import Addresses
    from mailsvc.sender_auth.check import Checked, Handover
    from mailsvc.smtp.wire.reply import Reply

log = structlog.get_logger("congvu.smtp")

_SLOW_OCTETS: Final = 64 * 1024
"""Letters from this size on are looked through in a thread."""
_SPAM_FIELDS: Final = (b"x-spam-flag", b"x-spam-score", b"x-spam-status", b"x-spam-level", b"x-spam")
"""What a mail program may believe of a stranger's letter, if it is not ours."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """Who handed a letter over from outside, and to whom."""

    handover: Handover
    recipients: tuple[str, ...]
    checked: Checked | None
    """What was found out about the sender; None where nobody looked."""


@dataclass(frozen=True, slots=True)
class Filtered:
    """What one filter, or all of them, want done with a letter."""

    refusal: Reply | None = None
    marks: tuple[Mark, ...] = ()
    fields: bytes = b""
    """For the trace."""
    to_junk: bool = False
    is_suspect: bool = False
    """A stranger who is to come again."""

    @property
    def trace(self) -> bytes:
        """All that is to be written above the letter."""
        return self.fields + marks_field(self.marks)


_NOTHING: Final = Filtered()


@dataclass(frozen=True, slots=True)
class Filters:
    """One for all listeners of a process; a filter that is off is None."""

    settings: Settings
    bridge: Bridge
    clamd: Clamd | None
    rspamd: Rspamd | None
    lists: DnsLists | None

    def cleaned(self, content: bytes) -> bytes:
        """A stranger's letter without fields that claim to be our filter's."""
        if self.rspamd is None:
            return content
        for name in _SPAM_FIELDS:
            content = without_field(content, name)
        return content

    async def look(self, content: bytes, letter_id: str, stranger: Stranger | None = None) -> Filtered:
        """What is to be done; of one of ours, or of a trusted network, only files are looked at."""
        greylists = self.settings.greylist.mode if stranger is not None else "off"
        if stranger is not None and greylists == "all" and not await self._may_enter(stranger):
            return self._told(Filtered(says.COME_AGAIN), letter_id)  # before anybody works on it
        looks = [self._scan(content), self._look_at_files(content)]
        if stranger is not None:
            looks += [self._look_up(stranger), self._judge(content, letter_id, stranger)]
        found = joined(await asyncio.gather(*looks))
        if (
            stranger is not None
            and found.refusal is None
            and found.is_suspect
            and greylists == "suspected"
            and not await self._may_enter(stranger)
        ):
            found = Filtered(says.COME_AGAIN)
        return self._told(found, letter_id)

    def _told(self, found: Filtered, letter_id: str) -> Filtered:
        if found != _NOTHING:
            log.info(
                "smtp_filtered",
                letter=letter_id,
                reply="" if found.refusal is None else str(found.refusal),
                marks=" ".join(found.marks),
                junk=found.to_junk,
            )
        return found

    async def _scan(self, content: bytes) -> Filtered:
        if self.clamd is None:
            return _NOTHING
        try:
            name = await self.clamd.scan(content)
        except UnavailableError as error:
            log.warning("clamd_unavailable", error=str(error))
            if self.settings.antivirus.unavailable == "defer":
                is_for_ever = isinstance(error, TooLargeToScanError)
                return Filtered(says.TOO_LARGE_TO_SCAN if is_for_ever else says.CANNOT_SCAN)
            return Filtered(marks=(Mark.NOT_SCANNED,))
        return Filtered(says.has_virus(name)) if name else _NOTHING

    async def _look_at_files(self, content: bytes) -> Filtered:
        policy = self.settings.attachments
        slow = len(content) >= _SLOW_OCTETS
        try:
            found = (
                await self.bridge.slow(check_files, content, policy) if slow else check_files(content, policy)
            )
        except ForbiddenFile as refusal:
            return Filtered(says.file_not_allowed(refusal.args[0]))
        return Filtered(marks=found)

    async def _look_up(self, stranger: Stranger) -> Filtered:
        if self.lists is None:
            return _NOTHING
        found = await self.lists.look_up(stranger.handover.client)
        rule = self.settings.dns_lists
        if rule.refuse_weight and found.weight >= rule.refuse_weight:
            return Filtered(says.client_is_listed(found.lists[0]))
        to_junk = bool(rule.junk_weight) and found.weight >= rule.junk_weight
        return Filtered(
            marks=(Mark.LISTED_CLIENT,) if found.lists else (), to_junk=to_junk, is_suspect=bool(found.lists)
        )

    async def _judge(self, content: bytes, letter_id: str, stranger: Stranger) -> Filtered:
        if self.rspamd is None:
            return _NOTHING
        handover, rule = stranger.handover, self.settings.rspamd
        question = Question(
            content,
            str(handover.client),
            handover.helo,
            handover.reverse_path,
            stranger.recipients,
            letter_id,
        )
        try:
            found = await self.rspamd.judge(question)
        except UnavailableError as error:
            log.warning("rspamd_unavailable", error=str(error))
            return _NOTHING
        if rule.obey == "all" and found.action == "reject":
            return Filtered(says.IS_JUNK)
        if rule.obey == "all" and found.action == "soft reject":
            return Filtered(says.COME_AGAIN)
        by_score = bool(rule.junk_score) and found.score >= rule.junk_score
        is_junk = (
            by_score or found.action == "reject" or (not rule.junk_score and found.action in JUNK_ACTIONS)
        )
        return Filtered(
            fields=spam_fields(found, is_junk=is_junk),
            to_junk=is_junk and rule.obey != "mark",
            is_suspect=found.action in {"greylist", "soft reject"},
        )

    async def _may_enter(self, stranger: Stranger) -> bool:
        """False asks to come again. Where the store cannot be asked the letter passes here, and it will say so itself."""
        rule = self.settings.greylist
        known = greylist.Stranger(
            network_of(stranger.handover.client),
            stranger.handover.reverse_path,
            stranger.recipients,
            proven_domains(stranger.checked),
        )
        try:
            return self.bridge.read(greylist.is_known, known, rule) or await self.bridge.write(
                greylist.knock, known, rule
            )
        except ServiceError as error:
            log.warning("greylist_unavailable", error=str(error))
            return True


def open_filters(
    settings: Settings, bridge: Bridge, resolver: Addresses | None, clock: Callable[[], float]
) -> Filters | None:
    """The filters that the settings ask for; None where all are off."""
    antivirus, rspamd, lists = settings.antivirus, settings.rspamd, settings.dns_lists
    rules = (settings.greylist.mode, settings.attachments.executables, settings.attachments.macros)
    if not (antivirus.clamd or rspamd.address or lists.lists) and set(rules) == {"off"}:
        return None
    return Filters(
        settings,
        bridge,
        clamd=Clamd(antivirus.clamd, seconds=antivirus.seconds, connections=antivirus.connections)
        if antivirus.clamd
        else None,
        rspamd=Rspamd(
            rspamd.address, password=rspamd.password, seconds=rspamd.seconds, connections=rspamd.connections
        )
        if rspamd.address
        else None,
        lists=DnsLists(lists.lists, resolver, seconds=lists.seconds, clock=clock)
        if lists.lists and resolver is not None
        else None,
    )


def joined(found: list[Filtered]) -> Filtered:
    """All of them as one: the gravest refusal, and everything that is to be told."""
    refusals = [one.refusal for one in found if one.refusal is not None]
    return Filtered(
        max(refusals, key=lambda reply: reply.code, default=None),
        tuple(dict.fromkeys(mark for one in found for mark in one.marks)),
        b"".join(one.fields for one in found),
        any(one.to_junk for one in found),
        any(one.is_suspect for one in found),
    )


def proven_domains(checked: Checked | None) -> tuple[str, ...]:
    """Domains that SPF or a signature vouches for."""
    if checked is None:
        return ()
    signed = [one.domain for one in checked.dkim if one.result is DkimVerdict.PASS and not one.testing]
    by_source = [checked.spf_domain] if checked.spf.result is Verdict.PASS else []
    return tuple(dict.fromkeys([*signed, *by_source]))
