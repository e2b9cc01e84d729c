"""What clients note of mailboxes and of the server: for themselves (`/private/…`) or for all (`/shared/…`); RFC 5464."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory.model import Right
from mailsvc.model.changes import MailboxListChanged
from mailsvc.model.errors import NotPermitted, TooLarge, TooMany
from mailsvc.storage import mailbox_metadata

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.services.permissions import Place, Principal
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

MAX_OCTETS = 16 << 10
"""Of one value."""
MAX_ENTRIES = 100
"""Of one mailbox, or of one person's of the server."""
PRIVATE = "/private/"


def read(db: Reader, principal: Principal, place: Place | None) -> dict[str, bytes]:
    """All that this person sees of a mailbox, or of the server, by lower-cased name in order."""
    return mailbox_metadata.of(db, _mailbox(place), principal.account_id)


def write(
    uow: UnitOfWork,
    principal: Principal,
    place: Place | None,
    values: Sequence[tuple[str, bytes | None]],
) -> None:
    """Set entries, or with None take them away: all or none. What all see needs the right to act (RFC 5464 §3.3)."""
    for name, value in values:
        if value is not None and len(value) > MAX_OCTETS:
            raise TooLarge(name)
        if not name.startswith(PRIVATE) and (place is None or not place.rights & Right.ACT):
            raise NotPermitted(name)
    mailbox = _mailbox(place)
    for name, value in values:
        viewer = int(principal.account_id) if name.startswith(PRIVATE) else mailbox_metadata.EVERYONE
        mailbox_metadata.put(uow, mailbox, viewer, name, value)
    uow.record(MailboxListChanged(principal.account_id if place is None else place.mailbox.account_id))
    if len(mailbox_metadata.of(uow, mailbox, principal.account_id)) > MAX_ENTRIES:
        raise TooMany(f"{MAX_ENTRIES} annotations")


def _mailbox(place: Place | None) -> int:
    return mailbox_metadata.SERVER if place is None else int(place.mailbox.id)
