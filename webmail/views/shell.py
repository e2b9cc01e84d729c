"""The page of three panes: what is common to the list, the letter, the search and the composer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import render_template, request

from mailsvc.model.errors import MailboxMissing
from webmail.folders import folder_name
from webmail.web import threads_wanted, wants_part, web

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webmail.ports import Box, Folder, Viewer

MAX_CURSOR = 200


def find_folder(boxes: tuple[Box, ...], mailbox_id: int) -> tuple[Box, Folder]:
    """The folder and the box it is in, among those that the viewer may open."""
    for box in boxes:
        for folder in box.folders:
            if folder.id == mailbox_id:
                return box, folder
    raise MailboxMissing


def inbox_of(boxes: tuple[Box, ...]) -> tuple[Box, Folder]:
    """The viewer's own inbox."""
    for box in boxes:
        inbox = box.folder("inbox")
        if inbox:
            return box, inbox
    raise MailboxMissing


def list_values(who: Viewer, box: Box, folder: Folder) -> dict[str, Any]:
    """What the list of a folder is drawn from; one query of the mail tables."""
    cursor = request.args.get("after", "")[:MAX_CURSOR]
    threads = threads_wanted()
    page = web().services.mail.page(who, folder.id, cursor, conversations=threads)
    here = f"/mail/{folder.id}"
    return {
        "box": box,
        "folder": folder,
        "page": page,
        "threads": threads,
        "found": None,
        "query": "",
        "problem": "",
        "open_key": "",
        "outgoing": folder.special_use in {"sent", "drafts"},
        "list_title": folder_name(folder),
        "page_title": folder_name(folder),
        "back": f"{here}?{urlencode({'after': cursor})}" if cursor else here,
        "refresh": f"{here}?part=list",
        **more_links(here, page.next, {}),
    }


def more_links(here: str, cursor: str, query: Mapping[str, str]) -> dict[str, str]:
    """Where the next rows are: as a page, and as rows only."""
    values = {**query, "after": cursor}
    return {
        "more": f"{here}?{urlencode(values)}",
        "more_part": f"{here}?{urlencode({**values, 'part': 'rows'})}",
    }


def render(pane: str, reader: str, values: Mapping[str, Any]) -> str:
    """The fragment that a script asked for, or the whole page."""
    part = wants_part()
    templates = {"list": "_list.html", "rows": "_rows.html", "tree": "_tree.html", "reader": reader}
    if part in templates:
        return render_template(templates[part], **values)
    return render_template("mail.html", pane=pane, reader=reader, **values)
