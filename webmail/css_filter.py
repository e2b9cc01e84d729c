"""Which style declarations of a letter may stay: an allow list of properties, then of every single token."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import tinycss2
from tinycss2 import ast

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_STYLE_CHARS: Final = 4_000
"""Longer style attributes are dropped: no honest letter has them, and parsing costs time."""
MAX_NUMBER: Final = 3_000.0

_EDGES: Final = ("top", "right", "bottom", "left")
_PROPERTIES: Final = frozenset(
    {
        "background",
        "background-color",
        "border",
        "border-collapse",
        "border-color",
        "border-radius",
        "border-spacing",
        "border-style",
        "border-width",
        "caption-side",
        "clear",
        "color",
        "direction",
        "display",
        "empty-cells",
        "float",
        "font",
        "font-family",
        "font-size",
        "font-style",
        "font-variant",
        "font-weight",
        "height",
        "letter-spacing",
        "line-height",
        "list-style",
        "list-style-type",
        "margin",
        "max-width",
        "min-width",
        "overflow-wrap",
        "padding",
        "table-layout",
        "text-align",
        "text-decoration",
        "text-decoration-color",
        "text-decoration-line",
        "text-indent",
        "text-transform",
        "vertical-align",
        "white-space",
        "width",
        "word-break",
        "word-spacing",
        "word-wrap",
        *(f"margin-{edge}" for edge in _EDGES),
        *(f"padding-{edge}" for edge in _EDGES),
        *(f"border-{edge}" for edge in _EDGES),
        *(f"border-{edge}-{part}" for edge in _EDGES for part in ("color", "style", "width")),
    }
)
"""Nothing here loads, moves a box over another, animates, or shows text that is not in the letter."""

_DISPLAY: Final = frozenset(
    {
        "block",
        "inline",
        "inline-block",
        "list-item",
        "none",
        "table",
        "table-cell",
        "table-row",
        "table-row-group",
    }
)
_COLOUR_FUNCTIONS: Final = frozenset({"rgb", "rgba", "hsl", "hsla"})
_UNITS: Final = frozenset({"px", "pt", "em", "rem", "ex", "ch", "cm", "mm", "in", "pc", "deg"})
_IDENT: Final = re.compile(r"-?[a-z][a-z0-9-]*", re.IGNORECASE)
_HASH: Final = re.compile(r"[0-9a-f]{3,8}", re.IGNORECASE)
_FONT_NAME: Final = re.compile(r"[\w .,-]{1,60}")


def filter_style(style: str) -> str:
    """The declarations of a style attribute that are safe to show, in order; "" when none is.

    `!important` is taken off rather than refused, because Outlook writes it everywhere; it could only
    serve a letter to win over the page's own rules (CVE-2025-66376).
    """
    if len(style) > MAX_STYLE_CHARS or "\\" in style:  # escapes only ever hide a word from a filter
        return ""
    kept: list[str] = []
    for node in tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True):
        if not isinstance(node, ast.Declaration) or node.lower_name not in _PROPERTIES:
            continue
        value = _value(node.lower_name, node.value)
        if value:
            kept.append(f"{node.lower_name}:{value}")
    return ";".join(kept)


def _value(name: str, tokens: Iterable[ast.Node]) -> str | None:
    words: list[str] = []
    for token in tokens:
        word = _token(name, token)
        if word is None:
            return None
        words.append(word)
    text = "".join(words).strip()
    if name == "display" and text.lower() not in _DISPLAY:
        return None
    return text or None


def _token(name: str, token: ast.Node) -> str | None:
    """One token written anew, or None when the declaration must go."""
    match token:
        case ast.WhitespaceToken() | ast.Comment():
            return " "
        case ast.IdentToken(value=word):
            return word if _IDENT.fullmatch(word) else None
        case ast.HashToken(value=word):
            return f"#{word}" if _HASH.fullmatch(word) else None
        case ast.NumberToken() | ast.PercentageToken() | ast.DimensionToken():
            return _measure(token)
        case ast.StringToken(value=word):
            return f"'{word}'" if name in {"font", "font-family"} and _FONT_NAME.fullmatch(word) else None
        case ast.LiteralToken(value="," | "/" as word):
            return str(word)
        case ast.FunctionBlock(lower_name=function, arguments=arguments) if function in _COLOUR_FUNCTIONS:
            inner = [_token("", argument) for argument in arguments]
            return None if None in inner else f"{function}({''.join(map(str, inner))})"
        case _:
            return None


def _measure(token: ast.NumberToken | ast.PercentageToken | ast.DimensionToken) -> str | None:
    """A length that cannot pull text out of its place or make a page kilometres long."""
    value = token.value
    if not 0 <= value <= MAX_NUMBER:
        return None
    number = f"{value:g}"
    if isinstance(token, ast.PercentageToken):
        return f"{number}%"
    if isinstance(token, ast.DimensionToken):
        return f"{number}{token.lower_unit}" if token.lower_unit in _UNITS else None
    return number
