"""Mail addresses: one parser and one comparison key for the whole system."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

MAX_LOCAL_OCTETS: Final = 64  # RFC 5321 §4.5.3.1.1
MAX_DOMAIN_OCTETS: Final = 255  # RFC 5321 §4.5.3.1.2
MAX_ADDRESS_OCTETS: Final = 254  # RFC 5321 §4.5.3.1.3: a path is 256 with its angle brackets
MAX_LABEL_OCTETS: Final = 63  # RFC 1035 §2.3.4

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]"  # RFC 5322 §3.2.3, widened by RFC 6531 §3.3
_DOT_STRING = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
_QUOTED_CONTENT = re.compile(r"(?:[\x20\x21\x23-\x5b\x5d-\x7e\u0080-\U0010ffff]|\\[\x20-\x7e])*")
_QUOTED_PAIR = re.compile(r"\\(.)")
_LABEL = r"[A-Za-z0-9_\u0080-\U0010ffff](?:[A-Za-z0-9_\u0080-\U0010ffff-]*[A-Za-z0-9_\u0080-\U0010ffff])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LITERAL = re.compile(r"\[[A-Za-z0-9:.-]+\]")  # RFC 5321 §4.1.3
_UNWANTED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})


class AddressError(ValueError):
    """The text is not one mail address."""


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address as RFC 5321 §4.1.2 has it: the local part without its quotes, and the domain."""

    local: str
    domain: str

    @property
    def key(self) -> str:
        """What two spellings of one address share: lower case and NFC.

        RFC 5321 §2.4, stricter: our own local parts do not differ by case, so that `AnNV@` is `annv@`.
        """
        text = f"{self.local}@{self.domain}".lower()
        return text if text.isascii() else unicodedata.normalize("NFC", text)

    def without_detail(self, separator: str = "+") -> "Address":
        """The address of the box itself: `annv+ban-tin@` is delivered to `annv@` (RFC 5233 §1)."""
        base = self.local.partition(separator)[0]
        return Address(base, self.domain) if base and base != self.local else self

    @property
    def is_ascii(self) -> bool:
        """Whether the address can travel without SMTPUTF8 (RFC 6531 §3.4)."""
        return self.local.isascii() and self.domain.isascii()

    def __str__(self) -> str:
        """The address as it is written in a path, quoted where RFC 5321 §4.1.2 asks for it."""
        if _DOT_STRING.fullmatch(self.local):
            return f"{self.local}@{self.domain}"
        escaped = self.local.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"@{self.domain}'


def parse_address(text: str) -> Address:
    """Read `local@domain` (RFC 5321 §4.1.2 Mailbox, RFC 6531 §3.3); AddressError for anything else."""
    local, at, domain = text.rpartition("@")
    if not at:
        raise AddressError("no @ in the address")
    if len(text.encode("utf-8", "replace")) > MAX_ADDRESS_OCTETS + 2:  # the two quotes do not count
        raise AddressError("the address is longer than 254 octets")
    address = Address(_read_local(local), _read_domain(domain))
    if not text.isascii():
        _refuse_unwanted(address)
    return address


def _read_local(text: str) -> str:
    local = text
    if text.startswith('"'):
        if len(text) < 3 or not text.endswith('"') or not _QUOTED_CONTENT.fullmatch(text[1:-1]):
            raise AddressError("the quoted local part is malformed")
        local = _QUOTED_PAIR.sub(r"\1", text[1:-1])
    elif not _DOT_STRING.fullmatch(text):
        raise AddressError("the local part is malformed")
    if len(local.encode("utf-8", "replace")) > MAX_LOCAL_OCTETS:
        raise AddressError("the local part is longer than 64 octets")
    return local


def _read_domain(text: str) -> str:
    if _LITERAL.fullmatch(text):
        return text
    if not _DOMAIN.fullmatch(text):
        raise AddressError("the domain is malformed")
    if len(text.encode("utf-8", "replace")) > MAX_DOMAIN_OCTETS:
        raise AddressError("the domain is longer than 255 octets")
    if any(len(label.encode("utf-8", "replace")) > MAX_LABEL_OCTETS for label in text.split(".")):
        raise AddressError("a label of the domain is longer than 63 octets")
    return text


def _refuse_unwanted(address: Address) -> None:
    """Refuse spaces, controls and invisible characters beyond ASCII (RFC 6532 §3.1, RFC 5198 §2)."""
    for character in address.local + address.domain:
        if not character.isascii() and unicodedata.category(character) in _UNWANTED:
            raise AddressError("the address holds an invisible character")
