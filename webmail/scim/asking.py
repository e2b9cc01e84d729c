"""What a list is asked for: by the query of a GET or by the body of a search (RFC 7644 §3.4.2, §3.4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import request

from webmail.scim.errors import ScimError
from webmail.scim.filters import parse
from webmail.scim.projection import attribute_names
from webmail.scim.schemas import MAX_RESULTS

if TYPE_CHECKING:
    from webmail.scim.filters import Filter

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
MAX_NAMES = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """Which resources, which page of them, which of their attributes."""

    wanted: Filter | None = None
    start: int = 1
    count: int = MAX_RESULTS
    attributes: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()


def of_query() -> Asked:
    """What the query says."""
    args = request.args
    return _asked(
        {
            "filter": args.get("filter"),
            "startIndex": _integer("startIndex", args.get("startIndex")),
            "count": _integer("count", args.get("count")),
            "attributes": args.get("attributes", "").split(","),
            "excludedAttributes": args.get("excludedAttributes", "").split(","),
        }
    )


def of_search(body: dict[str, Any]) -> Asked:
    """What a search message says."""
    if SEARCH not in (body.get("schemas") or ()):
        raise ScimError(400, "A SearchRequest message is needed.", "invalidSyntax")
    return _asked(body)


def _asked(values: dict[str, Any]) -> Asked:
    text = values.get("filter")
    if text is not None and not isinstance(text, str):
        raise ScimError(400, "filter is text.", "invalidFilter")
    start, count = values.get("startIndex"), values.get("count")
    for name, number in (("startIndex", start), ("count", count)):
        if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
            raise ScimError(400, f"{name} is a number.", "invalidValue")
    return Asked(
        wanted=None if text is None else parse(text),
        start=max(1 if start is None else start, 1),
        count=min(max(MAX_RESULTS if count is None else count, 0), MAX_RESULTS),
        attributes=_names(values.get("attributes")),
        excluded=_names(values.get("excludedAttributes")),
    )


def _integer(name: str, text: str | None) -> int | None:
    try:
        return int(text) if text and len(text) < 10 else None
    except ValueError as why:
        raise ScimError(400, f"{name} is a number.", "invalidValue") from why


def _names(listed: Any) -> frozenset[str]:
    names = listed or []
    if (
        not isinstance(names, list)
        or len(names) > MAX_NAMES
        or not all(isinstance(one, str) for one in names)
    ):
        raise ScimError(400, f"At most {MAX_NAMES} names of attributes.", "invalidValue")
    return frozenset(attribute_names(names))
