"""ENVELOPE: what a message list shows of a header (RFC 9051 §7.5.2, RFC 3501 §7.4.2)."""

from dataclasses import dataclass
from typing import Final

from mailsvc.mime.address_list import Allowance, ListedAddress, parse_address_list
from mailsvc.mime.imap_string import imap_nstring, imap_string, imap_text
from mailsvc.mime.parse import Entity

MAX_STRING: Final = 64 * 1024  # octets of a subject, date or message id that are shown

_STRINGS = frozenset({b"date", b"subject", b"in-reply-to", b"message-id"})
_ADDRESSES = frozenset({b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc"})


@dataclass(frozen=True, slots=True)
class HeaderEnvelope:
    """The fields of ENVELOPE, undecoded: encoded words stay as they are. Absent fields are None or empty.

    `sender` and `reply_to` are as written; that From stands in for them is said by `imap` only.
    """

    date: bytes | None
    subject: bytes | None
    from_: tuple[ListedAddress, ...]
    sender: tuple[ListedAddress, ...]
    reply_to: tuple[ListedAddress, ...]
    to: tuple[ListedAddress, ...]
    cc: tuple[ListedAddress, ...]
    bcc: tuple[ListedAddress, ...]
    in_reply_to: bytes | None
    message_id: bytes | None

    def imap(self) -> bytes:
        """The ENVELOPE as a client gets it, parentheses included; From where Sender or Reply-To say nothing."""
        from_ = _addresses(self.from_)
        return b"(%b %b %b %b %b %b %b %b %b %b)" % (
            imap_nstring(self.date),
            imap_text(self.subject),
            from_,
            _addresses(self.sender) if self.sender else from_,
            _addresses(self.reply_to) if self.reply_to else from_,
            _addresses(self.to),
            _addresses(self.cc),
            _addresses(self.bcc),
            imap_nstring(self.in_reply_to),
            imap_nstring(self.message_id),
        )


def header_envelope(content: bytes, entity: Entity, allowance: Allowance | None = None) -> HeaderEnvelope:
    """The envelope of a letter, or of an enclosed one.

    Address fields that occur twice are one list, so that no address hides in a second From; of the others the last counts.
    """
    allowance = allowance or Allowance()
    strings: dict[bytes, bytes] = {}
    addresses: dict[bytes, tuple[ListedAddress, ...]] = {}
    for field in entity.fields:
        lower = field.lower
        if lower in _ADDRESSES:
            value = content[field.start : field.end].strip(b" \t\r\n")
            addresses[lower] = addresses.get(lower, ()) + parse_address_list(value, allowance)
        elif lower in _STRINGS:
            strings[lower] = unfolded(content[field.start : min(field.end, field.start + MAX_STRING)])
    none: tuple[ListedAddress, ...] = ()
    return HeaderEnvelope(
        strings.get(b"date"),
        strings.get(b"subject"),
        addresses.get(b"from", none),
        addresses.get(b"sender", none),
        addresses.get(b"reply-to", none),
        addresses.get(b"to", none),
        addresses.get(b"cc", none),
        addresses.get(b"bcc", none),
        strings.get(b"in-reply-to"),
        strings.get(b"message-id"),
    )


def unfolded(raw: bytes) -> bytes:
    """A value on one line, its own white space kept (RFC 5322 §2.2.3)."""
    value = raw.lstrip(b" \t\r\n") or raw[1:]
    if b"\n" in value:
        value = value.replace(b"\r\n", b"").replace(b"\n", b"")
    return value


def _addresses(listed: tuple[ListedAddress, ...]) -> bytes:
    if not listed:
        return b"NIL"
    return b"(" + b"".join(map(_address, listed)) + b")"


def _address(address: ListedAddress) -> bytes:
    name, route, mailbox, domain = address
    return b"(%b %b %b %b)" % (
        imap_text(name),
        b"NIL" if route is None else imap_string(route),
        imap_nstring(mailbox),
        imap_nstring(domain),
    )
