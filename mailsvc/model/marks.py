"""What is suspicious about a letter from outside, kept in its trace for whoever shows it."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FIELD = "Congvu-Marks"
_FIELD = re.compile(rb"^congvu-marks[ \t]*:[ \t]*([^\r\n]*)\r\n", re.IGNORECASE | re.MULTILINE)


class Mark(StrEnum):
    """Dấu cảnh báo trên thư đến từ bên ngoài."""

    NO_AUTHOR = "no-author"
    """No From, or none that can be read (RFC 5322 §3.6.2 wants one)."""
    SEVERAL_AUTHORS = "several-authors"
    """Several From fields, or several addresses in one: what a reader is shown may be another than was checked."""
    LOOKALIKE_DOMAIN = "lookalike-domain"
    """The domain of From reads like one of ours, and is not."""
    OUR_ADDRESS_AS_NAME = "our-address-as-name"
    """The display name shows an address of ours; the letter is from elsewhere."""
    NAME_OF_A_HEAD = "name-of-a-head"
    """The display name is that of a head of ours; the letter is from elsewhere."""
    OUR_DOMAIN_UNPROVEN = "our-domain-unproven"
    """From is in a domain of ours, and nobody can tell now whether rightly so."""
    FAILS_DMARC = "fails-dmarc"
    """The domain of From disowns it, and asks that it be set aside or refused (RFC 9989)."""
    NOT_SCANNED = "not-scanned"
    """The virus scanner could not look at it."""
    LISTED_CLIENT = "listed-client"
    """Handed over by an address that DNS lists name as a source of junk (RFC 5782)."""
    EXECUTABLE = "executable-attachment"
    """Something attached is a program, a script, a link or a disk image."""
    MACROS = "macro-attachment"
    """An attached document has macros."""


def marks_field(marks: Iterable[Mark]) -> bytes:
    """The trace field; empty where there is nothing to say."""
    words = ", ".join(dict.fromkeys(marks))
    return f"{FIELD}: {words}\r\n".encode() if words else b""


def marks_of(trace: bytes) -> tuple[Mark, ...]:
    """The marks in a trace of ours. Never ask the content of a letter: whoever wrote that may write anything."""
    known = {mark.value: mark for mark in Mark}
    words = (word.strip().decode("latin-1") for found in _FIELD.findall(trace) for word in found.split(b","))
    return tuple(known[word] for word in words if word in known)
