"""From, To and their like taken apart (RFC 5322 §3.4), tolerantly: what cannot be an address is still listed.

The choices for broken input are those of Dovecot 2.3, which clients have long met: MISSING_MAILBOX, MISSING_DOMAIN and
SYNTAX_ERROR stand where nothing usable was.
"""

import re
from typing import Final, NamedTuple

from mailsvc.mime.tokens import BROKEN, END, MORE, Cursor

MAX_ADDRESSES: Final = 20_000  # of one header field
MAX_OCTETS: Final = 1024 * 1024  # of all address fields of a letter, enclosed letters included
MAX_SLOW_OCTETS: Final = 128 * 1024  # of those, what is not written as usual: a microsecond each

_ATEXT = rb"!#$%&'*+\-/0-9=?A-Z^_`a-z{|}~\x80-\xff"
_DOT_ATOM = rb"[" + _ATEXT + rb"]++(?:\.[" + _ATEXT + rb"]++)*+"
_LOCAL = rb"[." + _ATEXT + rb"]++"
# What nearly every address looks like: "Name" <a@b>, Name Name <a@b>, <a@b>, a@b (followed by a comma or the end).
_COMMON = re.compile(
    rb'(?:(?:"([^"\\\r\n]*+)"|([.' + _ATEXT + rb"]++(?:[ ][." + _ATEXT + rb"]++)*+))?[ ]?"
    rb"<(" + _LOCAL + rb")@(" + _DOT_ATOM + rb")>|(" + _LOCAL + rb")@(" + _DOT_ATOM + rb"))"
    rb"[ \t\r\n]*+(?:,[ \t\r\n]*+|\Z)"
)


class ListedAddress(NamedTuple):
    """One entry of an address list as IMAP knows it (RFC 9051 §7.5.2, "address").

    Without a domain it is a group's beginning (the mailbox is the group's name) or, without a mailbox too, its end.
    """

    name: bytes | None
    route: bytes | None
    mailbox: bytes | None
    domain: bytes | None

    @property
    def is_group_mark(self) -> bool:
        """Begins or ends a group (RFC 5322 §3.4)."""
        return self.domain is None


GROUP_END: Final = ListedAddress(None, None, None, None)


class Allowance:
    """How much work the addresses of one letter may still cost: octets read in all, and octets read the slow way."""

    __slots__ = ("octets", "slow_octets")

    def __init__(self) -> None:
        self.octets = MAX_OCTETS
        self.slow_octets = MAX_SLOW_OCTETS


def parse_address_list(value: bytes, allowance: Allowance | None = None) -> tuple[ListedAddress, ...]:
    """Every address of a header value, in order, groups flattened between marks; linear in its length.

    What lies beyond the allowance (1 MiB, and 128 KiB of unusual or broken writing) is left out.
    """
    allowance = allowance or Allowance()
    value = value[: allowance.octets]
    allowance.octets -= len(value)
    found: list[ListedAddress] = []
    pos = _read_common(value, 0, found)
    if pos < len(value) and len(found) < MAX_ADDRESSES:
        _Reader(value, pos, found, allowance).run()
    return tuple(found)


def _read_common(value: bytes, pos: int, found: list[ListedAddress]) -> int:
    """Takes addresses from `pos` on while they are written as usual; tells where it stopped."""
    while len(found) < MAX_ADDRESSES:
        match = _COMMON.match(value, pos)
        if match is None:
            break
        quoted, words, local, domain, bare_local, bare_domain = match.groups()
        if local is not None:
            found.append(ListedAddress(quoted or words, None, local, domain))
        else:
            found.append(ListedAddress(None, None, bare_local, bare_domain))
        pos = match.end()
    return pos


class _Reader:
    __slots__ = ("allowance", "cursor", "domain", "found", "mailbox", "name", "route")

    def __init__(self, value: bytes, pos: int, found: list[ListedAddress], allowance: Allowance) -> None:
        self.cursor = Cursor(value, pos)
        self.found = found
        self.allowance = allowance
        self.clear()

    def clear(self) -> None:
        self.name: bytes | None = None
        self.route: bytes | None = None
        self.mailbox: bytes | None = None
        self.domain: bytes | None = None

    def run(self) -> None:
        """address-list (RFC 5322 §3.4); after garbage that is not followed by a comma the rest is left."""
        cursor, allowance = self.cursor, self.allowance
        if cursor.skip() != MORE:
            return
        while len(self.found) < MAX_ADDRESSES:
            start = cursor.pos
            cursor.end = min(len(cursor.data), start + allowance.slow_octets)
            result = self.group()
            if result == BROKEN:
                cursor.pos = start
                result = self.one_mailbox()
            allowance.slow_octets -= min(cursor.pos - start, allowance.slow_octets)
            if result == END or cursor.peek() != 0x2C or not allowance.slow_octets:
                return
            cursor.pos += 1
            result = cursor.skip()
            if result == BROKEN:
                self.add()
            if result != MORE:
                return
            cursor.pos = _read_common(cursor.data, cursor.pos, self.found)
            if cursor.pos >= len(cursor.data):
                return

    def add(self) -> None:
        mailbox = self.mailbox or b"MISSING_MAILBOX"
        self.found.append(ListedAddress(self.name, self.route, mailbox, self.domain or b"MISSING_DOMAIN"))
        self.clear()

    def group(self) -> int:
        """display-name ":" [mailbox-list] ";" - BROKEN only when it is no group at all."""
        cursor = self.cursor
        name: list[bytes] = []
        if cursor.phrase(name) != MORE or cursor.peek() != 0x3A:
            return BROKEN
        cursor.pos += 1
        result = cursor.skip()
        self.found.append(ListedAddress(None, None, b"".join(name), None))
        if result == MORE and cursor.peek() != 0x3B:
            while len(self.found) < MAX_ADDRESSES:
                if self.one_mailbox() != MORE:
                    break
                if cursor.peek() != 0x2C:
                    break
                cursor.pos += 1
                if cursor.skip() != MORE:
                    break
        if cursor.peek() == 0x3B:
            cursor.pos += 1
            result = cursor.skip()
        self.found.append(GROUP_END)
        return END if result == END else MORE

    def one_mailbox(self) -> int:
        """name-addr or addr-spec."""
        cursor = self.cursor
        start = cursor.pos
        result = self.name_addr()
        if result == BROKEN:
            cursor.pos = start
            result = self.addr_spec()
        self.add()
        return result

    def name_addr(self) -> int:
        """[display-name] "<" addr ">"."""
        cursor = self.cursor
        name: list[bytes] = []
        if cursor.phrase(name) != MORE or cursor.peek() != 0x3C:
            return BROKEN
        self.name = b"".join(name) or None
        if self.angle_addr() == BROKEN:
            self.domain = b"SYNTAX_ERROR"
        return MORE if cursor.pos < cursor.end else END

    def angle_addr(self) -> int:
        cursor = self.cursor
        cursor.pos += 1
        if cursor.skip() != MORE:
            return BROKEN
        if cursor.peek() == 0x40:
            if self.domain_list() and cursor.peek() == 0x3A:
                cursor.pos += 1
            else:
                self.route = b"INVALID_ROUTE"
            if cursor.skip() != MORE:
                return BROKEN
        if cursor.peek() != 0x3E:
            if self.local_part() != MORE:
                return BROKEN
            if cursor.peek() == 0x40 and self.read_domain() != MORE:
                return BROKEN
        if cursor.peek() != 0x3E:
            return BROKEN
        cursor.pos += 1
        return cursor.skip()

    def domain_list(self) -> bool:
        """A source route (obs-route, RFC 5322 §4.4)."""
        cursor = self.cursor
        route: list[bytes] = []
        while cursor.peek() == 0x40:
            route.append(b",@" if route else b"@")
            if cursor.domain(route) != MORE:
                return False
            while cursor.skip() == MORE and cursor.peek() == 0x2C:
                cursor.pos += 1
        self.route = b"".join(route)
        return cursor.pos < cursor.end

    def local_part(self) -> int:
        cursor = self.cursor
        words: list[bytes] = []
        result = cursor.quoted_string(words) if cursor.peek() == 0x22 else cursor.atom_or_dot(words)
        if result != BROKEN:
            self.mailbox = b"".join(words)
        return result

    def read_domain(self) -> int:
        words: list[bytes] = []
        result = self.cursor.domain(words)
        if result != BROKEN:
            self.domain = b"".join(words)
        return result

    def addr_spec(self) -> int:
        """Local "@" domain; without a domain, one word is a mailbox and several are a name."""
        cursor = self.cursor
        cursor.comment = b""
        before = cursor.pos
        result = self.local_part()
        met_domain = False
        if result != END and cursor.peek() == 0x40:
            met_domain = True
            after = self.read_domain()
            if after != MORE:
                result = after
        if cursor.comment:
            self.name = cursor.comment
        elif not met_domain:
            rest: list[bytes] = []
            if result == MORE:
                cursor.phrase(rest)
            if any(rest):
                words = [self.mailbox or b"", b" ", *rest]
                self.name, self.mailbox = b"".join(words), None
            elif self.mailbox is not None and cursor.data[before] == 0x22:
                self.name, self.mailbox = self.mailbox, None
            else:
                self.domain = b""
            result = BROKEN
        return result
