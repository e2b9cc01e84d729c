"""The words of a command: atoms, strings, lists, mailbox names, flags and dates (RFC 3501 §9)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from mailsvc.imap.wire.errors import MalformedError
from mailsvc.imap.wire.sequence import SequenceSet, parse_sequence_set
from mailsvc.imap.wire.utf7 import MailboxNameError, decode_mailbox, decode_utf8_mailbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Item = TypeVar("Item")

INBOX = "INBOX"
MAX_LIST_ITEMS = 10_000
MAX_FLAG_OCTETS = 100
MAX_MOD_SEQ = (1 << 63) - 1

_ATOM = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\\]]+')
_ASTRING_ATOM = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\]+')
_LIST_ATOM = re.compile(rb'[^\x00-\x20\x7f-\xff(){"\\]+')
_QUOTED = re.compile(rb'"((?:[^"\\\x00\r\n]|\\["\\])*+)"')
_ESCAPED = re.compile(rb'\\(["\\])')
_SEQUENCE = re.compile(rb"[0-9*:,]+|\$")
_DIGITS = re.compile(rb"[0-9]+")
_FLAG = re.compile(rb'\\?[^\x00-\x20\x7f-\xff(){%*"\\\]]+')
_DATE = re.compile(rb"([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})\Z")
_DATE_TIME = re.compile(
    rb"([ 0-9][0-9])-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})\Z"
)
MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_MONTH_NUMBER = {month.upper(): number for number, month in enumerate(MONTHS, 1)}

SYSTEM_FLAGS = {
    flag.upper(): flag.decode("ascii")
    for flag in (b"\\Seen", b"\\Answered", b"\\Flagged", b"\\Deleted", b"\\Draft")
}


class Cursor:
    """A place in one command: its lines without line ends, and the literals between them."""

    __slots__ = ("_at", "_line", "_lines", "_literals", "_number", "utf8")

    def __init__(self, lines: list[bytes], literals: list[bytes], *, utf8: bool = False) -> None:
        """`lines` is one longer than `literals`; the `{n}` that announces a literal is already cut off."""
        self.utf8 = utf8
        """Mailbox names are UTF-8 and not modified UTF-7."""
        self._lines = lines
        self._literals = literals
        self._number = 0
        self._line = lines[0]
        self._at = 0

    def peek(self) -> bytes:
        """The next octet, `{` before a literal, nothing at the end."""
        if self._at < len(self._line):
            return self._line[self._at : self._at + 1]
        return b"{" if self._number < len(self._literals) else b""

    def at_end(self) -> bool:
        """Whether the command is used up."""
        return self._at >= len(self._line) and self._number >= len(self._literals)

    def end(self) -> None:
        """Refuse a command that has more words than it may."""
        if not self.at_end():
            raise MalformedError("Too many arguments")

    def drop(self) -> None:
        """Pass over the rest of the command."""
        self._number = len(self._literals)
        self._line = self._lines[-1]
        self._at = len(self._line)

    def skip(self, octet: bytes) -> bool:
        """Step over `octet` if it comes next."""
        if self._line[self._at : self._at + 1] == octet:
            self._at += 1
            return True
        return False

    def expect(self, octet: bytes) -> None:
        """Step over `octet`, which must come next."""
        if not self.skip(octet):
            raise MalformedError(f"Expected {_name_of(octet)} at column {self._at + 1}")

    def space(self) -> None:
        """Exactly one space (RFC 3501 §9, note 2)."""
        self.expect(b" ")

    def atom(self) -> bytes:
        """An atom as written."""
        return self._match(_ATOM, "an atom")

    def keyword(self) -> bytes:
        """An atom in upper case: names of commands, items and keys are case-insensitive."""
        return self._match(_ATOM, "a word").upper()

    def skip_word(self, word: bytes) -> bool:
        """Step over `word`, in any case, if it comes next as a whole."""
        match = _ATOM.match(self._line, self._at)
        if match is None or match.group().upper() != word:
            return False
        self._at = match.end()
        return True

    def skip_text(self, text: bytes) -> bool:
        """Step over `text`, in any case, if it comes next as it is."""
        end = self._at + len(text)
        if self._line[self._at : end].upper() != text:
            return False
        self._at = end
        return True

    def tag(self) -> bytes:
        """A command's tag: an astring atom without `+` (RFC 3501 §9)."""
        tag = self._match(_ASTRING_ATOM, "a tag")
        if b"+" in tag:
            raise MalformedError("A tag may not hold +")
        return tag

    def astring(self) -> bytes:
        """An atom, quoted string or literal."""
        if self.peek() in {b'"', b"{"}:
            return self.string()
        return self._match(_ASTRING_ATOM, "a string")

    def string(self) -> bytes:
        """A quoted string or literal."""
        return self.quoted() if self.peek() == b'"' else self.literal()

    def quoted(self) -> bytes:
        """A quoted string; octets above 127 are taken as RFC 9051 §9 does."""
        value = self._match(_QUOTED, "a quoted string")[1:-1]
        return _ESCAPED.sub(rb"\1", value) if b"\\" in value else value

    def literal(self) -> bytes:
        """The literal that stands here (RFC 3501 §4.3)."""
        if self._at < len(self._line) or self._number >= len(self._literals):
            raise MalformedError(f"Expected a string at column {self._at + 1}")
        value = self._literals[self._number]
        self._number += 1
        self._line = self._lines[self._number]
        self._at = 0
        return value

    def nstring(self) -> bytes | None:
        """A string, or None for NIL."""
        if self.peek() in {b'"', b"{"}:
            return self.string()
        if self.keyword() != b"NIL":
            raise MalformedError("Expected a string or NIL")
        return None

    def list_pattern(self) -> str:
        """A mailbox name with wildcards (RFC 3501 §9, list-mailbox)."""
        if self.peek() in {b'"', b"{"}:
            return self._mailbox(self.string())
        return self._mailbox(self._match(_LIST_ATOM, "a mailbox pattern"))

    def mailbox(self) -> str:
        """A mailbox name in NFC Unicode (RFC 3501 §5.1, RFC 9051 §5.1)."""
        return self._mailbox(self.astring())

    def written_mailbox(self) -> tuple[str, str]:
        """The same, and as the client wrote it where it may write UTF-8: that need not be normal."""
        octets = self.astring()
        name = self._mailbox(octets)
        written = octets.decode() if self.utf8 else name
        return name, name if written.upper() == INBOX else written

    def number(self) -> int:
        """An unsigned 32-bit number."""
        return self._bounded((1 << 32) - 1)

    def number64(self) -> int:
        """An unsigned 63-bit number: sizes (RFC 9051 §9) and mod-sequences (RFC 7162 §7)."""
        return self._bounded(MAX_MOD_SEQ)

    def sequence_set(self) -> SequenceSet:
        """Message numbers or UIDs; SAVED for `$` (RFC 5182 §4)."""
        return parse_sequence_set(self._match(_SEQUENCE, "a sequence set"))

    def flag(self) -> str:
        r"""A system flag in its canonical case, or a keyword as written; never \Recent (RFC 3501 §9)."""
        raw = self._match(_FLAG, "a flag")
        if len(raw) > MAX_FLAG_OCTETS:
            raise MalformedError("Keyword too long", condition="NO", code="LIMIT")
        if raw[0] == 0x5C:
            known = SYSTEM_FLAGS.get(raw.upper())
            if known is None:
                raise MalformedError(f"Unknown system flag {raw.decode('ascii')}")
            return known
        return raw.decode("ascii")

    def flags(self) -> tuple[str, ...]:
        """A flag list in parentheses, which may be empty."""
        self.expect(b"(")
        if self.skip(b")"):
            return ()
        return self.rest_of_list(self.flag)

    def list_of(self, item: Callable[[], Item]) -> tuple[Item, ...]:
        """`(item item …)` with one item at least."""
        self.expect(b"(")
        return self.rest_of_list(item)

    def rest_of_list(self, item: Callable[[], Item]) -> tuple[Item, ...]:
        """What follows `(`, up to and with `)`."""
        items = [item()]
        while not self.skip(b")"):
            self.space()
            items.append(item())
            if len(items) > MAX_LIST_ITEMS:
                raise MalformedError("Too many items in a list", code="LIMIT")
        return tuple(items)

    def date(self) -> date:
        """A day, quoted or not (RFC 3501 §9, date)."""
        raw = self.quoted() if self.peek() == b'"' else self.atom()
        match = _DATE.match(raw)
        if match is None:
            raise MalformedError("Invalid date")
        return _day(match.group(1), match.group(2), match.group(3))

    def date_time(self) -> int:
        """A moment as seconds since 1970 UTC (RFC 3501 §9, date-time)."""
        match = _DATE_TIME.match(self.quoted())
        if match is None:
            raise MalformedError("Invalid date and time")
        day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = match.groups()
        offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
        on = _day(day.strip(), month, year)
        try:
            zone = timezone(-offset if sign == b"-" else offset)
            # A leap second is kept as the second before it.
            clock = datetime(
                on.year, on.month, on.day, int(hour), int(minute), min(int(second), 59), tzinfo=zone
            )
            return int(clock.astimezone(UTC).timestamp())
        except (ValueError, OverflowError):
            raise MalformedError("Invalid date and time") from None

    def _mailbox(self, octets: bytes) -> str:
        try:
            return decode_utf8_mailbox(octets) if self.utf8 else decode_mailbox(octets)
        except UnicodeDecodeError:
            raise MalformedError("Mailbox name is not UTF-8") from None  # RFC 6855 §3
        except MailboxNameError as error:
            # A name that can never exist: NO and not BAD, RFC 5530 §3 CANNOT.
            raise MalformedError(f"Invalid mailbox name: {error}", condition="NO", code="CANNOT") from None

    def _bounded(self, largest: int) -> int:
        digits = self._match(_DIGITS, "a number")
        if len(digits) > 19 or (value := int(digits)) > largest:
            raise MalformedError("Number too large")
        return value

    def _match(self, pattern: re.Pattern[bytes], what: str) -> bytes:
        match = pattern.match(self._line, self._at)
        if match is None:
            raise MalformedError(f"Expected {what} at column {self._at + 1}")
        self._at = match.end()
        return match.group()


def _day(day: bytes, month: bytes, year: bytes) -> date:
    try:
        return date(int(year), _MONTH_NUMBER[month.upper()], int(day))
    except (KeyError, ValueError):
        raise MalformedError("Invalid date") from None


def _name_of(octet: bytes) -> str:
    return "a space" if octet == b" " else octet.decode("ascii")
