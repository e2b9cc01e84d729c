"""The mailboxes a person sees: their own, and those of the unit boxes shared with them, under one name space.

A shared mailbox is `Đơn vị/<address>/<name>` to those who reach it (RFC 2342 §5, other users' name space).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from directory.address import AddressError, parse_address
from directory.model import Right
from directory.repository import boxes as directory_boxes
from mailsvc.model.changes import MailboxListChanged
from mailsvc.model.errors import (
    BadName,
    MailboxExists,
    MailboxHasChildren,
    MailboxMissing,
    MailboxProtected,
    NotPermitted,
)
from mailsvc.model.mailbox import INBOX, STANDARD_MAILBOXES, Mailbox, SpecialUse
from mailsvc.services.permissions import Principal, rights_in, shared_boxes
from mailsvc.storage import entries, mailbox_metadata, mailboxes, seen, snapshots

if TYPE_CHECKING:
    from mailsvc.model.ids import AccountId, MailboxId, Uid
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

SHARED = "Đơn vị"
SEPARATOR = "/"
MAX_NAME_CHARACTERS = 1000
MAX_LEVELS = 20


@dataclass(frozen=True, slots=True)
class Listed:
    """One mailbox as a person sees it in their tree."""

    name: str
    """The whole name, with the shared prefix where there is one."""
    mailbox: Mailbox
    rights: Right
    box_name: str
    """Display name of a shared box; empty for the person's own."""


def clean_name(name: str) -> str:
    """A mailbox name as it is kept: NFC, INBOX in capitals, levels bounded; or BadName."""
    name = unicodedata.normalize("NFC", name)
    levels = name.split(SEPARATOR)
    if levels[0].upper() == INBOX:
        levels[0] = INBOX
    if (
        not name
        or len(name) > MAX_NAME_CHARACTERS
        or len(levels) > MAX_LEVELS
        or any(not level.strip() for level in levels)
        or any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in name)
        or any(character in "*%" for character in name)
    ):
        raise BadName(name)
    return SEPARATOR.join(levels)


def locate(db: Reader, principal: Principal, name: str) -> tuple[AccountId, str]:
    """The account and the name inside it that a whole name stands for; MailboxMissing if not reachable."""
    prefix = SHARED + SEPARATOR
    name = unicodedata.normalize("NFC", name)
    if not name.startswith(prefix):
        return principal.home, clean_name(name)
    address_text, _, inner = name.removeprefix(prefix).partition(SEPARATOR)
    try:
        account = directory_boxes.account_by_address(db.conn, parse_address(address_text).key)
    except AddressError:
        account = None
    if account is None or not inner or not rights_in(db, principal, account.id) & Right.READ:
        raise MailboxMissing(name)
    return account.id, clean_name(inner)


def find(db: Reader, principal: Principal, name: str) -> Listed:
    """The mailbox of a whole name, with the person's rights in it."""
    account, inner = locate(db, principal, name)
    rights = rights_in(db, principal, account)
    if not rights & Right.READ:
        raise MailboxMissing(name)
    return Listed(name, mailboxes.by_name(db, account, inner), rights, "")


def listing(db: Reader, principal: Principal) -> list[Listed]:
    """All mailboxes the person reaches: their own first, then each shared box."""
    found: list[Listed] = []
    if principal.reads:
        rights = rights_in(db, principal, principal.home)
        found = [Listed(box.name, box, rights, "") for box in mailboxes.of_account(db, principal.home)]
    for shared in shared_boxes(db, principal):
        prefix = f"{SHARED}{SEPARATOR}{shared.account.address}{SEPARATOR}"
        found += [
            Listed(prefix + box.name, box, shared.rights, shared.account.display_name)
            for box in mailboxes.of_account(db, shared.account.id)
        ]
    return found


def unseen(db: Reader, mailbox: Mailbox, viewer: AccountId) -> int:
    """Unread letters in a mailbox, for this viewer."""
    return seen.unseen(db, mailbox, viewer) if mailbox.per_person_seen else mailbox.unseen


def special(db: Reader, account: AccountId, use: SpecialUse) -> Mailbox:
    """The mailbox of an account for a special use, the oldest of several; INBOX serves where there is none."""
    boxes = [box for box in mailboxes.of_account(db, account) if box.special_use is use]
    return min(boxes, key=lambda box: box.id) if boxes else mailboxes.by_name(db, account, INBOX)


def create(
    uow: UnitOfWork, principal: Principal, name: str, special_use: SpecialUse | None = None
) -> Mailbox:
    """Make a mailbox, and those above it that are missing (RFC 9051 §6.3.4)."""
    account, inner = _to_change(uow, principal, name.removesuffix(SEPARATOR))
    if inner.upper() == INBOX:
        raise MailboxExists(inner)
    return make(uow, account, inner, special_use)


def make(uow: UnitOfWork, account: AccountId, inner: str, special_use: SpecialUse | None = None) -> Mailbox:
    """Make a mailbox of a clean name in a box, and those above it that are missing; rights were seen to."""
    levels = inner.split(SEPARATOR)
    for depth in range(1, len(levels)):
        above = SEPARATOR.join(levels[:depth])
        try:
            mailboxes.by_name(uow, account, above)
        except MailboxMissing:
            mailboxes.create(uow, account, above)
    return mailboxes.create(uow, account, inner, special_use)


def delete(uow: UnitOfWork, principal: Principal, name: str) -> None:
    """Delete a mailbox with its letters, which stay recoverable (RFC 9051 §6.3.5: never INBOX, never one with children)."""
    account, inner = _to_change(uow, principal, name)
    mailbox = mailboxes.by_name(uow, account, inner)
    standard = {standard_name for standard_name, _ in STANDARD_MAILBOXES}
    if inner in standard:
        raise MailboxProtected(inner)
    if any(box.name.startswith(inner + SEPARATOR) for box in mailboxes.of_account(uow, account)):
        raise MailboxHasChildren(inner)
    entries.expunge(uow, mailbox, [(1, int(mailbox.uid_next))])
    entries.retire_mailbox(uow, mailbox)
    uow.record(MailboxListChanged(account))


def rename(uow: UnitOfWork, principal: Principal, name: str, new_name: str) -> None:
    """Rename a mailbox with all below it; of INBOX, move its letters out (RFC 9051 §6.3.6)."""
    account, inner = _to_change(uow, principal, name)
    new_account, new_inner = _to_change(uow, principal, new_name)
    if account != new_account:
        raise NotPermitted(new_name)
    mailbox = mailboxes.by_name(uow, account, inner)
    boxes = mailboxes.of_account(uow, account)
    taken = {box.name for box in boxes}
    if new_inner in taken or new_inner == INBOX:
        raise MailboxExists(new_inner)
    if new_inner.startswith(inner + SEPARATOR):
        raise BadName(new_inner)
    if inner == INBOX:
        target = create(uow, principal, new_name)
        entries.move(uow, mailbox, target, [(1, int(mailbox.uid_next))])
        mailbox_metadata.copy(uow, int(mailbox.id), int(target.id))  # RFC 5464 §4.1
        return
    if inner in {standard_name for standard_name, _ in STANDARD_MAILBOXES}:
        raise MailboxProtected(inner)
    parent = new_inner.rpartition(SEPARATOR)[0]
    if parent and parent not in taken:
        create(uow, principal, new_name.rpartition(SEPARATOR)[0])
    moved = [box for box in boxes if box.name == inner or box.name.startswith(inner + SEPARATOR)]
    for box in moved:
        renamed = new_inner + box.name[len(inner) :]
        if renamed in taken:
            raise MailboxExists(renamed)
        uow.run(mailboxes.RENAME, {"mailbox": box.id, "new_name": clean_name(renamed)})
    uow.record(MailboxListChanged(account))


def subscribe(uow: UnitOfWork, principal: Principal, name: str, *, on: bool) -> None:
    """Add to or take from the list of mailboxes that clients show first (RFC 9051 §6.3.7)."""
    account, inner = locate(uow, principal, name)
    if account != principal.account_id:
        return  # a shared box has one list for all; one person does not change it for the others
    uow.run(mailboxes.SUBSCRIBE, {"mailbox": mailboxes.by_name(uow, account, inner).id, "on": int(on)})
    uow.record(MailboxListChanged(account))


def quota(db: Reader, account: AccountId) -> tuple[int, int]:
    """Octets used and allowed."""
    return mailboxes.use(db, account)


def gone_since(db: Reader, mailbox: MailboxId, mod_seq: int) -> list[Uid]:
    """UIDs that went from a mailbox after a mod-sequence (RFC 7162 §3.2.10)."""
    return snapshots.expunged_since(db, mailbox, mod_seq)


def _to_change(uow: UnitOfWork, principal: Principal, name: str) -> tuple[AccountId, str]:
    account, inner = locate(uow, principal, name)
    if not rights_in(uow, principal, account) & Right.ACT:
        raise NotPermitted(name)
    return account, inner
