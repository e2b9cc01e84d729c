"""What a script may ask of its box (`mailsvc.sieve.run.Surroundings`)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mailsvc.model.errors import BadName, MailboxMissing
from mailsvc.services.mailbox_tree import clean_name
from mailsvc.sieve.check import compile_script
from mailsvc.sieve.errors import SieveError
from mailsvc.storage import mailboxes, scripts
from mailsvc.storage.scripts import Owner, OwnerKind

if TYPE_CHECKING:
    from mailsvc.model.ids import AccountId
    from mailsvc.model.mailbox import Mailbox
    from mailsvc.sieve.check import Script
    from mailsvc.storage.unit_of_work import UnitOfWork

ZONE = "+0700"
_PROVINCE = Owner(OwnerKind.PROVINCE, 0)


@lru_cache(maxsize=512)
def compiled(octets: bytes) -> Script | None:
    """A script that was checked when it was kept; None where this version reads it no more."""
    try:
        return compile_script(octets)
    except SieveError:
        return None


class BoxSurroundings:
    """One box, while a letter is delivered to it."""

    def __init__(self, uow: UnitOfWork, account: AccountId, domain: str) -> None:
        self._uow = uow
        self._account = account
        self._domain = domain

    def now(self) -> int:
        """The moment of delivery."""
        return self._uow.clock()

    def mailbox(self, name: str) -> Mailbox | None:
        """A mailbox of this box by name."""
        try:
            return mailboxes.by_name(self._uow, self._account, clean_name(name))
        except (MailboxMissing, BadName):
            return None

    def for_use(self, use: str) -> Mailbox | None:
        """The oldest mailbox for a special use."""
        found = [
            box
            for box in mailboxes.of_account(self._uow, self._account)
            if box.special_use is not None and box.special_use.lower() == use.lower()
        ]
        return min(found, key=lambda box: box.id) if found else None

    def mailbox_exists(self, name: str) -> bool:
        """RFC 5490 §3.1."""
        return self.mailbox(name) is not None

    def special_use_exists(self, use: str, mailbox: str | None) -> bool:
        """RFC 8579 §3."""
        if mailbox is None:
            return self.for_use(use) is not None
        named = self.mailbox(mailbox)
        held = None if named is None else named.special_use
        return held is not None and held.lower() == use.lower()

    def script(self, name: str, *, personal: bool) -> Script | None:
        """One of the box's own, or one of the province's (RFC 6609 §3.1)."""
        owner = Owner(OwnerKind.BOX, int(self._account)) if personal else _PROVINCE
        for one in scripts.of_owner(self._uow, owner):
            if one.name == name:
                return compiled(one.octets)
        return None

    def is_duplicate(self, handle: str, unique: str, seconds: int, *, last: bool) -> bool:
        """RFC 7352 §3."""
        return scripts.remembers(
            self._uow, self._account, "duplicate", f"{handle}\n{unique}", seconds, renew=last
        )

    def environment(self, name: str) -> str | None:
        """RFC 5183 §4.1; nobody is told the version."""
        known = {
            "domain": self._domain,
            "host": "",
            "location": "MDA",
            "name": "Congvu",
            "phase": "during",
            "vnd.congvu.zone": ZONE,
        }
        return known.get(name)
