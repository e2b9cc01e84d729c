"""Harmful letters: what people reported, what is found in all boxes, what was withdrawn and can be given back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import request

from mailsvc.services.administration import pulls
from webmail.console.screen import do, page, screen

if TYPE_CHECKING:
    from flask import Response

DAYS: Final = 30
MAX_WORD: Final = 998


@screen.get("/thu-doc-hai")
def harmful() -> Response:
    """Reports, a search, and the withdrawals so far."""
    sought = {
        name: request.args.get(name, "").strip()[:MAX_WORD]
        for name in ("message_id", "sender", "words", "text")
    }
    found = do(pulls.FIND, pulls.FindLetters(**sought, days=DAYS)) if any(sought.values()) else None
    return page(
        "harmful.html",
        sought=sought,
        found=found,
        days=DAYS,
        reports=do(pulls.REPORTS, pulls.ListPulls()),
        withdrawn=do(pulls.WITHDRAWN, pulls.ListPulls()),
    )
