"""A letter: its page, its text in a response of its own, its attachments and its source."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from flask import Blueprint, Response, abort, g, make_response, render_template, request

from webmail.plain_text import show_text
from webmail.sanitise import sanitise_letter
from webmail.security import letter_policy
from webmail.views.shell import find_folder, list_values, render
from webmail.web import threads_wanted, viewer, wants_part, web

if TYPE_CHECKING:
    from webmail.ports import Part

screen = Blueprint("letter", __name__)
SHOWN_IMAGES: Final = {
    "image/png": b"\x89PNG",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
    "image/webp": b"RIFF",
}
"""The only types ever answered as themselves, and how their octets begin; all else is a download."""
DOWNLOAD_TYPES: Final = frozenset({"application/pdf", "application/zip", "text/plain"})


@screen.get("/mail/<int:mailbox_id>/<int:uid>")
def letter(mailbox_id: int, uid: int) -> str:
    """The letter, or its whole conversation; it counts as read from now on."""
    who, mail = viewer(), web().services.mail
    boxes = mail.boxes(who)
    box, folder = find_folder(boxes, mailbox_id)
    if folder.special_use == "drafts" and box.may_send:
        from webmail.views.compose import draft_page

        return draft_page(who, boxes, box, folder, uid)
    one = mail.letter(who, mailbox_id, uid)
    letters = mail.conversation(who, mailbox_id, uid) if threads_wanted() else ()
    unread: defaultdict[int, list[int]] = defaultdict(list)
    for each in letters or (one,):
        if not each.row.seen:
            unread[each.row.mailbox_id].append(each.row.uid)
    for unread_in, uids in unread.items():
        mail.mark(who, unread_in, tuple(uids), seen=True)
    values = {
        "boxes": boxes,
        "box": box,
        "folder": folder,
        "row": one.row,
        "letters": letters or (one,),
        **({} if wants_part() else list_values(who, box, folder)),
        "open_key": f"{mailbox_id}-{uid}",
        "page_title": one.row.subject,
    }
    return render("reader", "_letter.html", values)


@screen.get("/mail/<int:mailbox_id>/<int:uid>/body")
def body(mailbox_id: int, uid: int) -> Response:
    """The letter's text, sanitised, under a policy of its own, and only inside a frame."""
    if request.headers.get("Sec-Fetch-Dest", "iframe") != "iframe":
        abort(403)
    found = web().services.mail.body(viewer(), mailbox_id, uid)
    remote = request.args.get("images") == "1"
    if found.kind == "html":
        images = {
            cid: f"/mail/{mailbox_id}/{uid}/part/{section}?inline=1"
            for cid, section in found.inline_images.items()
        }
        safe = sanitise_letter(found.text, inline_images=images, remote_images=remote)
    else:
        safe = show_text(found.text)
    response = make_response(
        render_template("body.html", safe=safe, kind="html" if found.kind == "html" else "plain")
    )
    response.headers["Content-Security-Policy"] = letter_policy(g.nonce, remote_images=remote)
    return response


@screen.get("/mail/<int:mailbox_id>/<int:uid>/part/<section>")
def part(mailbox_id: int, uid: int, section: str) -> Response:
    """An attachment as a download; a picture of the letter as itself when it is asked for so."""
    found = web().services.mail.part(viewer(), mailbox_id, uid, section)
    inline = request.args.get("inline") == "1"
    head = SHOWN_IMAGES.get(found.media_type)
    if inline and head and found.content.startswith(head):
        response = Response(found.content, content_type=found.media_type)
    else:
        response = download(found)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@screen.get("/mail/<int:mailbox_id>/<int:uid>/source")
def source(mailbox_id: int, uid: int) -> Response:
    """The octets as they are stored."""
    octets = web().services.mail.source(viewer(), mailbox_id, uid)
    response = Response(octets, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{mailbox_id}-{uid}.eml"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def download(found: Part) -> Response:
    """A file to be saved, never shown: what a browser might run is called octets."""
    safe_type = found.media_type if found.media_type in DOWNLOAD_TYPES else "application/octet-stream"
    response = Response(found.content, content_type=safe_type)
    response.headers["Content-Disposition"] = disposition(found.filename)
    return response


def disposition(filename: str) -> str:
    """The file's name in both forms of RFC 6266 §4.3, without what could leave the header or the folder."""
    name = unicodedata.normalize("NFC", filename)
    name = (
        "".join(char for char in name if char.isprintable() and char not in '/\\:*?"<>|').strip(" .")[-150:]
        or "tep"
    )
    name = "".join(char for char in name if unicodedata.category(char) not in {"Cf", "Cs", "Co"})
    plain = "".join(char if 32 < ord(char) < 127 and char not in "%;," else "_" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
