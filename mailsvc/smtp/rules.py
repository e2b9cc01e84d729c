"""What a listener lets happen: its limits, and the door that each command knocks at.

The session knows grammar and order; the rules know our domains, rights and boxes. One session class serves MX,
submission and LMTP, each with rules of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from mailsvc.net.limits import IpAddress
    from mailsvc.services.sasl import Exchange
    from mailsvc.smtp.wire.address import MailFrom, RcptTo
    from mailsvc.smtp.wire.body import ChunkedBody
    from mailsvc.smtp.wire.reply import Reply
    from mailsvc.smtp.wire.sasl import Credentials

R = TypeVar("R")


class Language(Enum):
    """Which protocol is spoken."""

    SMTP = "ESMTP"
    LMTP = "LMTP"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one listener's sessions; times in seconds, sizes in octets."""

    message_octets: int
    line_octets: int
    recipients: int
    command_seconds: float
    data_seconds: float
    session_seconds: float = 4 * 3600
    """However busy: a session that never ends would hold its place for ever."""
    command_line_octets: int = 12_288
    """RFC 4954 §4 for AUTH; far beyond RFC 5321 §4.5.3.1.4."""
    faults: int = 20
    """Refused or unknown commands of a stranger before the connection is closed."""
    failed_logins: int = 5


@dataclass(slots=True)
class Client:
    """What is known of the other end of one connection."""

    connection_id: str
    address: IpAddress
    is_trusted: bool
    """From a network of `trusted_networks`."""
    is_secure: bool = False
    tls: ssl.SSLObject | None = None
    """What a sign-in may be bound to."""
    name: str = ""
    """What it said in HELO, EHLO or LHLO."""
    is_extended: bool = False
    account: Any = None
    """Who signed in, as the rules know them; None before."""


@dataclass(slots=True)
class Transaction(Generic[R]):
    """One letter on its way in: from MAIL to the reply after its body (RFC 5321 §3.3)."""

    mail: MailFrom | None = None
    recipients: list[R] = field(default_factory=list)
    """One item for each RCPT that was accepted, in order; what an item is, the rules know."""
    chunks: ChunkedBody | None = None
    """What came by BDAT so far."""
    chunks_failed: bool = False
    body_ends_at: float = 0.0
    """By the loop's clock: until then all chunks must have come."""


class Rules(Protocol):
    """The door of a listener. Methods may raise; the session then says 451 4.3.0 and goes on."""

    language: Language
    limits: Limits
    hostname: str
    """The name said in greetings and in Received."""
    home: str
    """The domain that completes <Postmaster> (RFC 5321 §4.1.1.3)."""
    offers_auth: bool
    requires_auth: bool

    def admit(self, client: Client) -> Reply | None:
        """None lets the connection in; it will `leave`. A reply turns it away."""
        ...

    def leave(self, client: Client) -> None:
        """An admitted connection is over."""
        ...

    async def sign_in(self, client: Client, credentials: Credentials) -> Reply:
        """235 and `client.account` set, or a refusal."""
        ...

    def mechanisms(self, client: Client) -> tuple[str, ...]:
        """SASL mechanisms beside PLAIN and LOGIN."""
        ...

    def begin(self, client: Client, mechanism: str) -> Exchange | None:
        """A sign-in of several steps; None for a mechanism that is not spoken."""
        ...

    async def step(self, client: Client, exchange: Exchange, octets: bytes) -> bytes | Reply:
        """A challenge, or 235 and `client.account` set, or a refusal."""
        ...

    async def mail(self, client: Client, mail: MailFrom) -> Reply:
        """Whether this reverse path may be used."""
        ...

    async def rcpt(self, client: Client, transaction: Transaction[Any], rcpt: RcptTo) -> Reply:
        """A positive reply has added one item to `transaction.recipients`."""
        ...

    async def data(self, client: Client, transaction: Transaction[Any], content: bytes) -> Sequence[Reply]:
        """Take responsibility for the letter. One reply, or in LMTP one for each recipient in order."""
        ...
