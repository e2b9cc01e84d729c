"""What is done to letters: delete, move, flag, mark; one by one or many at once."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Literal

from flask import Blueprint, abort, jsonify, redirect, request

from webmail.folders import folder_name
from webmail.views.shell import find_folder
from webmail.web import local_path, viewer, wants_json, web, words

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from webmail.ports import Viewer

screen = Blueprint("acts", __name__)
MAX_LETTERS = 1_000
MARKS: dict[str, dict[str, bool]] = {
    "seen": {"seen": True},
    "unseen": {"seen": False},
    "flag": {"flagged": True},
    "unflag": {"flagged": False},
}

REPORTS: dict[str, Literal["phishing", "junk"]] = {"phishing": "phishing", "junk": "junk"}


@screen.post("/act")
def act() -> BaseResponse:
    """Do one thing to the chosen letters, folder by folder, then go back to the list."""
    chosen = chosen_letters(request.form.getlist("letter"))
    name = request.form.get("act", "")
    if star := request.form.get("star"):
        chosen, name = chosen_letters([star]), "unflag" if request.form.get("starred") == "true" else "flag"
    text = _do(viewer(), name, chosen) if chosen else ""
    if wants_json():
        return jsonify(ok=True, text=text)
    return redirect(local_path(request.form.get("back", "")), 303)


def _do(who: Viewer, name: str, chosen: dict[int, tuple[int, ...]]) -> str:
    mail, t = web().services.mail, words()
    count = sum(map(len, chosen.values()))
    if name in MARKS:
        for mailbox_id, uids in chosen.items():
            mail.mark(who, mailbox_id, uids, **MARKS[name])
        return ""
    if name == "delete":
        gone = [mail.delete(who, mailbox_id, uids) for mailbox_id, uids in chosen.items()]
        return t("deleted_for_good" if all(gone) else "deleted_n", n=count)
    if name in REPORTS:
        for mailbox_id, uids in chosen.items():
            mail.report(who, mailbox_id, uids, REPORTS[name])
        return t("reported_n", n=count)
    verb, _, target = name.partition(":")
    if verb != "move" or not target.isdecimal():
        abort(400)
    _, folder = find_folder(mail.boxes(who), int(target))
    for mailbox_id, uids in chosen.items():
        if mailbox_id != folder.id:
            mail.move(who, mailbox_id, uids, folder.id)
    return t("moved_n", n=count, folder=folder_name(folder))


def chosen_letters(keys: list[str]) -> dict[int, tuple[int, ...]]:
    """`mailbox-uid` keys as uids by mailbox; 400 for anything else."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for key in keys[:MAX_LETTERS]:
        mailbox_id, _, uid = key.partition("-")
        if not (mailbox_id.isdecimal() and uid.isdecimal() and len(key) < 40):
            abort(400)
        found[int(mailbox_id)].append(int(uid))
    return {mailbox_id: tuple(uids) for mailbox_id, uids in found.items()}
