"""The tests of scripts (RFC 5228 §5 and its extensions), each as a question to a letter."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from mailsvc.mime.dates import date_epoch
from mailsvc.sieve import dates
from mailsvc.sieve.check import number_of
from mailsvc.sieve.letter import addresses_in
from mailsvc.sieve.words import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo

    from mailsvc.sieve.check import Node
    from mailsvc.sieve.matching import Matcher
    from mailsvc.sieve.run import Run

SUB_ADDRESS_SEPARATOR: Final = "+"
MAX_DUPLICATE_SECONDS: Final = 30 * 86_400
DEFAULT_DUPLICATE_SECONDS: Final = 7 * 86_400


def _header(state: Run, test: Node, matcher: Matcher) -> bool:
    keys = state.words(test.values[1])
    values = [value for name in state.words(test.values[0]) for value in _picked(state, test, name)]
    return matcher.any(values, keys)


def _address(state: Run, test: Node, matcher: Matcher) -> bool:
    keys = state.words(test.values[1])
    found: list[str] = []
    for name in state.words(test.values[0]):
        if ":index" in test.tags:
            for value in _picked(state, test, name):
                found += addresses_in(value)
        else:
            found += state.letter.addresses(name)
    return matcher.any(_parts(test, found), keys)


def _envelope(state: Run, test: Node, matcher: Matcher) -> bool:
    envelope = state.letter.envelope
    known = {"from": envelope.sender, "to": envelope.recipient}
    found = [known[part.lower()] for part in state.words(test.values[0]) if part.lower() in known]
    return matcher.any(_parts(test, found), state.words(test.values[1]))


def _parts(test: Node, addresses: Sequence[str]) -> list[str]:
    """The part of each address that the tags choose (RFC 5228 §2.7.4, RFC 5233 §4)."""
    found: list[str] = []
    for address in addresses:
        local, at, domain = address.rpartition("@")
        if not at:
            local, domain = address, ""
        user, separator, detail = local.partition(SUB_ADDRESS_SEPARATOR)
        if ":localpart" in test.tags:
            found.append(local)
        elif ":domain" in test.tags:
            found.append(domain)
        elif ":user" in test.tags:
            found.append(user)
        elif ":detail" in test.tags:
            if separator:  # RFC 5233 §4: without one, there is no detail to match
                found.append(detail)
        else:
            found.append(address)
    return found


def _picked(state: Run, test: Node, name: str) -> list[str]:
    """The fields of this name, or the one that :index chooses (RFC 5260 §6.1)."""
    values = state.letter.values(name)
    if ":index" not in test.tags:
        return values
    number = number_of(test.tags[":index"])
    if not 1 <= number <= len(values):
        return []
    return [values[-number] if ":last" in test.tags else values[number - 1]]


def _exists(state: Run, test: Node, _matcher: Matcher) -> bool:
    return all(state.letter.values(name) for name in state.words(test.values[0]))


def _size(state: Run, test: Node, _matcher: Matcher) -> bool:
    limit = number_of(test.values[0])
    size = len(state.letter.octets)
    return size > limit if ":over" in test.tags else size < limit


def _body(state: Run, test: Node, matcher: Matcher) -> bool:
    letter = state.letter
    if ":raw" in test.tags:
        values = [letter.raw_body()]
    elif ":content" in test.tags:
        values = letter.parts(state.words(test.tags[":content"]))
    else:
        values = letter.texts()
    holds = matcher.any(values, state.words(test.values[0]))
    matcher.captures = None  # RFC 5173 §6: a body sets no match variables
    return holds


def _string(state: Run, test: Node, matcher: Matcher) -> bool:
    values = state.words(test.values[0])
    if matcher.counts:
        values = tuple([value for value in values if value])  # RFC 5229 §5
    return matcher.any(values, state.words(test.values[1]))


def _has_flag(state: Run, test: Node, matcher: Matcher) -> bool:
    names = state.words(test.values[0])
    held: list[str] = []
    if not names:
        held += state.flags
    for name in names:
        held += state.variable(name.lower()).split()
    return matcher.any(held, [key for keys in state.words(test.values[1]) for key in keys.split()])


def _date(state: Run, test: Node, matcher: Matcher) -> bool:
    name = state.word(test.values[0])
    values: list[str] = []
    for field in (_picked(state, test, name) or [])[: None if ":index" in test.tags else 1]:
        written = field.rpartition(";")[2] if name.lower() == "received" else field
        epoch = _epoch(written)
        if epoch is not None:
            zone = dates.zone_written_in(written) if ":originalzone" in test.tags else _zone(state, test)
            values += _part(state, test, epoch, zone, 1)
    return matcher.any(values, state.words(test.values[2]))


def _current_date(state: Run, test: Node, matcher: Matcher) -> bool:
    values = _part(state, test, state.around.now(), _zone(state, test), 0)
    return matcher.any(values, state.words(test.values[1]))


def _epoch(written: str) -> int | None:
    epoch = date_epoch(written)
    if epoch is not None:
        return epoch
    try:
        return int(parsedate_to_datetime(written).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None


def _zone(state: Run, test: Node) -> tzinfo:
    """The zone that was named, or the one that the server lives in (RFC 5260 §4.1)."""
    return dates.zone_named(state.word(test.tags.get(":zone"))) or (
        dates.zone_named(state.around.environment("vnd.congvu.zone") or "") or UTC
    )


def _part(state: Run, test: Node, epoch: int, zone: tzinfo, at: int) -> list[str]:
    try:
        value = dates.part_of(epoch, zone, state.word(test.values[at]))
    except (OverflowError, ValueError):
        return []
    return [] if value is None else [value]


def _mailbox_exists(state: Run, test: Node, _matcher: Matcher) -> bool:
    return all(state.around.mailbox_exists(name) for name in state.words(test.values[0]))


def _special_use_exists(state: Run, test: Node, _matcher: Matcher) -> bool:
    mailbox = state.word(test.values[0]) or None
    return all(state.around.special_use_exists(use, mailbox) for use in state.words(test.values[1]))


def _duplicate(state: Run, test: Node, _matcher: Matcher) -> bool:
    if ":header" in test.tags:
        values = state.letter.values(state.word(test.tags[":header"]))
        unique = values[0].strip() if values else ""
    elif ":uniqueid" in test.tags:
        unique = state.word(test.tags[":uniqueid"])
    else:
        unique = (state.letter.values("message-id") or [""])[0].strip()
    if not unique:
        return False
    seconds = min(number_of(test.tags.get(":seconds", DEFAULT_DUPLICATE_SECONDS)), MAX_DUPLICATE_SECONDS)
    handle = state.word(test.tags.get(":handle"))
    return state.around.is_duplicate(handle, unique, seconds, last=":last" in test.tags)


def _environment(state: Run, test: Node, matcher: Matcher) -> bool:
    value = state.around.environment(state.word(test.values[0]).lower())
    return value is not None and matcher.any([value], state.words(test.values[1]))


def _ihave(state: Run, test: Node, _matcher: Matcher) -> bool:
    return EXTENSIONS.issuperset(state.words(test.values[0]))


def _valid_method(state: Run, test: Node, _matcher: Matcher) -> bool:
    return all(is_mailto(method) for method in state.words(test.values[0]))


def _method_capability(state: Run, test: Node, matcher: Matcher) -> bool:
    """Of mailto nobody knows whether its reader is there (RFC 5436 §2.6)."""
    asked = state.word(test.values[1]).lower()
    if not is_mailto(state.word(test.values[0])) or asked != "online":
        return False
    return matcher.any(["maybe"], state.words(test.values[2]))


def is_mailto(method: str) -> bool:
    """Whether this names one mail address (RFC 5436 §2)."""
    scheme, _, rest = method.partition(":")
    address = rest.partition("?")[0]
    return scheme.lower() == "mailto" and "@" in address and address.isascii() and address.isprintable()


TESTS: Final[dict[str, Callable[[Run, Node, Matcher], bool]]] = {
    "address": _address,
    "body": _body,
    "currentdate": _current_date,
    "date": _date,
    "duplicate": _duplicate,
    "envelope": _envelope,
    "environment": _environment,
    "exists": _exists,
    "false": lambda _state, _test, _matcher: False,
    "hasflag": _has_flag,
    "header": _header,
    "ihave": _ihave,
    "mailboxexists": _mailbox_exists,
    "notify_method_capability": _method_capability,
    "size": _size,
    "specialuse_exists": _special_use_exists,
    "string": _string,
    "true": lambda _state, _test, _matcher: True,
    "valid_notify_method": _valid_method,
}
