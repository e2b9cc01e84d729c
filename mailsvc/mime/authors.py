"""Who a letter says it is from: every address of every From, and the Sender (RFC 5322 §3.6.2)."""

import re
from dataclasses import dataclass
from typing import Final

from mailsvc.mime.address_list import parse_address_list
from mailsvc.mime.encoded_word import decode_words

MAX_AUTHORS: Final = 50  # people a letter may be from before it is no letter any more
_VALUE: Final = rb"[ \t]*:([^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*+)"
# Looked for in the whole header, however many fields it has: a From that nobody read would be a way past all rules.
_FROM: Final = re.compile(rb"^from" + _VALUE, re.IGNORECASE | re.MULTILINE)
_SENDER: Final = re.compile(rb"^sender" + _VALUE, re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Author:
    """One address of From or Sender: display name (decoded), local part and domain as written."""

    name: str
    local: str
    domain: str

    @property
    def address(self) -> str:
        """`local@domain`, as far as there is one."""
        return f"{self.local}@{self.domain}" if self.domain else self.local


@dataclass(frozen=True, slots=True)
class Authors:
    """What From and Sender say. A letter has one From field; forgers write several, or none."""

    from_fields: int
    people: tuple[Author, ...]
    sender: Author | None
    is_readable: bool
    """False if a From holds something that is no address, or more addresses than can be meant."""

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains of all authors, lower case, each once, in order."""
        return tuple(dict.fromkeys(one.domain.lower() for one in self.people if one.domain))


def authors_of(header: bytes) -> Authors:
    """The authors that stand in a header section (RFC 5322 §3.6.2); linear in its length, never raises."""
    values = [found[1] for found in _FROM.finditer(header)]
    people: list[Author] = []
    is_readable = True
    for value in values:
        listed = _listed(value)
        people += listed
        is_readable = is_readable and _is_whole(value, listed)
    sender = _SENDER.search(header)
    senders = _listed(sender[1]) if sender else []
    if len(people) > MAX_AUTHORS:
        is_readable = False
    return Authors(len(values), tuple(people[:MAX_AUTHORS]), senders[0] if senders else None, is_readable)


# What is not an address: quoted strings, and comments without others in them.
_ASIDE: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|\((?:[^()\\]|\\.)*\)', re.DOTALL)
_NOWHERE: Final = frozenset({b"MISSING_DOMAIN", b"SYNTAX_ERROR"})


def _listed(value: bytes) -> list[Author]:
    listed = (one for one in parse_address_list(value.replace(b"\r\n", b"")) if not one.is_group_mark)
    return [
        Author(
            decode_words(one.name or b""),
            "" if one.mailbox in {None, b"MISSING_MAILBOX"} else _text(one.mailbox or b""),
            "" if one.domain in _NOWHERE else _text(one.domain or b""),
        )
        for one in listed
    ]


def _is_whole(value: bytes, listed: list[Author]) -> bool:
    """Whether the addresses that were read are all that another reader could see there."""
    return (
        bool(listed)
        and all(one.local and one.domain for one in listed)
        and _ASIDE.sub(b"", value).count(b"@") <= len(listed)
    )


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")
