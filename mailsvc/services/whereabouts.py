"""Who stands behind an address, and whether it still is so when the letter is stored.

A letter is addressed at RCPT and stored after DATA. A reorganisation may come between: then the letter goes where the
address leads now, so that its rightful readers have it and nobody else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from directory.repository import boxes as directory_boxes
from directory.tables import audit
from mailsvc.model.errors import NoSuchRecipient
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from directory.address import Address
    from directory.model import Target
    from mailsvc.services.receive import Recipient
    from mailsvc.storage.unit_of_work import Reader

HEAD = Statement(select(audit.c.sequence).order_by(audit.c.sequence.desc()).limit(1))


def directory_head(db: Reader) -> int:
    """The number of the newest administrative act: the same later means that every address leads where it did."""
    row = db.one(HEAD, {})
    return 0 if row is None else int(row[0])


def target_behind(db: Reader, address: Address) -> Target:
    """The accounts, and perhaps the group, that a letter to this address goes to; NoSuchRecipient if there are none."""
    target = directory_boxes.resolve(db.conn, address.key)
    if target is None:
        plain = address.without_detail()
        target = directory_boxes.resolve(db.conn, plain.key) if plain is not address else None
    if target is None or not target.account_ids:
        raise NoSuchRecipient(str(address))
    return target


def as_now(db: Reader, recipients: Sequence[Recipient]) -> tuple[Recipient, ...]:
    """The recipients with the accounts that stand behind their addresses now; without any where there are none.

    Nothing is looked up while nobody acted on the directory since they were found.
    """
    now = directory_head(db)
    if all(recipient.head in {None, now} for recipient in recipients):
        return tuple(recipients)
    stale = [recipient.address.key for recipient in recipients if recipient.head not in {None, now}]
    found = directory_boxes.resolve_many(db.conn, stale)
    return tuple(
        recipient
        if recipient.head in {None, now}
        else _again(db, recipient, found.get(recipient.address.key), now)
        for recipient in recipients
    )


def _again(db: Reader, recipient: Recipient, target: Target | None, now: int) -> Recipient:
    try:
        target = target or target_behind(db, recipient.address)  # it may have a detail: `annv+ban-tin@`
    except NoSuchRecipient:
        return replace(recipient, accounts=(), head=now)
    return replace(recipient, accounts=target.account_ids, group=target.group_id, head=now)
