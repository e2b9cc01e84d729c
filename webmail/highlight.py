"""Marks what a search found in a line of the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from search.highlight import highlight

if TYPE_CHECKING:
    from search.tree import Query


def marked(text: str, query: Query | None) -> Markup:
    """The text escaped, each piece that the query meets in <mark>."""
    if query is None:
        return escape(text)
    pieces = [
        f"<mark>{escape(one.text)}</mark>" if one.found else str(escape(one.text))
        for one in highlight(text, query)
    ]
    return Markup("".join(pieces))  # noqa: S704 - every piece was escaped just above
