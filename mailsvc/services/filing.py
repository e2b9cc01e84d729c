"""Where a letter is put that does not belong into the INBOX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.model.errors import MailboxMissing, OverQuota
from mailsvc.model.mailbox import SpecialUse
from mailsvc.services import mailbox_tree
from mailsvc.storage import arrivals, traces
from mailsvc.storage.arrivals import Arrived

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailsvc.model.ids import AccountId, MessageId
    from mailsvc.storage.unit_of_work import UnitOfWork


def into_junk(
    uow: UnitOfWork, message: MessageId, octets: int, trace: bytes, own_traces: Mapping[AccountId, bytes]
) -> Arrived:
    """As `arrivals.deliver`, into the Junk mailbox of each account (RFC 6154 §2)."""
    number = traces.put(uow, message, trace)
    full: set[AccountId] = set()
    missing: set[AccountId] = set()
    for account, own in own_traces.items():
        try:
            junk = mailbox_tree.special(uow, account, SpecialUse.JUNK)
            arrivals.add(
                uow,
                junk,
                message,
                octets + len(trace) + len(own),
                flags=0,
                internal_date=uow.clock(),
                own_trace=own,
                trace_number=number,
            )
        except OverQuota:
            full.add(account)
        except MailboxMissing:
            missing.add(account)
    return Arrived(frozenset(full), frozenset(missing))
