"""Users: a person's account as SCIM shows it, and what a changed representation means in acts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mailsvc.services.administration import accounts, people
from webmail.scim.errors import ScimError
from webmail.scim.schemas import ENTERPRISE_USER, USER

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.services.administration.people import PersonRecord

MAX_TEXT = 200


def shown(record: PersonRecord, base: str) -> dict[str, Any]:
    """The representation, without its version."""
    made = datetime.fromtimestamp(record.created_at, UTC).isoformat().replace("+00:00", "Z")
    names = {
        "familyName": record.family_name,
        "givenName": record.given_name,
        "middleName": record.middle_name,
    }
    body: dict[str, Any] = {
        "schemas": [USER, ENTERPRISE_USER],
        "id": str(record.id),
        "externalId": record.external_id,
        "userName": record.address,
        "name": {name: value for name, value in names.items() if value},
        "displayName": record.full_name,
        "title": record.title or None,
        "active": record.active,
        "emails": [{"value": record.address, "type": "work", "primary": True}],
        ENTERPRISE_USER: {"department": record.unit},
        "meta": {
            "resourceType": "User",
            "created": made,
            "lastModified": made,
            "location": f"{base}/Users/{record.id}",
        },
    }
    return {name: value for name, value in body.items() if value is not None}


def create(do: Callable[..., Any], body: dict[str, Any], own_unit: str) -> PersonRecord:
    """Make the account; without a department it is made in the administrator's own unit."""
    unit = _text(_extension(body), "department") or own_unit
    asked = accounts.CreateAccount(
        name=_full_name(body),
        unit=unit,
        address=_text(body, "userName", required=True),
        title=_text(body, "title"),
        password=_text(body, "password", 1000) or None,
        make_password=False,  # nobody would be told of it
    )
    made = do(accounts.CREATE, asked)
    if _truth(body, "active") is False:
        do(accounts.LOCK, accounts.WithReason(made.address, "SCIM"))
    external = _text(body, "externalId", 255)
    if external:
        do(people.NAME, people.NamePerson(made.id, external))
    record: PersonRecord = do(people.SHOW, people.OnePerson(made.id))
    return record


def change(do: Callable[..., Any], before: PersonRecord, body: dict[str, Any]) -> PersonRecord:
    """Carry out what differs from how it is, act by act; what the body leaves out is cleared or stays as it must."""
    address = before.address
    wanted_address = _text(body, "userName") or address
    if wanted_address.lower() not in {address.lower(), address.partition("@")[0].lower()}:
        raise ScimError(400, "userName is immutable.", "mutability")
    name, title = _full_name(body), _text(body, "title")
    if (name, title) != (before.full_name, before.title):
        do(accounts.CHANGE, accounts.Change(address, name=name, title=title))
    unit = _text(_extension(body), "department") or before.unit
    if unit != before.unit:
        do(accounts.TRANSFER, accounts.Transfer(address, unit))
    password = _text(body, "password", 1000)
    if password:
        do(accounts.RESET, accounts.Reset(address, password))
    active = _truth(body, "active")
    if active is not None and active != before.active:
        act = accounts.UNLOCK if active else accounts.LOCK
        do(act, accounts.WithReason(address, "SCIM"))
    external = _text(body, "externalId", 255) or None
    if external != before.external_id:
        do(people.NAME, people.NamePerson(before.id, external))
    record: PersonRecord = do(people.SHOW, people.OnePerson(before.id))
    return record


def _full_name(body: dict[str, Any]) -> str:
    """Family, middle, given: the order in which a Vietnamese name is written."""
    name = body.get("name")
    if not isinstance(name, dict):
        raise ScimError(400, "name is needed.", "invalidValue")
    parts = [_text(name, part) for part in ("familyName", "middleName", "givenName")]
    if not parts[2]:
        raise ScimError(400, "name.givenName is needed.", "invalidValue")
    return " ".join(part for part in parts if part)


def _extension(body: dict[str, Any]) -> dict[str, Any]:
    found = body.get(ENTERPRISE_USER)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ScimError(400, "The extension is an object.", "invalidValue")
    return found


def _text(holder: dict[str, Any], name: str, most: int = MAX_TEXT, *, required: bool = False) -> str:
    value = holder.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or len(value) > most or (required and not value.strip()):
        raise ScimError(400, f"{name} is text of at most {most} characters.", "invalidValue")
    return " ".join(value.split()) if name != "password" else value


def _truth(holder: dict[str, Any], name: str) -> bool | None:
    value = holder.get(name)
    if isinstance(value, str) and value.lower() in {"true", "false"}:  # as some directories send it
        return value.lower() == "true"
    if value is None or isinstance(value, bool):
        return value
    raise ScimError(400, f"{name} is true or false.", "invalidValue")
