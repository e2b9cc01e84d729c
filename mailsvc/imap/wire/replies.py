"""Replies as octets (RFC 3501 §7). Each function gives whole lines, ready to be joined."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mailsvc.imap.wire.grammar import MONTHS, SYSTEM_FLAGS
from mailsvc.imap.wire.sequence import write_sequence_set
from mailsvc.imap.wire.utf7 import encode_mailbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mailsvc.imap.wire.errors import ProtocolError

NIL = b"NIL"
_SAFE_IN_QUOTES = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]*\Z")
_ASTRING_ATOM = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\]+\Z')
_SAFE_IN_UTF8_QUOTES = re.compile(rb"[^\x00\r\n]*\Z")
_DAY = 86_400
_FIRST_KEYWORD_BIT = len(SYSTEM_FLAGS)


def tagged(tag: bytes, condition: str, text: str, code: str | None = None) -> bytes:
    """`tag OK [code] text` (RFC 3501 §7.1)."""
    return b"%b %b\r\n" % (tag, _condition(condition, text, code))


def untagged(condition: str, text: str, code: str | None = None) -> bytes:
    """`* OK [code] text`, also PREAUTH and BYE."""
    return b"* %b\r\n" % _condition(condition, text, code)


def refusal(error: ProtocolError) -> bytes:
    """What the engine says of octets that are no command."""
    if error.tag is None or error.fatal:
        return untagged(error.condition, error.text, error.code)
    return tagged(error.tag, error.condition, error.text, error.code)


def line(text: bytes) -> bytes:
    """`* text`."""
    return b"* %b\r\n" % text


def capability(names: Iterable[str]) -> bytes:
    """`* CAPABILITY …` (RFC 3501 §7.2.1)."""
    return line(b"CAPABILITY " + " ".join(names).encode("ascii"))


def exists(count: int) -> bytes:
    """How many letters there are (RFC 3501 §7.3.1)."""
    return b"* %d EXISTS\r\n" % count


def recent(count: int) -> bytes:
    r"""How many have \Recent (RFC 3501 §7.3.2)."""
    return b"* %d RECENT\r\n" % count


def expunge(number: int) -> bytes:
    """A letter is gone, those behind it move up (RFC 3501 §7.4.1)."""
    return b"* %d EXPUNGE\r\n" % number


def vanished(uids: Iterable[int], *, earlier: bool = False) -> bytes:
    """Letters that are gone, by ascending UID; EARLIER: before this session (RFC 7162 §3.2.10)."""
    return b"* VANISHED %b%b\r\n" % (b"(EARLIER) " if earlier else b"", write_sequence_set(uids))


def fetch(number: int, items: bytes) -> bytes:
    """What is known of one letter (RFC 3501 §7.4.2)."""
    return b"* %d FETCH (%b)\r\n" % (number, items)


def search(numbers: Sequence[int], mod_seq: int | None = None) -> bytes:
    """What SEARCH found, with the highest mod-sequence if asked (RFC 3501 §7.2.5, RFC 7162 §3.1.5)."""
    found = " ".join(["SEARCH", *map(str, numbers)])
    if mod_seq is not None and numbers:
        found += f" (MODSEQ {mod_seq})"
    return line(found.encode("ascii"))


def sort(numbers: Sequence[int], mod_seq: int | None = None) -> bytes:
    """What SORT found, in its order (RFC 5256 §4; RFC 7162 §3.1.6 for the mod-sequence)."""
    found = " ".join(["SORT", *map(str, numbers)])
    if mod_seq is not None and numbers:
        found += f" (MODSEQ {mod_seq})"
    return line(found.encode("ascii"))


def status(mailbox: bytes, values: Iterable[tuple[bytes, int | bytes]]) -> bytes:
    """Counters of a mailbox, and what else is known of it (RFC 3501 §7.2.4, RFC 4466 §2.6)."""
    pairs = b" ".join([b"%b %b" % (name, _written(value)) for name, value in values])
    return b"* STATUS %b (%b)\r\n" % (mailbox, pairs)


def _written(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else b"%d" % value


def list_line(
    kind: bytes,
    attributes: Iterable[str],
    mailbox: bytes,
    children: Sequence[str] = (),
    old_name: bytes | None = None,
) -> bytes:
    """LIST or LSUB: attributes, separator, name (RFC 3501 §7.2.2).

    `children` is CHILDINFO (RFC 5258 §4), `old_name` OLDNAME (RFC 9051 §6.3.9.7).
    """
    extended = []
    if children:
        extended.append(b'"CHILDINFO" (%b)' % b" ".join([string(child.encode()) for child in children]))
    if old_name is not None:
        extended.append(b'"OLDNAME" (%b)' % old_name)
    return b'* %b (%b) "/" %b%b\r\n' % (
        kind,
        " ".join(attributes).encode("ascii"),
        mailbox,
        b" (%b)" % b" ".join(extended) if extended else b"",
    )


def list_root(kind: bytes) -> bytes:
    """The separator, asked for by an empty name (RFC 3501 §6.3.8)."""
    return b'* %b (\\Noselect) "/" ""\r\n' % kind


def namespace(personal: Sequence[bytes], other_users: Sequence[bytes], shared: Sequence[bytes]) -> bytes:
    """Prefixes of the three kinds of mailboxes (RFC 2342 §5)."""
    return line(b" ".join([b"NAMESPACE", *map(_namespaces, (personal, other_users, shared))]))


def quota_root(mailbox: bytes, roots: Iterable[str]) -> bytes:
    """The quota roots of a mailbox (RFC 9208 §4.2.2)."""
    return line(b" ".join([b"QUOTAROOT", mailbox, *[string(root.encode()) for root in roots]]))


def quota(root: str, resources: Iterable[tuple[str, int, int]]) -> bytes:
    """Use and limit of each resource; STORAGE in units of 1024 octets (RFC 9208 §4.2.1, §5)."""
    listed = " ".join([f"{name} {used} {limit}" for name, used, limit in resources]).encode("ascii")
    return b"* QUOTA %b (%b)\r\n" % (string(root.encode()), listed)


def my_rights(mailbox: bytes, letters: str) -> bytes:
    """The rights of whoever asked (RFC 4314 §3.8)."""
    return b"* MYRIGHTS %b %b\r\n" % (mailbox, astring(letters.encode()))


def acl(mailbox: bytes, holders: Iterable[tuple[str, str]]) -> bytes:
    """Who has which rights (RFC 4314 §3.6)."""
    said = [b"%b %b" % (astring(who.encode()), astring(letters.encode())) for who, letters in holders]
    return line(b" ".join([b"ACL", mailbox, *said]))


def list_rights(mailbox: bytes, identifier: str, always: str, steps: Iterable[str]) -> bytes:
    """Which rights somebody may be given; those of one step come together (RFC 4314 §3.7)."""
    words = [identifier, always, *steps]
    return line(b" ".join([b"LISTRIGHTS", mailbox, *[astring(word.encode()) for word in words]]))


def metadata(mailbox: bytes, values: Mapping[str, bytes | None]) -> bytes:
    """Annotations with their values (RFC 5464 §4.4.1); one that holds NUL as literal8."""
    said = []
    for name, value in values.items():
        mark = b"~" if value is not None and b"\x00" in value else b""
        said.append(b"%b %b%b" % (string(name.encode()), mark, nstring(value)))
    return b"* METADATA %b (%b)\r\n" % (mailbox, b" ".join(said))


def metadata_changed(mailbox: bytes, entries: Iterable[str]) -> bytes:
    """Annotations that somebody changed, without their values (RFC 5464 §4.4.2)."""
    return line(b" ".join([b"METADATA", mailbox, *[string(entry.encode()) for entry in entries]]))


def identity(fields: Iterable[tuple[str, str]]) -> bytes:
    """What the server says of itself (RFC 2971 §3.2)."""
    pairs = [string(name.encode()) + b" " + string(value.encode()) for name, value in fields]
    return line(b"ID (" + b" ".join(pairs) + b")")


def enabled(capabilities: Iterable[bytes]) -> bytes:
    """What ENABLE switched on now (RFC 5161 §3.2)."""
    return line(b" ".join([b"ENABLED", *capabilities]))


def append_uid(uid_validity: int, uids: Sequence[int]) -> str:
    """Response code of APPEND (RFC 4315 §3)."""
    return f"APPENDUID {uid_validity} {write_sequence_set(uids).decode()}"


def copy_uid(uid_validity: int, sources: Sequence[int], targets: Sequence[int]) -> str:
    """Response code of COPY and MOVE (RFC 4315 §3, RFC 6851 §4.3)."""
    old, new = write_sequence_set(sources).decode(), write_sequence_set(targets).decode()
    return f"COPYUID {uid_validity} {old} {new}"


def mailbox_name(name: str, *, utf8: bool = False) -> bytes:
    """A mailbox name as astring, in modified UTF-7; in UTF-8 for a client that has enabled it (RFC 6855 §3)."""
    return utf8_string(name.encode()) if utf8 else string(encode_mailbox(name))


def astring(value: bytes) -> bytes:
    """An atom where it can be: some clients take the quotes of rights for a part of them (RFC 3501 §9)."""
    return value if _ASTRING_ATOM.match(value) else string(value)


def string(value: bytes) -> bytes:
    """Quoted where it can be, a literal where it must be (RFC 3501 §4.3)."""
    if len(value) <= 1000 and _SAFE_IN_QUOTES.match(value):
        if b'"' in value or b"\\" in value:
            value = value.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        return b'"%b"' % value
    return literal(value)


def utf8_string(value: bytes) -> bytes:
    """A string for a client that takes UTF-8 in quotes (RFC 9051 §4.3)."""
    if len(value) > 1000 or not _SAFE_IN_UTF8_QUOTES.match(value):
        return literal(value)
    return b'"%b"' % value.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


def literal(value: bytes) -> bytes:
    """`{n}` and the octets."""
    return b"{%d}\r\n%b" % (len(value), value)


def nstring(value: bytes | None) -> bytes:
    """A string, or NIL for None."""
    return NIL if value is None else string(value)


def flag_names(flags: int, keywords: Sequence[str | None]) -> str:
    """The flags of a bit set, without parentheses; keywords start at bit 5."""
    names = [name for bit, name in enumerate(SYSTEM_FLAGS.values()) if flags >> bit & 1]
    if flags >> _FIRST_KEYWORD_BIT:
        names += [
            name
            for bit, name in enumerate(keywords, _FIRST_KEYWORD_BIT)
            if name is not None and flags >> bit & 1
        ]
    return " ".join(names)


class FlagLists(dict[int, bytes]):
    r"""`FLAGS (\Seen …)` by bit set, each made once: a mailbox has few different sets."""

    __slots__ = ("_keywords",)

    def __init__(self, keywords: Sequence[str | None]) -> None:
        """`keywords[i]` is the name at bit 5 + i."""
        super().__init__()
        self._keywords = keywords

    def __missing__(self, flags: int) -> bytes:
        made = self[flags] = f"FLAGS ({flag_names(flags, self._keywords)})".encode("ascii")
        return made


class InternalDates(dict[int, bytes]):
    """`"17-Jul-1996 02:44:25 +0700"` from seconds since 1970; days are made once (RFC 3501 §9, date-time)."""

    __slots__ = ("_offset", "_zone")

    def __init__(self, zone_minutes: int) -> None:
        """`zone_minutes` east of Greenwich: the days that SEARCH compares are those of this zone."""
        super().__init__()
        sign = "-" if zone_minutes < 0 else "+"
        hours, minutes = divmod(abs(zone_minutes), 60)
        self._zone = f' {sign}{hours:02d}{minutes:02d}"'.encode("ascii")
        self._offset = zone_minutes * 60

    def __missing__(self, day: int) -> bytes:
        made = self[day] = _day(day)
        return made

    def day_of(self, seconds: int) -> int:
        """The day, counted from 1970, on which that moment falls in this zone."""
        return (seconds + self._offset) // _DAY

    def of(self, seconds: int) -> bytes:
        """One date-time in quotes."""
        day, rest = divmod(seconds + self._offset, _DAY)
        minutes, second = divmod(rest, 60)
        return b"%b %02d:%02d:%02d%b" % (self[day], minutes // 60, minutes % 60, second, self._zone)


def _day(days: int) -> bytes:
    """`"17-Jul-1996`, by the civil calendar: eras of 400 years that begin on 1 March."""
    era, of_era = divmod(days + 719_468, 146_097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    year = year_of_era + era * 400 + (month <= 2)
    return b'"%02d-%b-%04d' % (day, MONTHS[month - 1], year)


def _condition(condition: str, text: str, code: str | None) -> bytes:
    said = f"{condition} [{code}] {text}" if code else f"{condition} {text}"
    return said.encode("utf-8")


def _namespaces(prefixes: Sequence[bytes]) -> bytes:
    if not prefixes:
        return NIL
    return b"(" + b"".join([b'(%b "/")' % prefix for prefix in prefixes]) + b")"
