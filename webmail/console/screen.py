"""What every page of the console shares: the blueprint, whose desk it is, and how a refusal looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from flask import Blueprint, abort, g, make_response, render_template, request

from mailsvc.model.ids import AccountId
from mailsvc.services.administration import administrators
from mailsvc.services.administration.act import perform
from mailsvc.services.administration.office import Caller
from mailsvc.services.administration.refusal import ActRefused
from webmail.api.problems import status_of
from webmail.web import viewer, web, words

if TYPE_CHECKING:
    from flask import Response

    from mailsvc.services.administration.act import Act
    from mailsvc.services.administration.administrators import Myself
    from mailsvc.services.administration.desk import Desk

Q = TypeVar("Q")
R = TypeVar("R")

HOME: Final = "/quan-tri"
screen = Blueprint("console", __name__, url_prefix=HOME)


def desk() -> Desk:
    """Where the person who is signed in carries acts out."""
    office = web().services.office
    if office is None:
        abort(404)
    who = viewer()
    return office.desk(Caller(AccountId(who.account_id), who.address))


def do(act: Act[Q, R], asked: Q) -> R:
    """Carry an act out as whoever is signed in; ActRefused becomes a page that says why."""
    return perform(desk(), act, asked)


def myself() -> Myself:
    """Who is signed in as an administrator; ActRefused for everybody else."""
    if "administrator" not in g:
        g.administrator = do(administrators.MYSELF, administrators.Nothing())
    found: Myself = g.administrator
    return found


def page(template: str, *, status: int = 200, **values: Any) -> Response:
    """One page of the console; buttons stand there only for deeds that the role has."""
    done = request.args.get("done", "")
    key = f"c_done_{done}"
    return make_response(
        render_template(
            f"console/{template}",
            me=myself(),
            may=frozenset(myself().deeds),
            notice=words()(key) if key in words().words else "",
            **values,
        ),
        status,
    )


def told(refused: ActRefused) -> str:
    """The refusal in the reader's language."""
    return refused.vi if words().language == "vi" else refused.en


@screen.errorhandler(ActRefused)
def _refused(refused: ActRefused) -> Response:
    page = render_template("console/refused.html", message=told(refused))
    return make_response(page, status_of(refused))
