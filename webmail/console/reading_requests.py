"""Reading in another's box: asked for here, approved here by two others, ended here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.services.administration import readings
from webmail.console.screen import do, page, screen

if TYPE_CHECKING:
    from flask import Response


@screen.get("/doc-ho-thu")
def reading_requests() -> Response:
    """Requests in the scope, with what one may do about each, and the form for a new one."""
    return page("readings.html", listed=do(readings.LIST, readings.ListReadings()))
