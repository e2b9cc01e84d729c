"""Letters that rules send: redirects, answers, refusals and notices; never so that two machines write to each other.

Nothing automatic goes outside unless the box's policy allows it (design §6, `forwarding`); who wanted it is told.
"""

from __future__ import annotations

import re
import secrets
from email.utils import parseaddr
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from directory.address import AddressError, parse_address
from directory.model import vietnam_day
from directory.policies import effective_policy
from directory.repository import boxes as directory_boxes
from directory.repository import domains
from mailsvc.mime.compose import Draft, compose
from mailsvc.mime.header_write import ComposeError, Mailbox
from mailsvc.mime.mime_write import MIME_VERSION
from mailsvc.model.errors import NoSuchRecipient
from mailsvc.model.ids import AccountId
from mailsvc.services.forward import send_on
from mailsvc.services.whereabouts import target_behind
from mailsvc.sieve.letter import Letter
from mailsvc.storage import messages, outbound, scripts

if TYPE_CHECKING:
    from directory.address import Address
    from directory.model import Account
    from mailsvc.model.ids import MessageId
    from mailsvc.sieve.actions import Notify, Reject, Vacation
    from mailsvc.sieve.letter import Envelope
    from mailsvc.storage.unit_of_work import UnitOfWork

MAX_HOPS: Final = 8
"""Boxes of ours that a letter may have passed before a rule sends it on no more."""
MAX_TEXT: Final = 8_000
NOTICE_SECONDS: Final = 7 * 86_400
_ROBOTS: Final = re.compile(
    r"(?:mailer-daemon|majordomo|listserv|no-?reply|do-?not-?reply|bounces?|owner-.*|.*-request|.*-owner|.*-bounces?)(?:\+.*)?@",
    re.IGNORECASE,
)
"""Addresses that no person reads (RFC 5230 §4.6, RFC 3834 §2)."""
_ADDRESSED_IN: Final = ("to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc")


class Automatic:
    """What one box sends because of one letter."""

    def __init__(self, uow: UnitOfWork, account: Account, octets: bytes, envelope: Envelope) -> None:
        """`octets` is the letter with its trace."""
        self._uow = uow
        self._account = account
        self._letter = Letter(octets, envelope)

    def redirect(self, address: str, message: MessageId, trace: bytes) -> bool:
        """Send the letter on, octet by octet; False where that may not be (RFC 5228 §4.2, §10)."""
        to = self._allowed(address)
        delivered = [value.lower() for value in self._letter.values("delivered-to")]
        if to is None or str(to).lower() in delivered or len(delivered) > MAX_HOPS:
            return False
        # Its own address stands behind the letter now, and answers for it (RFC 7208 §2.4); a report stays without.
        reverse = "" if not self._letter.envelope.sender else str(self._account.address)
        if self._is_ours(to):
            own = b"Delivered-To: %b\r\n" % str(self._account.address).encode()
            self._send(to, message, reverse, own + trace, "forwarded")
        else:
            send_on(self._uow, message, trace, [to], reverse_path=reverse, owner=AccountId(self._account.id))
        return True

    def answer(self, vacation: Vacation) -> None:
        """An answer to the sender, once in its time (RFC 5230 §4)."""
        to = self._may_be_answered()
        if to is None or not self._is_meant(vacation.addresses):
            return
        what = f"{vacation.handle}\n{to.key}"
        if scripts.remembers(self._uow, self._account.id, "vacation", what, vacation.seconds, renew=False):
            return
        subject = vacation.subject or f"Auto: {self._first('subject')}"
        self._write(
            to, subject, vacation.reason, "auto-replied", sender=vacation.sender, is_mime=vacation.is_mime
        )

    def refuse(self, reject: Reject) -> None:
        """A letter back that says why; never to nobody and never to a robot (RFC 5429 §2.1.1)."""
        to = self._may_be_answered()
        if to is not None:
            name = self._first("subject")
            text = f"Thư của bạn không được nhận / Your letter was not accepted: {name}\n\n{reject.reason}"
            self._write(to, f"Không nhận: {name}", text, "auto-replied")

    def notify(self, wanted: Notify) -> None:
        """A short letter that one came (RFC 5436 §2.7)."""
        address = unquote(wanted.method.partition(":")[2].partition("?")[0])
        to = self._allowed(address)
        if to is None or self._is_automatic():
            return
        text = wanted.message or f"{self._first('from')}: {self._first('subject')}"
        self._write(to, text.splitlines()[0] if text else "Thư mới", text, "auto-notified")

    def _allowed(self, address: str) -> Address | None:
        """An address that a rule of this box may send to; the owner is told of one that it may not."""
        try:
            to = parse_address(address)
        except AddressError:
            return None
        if self._is_ours(to):
            return to
        today = vietnam_day(self._uow.clock())
        if effective_policy(self._uow.conn, self._account.id, today).forwarding.allowed:
            return to
        what = f"forwarding\n{to.key}"
        if not scripts.remembers(self._uow, self._account.id, "notice", what, NOTICE_SECONDS, renew=False):
            text = (
                f"Quy tắc của hộp thư này muốn chuyển thư đến {to}, ngoài hệ thống. Đơn vị không cho phép, nên thư\n"
                "được giữ lại ở Hộp thư đến. Hãy sửa quy tắc, hoặc hỏi quản trị đơn vị.\n\n"
                f"A rule of this box wanted to send letters on to {to}, outside. That is not allowed here; they stay."
            )
            self._write(self._account.address, "Thư không được chuyển ra ngoài", text, "auto-generated")
        return None

    def _may_be_answered(self) -> Address | None:
        """The sender, if a person may sit there (RFC 5230 §4.5, §4.6)."""
        sender = self._letter.envelope.sender
        if not sender or _ROBOTS.match(sender) or self._is_automatic():
            return None
        try:
            to = parse_address(sender)
        except AddressError:
            return None
        return None if to.key == self._account.address.key else to

    def _is_automatic(self) -> bool:
        letter = self._letter
        said = [value.lower().partition(";")[0].strip() for value in letter.values("auto-submitted")]
        bulk = {value.lower().strip() for value in letter.values("precedence")} & {"bulk", "list", "junk"}
        lists = any(field.name.lower().startswith("list-") for field in letter.fields)
        return any(value != "no" for value in said) or bool(bulk) or lists

    def _is_meant(self, more: tuple[str, ...]) -> bool:
        """Whether the letter was written to this box, and not to a list it is on (RFC 5230 §4.5)."""
        own = {
            record.address.key for record in directory_boxes.addresses_of(self._uow.conn, self._account.id)
        }
        for text in more:
            try:
                own.add(parse_address(text).key)
            except AddressError:
                continue
        found = [address for name in _ADDRESSED_IN for address in self._letter.addresses(name)]
        return any(address.lower() in own for address in found)

    def _write(
        self, to: Address, subject: str, text: str, auto: str, *, sender: str = "", is_mime: bool = False
    ) -> None:
        """Compose and send; with the null path, so that nothing comes back (RFC 3834 §3.3)."""
        now = self._uow.clock()
        message_id = self._first("message-id")
        name, address = parseaddr(sender) if sender else ("", "")
        from_ = Mailbox(name or self._account.display_name, self._own_or_default(address))
        draft = Draft(
            from_=(from_,),
            message_id=f"rule.{int(self._account.id)}.{secrets.token_hex(8)}@{self._account.address.domain}",
            date=now,
            subject=subject[:250],
            text="" if is_mime else text[:MAX_TEXT],
            to=(Mailbox("", str(to)),),
            in_reply_to=message_id if auto == "auto-replied" else "",
            references=(message_id,) if message_id and auto == "auto-replied" else (),
            extra=(("Auto-Submitted", auto),),
        )
        try:
            octets = compose(draft)
        except ComposeError:
            return
        if is_mime:
            # RFC 5230 §4.1, :mime: the reason brings its own MIME header.
            header = octets.partition(b"\r\n\r\n")[0].partition(b"\r\nMIME-Version:")[0]
            octets = header + b"\r\n" + MIME_VERSION + text[:MAX_TEXT].encode()
        message = messages.put(self._uow, messages.prepare(octets, self._uow.store.pieces))
        self._send(to, message, "", b"Return-Path: <>\r\n", "report")

    def _own_or_default(self, address: str) -> str:
        """An address that is the box's own, or its main one: a rule is nobody else's voice."""
        held = {
            one.address.key: str(one.address)
            for one in directory_boxes.addresses_of(self._uow.conn, self._account.id)
        }
        return held.get(address.lower(), str(self._account.address))

    def _send(
        self, to: Address, message: MessageId, reverse: str, trace: bytes, origin: outbound.Origin
    ) -> None:
        """Through the queue, here and there alike: its worker delivers to our own boxes too."""
        accounts: tuple[AccountId | None, ...] = (None,)
        if self._is_ours(to):
            try:
                accounts = target_behind(self._uow, to).account_ids
            except NoSuchRecipient:
                return
        recipients = [outbound.NewRecipient(str(to), to.domain.lower(), account) for account in accounts]
        outbound.add(
            self._uow, message, recipients, reverse_path=reverse, trace=trace, eight_bit=True, origin=origin
        )

    def _is_ours(self, address: Address) -> bool:
        return address.domain.lower() in domains.local_domains(self._uow.conn)

    def _first(self, name: str) -> str:
        values = self._letter.values(name)
        return values[0].strip() if values else ""
