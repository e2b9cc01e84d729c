"""One door for the acts of forms: the name of the act is in the path, its fields are in the form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import abort, redirect, request

from mailsvc.services.administration import accounts, administrators, plans, pulls, readings
from webmail.console.screen import HOME, do, page, screen
from webmail.credentials.site import proof_wanted
from webmail.web import local_path

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from mailsvc.services.administration.act import Act

OFFERED: Final[dict[str, Act[Any, Any]]] = {
    act.name: act
    for act in (
        accounts.TRANSFER,
        accounts.LOCK,
        accounts.UNLOCK,
        accounts.RESET,
        accounts.ADD_ALIAS,
        accounts.REMOVE_ALIAS,
        accounts.GRANT,
        accounts.REVOKE,
        administrators.APPOINT,
        administrators.DISMISS,
        plans.APPLY,
        plans.UNDO,
        pulls.WITHDRAW,
        pulls.RESTORE,
        readings.REQUEST,
        readings.APPROVE,
        readings.END,
    )
}
"""The acts that some form of the console offers."""
NOT_OF_THE_ACT: Final = frozenset({"csrf", "back"})
OF_MANY: Final = frozenset({"rights"})


@screen.post("/viec/<name>")
def act(name: str) -> Response:
    """Carry an act out and go back; an answer that is told once is shown at once instead.

    Before a dangerous act the person proves anew who they are, where that was a while ago.
    """
    offered = OFFERED.get(name)
    if offered is None:
        abort(404)
    first = proof_wanted() if offered.step_up else None
    if first is not None:
        return first
    values: dict[str, Any] = {
        field: request.form.getlist(field) if field in OF_MANY else value
        for field, value in request.form.items()
        if field not in NOT_OF_THE_ACT and value.strip()
    }
    done = do(offered, offered.asked(values, as_text=True))
    if isinstance(done, accounts.PasswordSet):
        return page("slip.html", address=done.address, password=done.password, act=name)
    if isinstance(done, plans.PlanApplied):
        return page("slips.html", done=done)
    back = local_path(request.form.get("back", "") or HOME)
    if not back.startswith(HOME):
        back = HOME
    return redirect(f"{back}{'&' if '?' in back else '?'}done={name}", 303)
