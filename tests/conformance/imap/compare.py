"""Replies of two servers brought to one form: what RFC 3501 leaves to the server does not count."""

import re
from datetime import UTC, datetime

TOKEN = re.compile(
    rb'\s*(\(|\)|~?\{(\d+)\}\r\n|"((?:[^"\\]|\\.)*)"|\\?[^\s()"]+\[[^\]]*\][^\s()"]*|[^\s()"]+)'
)


def tokens(octets: bytes) -> list[object]:
    """A reply as nested lists; strings of any spelling are alike."""
    stack: list[list[object]] = [[]]
    at = 0
    while (match := TOKEN.match(octets, at)) is not None:
        at = match.end()
        word = match.group(1)
        if word == b"(":
            stack.append([])
        elif word == b")":
            done = stack.pop()
            stack[-1].append(done)
        elif match.group(2) is not None:
            size = int(match.group(2))
            stack[-1].append(b"=" + octets[at : at + size])
            at += size
        elif match.group(3) is not None:
            stack[-1].append(b"=" + re.sub(rb"\\(.)", rb"\1", match.group(3)))
        else:
            stack[-1].append(word)
    return stack[0]


def fetched(items: list[object]) -> dict[str, object]:
    found = {name.decode().upper(): value for name, value in zip(items[::2], items[1::2], strict=True)}
    found.pop("MODSEQ", None)
    return {name: comparable(name, value) for name, value in found.items()}


def comparable(name: str, value: object) -> object:
    if name == "FLAGS":
        return sorted(flag for flag in value if flag != rb"\Recent")
    if name == "INTERNALDATE":
        return datetime.strptime(value.decode(), "=%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    # A part that is not there: NIL and an empty string say the same.
    return b"=" if name.startswith("BODY[") and value == b"NIL" else value


IGNORED_CODES = ("UIDVALIDITY", "MAILBOXID", "HIGHESTMODSEQ", "NOMODSEQ", "CLOSED", "PERMANENTFLAGS")
ATTRIBUTES = {rb"\UnMarked", rb"\Marked", rb"\NonExistent", rb"\NoInferiors"}


def normal(command: str | bytes, replies: list[bytes]) -> list[object]:
    """Untagged replies in comparable form, then the condition of the tagged one."""
    out: list[object] = []
    asks_uid = "UID" in (command if isinstance(command, str) else "")
    listed: list[object] = []
    fetches: dict[int, dict[str, object]] = {}
    for reply in replies[:-1]:
        words = tokens(reply)
        if len(words) > 3 and words[2] == b"FETCH":
            number = int(words[1])
            fetches.setdefault(number, {}).update(fetched(words[3]))
            if not asks_uid:
                fetches[number].pop("UID", None)  # sent along with news that nobody asked for
            continue
        if fetches:
            out.append(fetches)
            fetches = {}
        kind = words[1].upper()
        if kind == b"OK":
            code = re.match(rb"\* OK \[([A-Z-]+)", reply)
            name = code.group(1).decode() if code else ""
            if name == "COPYUID":
                out.append(reply.partition(b"]")[0].split()[4:])
            elif name and name not in IGNORED_CODES:
                out.append(reply.partition(b"]")[0])
        elif kind in {b"FLAGS", b"ID", b"ENABLED"} or words[-1] == b"RECENT":
            continue
        elif kind in {b"LIST", b"LSUB"}:
            listed.append((kind, sorted(set(words[2]) - ATTRIBUTES), words[3], words[4].lstrip(b"=")))
        elif kind == b"STATUS":
            pairs = words[3]
            out.append((kind, words[2].lstrip(b"="), dict(zip(pairs[::2], pairs[1::2], strict=True))))
        else:
            out.append(words[1:])
    if fetches:
        out.append(fetches)
    out += sorted(listed, key=str)
    last = replies[-1].split(b" ")
    code = re.match(rb"\S+ \S+ \[([A-Z-]+)", replies[-1])
    out.append((last[1], code.group(1) if code and last[1] == b"OK" and b"UID" in code.group(1) else b""))
    return out
