"""What was seen of other domains since the last minute, before it is written down; a crash loses that minute."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mailsvc.storage import seen_by_day

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.queue.assurance import Assurance
    from mailsvc.sender_auth.check import Checked
    from mailsvc.storage.seen_by_day import Key
    from mailsvc.storage.unit_of_work import UnitOfWork

MAX_KEYS = 50_000
"""Beyond these nothing new is counted until they are written: a report is not worth our memory."""


class Ledgers:
    """One for a mail process, for one thread."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._dmarc: Counter[Key] = Counter()
        self._tls: Counter[Key] = Counter()

    def saw_letter(self, checked: Checked, disposition: str) -> None:
        """Results of a letter, for each domain of an author that asks for reports (RFC 9990)."""
        for one in checked.dmarc:
            if not one.report_to:
                continue
            facts = {
                "policy": one.policy.value,
                "disposition": disposition,
                "dkim": "pass" if one.dkim_aligned else "fail",
                "spf": "pass" if one.spf_aligned else "fail",
                "header_from": one.author_domain,
                "envelope_from": checked.handover.reverse_path.rpartition("@")[2],
                "dkim_results": [[sig.domain, sig.selector, sig.result.value] for sig in checked.dkim],
                "spf_result": [checked.spf_domain, checked.spf.result.value],
            }
            text = json.dumps(facts, ensure_ascii=False, sort_keys=True)
            self._count(self._dmarc, (self._day(), one.policy_domain, str(checked.handover.client), text))

    def saw_tls(self, domain: str, assurance: Assurance, host: str, result: str) -> None:
        """One session with an exchanger; "" is success (RFC 8460 §4.3)."""
        policy = json.dumps(assurance.policy)
        self._count(self._tls, (self._day(), domain, assurance.policy_type, policy, host, result))

    def take(self) -> Callable[[UnitOfWork], None] | None:
        """A unit of work that writes down what was seen so far; None if there was nothing."""
        if not self._dmarc and not self._tls:
            return None
        dmarc, self._dmarc = self._dmarc, Counter()
        tls, self._tls = self._tls, Counter()

        def write(uow: UnitOfWork) -> None:
            seen_by_day.DMARC.add(uow, dmarc)
            seen_by_day.TLS.add(uow, tls)

        return write

    def _day(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m-%d")

    @staticmethod
    def _count(counter: Counter[Key], key: Key) -> None:
        if key in counter or len(counter) < MAX_KEYS:
            counter[key] += 1
