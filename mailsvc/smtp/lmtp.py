"""The rules of LMTP: letters for our own boxes from servers we trust, a reply for each recipient (RFC 2033)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.model.errors import ServiceError
from mailsvc.smtp import says
from mailsvc.smtp.gate import Accepted, Gate
from mailsvc.smtp.letter import Arrival
from mailsvc.smtp.rules import Language

if TYPE_CHECKING:
    from mailsvc.smtp.rules import Client, Transaction
    from mailsvc.smtp.wire.address import MailFrom, RcptTo
    from mailsvc.smtp.wire.reply import Reply


class LmtpRules(Gate):
    """Delivery without a queue: what cannot be delivered now is told at once (RFC 2033 §2)."""

    language = Language.LMTP

    def admit(self, client: Client) -> Reply | None:
        """RFC 2033 §5: not for the open network."""
        return super().admit(client) if client.is_trusted else says.TRUSTED_ONLY

    async def mail(self, _client: Client, _mail: MailFrom) -> Reply:
        """Any reverse path: the server that hands it over has decided."""
        return says.SENDER_OK

    async def rcpt(self, _client: Client, transaction: Transaction[Accepted], rcpt: RcptTo) -> Reply:
        """Only boxes of ours that exist and have room."""
        read, addressees = self.shared.bridge.read, self.shared.addressees
        if not read(addressees.is_local, rcpt.forward_path.domain):
            return says.NO_RELAY
        try:
            local = read(addressees.resolve, rcpt.forward_path)
        except ServiceError as error:
            return says.SERVICE_SAYS[type(error)]
        transaction.recipients.append(Accepted(rcpt, local))
        return says.RECIPIENT_OK

    async def data(self, client: Client, transaction: Transaction[Accepted], content: bytes) -> list[Reply]:
        """250 for each recipient only when the letter is durable (RFC 2033 §4.2)."""
        return await Arrival(self, client, transaction, content).take_in()
