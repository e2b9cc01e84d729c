"""Groups: a fixed group as SCIM shows it, and what changed members mean in acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailsvc.services.administration import groups, people
from webmail.scim.errors import ScimError
from webmail.scim.schemas import GROUP

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.services.administration.groups import GroupRecord

MAX_MEMBERS = 5000


def shown(record: GroupRecord, base: str) -> dict[str, Any]:
    """The representation, without its version."""
    body: dict[str, Any] = {
        "schemas": [GROUP],
        "id": str(record.id),
        "externalId": record.external_id,
        "displayName": record.name,
        "members": [
            {
                "value": str(one.id),
                "$ref": f"{base}/Users/{one.id}",
                "type": "User",
            }
            for one in record.members
        ],
        "meta": {"resourceType": "Group", "location": f"{base}/Groups/{record.id}"},
    }
    return {name: value for name, value in body.items() if value not in (None, [])}


def create(do: Callable[..., Any], body: dict[str, Any]) -> GroupRecord:
    """Make the group with its members."""
    name = body.get("displayName")
    if not isinstance(name, str) or not name.strip() or len(name) > 200:
        raise ScimError(400, "displayName is text of at most 200 characters.", "invalidValue")
    made: GroupRecord = do(groups.CREATE, groups.CreateGroup(name, members=_members(do, body)))
    external = body.get("externalId")
    if external is not None:
        made = do(groups.NAME, groups.NameGroup(made.id, _external(external)))
    return made


def change(do: Callable[..., Any], before: GroupRecord, body: dict[str, Any]) -> GroupRecord:
    """Set members and the client's own name for it."""
    if body.get("displayName", before.name) != before.name:
        raise ScimError(400, "displayName is immutable.", "mutability")
    record = before
    wanted = _members(do, body)
    if sorted(wanted) != sorted(one.address for one in before.members):
        record = do(groups.SET_MEMBERS, groups.SetMembers(before.id, wanted))
    external = _external(body.get("externalId"))
    if external != before.external_id:
        record = do(groups.NAME, groups.NameGroup(before.id, external))
    return record


def _members(do: Callable[..., Any], body: dict[str, Any]) -> list[str]:
    """The addresses of the users that are named by id."""
    listed = body.get("members") or []
    if not isinstance(listed, list) or len(listed) > MAX_MEMBERS:
        raise ScimError(400, f"members is a list of at most {MAX_MEMBERS}.", "invalidValue")
    wanted: set[int] = set()
    for one in listed:
        value = one.get("value") if isinstance(one, dict) else None
        if not isinstance(value, str) or not value.isdecimal() or len(value) > 15:
            raise ScimError(400, "A member is named by the id of a user.", "invalidValue")
        wanted.add(int(value))
    known = {record.id: record.address for record in do(people.LIST, people.ListPeople())} if wanted else {}
    if wanted - known.keys():
        raise ScimError(400, f"There is no user {min(wanted - known.keys())}.", "invalidValue")
    return sorted(known[number] for number in wanted)


def _external(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 255:
        raise ScimError(400, "externalId is text of at most 255 characters.", "invalidValue")
    return value
