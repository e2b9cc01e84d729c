"""PATCH (RFC 7644 §3.5.2): operations on the JSON of a resource. What comes out is then treated like a PUT."""

from __future__ import annotations

import copy
import re
from typing import Any, Final

from webmail.scim.errors import ScimError
from webmail.scim.filters import Filter, fits, parse
from webmail.scim.schemas import ENTERPRISE_USER

MESSAGE: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MAX_OPERATIONS: Final = 200
_PATH: Final = re.compile(
    r"(?:(?P<urn>urn:[A-Za-z0-9:._-]+):)?(?P<name>[A-Za-z$][\w$-]*)"
    r"(?:\[(?P<filter>.*)\])?(?:\.(?P<sub>[A-Za-z$][\w$-]*))?",
    re.DOTALL,
)


def patched(resource: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    """The resource after all operations; ScimError where one cannot be carried out."""
    operations = _get(message, "Operations")
    if MESSAGE not in (message.get("schemas") or ()) or not isinstance(operations, list):
        raise ScimError(400, "A PatchOp message is needed.", "invalidSyntax")
    if len(operations) > MAX_OPERATIONS:
        raise ScimError(413, f"At most {MAX_OPERATIONS} operations.")
    result = copy.deepcopy(resource)
    for operation in operations:
        if not isinstance(operation, dict):
            raise ScimError(400, "An operation is an object.", "invalidSyntax")
        verb = str(_get(operation, "op") or "").lower()
        path, value = _get(operation, "path"), _get(operation, "value")
        if verb not in {"add", "replace", "remove"}:
            raise ScimError(400, f"{verb[:20]} is no operation.", "invalidSyntax")
        if path is None:
            _without_path(result, verb, value)
        elif not isinstance(path, str) or len(path) > 1000:
            raise ScimError(400, "A path is text.", "invalidPath")
        else:
            _at_path(result, verb, path, value)
    return result


def _without_path(resource: dict[str, Any], verb: str, value: Any) -> None:
    if verb == "remove":
        raise ScimError(400, "remove needs a path.", "noTarget")
    if not isinstance(value, dict):
        raise ScimError(400, "Without a path the value is an object.", "invalidValue")
    for name, inner in value.items():
        if name.lower() == ENTERPRISE_USER.lower() and isinstance(inner, dict):
            for sub, one in inner.items():
                _at_path(resource, verb, f"{ENTERPRISE_USER}:{sub}", one)
        else:
            _at_path(resource, verb, name, inner)


def _at_path(resource: dict[str, Any], verb: str, path: str, value: Any) -> None:
    if path.lower() == ENTERPRISE_USER.lower():
        _change(resource, ENTERPRISE_USER, verb, value)
        return
    found = _PATH.fullmatch(path)
    if found is None:
        raise ScimError(400, f"{path[:80]} is no path.", "invalidPath")
    holder = resource
    if found["urn"] and "enterprise" in found["urn"].lower():
        holder = resource.setdefault(ENTERPRISE_USER, {})
    name = _name_in(holder, found["name"])
    if found["filter"] is not None:
        _in_values(holder, name, parse(found["filter"]), found["sub"], verb, value)
    elif found["sub"] is not None:
        inner = holder.get(name)
        if inner is None:
            inner = holder[name] = {}
        several = inner if isinstance(inner, list) else [inner]
        if not all(isinstance(one, dict) for one in several):
            raise ScimError(400, f"{name[:80]} has no parts.", "invalidPath")
        for one in several:
            _change(one, _name_in(one, found["sub"]), verb, value)
    else:
        _change(holder, name, verb, value)


def _in_values(
    holder: dict[str, Any], name: str, wanted: Filter, sub: str | None, verb: str, value: Any
) -> None:
    values = holder.get(name)
    chosen = (
        [one for one in values if isinstance(one, dict) and fits(one, wanted)]
        if isinstance(values, list)
        else []
    )
    if not chosen:
        if verb == "remove":
            return
        raise ScimError(400, f"No value of {name} fits.", "noTarget")
    assert isinstance(values, list)
    for one in chosen:
        if sub is not None:
            _change(one, sub, verb, value)
        elif verb == "remove":
            values.remove(one)
        elif isinstance(value, dict):
            one.update(value)


def _change(holder: dict[str, Any], name: str, verb: str, value: Any) -> None:
    if verb == "remove":
        holder.pop(name, None)
    elif verb == "add" and isinstance(holder.get(name), list):
        new = value if isinstance(value, list) else [value]
        holder[name] += [one for one in new if one not in holder[name]]
    elif isinstance(holder.get(name), dict) and isinstance(value, dict):
        holder[name] = {**holder[name], **value}
    else:
        holder[name] = value


def _name_in(holder: dict[str, Any], name: str) -> str:
    """The attribute as the resource writes it: names have no case (RFC 7643 §2.1)."""
    return next((known for known in holder if known.lower() == name.lower()), name)


def _get(holder: dict[str, Any], name: str) -> Any:
    return holder.get(_name_in(holder, name))
