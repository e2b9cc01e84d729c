"""Who may stand in From, and who sent it for them in Sender (RFC 5322 §3.6.2, RFC 6409 §6.1, §8.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from directory.address import Address, AddressError, parse_address
from directory.repository import boxes as directory_boxes
from mailsvc.mime.authors import authors_of
from mailsvc.mime.header_write import Mailbox
from mailsvc.model.errors import BadLetter, NotPermitted
from mailsvc.services.permissions import sending_addresses

if TYPE_CHECKING:
    from mailsvc.services.permissions import Principal
    from mailsvc.storage.unit_of_work import Reader


@dataclass(frozen=True, slots=True)
class Authorship:
    """What the header of a submitted letter must say of its origin."""

    authors: tuple[Address, ...]
    missing: Mailbox | None
    """Who is to be written into From, where there was none."""
    sender: Mailbox | None
    """Who is to be written into Sender: the person who acted, where From names a unit, a post, or several."""


def authorship(db: Reader, principal: Principal, header: bytes) -> Authorship:
    """What a letter of this person may say of its origin.

    NotPermitted names the first address in From that they may not send as; BadLetter a From that cannot be read.
    """
    found = authors_of(header)
    person = Mailbox(principal.display_name, str(principal.address))
    if not found.from_fields:
        return Authorship((principal.address,), person, None)
    if found.from_fields > 1 or not found.is_readable:
        raise BadLetter("From")
    held = {address.key: address for address in sending_addresses(db, principal)}
    authors = []
    for author in found.people:
        try:
            address = parse_address(str(Address(author.local, author.domain)))
        except AddressError as error:
            raise BadLetter("From") from error
        if address.key not in held and address.without_detail().key not in held:
            raise NotPermitted(str(address))
        authors.append(address)
    is_own = len(authors) == 1 and authors[0].without_detail().key in _own(db, principal)
    return Authorship(tuple(authors), None, None if is_own else person)


def _own(db: Reader, principal: Principal) -> set[str]:
    """The addresses of the person's own box."""
    return {address.key for address in directory_boxes.sending_addresses(db.conn, [principal.account_id])}
