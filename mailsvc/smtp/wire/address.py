"""What MAIL and RCPT say: paths and parameters as typed values (RFC 5321 §4.1.2, §4.1.1.11).

One anchored expression reads the path, one pass reads the parameters: time grows with the length and no
more, since no two branches can take the same character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any

from directory.address import Address

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_LOCAL_OCTETS = 64  # RFC 5321 §4.5.3.1.1
_MAX_DOMAIN_OCTETS = 255  # RFC 5321 §4.5.3.1.2
_MAX_LABEL_OCTETS = 63  # RFC 1035 §2.3.4

_UTF8 = "\xa0-\ud7ff\ue000-\U0010ffff"  # RFC 6531 §3.3, without the C1 controls
_ATEXT = f"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{_UTF8}-]"
_LABEL = f"[A-Za-z0-9{_UTF8}](?:[A-Za-z0-9{_UTF8}-]*[A-Za-z0-9{_UTF8}])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_PATH = re.compile(
    rf"<(?:@{_DOMAIN}(?:,@{_DOMAIN})*:)?"  # A-d-l, the source route
    rf"(?:({_ATEXT}+(?:\.{_ATEXT}+)*)"  # 1: Dot-string
    rf'|"((?:[ !#-\[\]-~{_UTF8}]|\\[ -~])*)")'  # 2: Quoted-string
    rf"(?:@(?:({_DOMAIN})|\[([^\[\]\\ ]{{1,100}})\]))?>"  # 3: Domain, 4: address-literal
)
_PARAMETER = re.compile(rf"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~{_UTF8}]+))?")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
_XCHAR = re.compile(r"\+([0-9A-F]{2})")
_QUOTED_PAIR = re.compile(r"\\(.)")


class PathFault(Enum):
    """Why MAIL or RCPT cannot be understood."""

    SYNTAX = "not FROM:<path> or TO:<path> with parameters"
    PATH = "bad address syntax"
    PARAMETER = "bad parameter value"
    UNKNOWN_PARAMETER = "parameter not recognised"


class PathError(ValueError):
    """The words after MAIL or RCPT break the grammar; `fault` says how."""

    def __init__(self, fault: PathFault, detail: str = "") -> None:
        super().__init__(detail or fault.value)
        self.fault = fault


class Body(StrEnum):
    """Type of the body that will follow (RFC 6152 §2)."""

    SEVEN_BIT = "7BIT"
    EIGHT_BIT = "8BITMIME"
    BINARY = "BINARYMIME"
    """By BDAT only (RFC 3030 §3)."""


class Ret(StrEnum):
    """How much of the letter a failure report shall hold (RFC 3461 §4.3)."""

    FULL = "FULL"
    HEADERS = "HDRS"


class Notify(StrEnum):
    """When the sender wants to hear of a recipient (RFC 3461 §4.1)."""

    NEVER = "NEVER"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    DELAY = "DELAY"


@dataclass(frozen=True, slots=True)
class OriginalRecipient:
    """The address that the sender first wrote (RFC 3461 §4.2)."""

    address_type: str
    address: str


@dataclass(frozen=True, slots=True)
class MailFrom:
    """MAIL with its parameters (RFC 5321 §4.1.1.2)."""

    reverse_path: Address | None
    """None is the null path <>, RFC 5321 §4.5.5."""
    size: int | None = None
    """Octets that the client announces (RFC 1870 §6)."""
    body: Body = Body.SEVEN_BIT
    smtputf8: bool = False
    """The envelope or the header may hold UTF-8 (RFC 6531 §3.4)."""
    submitter: str | None = None
    """AUTH=, who first submitted it; "" is AUTH=<> (RFC 4954 §5)."""
    ret: Ret | None = None
    envid: str | None = None
    """The sender's own name for this transaction (RFC 3461 §4.4)."""
    require_tls: bool = False
    """Better refused than sent where others can read it (RFC 8689 §2)."""


@dataclass(frozen=True, slots=True)
class RcptTo:
    """RCPT with its parameters (RFC 5321 §4.1.1.3)."""

    forward_path: Address
    notify: frozenset[Notify] | None = None
    original: OriginalRecipient | None = None


def parse_mail(words: str) -> MailFrom:
    """What follows `MAIL `: `FROM:<path>` and parameters. Raises PathError."""
    address, rest = _split(words, "FROM:", null_path=True)
    if not rest:
        return MailFrom(address)
    values = _parameters(rest, _MAIL_PARAMETERS)
    return MailFrom(address, **values)


def parse_rcpt(words: str, *, home: str) -> RcptTo:
    """What follows `RCPT `: `TO:<path>` and parameters; `home` completes <Postmaster>. Raises PathError."""
    address, rest = _split(words, "TO:", null_path=False)
    assert address is not None
    if not address.domain:
        address = Address("postmaster", home)  # RFC 5321 §4.1.1.3: accepted without a domain, in any case
    if not rest:
        return RcptTo(address)
    values = _parameters(rest, _RCPT_PARAMETERS)
    return RcptTo(address, **values)


def format_path(address: Address | None) -> str:
    """The address in angle brackets as SMTP writes it, quoted where needed (RFC 5321 §4.1.2)."""
    return "<>" if address is None else f"<{address}>"


def _split(words: str, keyword: str, *, null_path: bool) -> tuple[Address | None, str]:
    """The path after the keyword, and the parameters after the path.

    RFC 5321 §3.3, more lenient: spaces after the colon are passed over, as every server does.
    """
    if words[: len(keyword)].upper() != keyword:
        raise PathError(PathFault.SYNTAX)
    text = words[len(keyword) :].lstrip(" ")
    if null_path and text.startswith("<>"):
        return None, _after_path(text, 2)
    found = _PATH.match(text)
    if not found:
        raise PathError(PathFault.PATH)
    local, quoted, domain, literal = found.groups()
    if local is None:
        local = _QUOTED_PAIR.sub(r"\1", quoted)
    if domain is None:
        if literal is not None:
            domain = _literal(literal)
        elif null_path or local.lower() != "postmaster":
            raise PathError(PathFault.PATH)
        else:
            domain = ""
    if _octets(local) > _MAX_LOCAL_OCTETS or _octets(domain) > _MAX_DOMAIN_OCTETS:
        raise PathError(PathFault.PATH, "address too long")
    if len(domain) > _MAX_LABEL_OCTETS and any(
        _octets(label) > _MAX_LABEL_OCTETS for label in domain.split(".")
    ):
        raise PathError(PathFault.PATH, "label too long")
    return Address(local, domain), _after_path(text, found.end())


def _after_path(text: str, end: int) -> str:
    rest = text[end:]
    if rest and not rest.startswith(" "):
        raise PathError(PathFault.SYNTAX)
    return rest


def _octets(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _literal(text: str) -> str:
    """`[192.0.2.1]` or `[IPv6:2001:db8::1]` in one spelling (RFC 5321 §4.1.3)."""
    try:
        if text[:5].upper() == "IPV6:":
            return f"[IPv6:{IPv6Address(text[5:])}]"
        return f"[{IPv4Address(text)}]"
    except ValueError:
        raise PathError(PathFault.PATH, "bad address literal") from None


def _parameters(text: str, known: dict[str, tuple[str, Callable[[str | None], object]]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for word in text.split():
        found = _PARAMETER.fullmatch(word)
        if not found:
            raise PathError(PathFault.SYNTAX)
        name = found[1].upper()
        if name not in known:
            raise PathError(PathFault.UNKNOWN_PARAMETER, f"parameter not recognised: {name[:40]}")
        field, read = known[name]
        if field in values:
            raise PathError(PathFault.PARAMETER, f"{name} given twice")
        try:
            values[field] = read(found[2])
        except (ValueError, TypeError):
            raise PathError(PathFault.PARAMETER, f"bad value of {name}") from None
    return values


def _required(value: str | None) -> str:
    if value is None:
        raise ValueError("a value is needed")
    return value


def _size(value: str | None) -> int:
    digits = _required(value)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 20):  # RFC 1870 §3: 1*20DIGIT
        raise ValueError(digits)
    return int(digits)


def _flag(value: str | None) -> bool:
    if value is not None:
        raise ValueError("takes no value")
    return True


def _xtext(value: str | None) -> str:
    """RFC 3461 §4: `+HH` stands for an octet."""
    text = _required(value)
    if not _XTEXT.fullmatch(text):
        raise ValueError(text)
    decoded = _XCHAR.sub(lambda found: chr(int(found[1], 16)), text)
    if not decoded.isascii() or not decoded.isprintable():
        raise ValueError("not printable ASCII")
    return decoded


def _submitter(value: str | None) -> str:
    text = _required(value)
    return "" if text == "<>" else _xtext(text)


def _envid(value: str | None) -> str:
    text = _xtext(value)
    if len(text) > 100:  # RFC 3461 §4.4
        raise ValueError("too long")
    return text


def _notify(value: str | None) -> frozenset[Notify]:
    words = [Notify(word.upper()) for word in _required(value).split(",")]
    if Notify.NEVER in words and len(words) > 1:
        raise ValueError("NEVER stands alone")
    return frozenset(words)


def _original(value: str | None) -> OriginalRecipient:
    address_type, semicolon, text = _required(value).partition(";")
    if not semicolon or not address_type or len(text) > 500:
        raise ValueError(text)
    # RFC 6533 §3: utf-8 addresses are xtext plus UTF-8; they are kept as written.
    return OriginalRecipient(address_type.lower(), text if address_type.lower() == "utf-8" else _xtext(text))


_MAIL_PARAMETERS: dict[str, tuple[str, Callable[[str | None], object]]] = {
    "SIZE": ("size", _size),
    "BODY": ("body", lambda value: Body(_required(value).upper())),
    "SMTPUTF8": ("smtputf8", _flag),
    "AUTH": ("submitter", _submitter),
    "RET": ("ret", lambda value: Ret(_required(value).upper())),
    "ENVID": ("envid", _envid),
    "REQUIRETLS": ("require_tls", _flag),
}
_RCPT_PARAMETERS: dict[str, tuple[str, Callable[[str | None], object]]] = {
    "NOTIFY": ("notify", _notify),
    "ORCPT": ("original", _original),
}
