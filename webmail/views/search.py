"""Finding letters."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, request

from mailsvc.model.errors import MailboxMissing
from webmail.folders import folder_name
from webmail.ports import Page
from webmail.views.shell import MAX_CURSOR, more_links, render
from webmail.web import viewer, web, words

screen = Blueprint("search", __name__)
MAX_QUERY = 300


@screen.get("/search")
def search() -> str:
    """Letters of one box that match, with the words marked. An empty query shows an empty list."""
    who, mail, t = viewer(), web().services.mail, words()
    boxes = mail.boxes(who)
    query = request.args.get("q", "").strip()[:MAX_QUERY]
    asked = request.args.get("box", "")
    box = next((one for one in boxes if str(one.account_id) == asked), boxes[0] if boxes else None)
    if box is None:
        raise MailboxMissing
    hits = (
        mail.search(who, box.account_id, query, request.args.get("after", "")[:MAX_CURSOR]) if query else None
    )
    here = {"q": query, "box": str(box.account_id)}
    names = {folder.id: folder_name(folder) for one in boxes for folder in one.folders}
    rows = tuple(replace(row, folder=names.get(row.mailbox_id, "")) for row in hits.rows) if hits else ()
    links = more_links("/search", hits.next if hits else "", here)
    refresh = more_links("/search", "", {**here, "part": "list"})["more"]
    values = {
        "boxes": boxes,
        "box": box,
        "folder": None,
        "page": Page(rows, hits.next if hits else ""),
        "found": hits.query if hits else None,
        "problem": t("query_problem") if hits and hits.problem else "",
        "query": query or " ",
        "threads": False,
        "outgoing": False,
        "open_key": "",
        "list_title": t("search_in", query=query),
        "page_title": t("search_in", query=query),
        "back": request.full_path,
        "refresh": refresh,
        **links,
    }
    return render("list", "_nothing.html", values)
