"""What a script wants done with a letter. Services decide whether it may (STYLE: engine proposes, service disposes)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """Into a mailbox; without a name into INBOX, as `keep` does."""

    mailbox: str = ""
    flags: tuple[str, ...] = ()
    create: bool = False
    special_use: str = ""
    """Where there is a mailbox for this use, into that instead (RFC 8579 §4)."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """On to another address (RFC 5228 §4.2)."""

    address: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Back to the sender (RFC 5429 §2)."""

    reason: str
    in_protocol: bool
    """ereject: rather refused while the sender is still connected."""


@dataclass(frozen=True, slots=True)
class Vacation:
    """An answer, once in a while to each sender (RFC 5230 §4)."""

    reason: str
    seconds: int
    subject: str
    sender: str
    addresses: tuple[str, ...]
    is_mime: bool
    handle: str


@dataclass(frozen=True, slots=True)
class Notify:
    """A short letter that says that one came (RFC 5435, RFC 5436)."""

    method: str
    message: str
    importance: str
    sender: str


Action = File | Redirect | Reject | Vacation | Notify


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a script ended."""

    actions: tuple[Action, ...]
    header: bytes | None = None
    """The whole header as the script has changed it, without the blank line; None where it has not."""
    error: str = ""
    """Why it was stopped; the letter is kept then (RFC 5228 §2.10.6)."""
