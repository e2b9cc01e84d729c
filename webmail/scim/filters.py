"""Filters (RFC 7644 §3.4.2.2): text to a tree, and whether a resource fits it. Bounded in length and depth."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from webmail.scim.errors import ScimError

MAX_FILTER: Final = 1000
MAX_DEPTH: Final = 20
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<sign>[()\[\]])|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>[A-Za-z0-9$:._+-]+))""", re.VERBOSE
)
_COMPARE: Final = frozenset({"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"})


@dataclass(frozen=True, slots=True)
class Compare:
    """`path op value`; `pr` has no value."""

    path: str
    operator: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Within:
    """`path[filter]`: some value of a multi-valued attribute fits."""

    path: str
    inner: Filter


@dataclass(frozen=True, slots=True)
class Not:
    """`not (filter)`."""

    inner: Filter


@dataclass(frozen=True, slots=True)
class Both:
    """`a and b`, or with `either`, `a or b`."""

    left: Filter
    right: Filter
    either: bool


Filter = Compare | Within | Not | Both


def parse(text: str) -> Filter:
    """The tree of a filter; ScimError invalidFilter for what is none."""
    if len(text) > MAX_FILTER:
        raise _invalid("too long")
    parser = _Parser(_tokens(text))
    found = parser.either(0)
    if parser.peek() is not None:
        raise _invalid(f"unexpected {parser.peek()}")
    return found


def fits(resource: dict[str, Any], wanted: Filter) -> bool:
    """Whether a resource, or one value of an attribute, fits; text is compared without case (RFC 7643 §7)."""
    if isinstance(wanted, Both):
        left = fits(resource, wanted.left)
        if wanted.either:
            return left or fits(resource, wanted.right)
        return left and fits(resource, wanted.right)
    if isinstance(wanted, Not):
        return not fits(resource, wanted.inner)
    if isinstance(wanted, Within):
        return any(
            fits(one, wanted.inner) for one in values_at(resource, wanted.path) if isinstance(one, dict)
        )
    values = values_at(resource, wanted.path)
    if wanted.operator == "pr":
        return any(value not in (None, "", [], {}) for value in values)
    if wanted.operator == "ne":
        return not any(_holds(value, "eq", wanted.value) for value in values)
    return any(_holds(value, wanted.operator, wanted.value) for value in values)


def values_at(resource: dict[str, Any], path: str) -> list[Any]:
    """Every value that a path leads to; of a complex one its `value`."""
    urn, _, rest = path.rpartition(":")
    here: list[Any] = [resource]
    if urn:
        inner = _child(resource, urn)
        here = [inner] if inner is not None else [resource]
    for name in rest.split("."):
        here = [
            value
            for one in here
            if isinstance(one, dict)
            for found in [_child(one, name)]
            for value in (found if isinstance(found, list) else [found])
            if value is not None
        ]
    return here


def _child(one: dict[str, Any], name: str) -> Any:
    folded = name.lower()
    return next((value for key, value in one.items() if key.lower() == folded), None)


def _holds(value: Any, operator: str, wanted: Any) -> bool:
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, str) and isinstance(wanted, str):
        a, b = value.lower(), wanted.lower()
        text = {"co": b in a, "sw": a.startswith(b), "ew": a.endswith(b)}
        if operator in text:
            return text[operator]
        return {"eq": a == b, "gt": a > b, "ge": a >= b, "lt": a < b, "le": a <= b}[operator]
    return operator == "eq" and type(value) is type(wanted) and value == wanted


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _invalid(f"at {at}")
        found.append(match[match.lastgroup or 0])
        at = match.end()
    return found


class _Parser:
    """Precedence: not, and, or; brackets after an attribute hold a filter of its values."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self) -> str:
        word = self.peek()
        if word is None:
            raise _invalid("it ends too early")
        self._at += 1
        return word

    def _expect(self, sign: str) -> None:
        if self._take() != sign:
            raise _invalid(f"{sign} is missing")

    def either(self, depth: int) -> Filter:
        found = self._both(depth)
        while (self.peek() or "").lower() == "or":
            self._take()
            found = Both(found, self._both(depth), either=True)
        return found

    def _both(self, depth: int) -> Filter:
        found = self._one(depth)
        while (self.peek() or "").lower() == "and":
            self._take()
            found = Both(found, self._one(depth), either=False)
        return found

    def _one(self, depth: int) -> Filter:
        if depth > MAX_DEPTH:
            raise _invalid("too deep")
        word = self._take()
        if word == "(":
            found = self.either(depth + 1)
            self._expect(")")
            return found
        if word.lower() == "not":
            self._expect("(")
            found = Not(self.either(depth + 1))
            self._expect(")")
            return found
        return self._compare(word, depth)

    def _compare(self, path: str, depth: int) -> Filter:
        if not re.fullmatch(r"(?:[A-Za-z0-9:._-]+:)?[A-Za-z$][\w$-]*(?:\.[A-Za-z$][\w$-]*)?", path):
            raise _invalid(f"{path[:80]} is no attribute")
        operator = self._take().lower()
        if operator == "[":
            inner = self.either(depth + 1)
            self._expect("]")
            return Within(path, inner)
        if operator == "pr":
            return Compare(path, "pr")
        if operator not in _COMPARE:
            raise _invalid(f"{operator[:20]} is no operator")
        try:
            return Compare(path, operator, json.loads(self._take()))
        except ValueError as error:
            raise _invalid("a value is no JSON") from error


def _invalid(why: str) -> ScimError:
    return ScimError(400, f"filter: {why}", "invalidFilter")
