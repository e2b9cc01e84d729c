"""Tables of what is kept for longer, for less long, or was found broken: holds, retention, damage, moving in."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text

from mailsvc.storage.tables import Id, expunged, metadata

__all__ = [
    "damaged_pieces",
    "emptied_segments",
    "held_boxes",
    "held_messages",
    "legal_holds",
    "metadata",
    "moved_letters",
    "retention_boxes",
    "retention_rules",
]

_can_be_had_back = expunged.c.message_id.is_not(None)
Index(
    "expunged_recoverable",
    expunged.c.at,
    sqlite_where=_can_be_had_back,
    postgresql_where=_can_be_had_back,
)

emptied_segments = Table(
    "emptied_segments",
    metadata,
    Column("segment_id", Id, ForeignKey("segments.id"), primary_key=True, autoincrement=False),
    Column("at", Id, nullable=False),
)
"""Sealed segments that nothing refers to any more; the file goes when no reader can have an older row."""

damaged_pieces = Table(
    "damaged_pieces",
    metadata,
    Column("piece_id", Id, ForeignKey("pieces.id"), primary_key=True, autoincrement=False),
    Column("found_at", Id, nullable=False),
    Column("what", Text, nullable=False),
)
"""What the weekly scrub could not read; the next delivery that brings the same octets mends it."""

legal_holds = Table(
    "legal_holds",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),  # account, unit, search
    Column("subject", Text, nullable=False),  # address, unit code, or the words that are searched for
    Column("account_id", Id),
    Column("unit_id", Id),  # of a search: only in boxes of this unit and below; null is everywhere
    Column("reason", Text, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("placed_at", Id, nullable=False),
    Column("released_by", Text, nullable=False, server_default=""),
    Column("released_at", Id),
    sqlite_autoincrement=True,
)
"""Lệnh giữ thư: while it is in force, what it holds cannot be lost by expunge, quota or retention."""

held_boxes = Table(
    "held_boxes",
    metadata,
    Column("hold_id", Id, ForeignKey("legal_holds.id"), nullable=False),
    Column("account_id", Id, nullable=False),
    PrimaryKeyConstraint("hold_id", "account_id"),
    sqlite_with_rowid=False,
)
Index("held_boxes_account", held_boxes.c.account_id)
"""Boxes under a hold. Whoever joins a held unit is added; who leaves it stays held."""

held_messages = Table(
    "held_messages",
    metadata,
    Column("hold_id", Id, ForeignKey("legal_holds.id"), nullable=False),
    Column("message_id", Id, ForeignKey("messages.id"), nullable=False),
    PrimaryKeyConstraint("hold_id", "message_id"),
    sqlite_with_rowid=False,
)
Index("held_messages_message", held_messages.c.message_id)
"""Letters that a search under hold has found, wherever they lie."""

retention_rules = Table(
    "retention_rules",
    metadata,
    Column("id", Id, primary_key=True),
    Column("unit_id", Id),  # with all below it; null is everywhere
    Column("unit_code", Text, nullable=False, server_default=""),
    Column("kind", Text, nullable=False, server_default=""),  # of account; empty is every kind
    Column("special_use", Text, nullable=False, server_default=""),  # of mailbox; empty is every mailbox
    Column("delete_after_days", Integer),  # letters older than this are deleted
    Column("keep_deleted_days", Integer),  # deleted letters can be recovered for at least so long
    Column("made_by", Text, nullable=False),
    Column("made_at", Id, nullable=False),
    sqlite_autoincrement=True,
)
"""Thời hạn lưu thư, by unit and kind of box."""

retention_boxes = Table(
    "retention_boxes",
    metadata,
    Column("account_id", Id, primary_key=True, autoincrement=False),
    Column("keep_deleted_days", Integer, nullable=False),
)
"""What the rules come to for boxes whose deleted letters are kept for longer; worked out anew by housekeeping."""

moved_letters = Table(
    "moved_letters",
    metadata,
    Column("account_id", Id, nullable=False),
    Column("source", Text, nullable=False),  # host and login of the old server, or the name of a file
    Column("remote_mailbox", Text, nullable=False),
    Column("remote_validity", Id, nullable=False),
    Column("remote_uid", Id, nullable=False),
    Column("content_key", LargeBinary, nullable=False),  # SHA-256 of the whole letter
    Column("mailbox_id", Id, nullable=False),
    Column("uid", Id, nullable=False),
    Column("flags", Id, nullable=False),  # as they were when it came over; a delta pass carries changes
    PrimaryKeyConstraint("account_id", "source", "remote_mailbox", "remote_validity", "remote_uid"),
    sqlite_with_rowid=False,
)
Index("moved_letters_key", moved_letters.c.account_id, moved_letters.c.source, moved_letters.c.content_key)
"""Which letter of an old server is which of ours: so that nothing comes over twice."""
