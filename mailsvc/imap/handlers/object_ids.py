"""Names of mailboxes, letters and conversations that stay the same for ever (RFC 8474)."""

from __future__ import annotations

from hashlib import sha256

_DIGITS = 32
"""Hexadecimal digits of an EMAILID: 128 bits never meet by chance."""


def of_mailbox(mailbox: int) -> bytes:
    """MAILBOXID: it outlives RENAME, and a mailbox made anew has another (RFC 8474 §4)."""
    return b"F%d" % mailbox


def of_email(content_key: bytes, trace: bytes, internal_date: int) -> bytes:
    """EMAILID: the same for letters that agree in all that cannot change (RFC 8474 §5.1).

    So the lines that delivery put before the content count, and the internal date; COPY and MOVE keep both.
    """
    return b"M" + sha256(b"%b%d %b" % (content_key, internal_date, trace)).hexdigest()[:_DIGITS].encode(
        "ascii"
    )


def of_thread(thread: int) -> bytes:
    """THREADID: the conversation that the store has put the letter into (RFC 8474 §5.2)."""
    return b"T%d" % thread
