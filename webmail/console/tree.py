"""The unit tree, one unit with its boxes, and the search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import request

from mailsvc.services.administration import accounts, units
from webmail.console.screen import do, page, screen

if TYPE_CHECKING:
    from flask import Response

    from mailsvc.services.administration.units import UnitLine

ROWS: Final = 50
MAX_CODE: Final = 100


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of the tree as it is drawn: opened along the way to the chosen unit."""

    unit: UnitLine
    depth: int
    chosen: bool
    has_more: bool


@screen.get("")
def home() -> Response:
    """The tree, and the boxes of the chosen unit."""
    every = all_units()
    first = next((unit.code for unit in every if not unit.parent), "")
    code = request.args.get("unit", "")[:MAX_CODE] or first
    chosen = next((unit for unit in every if unit.code == code), None)
    if chosen is None and code:
        do(units.SHOW, units.OneUnit(code))  # refused where it is not in the scope
    start = _number("from")
    listed = None
    if chosen is not None:
        listed = do(
            accounts.LIST,
            accounts.ListAccounts(unit=chosen.code, below=False, limit=ROWS, offset=start),
        )
    return page("units.html", tree=drawn(every, code), chosen=chosen, listed=listed, start=start)


@screen.get("/tim")
def search() -> Response:
    """Boxes and units for a few words, with or without marks."""
    text = request.args.get("q", "").strip()[:200]
    start = _number("from")
    listed = do(accounts.LIST, accounts.ListAccounts(words=text, limit=ROWS, offset=start)) if text else None
    found = do(units.LIST, units.ListUnits(words=text, limit=20)) if text else None
    return page("search.html", query=text, listed=listed, found=found, start=start)


def all_units() -> list[UnitLine]:
    """Every unit in the scope, in the order of a Vietnamese list."""
    found: list[UnitLine] = []
    after: int | None = 0
    while after is not None:
        part = do(units.LIST, units.ListUnits(offset=after))
        found += part.units
        after = part.next_offset
    return found


def drawn(every: list[UnitLine], code: str) -> list[Branch]:
    """The lines of the tree: the roots, and the children of every unit on the way to the chosen one."""
    children: dict[str, list[UnitLine]] = {}
    parent_of: dict[str, str] = {}
    for unit in every:
        children.setdefault(unit.parent, []).append(unit)
        parent_of[unit.code] = unit.parent
    opened: set[str] = set()
    at = code
    while at in parent_of and at not in opened:
        opened.add(at)
        at = parent_of[at]
    lines: list[Branch] = []
    waiting = [(unit, 0) for unit in reversed(children.get("", []))]
    while waiting:
        unit, depth = waiting.pop()
        below = children.get(unit.code, [])
        lines.append(Branch(unit, depth, unit.code == code, bool(below) and unit.code not in opened))
        if unit.code in opened:
            waiting += [(child, depth + 1) for child in reversed(below)]
    return lines


def _number(name: str) -> int:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
