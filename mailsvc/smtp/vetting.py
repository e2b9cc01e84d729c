"""A letter from outside is looked at: who sent it, whether that may be, and what its readers are warned of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from mailsvc.model.marks import Mark, marks_field
from mailsvc.sender_auth.arc import ArcStatus
from mailsvc.sender_auth.check import Checked, Handover, body_hashes, check
from mailsvc.sender_auth.dmarc import Policy
from mailsvc.sender_auth.lookalike import is_under, looks_like_ours, name_key
from mailsvc.sender_auth.results import results_field, without_forged
from mailsvc.sender_auth.spf_record import Verdict
from mailsvc.smtp import says
from mailsvc.smtp.wire.trace import header_of, without_field

if TYPE_CHECKING:
    from collections.abc import Callable

    from config.settings import SenderCheckSettings
    from mailsvc.mime.authors import Author
    from mailsvc.net.bridge import Bridge
    from mailsvc.sender_auth.dns import Resolver
    from mailsvc.services.our_people import OurPeople, OurPeopleKept
    from mailsvc.smtp.wire.reply import Reply

log = structlog.get_logger("congvu.smtp")

_SLOW_OCTETS = 64 * 1024
"""Bodies from this size on are hashed in a thread."""


@dataclass(frozen=True, slots=True)
class Vetted:
    """What to do with a letter, and what to write above it."""

    refusal: Reply | None
    content: bytes
    """The letter without fields that only claim to be ours."""
    trace: bytes = b""
    """Authentication-Results and marks, for the trace of every delivery."""
    to_junk: bool = False
    checked: Checked | None = None


class Vetting:
    """One for all listeners of a process."""

    def __init__(
        self,
        settings: SenderCheckSettings,
        bridge: Bridge,
        resolver: Resolver,
        people: OurPeopleKept,
        *,
        authserv_id: str,
        now: Callable[[], float],
        on_checked: Callable[[Checked, str], None] = lambda _checked, _disposition: None,
    ) -> None:
        self._settings = settings
        self._bridge = bridge
        self._resolver = resolver
        self._people = people
        self._authserv_id = authserv_id
        self._now = now
        self._on_checked = on_checked

    def cleaned(self, content: bytes) -> bytes:
        """The letter without results and marks that say they are ours (RFC 8601 §5)."""
        return without_field(without_forged(content, (self._authserv_id,)), b"congvu-marks")

    async def vet(self, content: bytes, handover: Handover, letter_id: str) -> Vetted:
        """Look at a letter of a stranger; DNS trouble never refuses it."""
        cleaned = self.cleaned(content)
        if not self._settings.enabled:
            return Vetted(None, cleaned)
        people = self._bridge.read(self._people.now)
        slow = len(content) >= _SLOW_OCTETS
        hashes = await self._bridge.slow(body_hashes, content) if slow else None
        checked = await check(
            content,
            handover,
            self._resolver,
            header=header_of(content),
            now=int(self._now()),
            seconds=self._settings.seconds,
            hashes=hashes,
        )
        vetted = self._judge(checked, cleaned, people)
        disposition = "reject" if vetted.refusal else "quarantine" if vetted.to_junk else "none"
        self._on_checked(checked, disposition)
        log.info(
            "smtp_vetted",
            letter=letter_id,
            results=" ".join(f"{one.method}={one.result}" for one in checked.findings),
            disposition=disposition,
        )
        return vetted

    def _judge(self, checked: Checked, content: bytes, people: OurPeople) -> Vetted:
        marks = list(marks_on(checked, people))
        refusal = None
        if self._settings.own_domains != "off" and _bears_ours(checked, people):
            proof = checked.vouches_for(people.domains)
            if proof is Verdict.FAIL and self._settings.own_domains == "refuse":
                refusal = says.NOT_FROM_OUR_DOMAIN
            elif proof is not Verdict.PASS:
                marks.append(Mark.OUR_DOMAIN_UNPROVEN)
        asked = self._asked(checked)
        if asked is not Policy.NONE:
            marks.append(Mark.FAILS_DMARC)
        enforced = self._settings.dmarc == "enforce"
        if enforced and asked is Policy.REJECT:
            refusal = refusal or says.fails_dmarc(checked.authors.domains[0])
        return Vetted(
            refusal,
            content,
            results_field(self._authserv_id, checked.findings) + marks_field(marks),
            to_junk=enforced and asked is Policy.QUARANTINE,
            checked=checked,
        )

    def _asked(self, checked: Checked) -> Policy:
        """The strictest that a domain of an author asks for; nothing where a sealer we trust saw it pass (RFC 8617 §7.2)."""
        if self._settings.dmarc == "off" or self._is_excused(checked):
            return Policy.NONE
        asked = {one.disposition for one in checked.dmarc}
        return next((one for one in (Policy.REJECT, Policy.QUARANTINE) if one in asked), Policy.NONE)

    def _is_excused(self, checked: Checked) -> bool:
        chain = checked.arc
        return (
            chain.status is ArcStatus.PASS
            and chain.covers_from
            and any(is_under(sealer, self._settings.trusted_sealers) for sealer in chain.sealers[-1:])
            and "dmarc=pass" in chain.findings[0]
        )


def marks_on(checked: Checked, people: OurPeople) -> tuple[Mark, ...]:
    """What a reader is to be warned of, from the look of the letter alone."""
    authors = checked.authors
    marks: dict[Mark, None] = {}
    if not authors.from_fields or not authors.people or not authors.is_readable:
        marks[Mark.NO_AUTHOR] = None
    if authors.from_fields > 1 or len(authors.people) > 1:
        marks[Mark.SEVERAL_AUTHORS] = None
    for author in authors.people:
        marks.update(dict.fromkeys(_marks_on_author(author, people)))
    return tuple(marks)


def _marks_on_author(author: Author, people: OurPeople) -> list[Mark]:
    if is_under(author.domain, people.domains):
        return []
    marks = []
    if looks_like_ours(author.domain, people.domains):
        marks.append(Mark.LOOKALIKE_DOMAIN)
    name = author.name.casefold()
    if any(f"@{domain}" in name for domain in people.domains):
        marks.append(Mark.OUR_ADDRESS_AS_NAME)
    if author.name and name_key(author.name) in people.heads:
        marks.append(Mark.NAME_OF_A_HEAD)
    return marks


def _bears_ours(checked: Checked, people: OurPeople) -> bool:
    return any(is_under(domain, people.domains) for domain in checked.authors.domains)


__all__ = ["Handover", "Vetted", "Vetting", "marks_on"]
