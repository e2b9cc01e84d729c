"""Plans: a roster is uploaded, looked at line by line, applied, taken back."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from flask import redirect, request

from mailsvc.services.administration import plans
from mailsvc.services.administration.refusal import ActRefused
from webmail.console.screen import HOME, do, page, screen, told
from webmail.web import words

if TYPE_CHECKING:
    from werkzeug.wrappers import Response


@screen.route("/ke-hoach", methods=["GET", "POST"])
def planned() -> Response:
    """The list of plans, and the form that takes a roster."""
    problem, refused = "", []
    if request.method == "POST":
        file = request.files.get("roster")
        roster = file.read(plans.MAX_ROSTER + 1) if file is not None else b""
        if not roster or len(roster) > plans.MAX_ROSTER:
            problem = words()("c_no_file" if not roster else "c_large_file")
        else:
            try:
                made = do(plans.MAKE, plans.MAKE.asked({"roster": b64encode(roster)}))
            except ActRefused as why:
                problem, refused = told(why), list(why.detail.get("refused", ()))
            else:
                return redirect(f"{HOME}/ke-hoach/{made.id}", 303)
    return page(
        "plans.html",
        status=422 if problem else 200,
        listed=do(plans.LIST, plans.ListPlans()),
        problem="" if refused else problem,
        refused=refused,
    )


@screen.get("/ke-hoach/<int:plan_id>")
def plan(plan_id: int) -> Response:
    """One plan, line by line, with what may be done with it."""
    return page("plan.html", plan=do(plans.SHOW, plans.OnePlan(plan_id)))
