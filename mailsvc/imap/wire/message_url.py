"""URLs of letters and their parts on this server, relative ones only (RFC 5092 §7, RFC 4469 §3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from mailsvc.imap.wire.errors import MalformedError
from mailsvc.imap.wire.fetch import Section, parse_section

MAX_URL_OCTETS = 4_000
_URL = re.compile(
    rb"(?:/(?P<mailbox>[^;?#]+?)(?:;UIDVALIDITY=(?P<validity>[1-9][0-9]{0,9}))?/)?"
    rb"/?;UID=(?P<uid>[1-9][0-9]{0,9})"
    rb"(?:/;SECTION=(?P<section>[^;?#]+))?"
    rb"(?:/;PARTIAL=(?P<first>[0-9]{1,19})(?:\.(?P<count>[1-9][0-9]{0,18}))?)?",
    re.IGNORECASE,
)
_TO_THE_END = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class MessageUrl:
    """A letter or a part of one."""

    written: str
    """As the client wrote it, for BADURL (RFC 4469 §4.1)."""
    mailbox: str | None
    """None for the open one."""
    uid_validity: int | None
    uid: int
    section: Section


def parse_message_url(octets: bytes) -> MessageUrl:
    """`/mailbox;UIDVALIDITY=n/;UID=n/;SECTION=part`, or `;UID=n` within the open mailbox; else NO [BADURL]."""
    match = _URL.fullmatch(octets) if len(octets) <= MAX_URL_OCTETS else None
    if match is None or not all(0x20 < octet < 0x7F for octet in octets):
        raise bad_url(octets.decode("ascii", "replace"))
    written = octets.decode("ascii")
    try:
        # RFC 5092 §11: mailbox names are UTF-8 in URLs, whatever they are on the wire.
        name = None if match["mailbox"] is None else unquote_to_bytes(match["mailbox"]).decode("utf-8")
        section = parse_section(unquote_to_bytes(match["section"] or b""), _partial(match))
    except (UnicodeDecodeError, MalformedError):
        raise bad_url(written) from None
    validity = None if match["validity"] is None else int(match["validity"])
    return MessageUrl(written, name, validity, int(match["uid"]), section)


def bad_url(written: str) -> MalformedError:
    """NO [BADURL url]; what no response code can hold is left out (RFC 4469 §4.1)."""
    spelt = "".join(char for char in written[:200] if "!" <= char <= "~" and char not in '"\\]')
    return MalformedError("This URL means no letter here", condition="NO", code=f'BADURL "{spelt}"')


def _partial(match: re.Match[bytes]) -> tuple[int, int] | None:
    if match["first"] is None:
        return None
    return int(match["first"]), int(match["count"] or _TO_THE_END)
