"""Delivery reports: what a sender gets when a letter could not go on (RFC 3464, RFC 6522)."""

import re
from dataclasses import dataclass

from mailsvc.mime.header_write import (
    ComposeError,
    Mailbox,
    date_text,
    field_line,
    mailbox_words,
    message_id,
    text_words,
)
from mailsvc.mime.mime_write import MIME_VERSION, encoded_text, message_part, multipart, text_part
from mailsvc.mime.parse import parse

MAX_HEADER = 64 * 1024  # octets of the header that come back

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\Z")
_ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
_SPACES = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """What became of one recipient (RFC 3464 §2.3). Times are epoch seconds; "" and None leave a field out."""

    final_recipient: str
    action: str
    status: str
    original_recipient: str = ""
    remote_mta: str = ""
    diagnostic: str = ""
    last_attempt: int | None = None
    will_retry_until: int | None = None


def delivery_report(
    *,
    from_: Mailbox,
    to: Mailbox,
    subject: str,
    text: str,
    reporting_mta: str,
    recipients: tuple[RecipientStatus, ...],
    original: bytes,
    date: int,
    message_id_: str,
    original_envelope_id: str = "",
    arrival_date: int | None = None,
    whole_original: bool = False,
    utc_offset_minutes: int = 7 * 60,
) -> bytes:
    """A multipart/report: words for people, the facts by RFC 3464, and the header (or all) of the letter it is about.

    `text` is the part people read, in their language. The report must be sent with the null reverse-path (§2).
    """
    status = _status_part(
        reporting_mta, recipients, original_envelope_id, arrival_date, utc_offset_minutes=utc_offset_minutes
    )
    about = message_part(original) if whole_original else None
    if about is None:
        header = (
            original[: min(parse(original).body_start, MAX_HEADER)].replace(b"\r\n", b"\n").rstrip(b"\n")
            + b"\n"
        )
        about = encoded_text(header, (b"text/rfc822-headers;", b'charset="utf-8"'))
    body = multipart("report", [text_part(text, "plain"), status, about], b"report-type=delivery-status")
    return b"".join(
        (
            field_line("Date", date_text(date, utc_offset_minutes).encode("ascii").split(b" ")),
            field_line("From", mailbox_words((from_,))),
            field_line("To", mailbox_words((to,))),
            field_line("Subject", text_words(subject, "Subject")),
            field_line("Message-ID", (message_id(message_id_),)),
            b"Auto-Submitted: auto-replied\r\n",  # RFC 3834 §3.1.7: nobody's vacation answers this
            MIME_VERSION,
            body,
        )
    )


def _status_part(
    reporting_mta: str,
    recipients: tuple[RecipientStatus, ...],
    envelope_id: str,
    arrival_date: int | None,
    *,
    utc_offset_minutes: int,
) -> bytes:
    if not recipients:
        raise ComposeError("a delivery report needs a recipient")  # RFC 3464 §2.3

    def when(epoch: int | None) -> str:
        return "" if epoch is None else date_text(epoch, utc_offset_minutes)

    groups = [
        (
            ("Original-Envelope-Id", _xtext(envelope_id)),
            ("Reporting-MTA", f"dns; {_xtext(reporting_mta)}"),
            ("Arrival-Date", when(arrival_date)),
        )
    ]
    lines = [_group(groups[0])]
    for recipient in recipients:
        if recipient.action not in _ACTIONS or _STATUS.match(recipient.status) is None:
            raise ComposeError(f"not a delivery status: {recipient.action!r} {recipient.status!r}")
        lines.append(
            _group(
                (
                    ("Original-Recipient", _typed_address(recipient.original_recipient)),
                    ("Final-Recipient", _typed_address(recipient.final_recipient)),
                    ("Action", recipient.action),
                    ("Status", recipient.status),
                    ("Remote-MTA", f"dns; {_xtext(recipient.remote_mta)}" if recipient.remote_mta else ""),
                    (
                        "Diagnostic-Code",
                        f"smtp; {_xtext(recipient.diagnostic)}" if recipient.diagnostic else "",
                    ),
                    ("Last-Attempt-Date", when(recipient.last_attempt)),
                    ("Will-Retry-Until", when(recipient.will_retry_until)),
                )
            )
        )
    return b"Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" + b"\r\n".join(
        lines
    )


def _group(fields: tuple[tuple[str, str], ...]) -> bytes:
    return b"".join(field_line(name, _breakable(value.encode("ascii"))) for name, value in fields if value)


def _breakable(value: bytes) -> list[bytes]:
    return [word[at : at + 900] for word in value.split(b" ") for at in range(0, len(word), 900)]


def _typed_address(address: str) -> str:
    if not address:
        return ""
    kind = "rfc822" if address.isascii() else "utf-8"  # RFC 6533 §3
    return f"{kind}; {_xtext(address)}"


def _xtext(text: str) -> str:
    r"""One line of ASCII; other characters as \x{...} (RFC 6533 §3, utf-8-addr-xtext)."""
    text = _SPACES.sub(" ", text).strip()
    return "".join(one if one.isascii() else f"\\x{{{ord(one):X}}}" for one in text)
