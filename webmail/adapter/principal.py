"""Who the services act for when a page asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory.address import parse_address
from directory.model import AccountKind
from mailsvc.model.ids import AccountId
from mailsvc.services.permissions import Principal

if TYPE_CHECKING:
    from webmail.ports import Viewer


def principal_of(viewer: Viewer) -> Principal:
    """The principal behind a signed-in person. Rights are looked up anew by each service."""
    return Principal(
        account_id=AccountId(viewer.account_id),
        address=parse_address(viewer.address),
        display_name=viewer.name,
        kind=AccountKind.PERSONAL,
        must_change_password=viewer.must_change_password,
        read_only=viewer.read_only,
    )
