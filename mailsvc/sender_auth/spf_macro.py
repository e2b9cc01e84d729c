"""The small language inside SPF records: macro-string, domain-spec, explain-string (RFC 7208 §7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from mailsvc.sender_auth.dns import can_be_asked

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_NAME = 253
_TOKEN = re.compile(
    r"(?P<text>[\x21-\x24\x26-\x7e]+)"
    r"|%(?P<plain>[%_-])"
    r"|%\{(?P<letter>[slodiphcrtvSLODIPHCRTV])(?P<digits>\d{0,3})(?P<reverse>[rR]?)(?P<delimiters>[.+,/_=-]*)\}"
)
_EXPLANATION_ONLY = frozenset("crt")
_PLAIN = {"%": "%", "_": " ", "-": "%20"}


class MacroError(ValueError):
    """The string is not what RFC 7208 §7.1 allows."""


@dataclass(frozen=True, slots=True)
class Macro:
    """One `%{…}`: which value, and how it is cut and turned (RFC 7208 §7.1)."""

    letter: str
    keep: int
    reverse: bool
    delimiters: str
    escaped: bool


@dataclass(frozen=True, slots=True)
class MacroString:
    """Literal text and macros, in order."""

    parts: tuple[str | Macro, ...]
    ends_in_macro: bool
    """Whether the last thing written was a macro-expand, `%%` and its like included."""

    @property
    def letters(self) -> frozenset[str]:
        """The values that are asked for."""
        return frozenset(part.letter for part in self.parts if isinstance(part, Macro))

    def expand(self, values: Mapping[str, str]) -> str:
        """The text with every macro replaced (RFC 7208 §7.3)."""
        return "".join(
            part if isinstance(part, str) else _expanded(part, values[part.letter]) for part in self.parts
        )


def macro_string(text: str) -> MacroString:
    """Read a macro-string, as an unknown modifier has it (RFC 7208 §7.1)."""
    parts: list[str | Macro] = []
    position = 0
    literal = True
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise MacroError(f"macro syntax at {text[position : position + 20]!r}")
        position = found.end()
        literal = found["text"] is not None
        if found["text"] is not None:
            parts.append(found["text"])
        elif found["plain"] is not None:
            parts.append(_PLAIN[found["plain"]])
        else:
            parts.append(_macro(found))
    return MacroString(tuple(parts), ends_in_macro=not literal)


def domain_spec(text: str) -> MacroString:
    """Read a domain-spec: it ends in a macro or in a dot and a top label (RFC 7208 §7.1)."""
    spec = macro_string(text)
    if not spec.parts:
        raise MacroError("empty domain")
    if spec.letters & _EXPLANATION_ONLY:
        raise MacroError("c, r and t are for explanations only")
    if not spec.ends_in_macro and not _ends_in_top_label(text.rpartition("}")[2]):
        raise MacroError(f"not a domain: {text[-60:]!r}")
    return spec


def explain_string(text: str) -> MacroString:
    """Read an explanation: macro-strings and spaces (RFC 7208 §6.2)."""
    parts: list[str | Macro] = []
    for number, word in enumerate(text.split(" ")):
        if number:
            parts.append(" ")
        parts.extend(macro_string(word).parts)
    return MacroString(tuple(parts), ends_in_macro=False)


def target_name(spec: MacroString, values: Mapping[str, str]) -> str:
    """The name to ask DNS for; one that is too long loses labels on its left (RFC 7208 §7.3)."""
    name = spec.expand(values).removesuffix(".")
    if len(name) > _MAX_NAME:
        name = name[-_MAX_NAME - 1 :].partition(".")[2]
    return name if can_be_asked(name) else ""


def _macro(found: re.Match[str]) -> Macro:
    digits = found["digits"]
    if digits and int(digits) == 0:
        raise MacroError("zero parts of a macro")  # RFC 7208 §7.1: DIGIT must be nonzero
    letter = found["letter"]
    return Macro(
        letter=letter.lower(),
        keep=int(digits) if digits else 0,
        reverse=bool(found["reverse"]),
        delimiters=found["delimiters"] or ".",
        escaped=letter.isupper(),
    )


def _expanded(macro: Macro, value: str) -> str:
    parts = re.split("[" + re.escape(macro.delimiters) + "]", value)
    if macro.reverse:
        parts.reverse()
    if macro.keep:
        parts = parts[-macro.keep :]
    text = ".".join(parts)
    return quote(text, safe="-._~") if macro.escaped else text


def _ends_in_top_label(tail: str) -> bool:
    _, dot, label = tail.removesuffix(".").rpartition(".")
    if not dot or not label or label.startswith("-") or label.endswith("-"):
        return False
    if label.isdecimal():
        return False
    return all(one.isalnum() or one == "-" for one in label)
