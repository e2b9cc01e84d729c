"""Which attributes are answered: `attributes` and `excludedAttributes` (RFC 7644 §3.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webmail.scim.schemas import ENTERPRISE_USER, GROUP, USER

if TYPE_CHECKING:
    from collections.abc import Iterable

ALWAYS: Final = frozenset({"id", "schemas"})
_CORE: Final = (f"{USER}:".lower(), f"{GROUP}:".lower())


def projected(resource: dict[str, Any], wanted: frozenset[str], unwanted: frozenset[str]) -> dict[str, Any]:
    """The resource with what was asked for, or without what was not wanted; `id` and `schemas` always."""
    if wanted:
        return {
            name: value if _means(wanted, name) else _some(name, value, wanted)
            for name, value in resource.items()
            if name in ALWAYS or _means(wanted, name) or _some(name, value, wanted)
        }
    if unwanted:
        kept = {
            name: value for name, value in resource.items() if name in ALWAYS or not _means(unwanted, name)
        }
        return {
            name: {sub: one for sub, one in value.items() if f"{_key(name)}{sub}".lower() not in unwanted}
            if isinstance(value, dict)
            else value
            for name, value in kept.items()
        }
    return resource


def _some(name: str, value: Any, wanted: frozenset[str]) -> Any:
    """The parts of a complex attribute that were asked for by `name.part`."""
    if name in ALWAYS:
        return value
    if isinstance(value, list):
        parts = [_some(name, one, wanted) for one in value if isinstance(one, dict)]
        return [part for part in parts if part]
    if isinstance(value, dict):
        return {sub: one for sub, one in value.items() if f"{_key(name)}{sub}".lower() in wanted}
    return {}


def _key(name: str) -> str:
    """How parts of an attribute are named: `name.familyName`, but `urn:…:User:department`."""
    return f"{name}:" if name == ENTERPRISE_USER else f"{name}."


def _means(names: frozenset[str], name: str) -> bool:
    return name.lower() in names


def attribute_names(listed: Iterable[str]) -> set[str]:
    """Names as they are compared: without case, those of the core schemas without their URN."""
    names = set()
    for name in listed:
        stripped = name.strip().lower()
        for core in _CORE:
            stripped = stripped.removeprefix(core)
        names.add(stripped)
    return names - {""}
