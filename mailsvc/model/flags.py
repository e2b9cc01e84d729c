"""Flags of an entry as bits of one number: five system flags, then the mailbox's keywords."""

from __future__ import annotations

SEEN = 1
ANSWERED = 2
FLAGGED = 4
DELETED = 8
DRAFT = 16

SYSTEM_FLAGS: dict[str, int] = {
    "\\Seen": SEEN,
    "\\Answered": ANSWERED,
    "\\Flagged": FLAGGED,
    "\\Deleted": DELETED,
    "\\Draft": DRAFT,
}
"""RFC 9051 §2.3.2, in the order in which replies list them."""

FIRST_KEYWORD_BIT = 5
LAST_KEYWORD_BIT = 62
"""A signed 64-bit column holds 58 keywords a mailbox."""
