"""What we put before a letter that leaves: DKIM signatures on those of ours, an ARC seal on those of others (RFC 6376, RFC 8617)."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import structlog

from mailsvc.mime.authors import authors_of
from mailsvc.sender_auth import arc, dkim
from mailsvc.sender_auth.canonical import LetterError
from mailsvc.sender_auth.results import authserv_id
from mailsvc.smtp.wire.trace import header_of, values_of

if TYPE_CHECKING:
    from mailsvc.services.dkim_keys import DkimKeys
    from mailsvc.storage.outbound import QueuedLetter

log = structlog.get_logger("congvu.queue")
_KEPT = 256


class Signer:
    """One for a worker; the signatures of a letter are made once, however many domains it goes to."""

    def __init__(self, keys: DkimKeys, *, authserv_id: str, domain: str) -> None:
        self._keys = keys
        self._authserv_id = authserv_id
        self._domain = domain
        """Who seals what we pass on."""
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def fields(self, letter: QueuedLetter, content: bytes, *, now: int) -> bytes:
        """The fields to put before everything else; none where there is no key, for a letter rather goes unsigned."""
        kept = self._kept.get(letter.id)
        if kept is None:
            try:
                kept = self._make(letter, content, now)
            except (LetterError, ValueError) as error:
                log.warning("queue_unsigned", letter=letter.id, error=str(error))
                kept = b""
            self._kept[letter.id] = kept
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return kept

    def _make(self, letter: QueuedLetter, content: bytes, now: int) -> bytes:
        if letter.origin == "forwarded":
            return self._seal(letter.trace + content, now)
        if letter.origin == "incoming":
            return b""
        domains = authors_of(header_of(content)).domains
        keys = self._keys.signing_keys(domains[0]) if len(domains) == 1 else ()
        return dkim.sign(content, keys, now=now) if keys else b""

    def _seal(self, octets: bytes, now: int) -> bytes:
        """Carry on what we found when it came in: our own Authentication-Results above it (RFC 8617 §5.1)."""
        keys = self._keys.signing_keys(self._domain)
        said = [authserv_id(value) for value in values_of(header_of(octets), b"authentication-results")]
        ours = next((text for name, text in filter(None, said) if name == self._authserv_id), None)
        if not keys or ours is None:
            return b""
        chain = next((one for one in arc.ArcStatus if f"arc={one.value}" in ours), arc.ArcStatus.NONE)
        # RFC 8617 §4.1.3 knows one signature a seal: the RSA one, which every verifier knows.
        return arc.seal(octets, keys[0], authserv_id=self._authserv_id, results=ours, chain=chain, now=now)
