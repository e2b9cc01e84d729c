"""Strings of ENVELOPE and BODYSTRUCTURE as IMAP writes them: NIL, quoted or literal (RFC 9051 §4.3)."""

import re
from typing import Final

MAX_ESCAPES: Final = 4  # a string with more quotes and backslashes goes as a literal

_PLAIN = re.compile(rb'[^"\\\r\n\0\x80-\xff]*+\Z')
_NEEDS_LITERAL = re.compile(rb"[\r\n\x80-\xff]")
_HUMAN = re.compile(rb'[^ "\\\r\n\t\0\x80-\xff]++(?: [^ "\\\r\n\t\0\x80-\xff]++)*+\Z')
_WORDS = re.compile(rb"[^ \t\r\n]++")
_SPECIAL = re.compile(rb'(["\\])')


def imap_string(value: bytes) -> bytes:
    """A quoted string where that is possible, else a literal: octets above 127 are not for quoted strings (RFC 3501 §9).

    NUL may be in neither; it becomes U+FFFD.
    """
    if _PLAIN.match(value) is not None:
        return b'"' + value + b'"'
    if b"\0" in value:
        value = value.replace(b"\0", b"\xef\xbf\xbd")
    if _NEEDS_LITERAL.search(value) is None and value.count(b'"') + value.count(b"\\") <= MAX_ESCAPES:
        return b'"' + _SPECIAL.sub(rb"\\\1", value) + b'"'
    return b"{%d}\r\n%b" % (len(value), value)


def imap_text(value: bytes | None) -> bytes:
    """A subject or a name: runs of white space become one space, and what needs escaping goes as a literal.

    So does Dovecot 2.3; clients that cannot read escapes are served, and nothing shown to people changes.
    """
    if value is None:
        return b"NIL"
    if _HUMAN.match(value) is not None:
        return b'"' + value + b'"'
    value = b" ".join(_WORDS.findall(value.replace(b"\0", b"\x80")))
    return b"{%d}\r\n%b" % (len(value), value) if value else b'""'


def imap_nstring(value: bytes | None) -> bytes:
    """NIL for what the letter does not have (RFC 9051 §4.5)."""
    return b"NIL" if value is None else imap_string(value)
