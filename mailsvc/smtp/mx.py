"""The rules of port 25: letters from the world for our own domains; relay only for those who sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.model.errors import ServiceError
from mailsvc.services.sign_in import still
from mailsvc.services.submit import check_sender, sending_box
from mailsvc.services.writing_rules import Writing, check_list, check_stranger
from mailsvc.smtp import says
from mailsvc.smtp.gate import Accepted, Gate
from mailsvc.smtp.letter import Arrival, one_reply
from mailsvc.smtp.rules import Language

if TYPE_CHECKING:
    from mailsvc.services.receive import Recipient
    from mailsvc.smtp.rules import Client, Transaction
    from mailsvc.smtp.wire.address import MailFrom, RcptTo
    from mailsvc.smtp.wire.reply import Reply
    from mailsvc.storage.unit_of_work import Reader


class MxRules(Gate):
    """Who may send what to whom over SMTP (RFC 5321 §3.3, §7.1)."""

    language = Language.SMTP
    offers_auth = True

    async def mail(self, client: Client, mail: MailFrom) -> Reply:
        """Strangers may use any reverse path; who signed in, and still may, only one of their own."""
        if client.account is not None:
            try:
                client.account = self.shared.bridge.read(still, client.account)
            except ServiceError:
                client.account = None
                return says.NEED_AUTH
        if client.account is not None and mail.reverse_path is not None:
            try:
                self.shared.bridge.read(check_sender, client.account, mail.reverse_path)
            except ServiceError as error:
                return says.SERVICE_SAYS[type(error)]
        return says.SENDER_OK

    async def rcpt(self, client: Client, transaction: Transaction[Accepted], rcpt: RcptTo) -> Reply:
        """Ours if the box exists and has room; others only for those who signed in."""
        signed_in = client.account is not None
        read, addressees = self.shared.bridge.read, self.shared.addressees
        local = None
        if read(addressees.is_local, rcpt.forward_path.domain):
            try:
                # One of ours may write to a full box: the letter waits in the queue for it.
                local = read(addressees.resolve, rcpt.forward_path, full_too=signed_in)
                read(self._may_write_to, client, transaction, local)
            except ServiceError as error:
                return says.SERVICE_SAYS[type(error)]
        elif not signed_in:
            return says.NO_RELAY
        transaction.recipients.append(Accepted(rcpt, local))
        return says.RECIPIENT_OK

    def _may_write_to(
        self, db: Reader, client: Client, transaction: Transaction[Accepted], local: Recipient
    ) -> None:
        """Groups are for those inside, and choose their senders; a trusted network is free of that (design §9)."""
        if local.group is None:
            return
        if client.account is None:
            if not client.is_trusted:
                check_stranger(local)
            return
        mail = transaction.mail
        sender = sending_box(db, client.account, None if mail is None else mail.reverse_path)
        check_list(db, client.account, sender, local, Writing(self.shared.wide_list))

    async def data(self, client: Client, transaction: Transaction[Accepted], content: bytes) -> list[Reply]:
        """250 only when the letter is durable."""
        arrival = Arrival(self, client, transaction, content)
        if client.account is not None:
            return [await arrival.send_out()]
        return [one_reply(await arrival.take_in())]
