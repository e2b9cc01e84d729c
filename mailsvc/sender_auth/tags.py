"""Tag lists, `a=…; b=…`, as DKIM, ARC and DMARC write them (RFC 6376 §3.2)."""

from __future__ import annotations

import base64
import binascii
import re

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_SPACES = re.compile(r"[ \t\r\n]+")


class TagError(ValueError):
    """The list or a value in it is malformed."""


def parse_tags(octets: bytes) -> dict[str, str]:
    """The tags in order, values without space around them; a tag given twice spoils the list (RFC 6376 §3.2)."""
    try:
        text = octets.decode("utf-8")  # RFC 8616 §5 lets d= and i= be internationalised
    except UnicodeDecodeError as error:
        raise TagError("not UTF-8") from error
    specs = text.split(";")
    if len(specs) > 1 and not specs[-1].strip():
        specs.pop()
    tags: dict[str, str] = {}
    for spec in specs:
        name, equals, value = spec.partition("=")
        name = name.strip()
        if not equals or _NAME.fullmatch(name) is None:
            raise TagError(f"not a tag: {spec[:40]!r}")
        if name in tags:
            raise TagError(f"{name}= twice")
        tags[name] = value.strip()
    return tags


def required(tags: dict[str, str], name: str) -> str:
    """The value of a tag that must be there and must not be empty."""
    value = tags.get(name, "")
    if not value:
        raise TagError(f"no {name}=")
    return value


def number(tags: dict[str, str], name: str) -> int | None:
    """A tag of up to 12 digits (RFC 6376 §3.5), or None where it is not given."""
    value = tags.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) <= 12):
        raise TagError(f"{name}= is no number")
    return int(value)


def octets_of(value: str, name: str) -> bytes:
    """Decode a base64 value that may be folded (RFC 6376 §3.2)."""
    try:
        return base64.b64decode(_SPACES.sub("", value).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise TagError(f"{name}= is not base64") from error


def without_signature(raw: bytes) -> bytes:
    """A signature field with its b= emptied, space around the value included (RFC 6376 §3.7)."""
    name, colon, value = raw.partition(b":")
    specs = value.split(b";")
    for at, spec in enumerate(specs):
        tag, equals, _ = spec.partition(b"=")
        if equals and tag.strip() == b"b":
            specs[at] = tag + equals
            break
    return name + colon + b";".join(specs)
