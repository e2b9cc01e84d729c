"""Header fields as we send them: strict, folded at 78 columns, no way to smuggle in a line (RFC 5322 §2.1.1, §2.2.3)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from mailsvc.mime.charsets import nfc
from mailsvc.mime.encoded_word import encode_words, needs_encoding

LINE: Final = 78  # RFC 5322 §2.1.1
MAX_LINE: Final = 998

_FIELD_NAME = re.compile(r"[!-9;-~]{1,60}\Z")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?: [A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*\Z")
_ADDRESS = re.compile(
    r"(?:[^\x00-\x20\x7f()<>\[\]:;@\\,\"\x80-\x9f\u2028\u2029]{1,64}|\"(?:[ !#-\[\]-~]|\\[ -~]){1,62}\")"
    r"@(?:[^\x00-\x20\x7f()<>\[\]:;@\\,\"\x80-\x9f\u2028\u2029]{1,253}|\[[A-Za-z0-9.:]{3,60}\])\Z"
)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,990}>\Z")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_PLAIN_PARAM = re.compile(r"[ !#-\[\]-~]{1,60}\Z")
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class ComposeError(ValueError):
    """A value that cannot be written into a letter; what it is stands in the text."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A person or box to write to: display name ("" for none) and address."""

    name: str
    address: str


def field_line(name: str, words: Iterable[bytes]) -> bytes:
    """One header field with its CRLF; `words` are parted by a space or, where the line is full, by a fold."""
    if _FIELD_NAME.match(name) is None:
        raise ComposeError(f"not a header field name: {name!r}")
    lines: list[bytes] = []
    line = name.encode("ascii") + b":"
    for word in words:
        if b"\r" in word or b"\n" in word or b"\0" in word:
            raise ComposeError(f"a line end or NUL in {name}")
        if len(line) + 1 + len(word) > LINE and line != b"" and (lines or len(line) > len(name) + 1):
            lines.append(line)
            line = b""
        line += b" " + word
        if len(line) > MAX_LINE:
            raise ComposeError(f"a word too long for a line in {name}")
    lines.append(line)
    return b"\r\n".join(lines) + b"\r\n"


def text_words(text: str, after: str = "") -> tuple[bytes, ...]:
    """Unstructured text such as a subject; line ends in it become spaces, what is not ASCII encoded words (RFC 2047).

    `after` is the name of the field whose line the text begins on.
    """
    text = nfc(" ".join(_CONTROLS.sub(" ", text).split()))
    words = text.split(" ")
    if needs_encoding(text) or any(len(word) > LINE - len(after) - 2 for word in words):
        return encode_words(text, LINE - len(after) - 2)
    return tuple(word.encode("ascii") for word in words)


def mailbox_words(boxes: Iterable[Mailbox]) -> tuple[bytes, ...]:
    """An address list (RFC 5322 §3.4), ready for `field_line`."""
    words: list[bytes] = []
    for box in boxes:
        if words:
            words[-1] += b","
        name = nfc(" ".join(_CONTROLS.sub(" ", box.name).split()))
        address = address_octets(box.address)
        if not name:
            words.append(address)
            continue
        if needs_encoding(name) or len(name) > LINE - 4:
            words.extend(encode_words(name, LINE - len("Reply-To: ")))
        elif _ATOMS.match(name) is not None:
            words.extend(word.encode("ascii") for word in name.split(" "))
        else:
            words.append(b'"' + name.replace("\\", "\\\\").replace('"', '\\"').encode("ascii") + b'"')
        words.append(b"<" + address + b">")
    return tuple(words)


def address_octets(address: str) -> bytes:
    """An address checked and written: the domain in IDNA, a non-ASCII local part in UTF-8 (RFC 6532 §3.2)."""
    address = nfc(address)
    if _ADDRESS.match(address) is None:
        raise ComposeError(f"not an address: {address!r}")
    local, _, domain = address.rpartition("@")
    try:
        ascii_domain = domain.encode("ascii") if domain.isascii() else domain.encode("idna")
    except UnicodeError as fault:
        raise ComposeError(f"not a domain: {domain!r}") from fault
    return local.encode("utf-8") + b"@" + ascii_domain


def message_id(value: str) -> bytes:
    """A message id with its angle brackets (RFC 5322 §3.6.4)."""
    bracketed = value if value.startswith("<") else f"<{value}>"
    if _MESSAGE_ID.match(bracketed) is None:
        raise ComposeError(f"not a message id: {value!r}")
    return bracketed.encode("ascii")


def date_text(epoch: int, utc_offset_minutes: int) -> str:
    """A Date value (RFC 5322 §3.3), English whatever the locale."""
    moment = datetime.fromtimestamp(epoch, UTC).astimezone(timezone(timedelta(minutes=utc_offset_minutes)))
    sign = "-" if utc_offset_minutes < 0 else "+"
    hours, minutes = divmod(abs(utc_offset_minutes), 60)
    return (
        f"{_DAYS[moment.weekday()]}, {moment.day:02} {_MONTHS[moment.month - 1]} {moment.year:04} "
        f"{moment.hour:02}:{moment.minute:02}:{moment.second:02} {sign}{hours:02}{minutes:02}"
    )


def parameter_words(name: str, value: str) -> tuple[bytes, ...]:
    """A parameter, each word but the last ended by ";"; not ASCII, or long: in extended notation, continued (RFC 2231 §3, §4)."""
    value = nfc(" ".join(_CONTROLS.sub(" ", value).split()))
    if _PLAIN_PARAM.match(value) is not None and "=?" not in value:
        return (f'{name}="{value}"'.encode("ascii"),)
    chunks: list[str] = []
    line = "utf-8''"
    for character in value:
        coded = "".join(
            chr(octet) if _is_attribute_char(octet) else f"%{octet:02X}"
            for octet in character.encode("utf-8", "replace")
        )
        if len(line) + len(coded) > LINE - len(name) - 8:
            chunks.append(line)
            line = ""
        line += coded
    chunks.append(line)
    if len(chunks) == 1:
        return (f"{name}*={chunks[0]}".encode("ascii"),)
    words = [f"{name}*{at}*={chunk};".encode("ascii") for at, chunk in enumerate(chunks)]
    return (*words[:-1], words[-1][:-1])


def _is_attribute_char(octet: int) -> bool:
    """attribute-char, RFC 2231 §7, kept to what everybody reads."""
    return 0x30 <= octet <= 0x39 or 0x41 <= (octet & 0xDF) <= 0x5A or octet in b"-._"
