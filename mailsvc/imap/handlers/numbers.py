"""The letters that a command means, or BAD."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.imap.handlers.context import RefusedError
from mailsvc.imap.wire.sequence import SAVED

if TYPE_CHECKING:
    from mailsvc.imap.handlers.mailbox_view import MailboxView
    from mailsvc.imap.wire.sequence import SequenceSet


def wanted(view: MailboxView, messages: SequenceSet, *, uid: bool) -> list[range]:
    """Runs of indexes; a message number that is not there is the client's fault (RFC 3501 §9, seq-number).

    `$` is what a SEARCH saved, whether numbers or UIDs are meant (RFC 5182 §2.1). Only `1:*` of an empty mailbox is let pass: clients write it without looking, and it can mean only one thing.
    """
    if messages == SAVED:
        return view.indexes_of_saved()
    try:
        return view.indexes(messages, uid=uid)
    except ValueError:
        if not view.known.uids and all(last > 1 << 31 for _, last in messages):
            return []
        raise RefusedError("No such message number", condition="BAD") from None
