"""SEARCH and UID SEARCH: the tree of what is looked for (RFC 3501 §6.4.4, RFC 5032, RFC 5466, RFC 6203, RFC 7162 §3.1.5)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError
from mailsvc.imap.wire.esearch import check_relevancy, parse_returning
from mailsvc.imap.wire.grammar import Cursor

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from mailsvc.imap.wire.esearch import Returning
    from mailsvc.imap.wire.sequence import SequenceSet

MAX_DEPTH = 50
MAX_KEYS = 5_000


class When(Enum):
    """How a day is compared (RFC 3501 §6.4.4)."""

    BEFORE = "before"
    ON = "on"
    SINCE = "since"


@dataclass(frozen=True, slots=True)
class And:
    """All of them; with none, every letter (ALL)."""

    keys: tuple[SearchKey, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of two."""

    left: SearchKey
    right: SearchKey


@dataclass(frozen=True, slots=True)
class Not:
    """The others."""

    key: SearchKey


@dataclass(frozen=True, slots=True)
class HasFlag:
    """A system flag or keyword is set."""

    flag: str


@dataclass(frozen=True, slots=True)
class Recent:
    """RECENT; RFC 9051 Appendix E has dropped the flag."""


@dataclass(frozen=True, slots=True)
class Header:
    """A header field holds the text; with no text, the field is there."""

    field: str
    """In lower case."""
    text: str


@dataclass(frozen=True, slots=True)
class Body:
    """The body holds the text."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """Header or body hold the text."""

    text: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """The internal date, by day."""

    when: When
    day: date


@dataclass(frozen=True, slots=True)
class Sent:
    """The Date field, by day."""

    when: When
    day: date


@dataclass(frozen=True, slots=True)
class Larger:
    """RFC822.SIZE above a number."""

    octets: int


@dataclass(frozen=True, slots=True)
class Smaller:
    """RFC822.SIZE below a number."""

    octets: int


@dataclass(frozen=True, slots=True)
class Uids:
    """Letters by UID."""

    uids: SequenceSet


@dataclass(frozen=True, slots=True)
class Numbers:
    """Letters by message number."""

    numbers: SequenceSet


@dataclass(frozen=True, slots=True)
class ModSeqFrom:
    """A mod-sequence equal or above (RFC 7162 §3.1.5)."""

    mod_seq: int


@dataclass(frozen=True, slots=True)
class Older:
    """The internal date is that many seconds ago or more (RFC 5032)."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Younger:
    """The internal date is that many seconds ago or fewer (RFC 5032)."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Saved:
    """The day on which the letter came into this mailbox (RFC 8514 §4.3)."""

    when: When
    day: date


@dataclass(frozen=True, slots=True)
class EmailId:
    """Letters of one EMAILID (RFC 8474 §6)."""

    id: bytes


@dataclass(frozen=True, slots=True)
class ThreadId:
    """Letters of one THREADID (RFC 8474 §6)."""

    id: bytes


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """What is much like it too (RFC 6203 §3)."""

    key: SearchKey


@dataclass(frozen=True, slots=True)
class Filter:
    """A search that was kept under a name (RFC 5466 §3.1)."""

    name: str
    depth: int
    """How many filters it was found in."""


SearchKey = (
    And | Or | Not | Fuzzy | Filter | HasFlag | Recent | Header | Body | Text | Arrived | Sent | Larger | Smaller | Older | Younger | Saved | EmailId | ThreadId
    | Uids | Numbers | ModSeqFrom
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Search(Command):
    """Which letters are meant."""

    uid: bool
    key: SearchKey
    asks_mod_seq: bool
    """MODSEQ was among the keys: the reply tells the highest (RFC 7162 §3.1.5)."""
    names_numbers: bool = False
    """Message numbers are among the keys: nothing may be expunged meanwhile (RFC 7162 §3.2.10.2)."""
    refusal: MalformedError | None = None
    """NO to what can be read and not be searched for, where it must also empty what was saved (RFC 5182 §2.1)."""
    returning: Returning | None = None
    """RETURN options; None where the reply is to be the plain one (RFC 4731 §3.1)."""


_FLAGS = {
    b"ANSWERED": "\\Answered",
    b"DELETED": "\\Deleted",
    b"DRAFT": "\\Draft",
    b"FLAGGED": "\\Flagged",
    b"SEEN": "\\Seen",
}
_FIELDS = {b"BCC": "bcc", b"CC": "cc", b"FROM": "from", b"SUBJECT": "subject", b"TO": "to"}
_ARRIVED = {b"BEFORE": When.BEFORE, b"ON": When.ON, b"SINCE": When.SINCE}
_SENT = {b"SENTBEFORE": When.BEFORE, b"SENTON": When.ON, b"SENTSINCE": When.SINCE}
_SAVED = {b"SAVEDBEFORE": When.BEFORE, b"SAVEDON": When.ON, b"SAVEDSINCE": When.SINCE}
_FIXED: dict[bytes, SearchKey] = {
    b"ALL": And(()),
    b"SAVEDATESUPPORTED": And(()),  # RFC 8514 §4.3
    b"RECENT": Recent(),
    b"OLD": Not(Recent()),
    b"NEW": And((Recent(), Not(HasFlag("\\Seen")))),
    **{word: HasFlag(flag) for word, flag in _FLAGS.items()},
    **{b"UN" + word: Not(HasFlag(flag)) for word, flag in _FLAGS.items()},
}
_CHARSETS = {b"US-ASCII": "ascii", b"UTF-8": "utf-8"}


def parse_search(tag: bytes, cursor: Cursor, *, uid: bool = False) -> Search:
    """SEARCH [RETURN SP ( options )] [CHARSET SP astring] 1*(SP search-key)."""
    cursor.space()
    return parse_rest_of_search(tag, cursor, uid=uid)


def parse_rest_of_search(tag: bytes, cursor: Cursor, *, uid: bool) -> Search:
    """The same without the name of the command."""
    returning = None
    if cursor.skip_word(b"RETURN"):
        cursor.space()
        returning = parse_returning(cursor)
        cursor.space()
    reader = _Reader(cursor)
    try:
        key, refusal = reader.program(), None
    except MalformedError as error:
        if error.condition != "NO" or returning is None or not returning.saves:
            raise
        key, refusal = And(()), error
        cursor.drop()
    check_relevancy(returning, is_fuzzy=reader.is_fuzzy)
    return Search(tag, uid, key, reader.asks_mod_seq, reader.names_numbers, refusal, returning)


def parse_filter(value: bytes, depth: int) -> SearchKey:
    """What was kept under a name: one search program, in UTF-8 (RFC 5466 §3.2)."""
    if b"\r" in value or b"\n" in value:
        raise MalformedError("A filter is one line")
    cursor = Cursor([value], [], utf8=True)
    key = _Reader(cursor, depth).program()
    cursor.end()
    return key


def rebuilt(key: SearchKey, change: Callable[[SearchKey], SearchKey]) -> SearchKey:
    """The same tree with other leaves."""
    match key:
        case And(keys):
            return And(tuple([rebuilt(inner, change) for inner in keys]))
        case Or(left, right):
            return Or(rebuilt(left, change), rebuilt(right, change))
        case Not(inner):
            return Not(rebuilt(inner, change))
        case Fuzzy(inner):
            return Fuzzy(rebuilt(inner, change))
        case _:
            return change(key)


def parse_program(cursor: Cursor) -> _Reader:
    """SP charset 1*(SP search-key), as SORT and THREAD have it (RFC 5256 §5); the keys are read."""
    reader = _Reader(cursor)
    cursor.space()
    reader.take_charset()
    cursor.space()
    reader.key = reader.program()
    return reader


class _Reader:
    """Reads keys and remembers what the whole command needs to know."""

    __slots__ = (
        "_count",
        "_cursor",
        "_encoding",
        "_filters",
        "asks_mod_seq",
        "is_fuzzy",
        "key",
        "names_numbers",
    )

    def __init__(self, cursor: Cursor, filters: int = 0) -> None:
        """`filters` counts those that this program was found in."""
        self._cursor = cursor
        self._filters = filters
        self.is_fuzzy = False
        # Without CHARSET the text is US-ASCII; phones send UTF-8 all the same, and that reads both.
        self._encoding = "utf-8"
        self._count = 0
        self.asks_mod_seq = self.names_numbers = False
        self.key: SearchKey = And(())

    def program(self) -> SearchKey:
        cursor = self._cursor
        keys: list[SearchKey] = []
        if cursor.peek() in {b"c", b"C"}:
            word = cursor.keyword()
            if word == b"CHARSET":
                cursor.space()
                self.take_charset()
                cursor.space()
                keys.append(self._key(0))
            else:
                keys.append(self._named(word, 0))
        else:
            keys.append(self._key(0))
        while cursor.skip(b" "):
            keys.append(self._key(0))
        return keys[0] if len(keys) == 1 else And(tuple(keys))

    def take_charset(self) -> None:
        """The charset of the texts that follow; UTF-8 and US-ASCII are what must be known (RFC 5256 §3)."""
        encoding = _CHARSETS.get(self._cursor.astring().upper())
        if encoding is None:
            raise MalformedError("Unknown charset", condition="NO", code="BADCHARSET (US-ASCII UTF-8)")
        self._encoding = encoding

    def _key(self, depth: int) -> SearchKey:
        cursor = self._cursor
        self._count += 1
        if depth > MAX_DEPTH or self._count > MAX_KEYS:
            raise MalformedError("Search too complex", code="LIMIT")
        ahead = cursor.peek()
        if ahead == b"(":
            cursor.expect(b"(")
            keys = cursor.rest_of_list(lambda: self._key(depth + 1))
            return keys[0] if len(keys) == 1 else And(keys)
        if ahead.isdigit() or ahead in {b"*", b"$"}:
            self.names_numbers = True
            return Numbers(cursor.sequence_set())
        return self._named(cursor.keyword(), depth)

    def _named(self, word: bytes, depth: int) -> SearchKey:  # one row a key of RFC 3501 §6.4.4
        fixed = _FIXED.get(word)
        if fixed is not None:
            return fixed
        cursor = self._cursor
        cursor.space()
        if word in _FIELDS:
            return Header(_FIELDS[word], self._text())
        if word in _ARRIVED:
            return Arrived(_ARRIVED[word], cursor.date())
        if word in _SENT:
            return Sent(_SENT[word], cursor.date())
        if word in _SAVED:
            return Saved(_SAVED[word], cursor.date())
        match word:
            case b"NOT":
                return Not(self._key(depth + 1))
            case b"FUZZY":
                self.is_fuzzy = True
                return Fuzzy(self._key(depth + 1))
            case b"FILTER":
                return Filter(cursor.atom().decode("ascii"), self._filters)
            case b"OR":
                left = self._key(depth + 1)
                cursor.space()
                return Or(left, self._key(depth + 1))
            case b"UID":
                return Uids(cursor.sequence_set())
            case b"TEXT":
                return Text(self._text())
            case b"BODY":
                return Body(self._text())
            case b"HEADER":
                field = cursor.astring().decode("ascii", "replace").lower()
                cursor.space()
                return Header(field, self._text())
            case b"KEYWORD":
                return HasFlag(cursor.atom().decode("ascii"))
            case b"UNKEYWORD":
                return Not(HasFlag(cursor.atom().decode("ascii")))
            case b"LARGER":
                return Larger(cursor.number64())
            case b"SMALLER":
                return Smaller(cursor.number64())
            case b"EMAILID":
                return EmailId(cursor.atom())
            case b"THREADID":
                return ThreadId(cursor.atom())
            case b"OLDER":
                return Older(self._interval())
            case b"YOUNGER":
                return Younger(self._interval())
            case b"MODSEQ":
                return self._mod_seq()
            case _:
                raise MalformedError(f"Unknown search key {word.decode('ascii')}")

    def _mod_seq(self) -> SearchKey:
        # We keep one mod-sequence a letter, so entry name and type say nothing more (RFC 7162 §3.1.5).
        cursor = self._cursor
        if cursor.peek() == b'"':
            if not cursor.quoted().lower().startswith(b"/flags/"):
                raise MalformedError("Unknown metadata entry")
            cursor.space()
            if cursor.keyword() not in {b"PRIV", b"SHARED", b"ALL"}:
                raise MalformedError("Expected priv, shared or all")
            cursor.space()
        self.asks_mod_seq = True
        return ModSeqFrom(cursor.number64())

    def _interval(self) -> int:
        """Seconds, not zero (RFC 5032 §3)."""
        seconds = self._cursor.number()
        if not seconds:
            raise MalformedError("An interval is one second at least")
        return seconds

    def _text(self) -> str:
        try:
            return unicodedata.normalize("NFC", self._cursor.astring().decode(self._encoding))
        except UnicodeDecodeError:
            raise MalformedError("Search text is not in its charset") from None
