"""What all listeners of a process share: the services, who may connect, who may try passwords."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mailsvc.model.errors import ServiceError
from mailsvc.net.channel_binding import bindings
from mailsvc.net.limits import ConnectionLimits, site_of
from mailsvc.services import sasl
from mailsvc.services.sign_in import mail_caller
from mailsvc.services.writing_rules import WIDE_LIST
from mailsvc.smtp import says
from mailsvc.smtp.wire.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from config.settings import SendingSettings
    from mailsvc.net.bridge import Bridge
    from mailsvc.services.addressees import Addressees
    from mailsvc.services.sign_in import SignIn
    from mailsvc.smtp.filters import Filters
    from mailsvc.smtp.rules import Client, Language, Limits
    from mailsvc.smtp.vetting import Vetting
    from mailsvc.smtp.wire.address import RcptTo
    from mailsvc.smtp.wire.sasl import Credentials
    from mailsvc.storage.pieces import PieceFiles


@dataclass(frozen=True, slots=True)
class Shared:
    """What the rules of all listeners work with."""

    bridge: Bridge
    files: PieceFiles
    addressees: Addressees
    sign_in: SignIn
    hostname: str
    home: str
    max_hops: int
    sending: SendingSettings
    """How much those who sign in may send."""
    now: Callable[[], float]
    """Seconds since 1970."""
    token: Callable[[], str]
    """A fresh random word, for Message-ID."""
    wide_list: int = WIDE_LIST
    """Members above which a list is not written to from a mail client without a confirmation."""
    report_inbox: str = ""
    """Key of the address whose letters are read for DMARC reports."""
    vetting: Vetting | None = None
    """Looks at letters of strangers; None where nobody can be asked."""
    filters: Filters | None = None
    """Optional; None where all are off."""


class Gate:
    """The part of `Rules` that does not depend on what is let through."""

    language: Language
    offers_auth = False
    requires_auth = False

    def __init__(self, shared: Shared, limits: Limits, connections: ConnectionLimits) -> None:
        self.shared = shared
        self.limits = limits
        self.hostname = shared.hostname
        self.home = shared.home
        self._connections = connections
        self._letters = itertools.count(1)

    def admit(self, client: Client) -> Reply | None:
        """Count the connection, unless it comes from a trusted network."""
        if client.is_trusted:
            return None
        refusal = self._connections.enter(site_of(client.address))
        return None if refusal is None else Reply(421, "4.7.0", refusal.value)

    def leave(self, client: Client) -> None:
        """The connection is over."""
        if not client.is_trusted:
            self._connections.leave(site_of(client.address))

    async def sign_in(self, client: Client, credentials: Credentials) -> Reply:
        """Unknown names, wrong passwords and locked accounts sound alike."""
        shared, caller = self.shared, mail_caller(client.address, trusted=client.is_trusted)
        try:
            client.account = await shared.sign_in.over(
                shared.bridge, credentials.login, credentials.password, caller=caller
            )
        except ServiceError as error:
            return says.SERVICE_SAYS.get(type(error), says.WRONG_CREDENTIALS)
        return says.SIGNED_IN

    def mechanisms(self, client: Client) -> tuple[str, ...]:
        """SASL mechanisms beside PLAIN and LOGIN."""
        return sasl.mechanisms(self.shared.sign_in, self._channel(client))

    def begin(self, client: Client, mechanism: str) -> sasl.Exchange | None:
        """A sign-in of several steps."""
        return sasl.begin(mechanism, self.shared.sign_in, self.shared.bridge, self._channel(client))

    async def step(self, client: Client, exchange: sasl.Exchange, octets: bytes) -> bytes | Reply:
        """A challenge, or who it is, or a refusal."""
        try:
            reply = await exchange.step(octets)
        except ServiceError as error:
            return says.SERVICE_SAYS.get(type(error), says.WRONG_CREDENTIALS)
        if isinstance(reply, sasl.Ask):
            return reply.octets
        client.account = reply
        return says.SIGNED_IN

    def _channel(self, client: Client) -> sasl.Channel:
        bound = bindings(client.tls, self.shared.sign_in.end_point)
        return sasl.Channel(bound, mail_caller(client.address, trusted=client.is_trusted))

    def letter_id(self, client: Client) -> str:
        """A name for one letter in Received fields, replies and the log."""
        return f"{client.connection_id}.{next(self._letters)}"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A recipient that RCPT let in; `local` is None for one outside."""

    rcpt: RcptTo
    local: Any
    """`services.receive.Recipient`."""
