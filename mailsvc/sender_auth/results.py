"""The header that tells what was found, and the removal of those that only claim to be ours (RFC 8601)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.sender_auth.dns import to_a_labels

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

MAX_VALUE = 256  # characters of a property that are told
_PLAIN = re.compile(r"[^\s()<>,;:\\\"/\[\]?=\x00-\x20\x7f]+")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]*@[A-Za-z0-9._-]+")
_OURS = re.compile(rb"authentication-results[ \t]*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one method said (RFC 8601 §2.2)."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...] = ()
    """Such as `("smtp.mailfrom", "an@example.vn")`; empty values are left out."""
    reason: str = ""


def results_text(findings: Iterable[Finding]) -> str:
    """The part after the authserv-id, one finding a line; `none` if nothing was looked at (RFC 8601 §2.2)."""
    return ";\r\n\t".join(_finding(one) for one in findings) or "none"


def results_field(authserv_id: str, findings: Iterable[Finding]) -> bytes:
    """An Authentication-Results field that ends in CRLF; no value can break out of it (RFC 8601 §2.2)."""
    return f"Authentication-Results: {authserv_id};\r\n\t{results_text(findings)}\r\n".encode()


def without_forged(octets: bytes, own_ids: Collection[str]) -> bytes:
    """The letter without Authentication-Results that name one of our authserv-ids (RFC 8601 §5).

    Stricter: a field whose authserv-id cannot be read is taken out too.
    """
    own = {_folded(one) for one in own_ids}
    end = octets.find(b"\r\n\r\n")
    header = octets if end < 0 else octets[: end + 2]
    if octets.startswith(b"\r\n") or _OURS.search(header) is None:
        return octets
    kept: list[bytes] = []
    field: list[bytes] = []
    for line in header.split(b"\r\n"):
        if line.startswith((b" ", b"\t")):
            field.append(line)
            continue
        kept.extend(_kept(field, own))
        field = [line]
    kept.extend(_kept(field, own))
    return b"\r\n".join(kept) + octets[len(header) :]


def authserv_id(value: bytes) -> tuple[str, str] | None:
    """Who speaks in an Authentication-Results field, in lower case, and what is said; None if it cannot be read.

    The value is what follows the colon; comments and folding before the name are passed over (RFC 8601 §2.2).
    """
    text = value.decode("utf-8", errors="replace").replace("\r\n", "")
    at = _past_comments(text, 0)
    if at < 0 or at >= len(text):
        return None
    if text[at] == '"':
        name, at = _quoted(text, at)
    else:
        found = re.compile(r"[^\s;()\"]+").match(text, at)
        name, at = (found[0], found.end()) if found else ("", at)
    at = _past_comments(text, at)
    if not name or at < 0:
        return None
    _, semicolon, rest = text[at:].partition(";")  # the authres-version may stand between
    return _folded(name), rest.strip() if semicolon else ""


def _kept(field: list[bytes], own: Collection[str]) -> list[bytes]:
    if not field or _OURS.match(field[0]) is None:
        return field
    spoken = authserv_id(b"\r\n".join(field).partition(b":")[2])
    return [] if spoken is None or spoken[0] in own else field


def _folded(name: str) -> str:
    return to_a_labels(name) or name.lower()


def _past_comments(text: str, at: int) -> int:
    """The next place that is neither space nor comment (RFC 5322 §3.2.2), or -1 if a comment never ends."""
    depth = 0
    while at < len(text):
        one = text[at]
        if depth and one == "\\":
            at += 1
        elif one == "(":
            depth += 1
        elif depth and one == ")":
            depth -= 1
        elif not depth and not one.isspace():
            return at
        at += 1
    return -1 if depth else at


def _quoted(text: str, at: int) -> tuple[str, int]:
    """The content of a quoted string (RFC 5322 §3.2.4) and the place after it; empty if it never ends."""
    read: list[str] = []
    at += 1
    while at < len(text) and text[at] != '"':
        if text[at] == "\\":
            at += 1
        read.append(text[at : at + 1])
        at += 1
    return ("".join(read), at + 1) if at < len(text) else ("", at)


def _finding(one: Finding) -> str:
    parts = [f"{one.method}={one.result}"]
    if one.reason:
        parts.append(f"reason={_as_quoted(one.reason)}")
    parts.extend(f"{name}={_value(value)}" for name, value in one.properties if value)
    return " ".join(parts)


def _value(value: str) -> str:
    if len(value) <= MAX_VALUE and (_PLAIN.fullmatch(value) or _ADDRESS.fullmatch(value)):
        return value
    return _as_quoted(value)


def _as_quoted(value: str) -> str:
    shown = "".join(one if one.isprintable() else "?" for one in value[:MAX_VALUE])
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"') + '"'
