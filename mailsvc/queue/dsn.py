"""What the sender of a late or undelivered letter is told, in Vietnamese and English (RFC 3464, RFC 3461 §6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from mailsvc.mime.header_write import Mailbox
from mailsvc.mime.report import RecipientStatus, delivery_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.smtp.wire.reply import Reply
    from mailsvc.storage.outbound import QueuedLetter, QueuedRecipient

_FULL_OCTETS = 1024 * 1024
"""A letter up to this size comes back whole if RET=FULL asked for it; RFC 3461 §4.3 leaves us the choice."""
_VIETNAM = timedelta(hours=7)


class Action(Enum):
    """What is reported (RFC 3464 §2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    """Handed to a server that will not tell the sender what becomes of it (RFC 3461 §5.2.2)."""


@dataclass(frozen=True, slots=True)
class Told:
    """One recipient and the reply that the sender is told of."""

    recipient: QueuedRecipient
    reply: Reply
    gave_up: bool = False
    server: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who reports: this server and the address that answers questions."""

    host: str
    address: str


_SUBJECT = {
    Action.FAILED: "Thư không gửi được / Undelivered mail",
    Action.DELAYED: "Thư gửi chậm / Delayed mail",
    Action.DELIVERED: "Thư đã tới nơi / Delivered mail",
    Action.RELAYED: "Thư đã chuyển tiếp / Relayed mail",
}
_OPENING_VI = {
    Action.FAILED: "Thư của bạn không gửi được tới các địa chỉ sau:",
    Action.DELAYED: "Thư của bạn chưa tới được các địa chỉ sau. Hệ thống vẫn tiếp tục gửi, bạn không cần gửi lại:",
    Action.DELIVERED: "Thư của bạn đã được đưa vào hộp thư của các địa chỉ sau:",
    Action.RELAYED: "Thư của bạn đã được máy chủ nơi nhận tiếp nhận; máy chủ đó không báo lại kết quả:",
}
_OPENING_EN = {
    Action.FAILED: "Your letter could not be delivered to these addresses:",
    Action.DELAYED: "Your letter has not reached these addresses yet. We keep trying; do not send it again:",
    Action.DELIVERED: "Your letter was delivered to the mailboxes of these addresses:",
    Action.RELAYED: "Your letter was handed to a server that does not tell what becomes of it:",
}
_EXPLAINED = {
    "1.1": ("địa chỉ không tồn tại", "the address does not exist"),
    "1.2": ("tên miền không tồn tại", "the domain does not exist"),
    "1.3": ("địa chỉ viết sai", "the address is malformed"),
    "1.10": ("tên miền không nhận thư", "the domain takes no mail"),
    "2.1": ("hộp thư đã bị khóa", "the mailbox is disabled"),
    "2.2": ("hộp thư đã đầy", "the mailbox is full"),
    "3.4": ("thư quá lớn đối với nơi nhận", "the letter is too large for the other side"),
    "4.1": ("máy chủ nhận thư không trả lời", "the mail server does not answer"),
    "4.3": ("không tra được tên miền", "the domain could not be looked up"),
    "4.4": ("không tìm được máy chủ nhận thư", "no mail server was found"),
    "4.6": ("thư đi vòng tròn", "the letter goes round in circles"),
    "4.7": ("đã hết thời gian gửi lại", "the time for trying is over"),
    "6.7": ("nơi nhận không hỗ trợ địa chỉ có dấu", "the other side does not take such addresses"),
    "7.5": ("không lập được kết nối an toàn", "no connection is as safe as it must be"),
    "7.30": (
        "nơi nhận không bảo đảm mã hóa suốt đường đi",
        "the other side does not promise TLS all the way",
    ),
    "7.1": ("nơi nhận từ chối theo quy định của họ", "refused by the policy of the other side"),
}
_OTHERWISE = ("máy chủ nhận thư từ chối", "the mail server refused it")


def status_of(told: Told, action: Action) -> str:
    """The status to report: the server's own, its class made to fit what is reported (RFC 3464 §2.3.4)."""
    if told.gave_up and told.reply.code < 500 and not told.reply.enhanced.startswith("4.2."):
        return "5.4.7"  # RFC 3463 §3.5: delivery time expired
    kind = {Action.FAILED: "5", Action.DELAYED: "4"}.get(action, "2")
    detail = told.reply.enhanced[2:] or "0.0"
    return f"{kind}.{detail}"


def compose(
    action: Action,
    letter: QueuedLetter,
    told: Sequence[Told],
    content: bytes,
    *,
    sender: Sender,
    now: int,
    retry_until: int,
    message_id: str,
) -> bytes:
    """The report as a letter; it travels with the null reverse-path (RFC 3464 §2)."""
    is_failure = action is Action.FAILED
    return delivery_report(
        from_=Mailbox("Hệ thống thư điện tử", sender.address),
        to=Mailbox("", letter.reverse_path),
        subject=_SUBJECT[action],
        text=_text(action, told, letter.created_at, retry_until),
        reporting_mta=sender.host,
        recipients=tuple(
            RecipientStatus(
                final_recipient=one.recipient.address,
                action=action.value,
                status=status_of(one, action),
                original_recipient=(one.recipient.original_recipient or "").partition(";")[2],
                diagnostic=str(one.reply).replace("\n", " "),
                remote_mta=one.server,
                last_attempt=now,
                will_retry_until=retry_until if action is Action.DELAYED else None,
            )
            for one in told
        ),
        original=content,
        date=now,
        message_id_=message_id,
        original_envelope_id=letter.envelope_id or "",
        arrival_date=letter.created_at,
        # RFC 8689 §5: a report may go where the letter itself may not.
        whole_original=bool(letter.return_full)
        and is_failure
        and len(content) <= _FULL_OCTETS
        and letter.tls != "required",
    )


def _text(action: Action, told: Sequence[Told], sent_at: int, retry_until: int) -> str:
    until_vi, until_en = [], []
    if action is Action.DELAYED:
        until_vi = ["", f"Hệ thống sẽ thử gửi cho đến {_clock(retry_until)}."]
        until_en = ["", f"We try until {_clock(retry_until)}."]
    return "\n".join(
        (
            _OPENING_VI[action],
            "",
            *(line for one in told for line in _lines(one, action, 0)),
            *until_vi,
            f"Thư gửi lúc {_clock(sent_at)}. Tiêu đề thư kèm ở dưới.",
            "",
            "-" * 60,
            "",
            _OPENING_EN[action],
            "",
            *(line for one in told for line in _lines(one, action, 1)),
            *until_en,
            f"The letter was sent at {_clock(sent_at)}. Its header is below.",
            "",
        )
    )


def _lines(one: Told, action: Action, language: int) -> tuple[str, ...]:
    said = f"    {str(one.reply).replace(chr(10), ' ')}"
    if action in {Action.DELIVERED, Action.RELAYED}:
        return f"  <{one.recipient.address}>", said
    explained = _EXPLAINED.get(status_of(one, action)[2:], _OTHERWISE)[language]
    return f"  <{one.recipient.address}>", f"    {explained}", said


def _clock(at: int) -> str:
    """Date and time in Vietnam, as people there write it."""
    return (datetime.fromtimestamp(at, UTC) + _VIETNAM).strftime("%H:%M %d/%m/%Y")
