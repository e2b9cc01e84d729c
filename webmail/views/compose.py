"""Writing: a new letter, a reply, a forward; one draft with one id from the first word until it is sent."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, abort, jsonify, make_response, redirect, request

from mailsvc.model.errors import LetterMissing, ServiceError, TooLarge, WideListNeedsConfirmation
from webmail import formats
from webmail.ports import Draft, DraftFields, Part
from webmail.quoting import answer_fields
from webmail.recipients import RecipientError, parse_people
from webmail.refusals import say
from webmail.sanitise import sanitise_letter, text_of
from webmail.views.moments import local_text, presets, when
from webmail.views.shell import find_folder, inbox_of, list_values, render
from webmail.web import viewer, wants_json, wants_part, web, words

if TYPE_CHECKING:
    from werkzeug.datastructures import FileStorage
    from werkzeug.wrappers import Response

    from webmail.desk_ports import Held
    from webmail.ports import Box, DraftFile, Folder, Viewer

screen = Blueprint("compose", __name__)
_DRAFT_ID: Final = re.compile(r"[0-9a-f]{32}\Z")
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]{1,900}>\Z")
_LETTER: Final = re.compile(r"(\d{1,18})-(\d{1,18})\Z")
MAX_SUBJECT: Final = 900
UNDO_SHOWN: Final = 10
"""Seconds that the page offers to take back a letter that waits for much longer."""


@screen.get("/compose")
def compose() -> str:
    """An empty letter, an answer to one, or a draft by its id. Nothing is kept until something is saved."""
    who = viewer()
    boxes = web().services.mail.boxes(who)
    wanted = request.args.get("draft", "")
    if _DRAFT_ID.match(wanted):
        return _page(who, boxes, *inbox_of(boxes), _draft_by_id(who, boxes, wanted))
    fields, box, folder = _begin(who, boxes)
    draft = Draft(secrets.token_hex(16), 0, fields, ())
    if fields.mode == "forward":
        draft = _with_forwarded_files(who, draft)
    return _page(who, boxes, box, folder, draft)


def _draft_by_id(who: Viewer, boxes: tuple[Box, ...], draft_id: str) -> Draft:
    """The draft on the server, or an empty one that the browser fills with what it has kept."""
    try:
        return web().services.writing.draft(who, draft_id)
    except LetterMissing:
        return Draft(draft_id, 0, DraftFields(inbox_of(boxes)[0].account_id, mode="new"), ())


def _begin(who: Viewer, boxes: tuple[Box, ...]) -> tuple[DraftFields, Box, Folder]:
    chosen = _LETTER.match(request.args.get("letter", ""))
    mode = request.args.get("mode", "reply")
    if not chosen or mode not in {"reply", "reply_all", "forward"}:
        box, folder = inbox_of(boxes)
        asked = request.args.get("box", "")
        for each in boxes:  # whoever is in the unit's box writes for the unit, unless they choose otherwise
            drafts = each.folder("drafts")
            if str(each.account_id) == asked and each.may_send and drafts:
                box, folder = each, drafts
        return DraftFields(box.account_id, to=request.args.get("to", "")[:2_000], mode="new"), box, folder
    mail = web().services.mail
    mailbox_id, uid = int(chosen[1]), int(chosen[2])
    box, folder = find_folder(boxes, mailbox_id)
    if not box.may_send:
        abort(403)
    one = mail.letter(who, mailbox_id, uid)
    when = formats.long_date(one.row.date, words(), web().services.options.utc_offset_minutes)
    own = {box.address.casefold(), who.address.casefold()}
    fields = answer_fields(mode, one, mail.body(who, mailbox_id, uid), words(), when, own)
    return replace(fields, account_id=box.account_id), box, folder


def _with_forwarded_files(who: Viewer, draft: Draft) -> Draft:
    """A forward carries the files; with them the draft is on the server from the beginning."""
    mailbox_id, uid = (int(number) for number in draft.fields.answers.split("-"))
    mail = web().services.mail
    found = mail.letter(who, mailbox_id, uid).attachments
    if not found:
        return draft
    parts = tuple(mail.part(who, mailbox_id, uid, one.section) for one in found)
    return web().services.writing.save(who, draft.id, 0, draft.fields, parts)


def draft_page(who: Viewer, boxes: tuple[Box, ...], box: Box, folder: Folder, uid: int) -> str:
    """The composer with a letter of Drafts."""
    draft = web().services.writing.draft_of(who, folder.id, uid)
    return _page(who, boxes, box, folder, draft)


def _page(
    who: Viewer,
    boxes: tuple[Box, ...],
    box: Box,
    folder: Folder,
    draft: Draft,
    **more: Any,
) -> str:
    html = draft.fields.html and sanitise_letter(draft.fields.html, remote_images=True).html
    desk = web().services.scheduled
    waiting = desk.waiting(who, draft.id) if desk and draft.revision else None
    now = web().services.clock()
    values = {
        "boxes": boxes,
        "box": box,
        "folder": folder,
        **({} if wants_part() else list_values(who, box, folder)),
        "waiting": waiting,
        "may_schedule": desk is not None,
        "presets": presets(now),
        "soonest": local_text(now),
        "draft": replace(draft, fields=replace(draft.fields, html=html, window=secrets.token_hex(16))),
        "senders": [one for one in boxes if one.may_send],
        "back": f"/mail/{folder.id}",
        "error": "",
        "confirm": False,
        "notice": "",
        "page_title": words()("compose"),
        **more,
    }
    return render("reader", "_waiting.html" if waiting else "_compose.html", values)


@screen.post("/compose")
def keep() -> Response:
    """Save, send or discard. Scripts get JSON; without them the page comes back with what was typed."""
    who, writing, t = viewer(), web().services.writing, words()
    draft_id = request.form.get("draft", "")
    revision = request.form.get("revision", "0")
    if not _DRAFT_ID.match(draft_id) or not (revision.isdecimal() and len(revision) < 10):
        abort(400)
    deed = request.form.get("do", "save")
    if deed == "discard":
        writing.discard(who, draft_id)
        return _done(t("discarded"))
    fields = _fields()
    draft = Draft(draft_id, int(revision), fields, ())
    try:
        is_sent = deed == "send" or deed.startswith("at")
        at = when(deed, request.form.get("at", "")) if is_sent else 0
        if is_sent:
            _refuse_bad_recipients(fields)
        drop = tuple(request.form.getlist("drop"))
        draft = writing.save(who, draft_id, int(revision), fields, _uploads(), drop)
        if is_sent:
            confirmed = request.form.get("confirmed") == "1"
            return _sent(writing.send(who, draft.id, draft.revision, confirmed=confirmed, at=at))
    except RecipientError as problem:
        text = t("bad_recipient", who=problem.args[0]) if problem.args else t("no_recipients")
        return _again(who, draft, 422, text)
    except WideListNeedsConfirmation as question:
        text = t("wide_list", who=question.args[0], n=question.count)
        return _again(who, draft, 409, text, confirm=True)
    except ServiceError as refusal:
        return _again(who, draft, *say(refusal, t))
    return _again(who, draft, 200, "")


def _refuse_bad_recipients(fields: DraftFields) -> None:
    if not any(parse_people(line) for line in (fields.to, fields.cc, fields.bcc)):
        raise RecipientError


def _fields() -> DraftFields:
    form = request.form
    account = form.get("account", "")
    if not account.isdecimal():
        abort(400)
    html = form.get("html", "").strip()
    text = form.get("text", "").replace("\r\n", "\n")
    if html:
        safe = sanitise_letter(html, remote_images=True)
        if safe.cut:
            raise TooLarge  # rather than keep a part and call it saved
        html = safe.html
        text = text_of(html)
    mode = form.get("mode", "")
    answers, window, replaces = (form.get(name, "") for name in ("answers", "window", "replaces"))
    references = tuple(one for one in form.get("references", "").split() if _MESSAGE_ID.match(one))
    return DraftFields(
        account_id=int(account),
        to=_line("to", 200_000),
        cc=_line("cc", 200_000),
        bcc=_line("bcc", 200_000),
        subject=_line("subject", MAX_SUBJECT),
        text=text,
        html=html,
        in_reply_to=_line("in_reply_to", 1_000) if _MESSAGE_ID.match(form.get("in_reply_to", "")) else "",
        references=references[-30:],
        answers=answers if _LETTER.match(answers) else "",
        window=window if _DRAFT_ID.match(window) else "",
        replaces=replaces if _LETTER.match(replaces) else "",
        mode=mode if mode in {"new", "reply", "reply_all", "forward"} else "",  # type: ignore[arg-type]
    )


def _line(name: str, limit: int) -> str:
    """One header line: no line breaks or other controls, whatever was posted."""
    return "".join(char if char.isprintable() else " " for char in request.form.get(name, "")[:limit]).strip()


def _uploads() -> tuple[Part, ...]:
    limit = web().services.options.max_upload_bytes
    found: list[Part] = [
        _upload(upload, limit) for upload in request.files.getlist("files") if upload.filename
    ]
    return tuple(found)


def _upload(upload: FileStorage, limit: int) -> Part:
    content = upload.stream.read(limit + 1)
    if len(content) > limit:
        abort(413)
    name = (
        "".join(char for char in upload.filename or "" if char.isprintable())
        .replace("\\", "/")
        .rpartition("/")[2]
    )
    media_type = (
        upload.mimetype if re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,100}", upload.mimetype or "") else ""
    )
    return Part(name[:200] or "tep", media_type or "application/octet-stream", content)


def _done(text: str) -> Response:
    if wants_json():
        return jsonify(ok=True, done=True, text=text)
    return redirect("/mail", 303)


def _sent(held: Held | None) -> Response:
    """It has gone, or it waits for its time, which a page without scripts shows with the way to take it back."""
    if held is None:
        return _done(words()("sent_done"))
    if held.undo_seconds:
        text = words()("sent_held", n=held.undo_seconds)
    else:
        when_text = formats.long_date(held.due_at, words(), web().services.options.utc_offset_minutes)
        text = words()("sent_later", when=when_text)
    if wants_json():
        undo = {"id": held.draft_id, "seconds": held.undo_seconds or UNDO_SHOWN}
        return jsonify(ok=True, done=True, text=text, undo=undo)
    return redirect("/scheduled", 303)


def _again(who: Viewer, draft: Draft, status: int, error: str, *, confirm: bool = False) -> Response:
    services, t = web().services, words()
    at = formats.short_date(services.clock(), services.clock(), services.options.utc_offset_minutes)
    saved = "" if error else t("saved_at", time=at)
    if wants_json():
        answer = jsonify(
            ok=not error,
            error=error,
            confirm=confirm,
            text=saved,
            revision=draft.revision,
            files=[_file_values(one) for one in draft.files],
        )
        answer.status_code = status
        return answer
    boxes = services.mail.boxes(who)
    box, folder = inbox_of(boxes)
    return make_response(
        _page(who, boxes, box, folder, draft, error=error, notice=saved, confirm=confirm), status
    )


def _file_values(file: DraftFile) -> dict[str, str]:
    return {
        "id": file.id,
        "name": file.filename,
        "size": formats.size(file.size, words()),
        "kind": formats.file_kind(file.filename, file.media_type),
    }


@screen.get("/complete")
def complete() -> Response:
    """Addresses of the directory for what is typed, with or without marks."""
    typed = request.args.get("q", "").strip()[:100]
    found = web().services.writing.complete(viewer(), typed) if typed else ()
    people = [
        {"name": one.name, "address": one.address, "detail": one.detail, "kind": one.kind} for one in found
    ]
    return jsonify(people=people)
