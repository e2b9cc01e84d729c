"""A letter that came for one of ours is sent on to the outside (RFC 5228 §4.2), with what we found out about its sender."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.storage import outbound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from directory.address import Address
    from mailsvc.model.ids import AccountId, MessageId
    from mailsvc.storage.unit_of_work import UnitOfWork


def send_on(
    uow: UnitOfWork,
    message: MessageId,
    trace: bytes,
    recipients: Iterable[Address],
    *,
    reverse_path: str,
    owner: AccountId,
) -> int:
    """Queue it as it came; whether the owner may, the caller has decided. The number of the queued letter.

    `trace` is the letter's own, Return-Path left out: our Authentication-Results in it become an ARC set, by which the
    next server can believe what ours saw (RFC 8617 §5.1). The reverse path stays the author's, so that reports reach
    them; trouble with the forwarding is theirs to know, not to suffer, hence nothing but failures is reported.
    """
    own = b"".join(
        line for line in _fields(trace) if not line.lower().startswith((b"return-path:", b"delivered-to:"))
    )
    return outbound.add(
        uow,
        message,
        [outbound.NewRecipient(str(one), one.domain.lower(), notify="FAILURE") for one in recipients],
        reverse_path=reverse_path,
        trace=own,
        account=owner,
        eight_bit=True,
        origin="forwarded",
    )


def _fields(trace: bytes) -> list[bytes]:
    """The fields of a trace, folded lines with their field."""
    fields: list[bytes] = []
    for line in trace.splitlines(keepends=True):
        if line.startswith((b" ", b"\t")) and fields:
            fields[-1] += line
        else:
            fields.append(line)
    return fields
