"""One account and what may be done to it; a new account; the slip with a one-time password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from directory.model import AccountKind, PostRole
from mailsvc.services.administration import accounts
from mailsvc.services.administration.refusal import ActRefused
from webmail.console.screen import do, page, screen, told
from webmail.console.tree import all_units
from webmail.credentials.site import proof_wanted

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.wrappers import Response as BaseResponse

ROLES = tuple(role.value for role in PostRole)


@screen.get("/tai-khoan/<address>")
def account(address: str) -> Response:
    """One account: addresses, who shares it, and the acts that the role allows."""
    found = do(accounts.SHOW, accounts.OneAccount(address[:320]))
    personal = found.kind is AccountKind.PERSONAL
    return page("account.html", account=found, personal=personal, units=all_units(), roles=ROLES)


@screen.route("/tai-khoan-moi", methods=["GET", "POST"])
def new_account() -> BaseResponse:
    """Make an account; its one-time password is shown once, on the page that answers."""
    given = {name: value.strip()[:1000] for name, value in request.form.items() if value.strip()}
    problem = ""
    if request.method == "POST":
        first = proof_wanted()
        if first is not None:
            return first
        try:
            asked = accounts.CREATE.asked(
                {name: value for name, value in given.items() if name != "csrf"}, as_text=True
            )
            made = do(accounts.CREATE, asked)
        except ActRefused as refused:
            problem = told(refused)
        else:
            return page("slip.html", address=made.address, password=made.password, act="account.create")
    values = given or {"unit": request.args.get("unit", "")[:100]}
    return page(
        "new_account.html",
        status=422 if problem else 200,
        values=values,
        problem=problem,
        units=all_units(),
        roles=ROLES,
    )
