"""The words that structured header fields are made of (RFC 5322 §3.2, RFC 2045 §5.1), read tolerantly in one pass."""

import re
from typing import Final

MORE: Final = 1  # something follows
END: Final = 0  # the value ended
BROKEN: Final = -1  # an unfinished comment, quoted string or domain literal

_ATEXT = rb"!#$%&'*+\-/0-9=?A-Z^_`a-z{|}~\x80-\xff"
_WSP = b" \t\r\n"
_ATOM = re.compile(rb"[" + _ATEXT + rb"]*+")
_ATOM_OR_DOT = re.compile(rb"[." + _ATEXT + rb"]*+")
_DOT_ATOM = re.compile(rb"[" + _ATEXT + rb"]++(?:\.[" + _ATEXT + rb"]++)*+")
_MIME_TOKEN = re.compile(rb"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~\x80-\xff]*+")
_SPACES = re.compile(rb"[ \t\r\n]*+")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*+)(")?', re.DOTALL)
_DOMAIN_LITERAL = re.compile(rb"\[(?:[^\[\]\\]|\\.)*+\]", re.DOTALL)
_COMMENT_STEP = re.compile(rb"[^()\\]*+([()\\]|\Z)")
_PHRASE_STARTS = frozenset(b"\".!#$%&'*+-/0123456789=?^_`{|}~") | frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
_ESCAPE = re.compile(rb"\\([^\r\n\0])")
_FOLD = re.compile(rb"\r?\n")


def unquote_pairs(raw: bytes) -> bytes:
    """Undo quoted pairs and folding in the inside of a quoted string or comment (RFC 5322 §3.2.1, §3.2.4)."""
    if b"\n" in raw:
        raw = _FOLD.sub(b"", raw)
    return _ESCAPE.sub(rb"\1", raw) if b"\\" in raw else raw


class Cursor:
    """A place in a header value. Its methods answer MORE, END or BROKEN and never raise."""

    __slots__ = ("comment", "data", "end", "pos")

    def __init__(self, data: bytes, pos: int = 0) -> None:
        self.data = data
        self.pos = pos
        self.end = len(data)
        self.comment = b""

    def peek(self) -> int:
        """The next octet, or -1 at the end."""
        return self.data[self.pos] if self.pos < self.end else -1

    def skip(self) -> int:
        """Pass over white space and comments (CFWS, RFC 5322 §3.2.2); the last comment is remembered."""
        data = self.data
        while self.pos < self.end:
            octet = data[self.pos]
            if octet in _WSP:
                match = _SPACES.match(data, self.pos, self.end)
                assert match is not None
                self.pos = match.end()
            elif octet == 0x28:
                if self._skip_comment() == BROKEN:
                    return BROKEN
            else:
                return MORE
        return END

    def _skip_comment(self) -> int:
        """Comments nest; they are counted, not recursed into, so that a million "(" cost nothing."""
        data, start = self.data, self.pos + 1
        self.pos, depth = start, 1
        while True:
            match = _COMMENT_STEP.match(data, self.pos, self.end)
            assert match is not None
            self.pos = match.end()
            found = match.group(1)
            if found == b"(":
                depth += 1
            elif found == b")":
                depth -= 1
                if depth == 0:
                    self.comment = unquote_pairs(data[start : self.pos - 1])
                    return MORE
            elif found == b"\\":
                self.pos = min(self.pos + 1, self.end)
            else:
                return BROKEN

    def _take(self, pattern: re.Pattern[bytes], into: list[bytes]) -> int:
        match = pattern.match(self.data, self.pos, self.end)
        assert match is not None
        into.append(match.group())
        self.pos = match.end()
        return self.skip()

    def atom(self, into: list[bytes]) -> int:
        """One atom (RFC 5322 §3.2.3); BROKEN if there is none."""
        start = self.pos
        result = self._take(_ATOM, into)
        return BROKEN if into[-1] == b"" and start == self.pos else result

    def atom_or_dot(self, into: list[bytes]) -> int:
        """Atoms and dots as they come: display names with initials (obs-phrase, RFC 5322 §4.1)."""
        return self._take(_ATOM_OR_DOT, into)

    def mime_token(self, into: list[bytes]) -> int:
        """A token of RFC 2045 §5.1; octets above 127 are let through."""
        return self._take(_MIME_TOKEN, into)

    def dot_atom(self, into: list[bytes]) -> int:
        """A dot-atom, with white space allowed around the dots (RFC 5322 §4.4)."""
        while True:
            match = _DOT_ATOM.match(self.data, self.pos, self.end)
            if match is None:
                return BROKEN
            into.append(match.group())
            self.pos = match.end()
            result = self.skip()
            if result != MORE or self.data[self.pos] != 0x2E:
                return result
            self.pos += 1
            into.append(b".")
            if self.skip() != MORE:
                return BROKEN

    def quoted_string(self, into: list[bytes]) -> int:
        """The inside of a quoted string (RFC 5322 §3.2.4); the cursor stands on its quote."""
        match = _QUOTED.match(self.data, self.pos, self.end)
        assert match is not None
        into.append(unquote_pairs(match.group(1)))
        self.pos = match.end()
        if match.group(2) is None:
            self.pos = self.end
            return BROKEN
        return self.skip()

    def phrase(self, into: list[bytes]) -> int:
        """A display name: words, dots allowed (RFC 5322 §4.1), joined by one space."""
        if self.pos >= self.end:
            return END
        if self.data[self.pos] == 0x2E:
            return BROKEN
        while True:
            result = self.quoted_string(into) if self.data[self.pos] == 34 else self.atom_or_dot(into)
            if result != MORE:
                return result
            octet = self.data[self.pos]
            if octet not in _PHRASE_STARTS and octet < 0x80:
                return MORE
            into.append(b" ")

    def domain(self, into: list[bytes]) -> int:
        """What follows "@": a domain or a domain literal (RFC 5322 §3.4.1). The cursor stands on the "@"."""
        self.pos += 1
        if self.skip() != MORE:
            return BROKEN
        if self.data[self.pos] != 0x5B:
            return self.dot_atom(into)
        match = _DOMAIN_LITERAL.match(self.data, self.pos, self.end)
        if match is None:
            self.pos = self.end
            return BROKEN
        into.append(_FOLD.sub(b"", match.group()))
        self.pos = match.end()
        return self.skip()
