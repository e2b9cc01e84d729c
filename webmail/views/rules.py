"""Quy tắc thư: rules, answers while away, forwarding and unwanted senders, as forms."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from flask import Blueprint, abort, make_response, redirect, render_template, request

from mailsvc.model.errors import Conflict, NotPermitted, ServiceError, TooLarge
from mailsvc.services.rules.forms import (
    MAX_JUNK,
    MAX_RULES,
    MAX_SUBJECT,
    MAX_TEXT,
    MAX_WORDS,
    BoxRules,
    Condition,
    Forwarding,
    MailRule,
    Vacation,
    Where,
)
from webmail.folders import folder_name
from webmail.refusals import say
from webmail.web import viewer, web, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

    from webmail.desk_ports import RuleDesk
    from webmail.ports import Box

screen = Blueprint("rules", __name__)
MAX_ADDRESS: Final = 320
_SENDER: Final = re.compile(r"(?:[^\s@\"\\,;<>]{1,64}@|@)?[^\s@\"\\,;<>]{1,190}\.[^\s@\"\\,;<>.]{1,60}\Z")


class FormError(ValueError):
    """What is missing or wrong in a form; `args[0]` is the key of its words."""


@screen.get("/rules")
def rules() -> Response:
    """The forms of a box."""
    return _page(_box(request.args.get("box", "")))


@screen.post("/rules")
def change() -> Response:
    """One form is changed; the others stay as they are."""
    box = _box(request.form.get("box", ""))
    section = request.form.get("section", "")
    if section not in SECTIONS:
        abort(400)
    try:
        act = SECTIONS[section]()
        taken_over = request.form.get("replace") == "1"
        _desk().change(viewer(), box.account_id, act, replace=taken_over)
    except FormError as problem:
        return _page(box, words()(str(problem)), 422)
    except Conflict as refusal:
        return _page(box, words()("foreign_rules", name=refusal.args[0]), 409)
    except ServiceError as refusal:
        status, text = say(refusal, words())
        return _page(box, text, status)
    return redirect(f"/rules?box={box.account_id}&saved=1#{section}", 303)


def _desk() -> RuleDesk:
    found = web().services.rules
    if found is None:
        abort(404)
    return found


def _box(asked: str) -> Box:
    """The box that was asked for, among those whose rules this person may change."""
    boxes = [one for one in web().services.mail.boxes(viewer()) if one.may_act]
    if not boxes:
        raise NotPermitted
    if asked and (not asked.isdecimal() or not any(str(one.account_id) == asked for one in boxes)):
        raise NotPermitted
    return next((one for one in boxes if str(one.account_id) == asked), boxes[0])


def _page(box: Box, error: str = "", status: int = 200) -> Response:
    state = _desk().state(viewer(), box.account_id)
    edited = request.args.get("edit", "")
    number = int(edited) if edited.isdecimal() and len(edited) < 4 else -1
    found = state.rules.rules[number] if 0 <= number < len(state.rules.rules) else None
    page = render_template(
        "rules.html",
        box=box,
        boxes=[one for one in web().services.mail.boxes(viewer()) if one.may_act],
        state=state,
        edited=found,
        number=number if found else -1,
        typed=request.form if error else {},
        said={one.where.value: one.words for one in found.conditions} if found else {},
        names={one.name: folder_name(one) for one in box.folders},
        where=[one.value for one in Where],
        limits={"words": MAX_WORDS, "subject": MAX_SUBJECT, "text": MAX_TEXT},
        error=error,
        notice=words()("rules_saved") if request.args.get("saved") and not error else "",
    )
    return make_response(page, status)


# -- what each form says


def _vacation() -> Callable[[BoxRules], BoxRules]:
    if not request.form.get("on"):
        return lambda now: replace(now, vacation=None)
    text = _text("text", MAX_TEXT)
    since, until = _day("since"), _day("until")
    if not text:
        raise FormError("vacation_empty")
    if since and until and until < since:
        raise FormError("vacation_backwards")
    found = Vacation(text, _line("subject", MAX_SUBJECT), since, until)
    return lambda now: replace(now, vacation=found)


def _forward() -> Callable[[BoxRules], BoxRules]:
    if not request.form.get("on"):
        return lambda now: replace(now, forwarding=None)
    address = _line("address", MAX_ADDRESS)
    if not address:
        raise FormError("forward_empty")
    found = Forwarding(address, request.form.get("keep") == "1")
    return lambda now: replace(now, forwarding=found)


def _junk() -> Callable[[BoxRules], BoxRules]:
    senders = tuple(dict.fromkeys(one.lower() for one in _text("senders", 60_000).split()))
    if len(senders) > MAX_JUNK:
        raise TooLarge
    if not all(_SENDER.match(one) for one in senders):
        raise FormError("junk_wrong")
    return lambda now: replace(now, junk=senders)


def _rule() -> Callable[[BoxRules], BoxRules]:
    """A new rule, or one in place of that with this number."""
    found = _rule_typed()
    number = request.form.get("number", "")

    def act(now: BoxRules) -> BoxRules:
        held = list(now.rules)
        if number.isdecimal() and len(number) < 4 and int(number) < len(held):
            held[int(number)] = found
        elif len(held) < MAX_RULES:
            held.append(found)
        else:
            raise TooLarge
        return replace(now, rules=tuple(held))

    return act


def _rule_typed() -> MailRule:
    conditions = tuple(
        Condition(one, _line(one.value, MAX_WORDS)) for one in Where if _line(one.value, MAX_WORDS)
    )
    if not conditions:
        raise FormError("rule_without_condition")
    wanted = request.form.get("target", "")
    box = _box(request.form.get("box", ""))
    folder = next((one.name for one in box.folders if str(one.id) == wanted), "")
    found = MailRule(
        conditions,
        "" if wanted == "trash" else folder,
        flag=bool(request.form.get("flag")),
        read=bool(request.form.get("read")),
        trash=wanted == "trash",
    )
    if not (found.folder or found.flag or found.read or found.trash):
        raise FormError("rule_without_act")
    return found


def _order() -> Callable[[BoxRules], BoxRules]:
    """Up, or away. The rule is named by its place and by what it says, so that no other one goes instead."""
    number, _, print_ = request.form.get("which", "").partition("-")
    deed = request.form.get("do", "")
    if not number.isdecimal() or len(number) > 3 or deed not in {"up", "remove"}:
        abort(400)
    at = int(number)

    def act(now: BoxRules) -> BoxRules:
        held = list(now.rules)
        if at >= len(held) or fingerprint(held[at]) != print_:
            return now
        one = held.pop(at)
        if deed == "up":
            held.insert(max(0, at - 1), one)
        return replace(now, rules=tuple(held))

    return act


def fingerprint(rule: MailRule) -> str:
    """A short name of what a rule says."""
    return sha256(repr(rule).encode()).hexdigest()[:12]


SECTIONS: Final[dict[str, Callable[[], Callable[[BoxRules], BoxRules]]]] = {
    "vacation": _vacation,
    "forward": _forward,
    "junk": _junk,
    "rule": _rule,
    "order": _order,
}


def _line(name: str, limit: int) -> str:
    return " ".join(_text(name, limit).split())


def _text(name: str, limit: int) -> str:
    typed = request.form.get(name, "").replace("\r\n", "\n")
    return "".join(char for char in typed if char.isprintable() or char in "\n\t")[:limit].strip()


def _day(name: str) -> date | None:
    typed = request.form.get(name, "")
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise FormError("day_wrong") from None
