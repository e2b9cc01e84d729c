"""Sieve from values: the one place where a person's words become part of a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def quoted(text: str) -> str:
    """A quoted string (RFC 5228 §2.4.2): whatever the words are, they stay inside."""
    clean = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def listed(texts: Iterable[str]) -> str:
    """A string list (RFC 5228 §2.4.2.1)."""
    return "[" + ", ".join(quoted(text) for text in texts) + "]"


def require(extensions: Iterable[str]) -> str:
    """What the script needs (RFC 5228 §3.2), each once; nothing where it needs nothing."""
    names = sorted(set(extensions))
    return f"require {listed(names)};\r\n" if names else ""
