"""How far official mail is used in what one administers: shares, months, places; and the same as a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Response, abort, request

from webmail.console.screen import page, screen
from webmail.statistics.bars import decimal_text, series
from webmail.statistics.port import Choice
from webmail.web import viewer, web, words

if TYPE_CHECKING:
    from webmail.statistics.port import Statistics

MAX_WORD: Final = 64
KEPT: Final = ("by", "measure", "under")
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@screen.get("/thong-ke")
def figures() -> Response:
    """The figures of a month."""
    t = words()
    point = "," if t.language == "vi" else "."
    try:
        found = _statistics().page(viewer(), _choice(), t.language)
    except ValueError:
        abort(404)
    return page(
        "statistics.html",
        page=found,
        chart=series(found.months, point),
        percent=lambda value: "–" if value is None else f"{decimal_text(value, point)} %",
        decimal=lambda value: decimal_text(value, point),
        back_query={name: value for name in KEPT if (value := getattr(found.chosen, name))},
    )


@screen.get("/thong-ke/xlsx")
def figures_sheet() -> Response:
    """The lines as a spreadsheet to be printed and signed."""
    try:
        octets = _statistics().sheet(viewer(), _choice(), words().language)
    except ValueError:
        abort(404)
    response = Response(octets, mimetype=XLSX)
    response.headers["Content-Disposition"] = 'attachment; filename="thong-ke.xlsx"'
    return response


def _statistics() -> Statistics:
    """The figures; the page does not exist for who administers nothing."""
    found = web().services.statistics
    if found is None or not found.may_see(viewer()):
        abort(404)
    return found


def _choice() -> Choice:
    return Choice(**{name: request.args.get(name, "")[:MAX_WORD] for name in Choice.__dataclass_fields__})
