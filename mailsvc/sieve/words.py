"""Which commands and tests there are, what they take, and which extension each needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

EXTENSIONS: Final = frozenset({
    "body", "comparator-i;ascii-casemap", "comparator-i;ascii-numeric", "comparator-i;octet", "copy", "date",
    "duplicate", "editheader", "encoded-character", "enotify", "envelope", "environment", "ereject", "fileinto",
    "ihave", "imap4flags", "include", "index", "mailbox", "reject", "relational", "special-use", "subaddress",
    "vacation", "vacation-seconds", "variables",
})  # fmt: skip
"""Capabilities a script may `require` (RFC 5228 §6 and the documents named below)."""
ALWAYS: Final = frozenset({"comparator-i;octet", "comparator-i;ascii-casemap"})
"""These need no `require` (RFC 5228 §2.7.3)."""


class Take(Enum):
    """What an argument is."""

    NUMBER = auto()
    STRING = auto()
    STRINGS = auto()


@dataclass(frozen=True, slots=True)
class TagRule:
    """A tagged argument."""

    takes: Take | None = None
    needs: str = ""
    """An extension, besides the command's own."""
    group: str = ""
    """Of one group only one may be given."""
    constant: bool = False
    """What it takes may hold no variable (RFC 5229 §3)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A command or test."""

    positional: tuple[Take, ...] = ()
    optional: int = 0
    """How many of the first positional arguments may be left out."""
    last_optional: bool = False
    """Whether the last one may be left out."""
    tags: dict[str, TagRule] = field(default_factory=dict)
    needs: str = ""
    """Any of these extensions, separated by a blank, makes it known."""
    tests: tuple[int, int] = (0, 0)
    """How many tests, at least and at most."""
    block: bool = False


_MATCH = {
    ":is": TagRule(group="match"),
    ":contains": TagRule(group="match"),
    ":matches": TagRule(group="match"),
    ":value": TagRule(Take.STRING, "relational", "match", constant=True),
    ":count": TagRule(Take.STRING, "relational", "match", constant=True),
    ":comparator": TagRule(Take.STRING, group="comparator", constant=True),
}
_PART = {
    ":all": TagRule(group="part"),
    ":localpart": TagRule(group="part"),
    ":domain": TagRule(group="part"),
    ":user": TagRule(None, "subaddress", "part"),
    ":detail": TagRule(None, "subaddress", "part"),
}
_INDEX = {":index": TagRule(Take.NUMBER, "index"), ":last": TagRule(None, "index")}
_FLAGS = {":flags": TagRule(Take.STRINGS, "imap4flags")}
_COPY = {":copy": TagRule(None, "copy")}
_CASE = {name: TagRule(group=name) for name in (":length", ":quotewildcard")} | {
    ":lower": TagRule(group="case"),
    ":upper": TagRule(group="case"),
    ":lowerfirst": TagRule(group="first"),
    ":upperfirst": TagRule(group="first"),
    ":encodeurl": TagRule(None, "enotify"),
}
_ANY = 64

COMMANDS: Final[dict[str, Rule]] = {
    # RFC 5228 §3, §4
    "require": Rule((Take.STRINGS,)),
    "if": Rule(tests=(1, 1), block=True),
    "elsif": Rule(tests=(1, 1), block=True),
    "else": Rule(block=True),
    "stop": Rule(),
    "keep": Rule(tags=_FLAGS),
    "discard": Rule(),
    "redirect": Rule((Take.STRING,), tags=_COPY),
    "fileinto": Rule(
        (Take.STRING,),
        tags=_COPY
        | _FLAGS
        | {":create": TagRule(None, "mailbox"), ":specialuse": TagRule(Take.STRING, "special-use")},
        needs="fileinto",
    ),
    # RFC 5232
    "setflag": Rule((Take.STRING, Take.STRINGS), 1, needs="imap4flags"),
    "addflag": Rule((Take.STRING, Take.STRINGS), 1, needs="imap4flags"),
    "removeflag": Rule((Take.STRING, Take.STRINGS), 1, needs="imap4flags"),
    # RFC 5229
    "set": Rule((Take.STRING, Take.STRING), tags=_CASE, needs="variables"),
    # RFC 5429
    "reject": Rule((Take.STRING,), needs="reject"),
    "ereject": Rule((Take.STRING,), needs="ereject"),
    # RFC 5230, RFC 6131
    "vacation": Rule(
        (Take.STRING,),
        tags={
            ":days": TagRule(Take.NUMBER, group="period"),
            ":seconds": TagRule(Take.NUMBER, "vacation-seconds", "period"),
            ":subject": TagRule(Take.STRING),
            ":from": TagRule(Take.STRING),
            ":addresses": TagRule(Take.STRINGS),
            ":mime": TagRule(),
            ":handle": TagRule(Take.STRING),
        },
        needs="vacation vacation-seconds",
    ),
    # RFC 5435
    "notify": Rule(
        (Take.STRING,),
        tags={
            ":from": TagRule(Take.STRING),
            ":importance": TagRule(Take.STRING),
            ":options": TagRule(Take.STRINGS),
            ":message": TagRule(Take.STRING),
        },
        needs="enotify",
    ),
    # RFC 5293
    "addheader": Rule((Take.STRING, Take.STRING), tags={":last": TagRule()}, needs="editheader"),
    "deleteheader": Rule(
        (Take.STRING, Take.STRINGS),
        last_optional=True,
        tags=_MATCH | {":index": TagRule(Take.NUMBER), ":last": TagRule()},
        needs="editheader",
    ),
    # RFC 6609
    "include": Rule(
        (Take.STRING,),
        tags={
            ":personal": TagRule(group="where"),
            ":global": TagRule(group="where"),
            ":once": TagRule(),
            ":optional": TagRule(),
        },
        needs="include",
    ),
    "return": Rule(needs="include"),
    "global": Rule((Take.STRINGS,), needs="include"),
    # RFC 5463
    "error": Rule((Take.STRING,), needs="ihave"),
}

TESTS: Final[dict[str, Rule]] = {
    # RFC 5228 §5
    "true": Rule(),
    "false": Rule(),
    "not": Rule(tests=(1, 1)),
    "allof": Rule(tests=(1, _ANY)),
    "anyof": Rule(tests=(1, _ANY)),
    "exists": Rule((Take.STRINGS,)),
    "size": Rule((Take.NUMBER,), tags={":over": TagRule(group="size"), ":under": TagRule(group="size")}),
    "header": Rule((Take.STRINGS, Take.STRINGS), tags=_MATCH | _INDEX),
    "address": Rule((Take.STRINGS, Take.STRINGS), tags=_MATCH | _PART | _INDEX),
    "envelope": Rule((Take.STRINGS, Take.STRINGS), tags=_MATCH | _PART, needs="envelope"),
    # RFC 5173
    "body": Rule(
        (Take.STRINGS,),
        tags=_MATCH
        | {
            ":raw": TagRule(group="transform"),
            ":content": TagRule(Take.STRINGS, group="transform"),
            ":text": TagRule(group="transform"),
        },
        needs="body",
    ),
    # RFC 5229, RFC 5232
    "string": Rule((Take.STRINGS, Take.STRINGS), tags=_MATCH, needs="variables"),
    "hasflag": Rule((Take.STRINGS, Take.STRINGS), 1, tags=_MATCH, needs="imap4flags"),
    # RFC 5260
    "date": Rule(
        (Take.STRING, Take.STRING, Take.STRINGS),
        tags=_MATCH
        | _INDEX
        | {":zone": TagRule(Take.STRING, group="zone"), ":originalzone": TagRule(group="zone")},
        needs="date",
    ),
    "currentdate": Rule(
        (Take.STRING, Take.STRINGS), tags=_MATCH | {":zone": TagRule(Take.STRING)}, needs="date"
    ),
    # RFC 5490, RFC 8579
    "mailboxexists": Rule((Take.STRINGS,), needs="mailbox"),
    "specialuse_exists": Rule((Take.STRING, Take.STRINGS), 1, needs="special-use"),
    # RFC 7352
    "duplicate": Rule(
        tags={
            ":handle": TagRule(Take.STRING),
            ":header": TagRule(Take.STRING, group="id"),
            ":uniqueid": TagRule(Take.STRING, group="id"),
            ":seconds": TagRule(Take.NUMBER),
            ":last": TagRule(),
        },
        needs="duplicate",
    ),
    # RFC 5183, RFC 5463, RFC 5435
    "environment": Rule((Take.STRING, Take.STRINGS), tags=_MATCH, needs="environment"),
    "ihave": Rule((Take.STRINGS,), needs="ihave"),
    "valid_notify_method": Rule((Take.STRINGS,), needs="enotify"),
    "notify_method_capability": Rule((Take.STRING, Take.STRING, Take.STRINGS), tags=_MATCH, needs="enotify"),
}
