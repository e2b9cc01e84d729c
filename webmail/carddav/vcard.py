"""Cards as vCard 4.0 (RFC 6350) and 3.0 (RFC 2426), for clients of either age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import NAMESPACE_DNS, uuid5

if TYPE_CHECKING:
    from collections.abc import Collection

    from webmail.carddav.port import Card

LINE_OCTETS: Final = 75
VERSIONS: Final = ("3.0", "4.0")
ALWAYS: Final = frozenset({"VERSION", "UID"})
_ESCAPED: Final = str.maketrans({"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n", "\r": ""})


def vcard(card: Card, domain: str, version: str = "3.0", wanted: Collection[str] = ()) -> str:
    """The card; only the properties in `wanted` (upper case) where any are named (RFC 6352 §10.4.2)."""
    lines = [
        line
        for name, line in _properties(card, domain, version)
        if not wanted or name in wanted or name in ALWAYS
    ]
    return "".join(map(_folded, ["BEGIN:VCARD", *lines, "END:VCARD"]))


def values_of(card: Card, domain: str) -> dict[str, str]:
    """The properties by name as a filter compares them, unescaped (RFC 6352 §10.5.1)."""
    return {
        "UID": _uid(card, domain),
        "FN": card.name,
        "N": f"{card.family};{card.given};{card.middle}" if card.is_person else card.name,
        "EMAIL": card.address,
        "ORG": card.unit,
        **({"TITLE": card.title} if card.title else {}),
        **({"TEL": card.phone} if card.phone else {}),
    }


def _properties(card: Card, domain: str, version: str) -> list[tuple[str, str]]:
    is_new = version == "4.0"
    # A unit's name is its family name, so that version 3.0, which wants an N, sorts it.
    parts = (card.family, card.given, card.middle) if card.is_person else (card.name, "", "")
    found = [
        ("VERSION", f"VERSION:{version}"),
        ("UID", f"UID:{'urn:uuid:' if is_new else ''}{_uid(card, domain)}"),
        ("FN", f"FN:{_text(card.name)}"),
        ("N", f"N:{';'.join(map(_text, parts))};;"),
        ("EMAIL", f"EMAIL;TYPE={'work' if is_new else 'INTERNET,WORK'}:{_text(card.address)}"),
    ]
    if card.unit:
        found.append(("ORG", f"ORG:{_text(card.unit)}"))
    if card.title:
        found.append(("TITLE", f"TITLE:{_text(card.title)}"))
    if card.phone:
        found.append(("TEL", f"TEL;TYPE={'work' if is_new else 'WORK,VOICE'}:{_text(card.phone)}"))
    if is_new:
        found.append(("KIND", f"KIND:{'individual' if card.is_person else 'org'}"))
    elif not card.is_person:
        found.append(("X-ABSHOWAS", "X-ABShowAs:COMPANY"))
    return found


def _uid(card: Card, domain: str) -> str:
    """The same for ever, also when the address changes (RFC 6350 §6.7.6)."""
    return str(uuid5(NAMESPACE_DNS, f"{card.id}.account.{domain}"))


def _text(value: str) -> str:
    """Escaped (RFC 6350 §3.4)."""
    return value.translate(_ESCAPED)


def _folded(line: str) -> str:
    """Lines of at most 75 octets, never cut inside of a character (RFC 6350 §3.2)."""
    out: list[str] = []
    room = LINE_OCTETS
    for character in line:
        size = len(character.encode())
        if size > room:
            out.append("\r\n ")
            room = LINE_OCTETS - 1
        out.append(character)
        room -= size
    return "".join(out) + "\r\n"
