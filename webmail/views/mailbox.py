"""The folder tree and the list of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort, make_response, redirect, render_template, request

from mailsvc.model.errors import BadName
from webmail.views.gate import remember
from webmail.views.shell import find_folder, inbox_of, list_values, render
from webmail.web import local_path, viewer, web

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

screen = Blueprint("mailbox", __name__)
MAX_NAME = 200


@screen.get("/mail")
@screen.get("/mail/")
def home() -> Response:
    """One's own inbox."""
    _, inbox = inbox_of(web().services.mail.boxes(viewer()))
    return redirect(f"/mail/{inbox.id}")


@screen.get("/mail/<int:mailbox_id>")
def folder(mailbox_id: int) -> str:
    """Fifty letters of a folder, newest first."""
    return _folder_page(mailbox_id, "list")


@screen.get("/mail/<int:mailbox_id>/folders")
def folders(mailbox_id: int) -> str:
    """The tree on a narrow screen without scripts."""
    return _folder_page(mailbox_id, "tree")


def _folder_page(mailbox_id: int, pane: str) -> str:
    who = viewer()
    boxes = web().services.mail.boxes(who)
    box, found = find_folder(boxes, mailbox_id)
    return render(pane, "_nothing.html", {"boxes": boxes, **list_values(who, box, found)})


@screen.get("/tree")
def tree() -> str:
    """The tree with fresh counts, for open pages that heard of a change."""
    return render_template("_tree.html", boxes=web().services.mail.boxes(viewer()), folder=None)


@screen.post("/view")
def view() -> Response:
    """Conversations or single letters."""
    chosen = "threads" if request.form.get("view") == "threads" else "single"
    web().services.accounts.prefer(viewer(), {"view": chosen})
    response = make_response(redirect(local_path(request.form.get("back", "")), 303))
    remember(response, "view", chosen)
    return response


@screen.post("/folders")
def make_folder() -> Response:
    """A new folder, and there."""
    account = request.form.get("box", "")
    if not account.isdecimal() or len(account) > 18:
        abort(400)
    name = request.form.get("folder_name", "").strip()[:MAX_NAME]
    if not name:
        raise BadName
    return redirect(f"/mail/{web().services.mail.make_folder(viewer(), int(account), name)}", 303)


@screen.post("/folders/remove")
def remove_folder() -> Response:
    """Remove a folder; its letters stay recoverable for a while."""
    mailbox = request.form.get("mailbox", "")
    if not mailbox.isdecimal() or len(mailbox) > 18:
        abort(400)
    web().services.mail.remove_folder(viewer(), int(mailbox))
    return redirect("/mail", 303)
