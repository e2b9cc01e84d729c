"""Who administers what, and the log of what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from directory.model import AdminRole
from mailsvc.services.administration import administrators, log
from webmail.console.screen import do, page, screen
from webmail.console.tree import all_units

if TYPE_CHECKING:
    from flask import Response


@screen.get("/quan-tri-vien")
def people() -> Response:
    """Administrators of units in the scope, and the form to appoint one."""
    return page(
        "administrators.html",
        listed=do(administrators.LIST, administrators.ListAdmins()),
        units=all_units(),
        roles=[role.value for role in AdminRole],
    )


@screen.get("/nhat-ky")
def journal() -> Response:
    """The audit log of the scope, page by page, and whether the whole chain holds."""
    before = request.args.get("before", "")
    about = request.args.get("about", "").strip()[:320]
    number = int(before) if before.isascii() and before.isdecimal() and len(before) < 16 else None
    lines = do(log.LIST, log.ReadLog(about, number))
    checked = do(log.VERIFY, log.Verify()) if request.args.get("verify") else None
    return page("journal.html", listed=lines, about=about, checked=checked)
