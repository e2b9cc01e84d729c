"""What is wrong with a script, and where."""

from __future__ import annotations


class SieveError(Exception):
    """A script that cannot be read or run; `line` counts from 1, 0 where no line is to blame."""

    def __init__(self, line: int, text: str) -> None:
        """`text` is English; services put it behind the Vietnamese words for where it is."""
        super().__init__(f"line {line}: {text}" if line else text)
        self.line = line
        self.text = text


class ScriptStoppedError(SieveError):
    """A script that was well written and could not be carried out: the letter is kept (RFC 5228 §2.10.6)."""
