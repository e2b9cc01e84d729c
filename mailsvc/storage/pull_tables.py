"""Tables of harmful letters: what people reported, what was withdrawn from boxes, and where it was."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from mailsvc.storage.tables import Id, metadata

__all__ = ["letter_reports", "metadata", "withdrawals", "withdrawn_letters"]

letter_reports = Table(
    "letter_reports",
    metadata,
    Column("id", Id, primary_key=True),
    Column("message_id", Id, nullable=False),  # outlives the letter, so it refers to nothing
    Column("account_id", Id, nullable=False),  # the box that it was in
    Column("reporter_id", Id, nullable=False),
    Column("kind", Text, nullable=False),  # phishing, junk
    Column("at", Id, nullable=False),
    UniqueConstraint("message_id", "reporter_id", "kind"),
    sqlite_autoincrement=True,
)
"""A person said that a letter is harmful; once for each letter and kind."""
Index("letter_reports_at", letter_reports.c.at)

withdrawals = Table(
    "withdrawals",
    metadata,
    Column("id", Id, primary_key=True),
    Column("message_id", Id, nullable=False),
    Column("message_name", Text, nullable=False),  # the Message-ID field
    Column("from_address", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", Id, nullable=False),
    Column("restored_at", Id),
    sqlite_autoincrement=True,
)
"""One letter, taken out of all boxes of somebody's scope."""

withdrawn_letters = Table(
    "withdrawn_letters",
    metadata,
    Column("mailbox_id", Id, nullable=False),
    Column("uid", Id, nullable=False),
    Column("withdrawal_id", Id, ForeignKey("withdrawals.id"), nullable=False),
    PrimaryKeyConstraint("mailbox_id", "uid"),
    sqlite_with_rowid=False,
)
"""Where it was. Its owner cannot have it back; whoever withdrew it can give it back."""
Index("withdrawn_letters_withdrawal", withdrawn_letters.c.withdrawal_id)
