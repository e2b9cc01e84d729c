"""A letter that carries a report for machines, with a word for people who open it (RFC 8460 §5.3, RFC 9990 §3)."""

from base64 import encodebytes
from dataclasses import dataclass

from mailsvc.mime.header_write import Mailbox, date_text, field_line, mailbox_words, message_id, text_words
from mailsvc.mime.mime_write import MIME_VERSION, multipart, text_part


@dataclass(frozen=True, slots=True)
class MachinePart:
    """The report as a file; its name is ours and plain ASCII."""

    media_type: str
    filename: str
    octets: bytes


def machine_report(
    *,
    from_: Mailbox,
    to: Mailbox,
    subject: str,
    text: str,
    part: MachinePart,
    date: int,
    message_id_: str,
    headers: tuple[tuple[str, str], ...] = (),
    report_type: str = "",
) -> bytes:
    """The whole letter; with a `report_type` it is a multipart/report."""
    name = part.filename.encode("ascii").replace(b'"', b"")
    file = (
        b'Content-Type: %b;\r\n name="%b"\r\nContent-Transfer-Encoding: base64\r\n'
        b'Content-Disposition: attachment;\r\n filename="%b"\r\n\r\n%b'
        % (part.media_type.encode("ascii"), name, name, encodebytes(part.octets).replace(b"\n", b"\r\n"))
    )
    parts = [text_part(text, "plain"), file]
    kind = f'report-type="{report_type}"'.encode() if report_type else b""
    body = multipart("report", parts, kind) if report_type else multipart("mixed", parts)
    return b"".join(
        (
            field_line("Date", date_text(date, 0).encode("ascii").split(b" ")),
            field_line("From", mailbox_words((from_,))),
            field_line("To", mailbox_words((to,))),
            field_line("Subject", text_words(subject, "Subject")),
            field_line("Message-ID", (message_id(message_id_),)),
            *(field_line(name_, text_words(value, name_)) for name_, value in headers),
            b"Auto-Submitted: auto-generated\r\n",
            MIME_VERSION,
            body,
        )
    )
