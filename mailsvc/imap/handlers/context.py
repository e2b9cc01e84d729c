"""What a handler is given, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from mailsvc.imap.wire import replies

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mailsvc.imap.handlers.contents import ContentCache
    from mailsvc.imap.handlers.mailbox_view import MailboxView
    from mailsvc.imap.handlers.notify import Notified
    from mailsvc.imap.handlers.rendered import RenderedLines
    from mailsvc.imap.wire.replies import InternalDates
    from mailsvc.imap.wire.session import ImapSession
    from mailsvc.net.bridge import Bridge
    from mailsvc.services.permissions import Principal
    from mailsvc.services.sasl import Channel, Exchange
    from mailsvc.services.scan import Texts
    from mailsvc.services.sign_in import SignIn
    from mailsvc.services.usage import Usage
    from mailsvc.services.view import Snapshots
    from mailsvc.services.watch import Watch
    from mailsvc.storage.pieces import PieceFiles
    from search.engine import SubstringEngine

log = structlog.get_logger("congvu.imap")


@dataclass(frozen=True, slots=True)
class Parts:
    """What all connections of a process share."""

    bridge: Bridge
    snapshots: Snapshots
    watch: Watch
    sign_in: SignIn
    pieces: PieceFiles
    contents: ContentCache
    texts: Texts
    """What SEARCH has read of letters."""
    index: SubstringEngine | None
    """Where SEARCH asks which letters are worth reading; without it, all are."""
    indexed_text: int
    """Octets of a letter's text that the index has seen."""
    dates: InternalDates
    max_message_bytes: int
    usage: Usage
    """That people read; adoption is counted from it."""
    quota_steps: tuple[int, ...]
    """Per cent of a box at which its users are warned."""
    rendered: RenderedLines
    """Long FETCH replies that were sent before."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended: untagged replies that come first, then the tagged one."""

    text: str = "Done"
    code: str | None = None
    untagged: bytes = b""
    expunges: bool = True
    """Whether EXPUNGE may be told before the tagged reply (RFC 3501 §7.4.1)."""


class RefusedError(Exception):
    """A command that is understood and not done: NO, or BAD where the client is at fault."""

    def __init__(self, text: str, code: str | None = None, *, condition: str = "NO") -> None:
        """`code` is a response code of RFC 5530 or RFC 9051 §7.1."""
        super().__init__(text)
        self.text = text
        self.code = code
        self.condition = condition


class Context:
    """One connection, as handlers see it."""

    __slots__ = (
        "channel",
        "condstore",
        "connection_id",
        "drain",
        "exchange",
        "failed_logins",
        "is_compressed",
        "is_idling",
        "is_plain_text_allowed",
        "is_secure",
        "notified",
        "offers_tls",
        "parts",
        "peer",
        "qresync",
        "quota_step",
        "rev2",
        "send",
        "session",
        "user",
        "utf8_accept",
        "view",
        "wake",
    )

    def __init__(
        self,
        parts: Parts,
        session: ImapSession,
        *,
        connection_id: str,
        send: Callable[[bytes], None],
        drain: Callable[[], Awaitable[None]],
        wake: Callable[[], None],
    ) -> None:
        """`send` queues octets, `drain` waits for a slow reader, `wake` is called when the open mailbox changed."""
        self.parts = parts
        self.session = session
        self.connection_id = connection_id
        self.peer = ""
        self.channel: Channel
        """Where the client is, and what binds a sign-in to this connection."""
        self.exchange: Exchange | None = None
        """The sign-in under way, where it takes several steps."""
        self.send = send
        self.drain = drain
        self.wake = wake
        self.user: Principal | None = None
        self.view: MailboxView | None = None
        self.notified: Notified | None = None
        """What the client has asked to be told of other mailboxes (RFC 5465)."""
        self.condstore = False
        """The client knows of mod-sequences (RFC 7162 §3.1)."""
        self.qresync = False
        """The client has enabled QRESYNC: VANISHED in place of EXPUNGE (RFC 7162 §3.2.3)."""
        self.utf8_accept = False
        """The client has enabled UTF8=ACCEPT (RFC 6855 §3)."""
        self.rev2 = False
        """The client has enabled IMAP4rev2 (RFC 9051 §6.3.1)."""
        self.failed_logins = 0
        self.quota_step = 0
        """How many steps of a full box the client has been warned of."""
        self.is_idling = False
        self.is_compressed = False
        self.is_secure = False
        self.offers_tls = False
        self.is_plain_text_allowed = False
        """Passwords may come without TLS: from trusted networks only."""

    @property
    def principal(self) -> Principal:
        """Who has signed in; commands that ask are allowed after login only."""
        assert self.user is not None
        return self.user

    @property
    def selected(self) -> MailboxView:
        """The open mailbox; commands that ask are allowed in the selected state only."""
        assert self.view is not None
        return self.view

    def name(self, mailbox: str) -> bytes:
        """A mailbox name as this client reads it."""
        return replies.mailbox_name(mailbox, utf8=self.session.utf8)

    def may_send_password(self) -> bool:
        """Whether LOGIN and AUTH=PLAIN are allowed now (RFC 3501 §11.2)."""
        return self.is_secure or self.is_plain_text_allowed

    def log_unavailable(self, what: str) -> None:
        """Note that the store could not take a change that the client need not hear of."""
        log.error("imap_store_unavailable", conn=self.connection_id, during=what)

    def log_damage(self, message: int, what: str) -> None:
        """Note a letter that cannot be read any more."""
        log.error("imap_letter_damaged", conn=self.connection_id, message=message, damage=what)

    def stop_notifying(self) -> None:
        """Tell nothing but what every client is told."""
        if self.notified is not None:
            self.notified.end()
            self.notified = None

    def close_mailbox(self) -> None:
        """Leave the open mailbox, if there is one."""
        if self.view is not None:
            self.view.close()
            self.view = None

    def forget_user(self) -> None:
        """Back to before LOGIN, with nothing enabled (RFC 8437 §4.1)."""
        self.close_mailbox()
        self.stop_notifying()
        self.user = None
        self.condstore = self.qresync = self.rev2 = self.utf8_accept = False
        self.session.utf8 = False
        self.quota_step = 0
