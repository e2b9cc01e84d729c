"""Mail tables. Times are seconds since 1970 UTC, flags are bits, ids are numbers; see docs/architecture.md.

Every column is an integer, text or octets, so that a statement compiled once can run on the bare driver.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()
Id = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits on both; SQLite wants the word INTEGER for its row id."""

boxes = Table(
    "boxes",
    metadata,
    Column("account_id", Id, primary_key=True, autoincrement=False),
    Column("quota", Id, nullable=False),  # octets
    Column("octets", Id, nullable=False, server_default="0"),  # charged, each entry its full size
    Column("per_person_seen", Integer, nullable=False, server_default="0"),
    Column("last_uid_validity", Id, nullable=False, server_default="0"),
    Column("keywords", Text, nullable=False, server_default="[]"),  # JSON list; position + 5 is the flag bit
)
"""What storage keeps of an account: its quota, its use and the names of its keywords."""

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("boxes.account_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("special_use", Text),
    Column("subscribed", Integer, nullable=False, server_default="1"),
    Column("uid_validity", Id, nullable=False),
    Column("uid_next", Id, nullable=False, server_default="1"),
    Column("highest_mod_seq", Id, nullable=False, server_default="1"),
    Column("exists_count", Id, nullable=False, server_default="0"),
    Column("unseen", Id, nullable=False, server_default="0"),
    Column("octets", Id, nullable=False, server_default="0"),
    Column("deleted", Integer, nullable=False, server_default="0"),  # its letters can still be recovered
    UniqueConstraint("account_id", "name"),
    sqlite_autoincrement=True,
)

segments = Table(
    "segments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("length", Id, nullable=False, server_default="0"),  # octets that a commit vouches for
    Column("sealed", Integer, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)

pieces = Table(
    "pieces",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", LargeBinary, nullable=False, unique=True),  # SHA-256 of the octets before compression
    Column("segment_id", Id),  # null: a file of its own
    Column("offset", Id, nullable=False),
    Column("stored", Id, nullable=False),
    Column("size", Id, nullable=False),
    Column("coding", Integer, nullable=False),
    sqlite_autoincrement=True,
)

messages = Table(
    "messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("content_key", LargeBinary, nullable=False, unique=True),  # SHA-256 of the content
    Column("size", Id, nullable=False),
    Column("header_size", Id, nullable=False),
    Column("manifest", LargeBinary, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("body_structure", LargeBinary, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("thread_id", Id, nullable=False),
    Column("sent_at", Id),
    Column("from_name", Text, nullable=False),
    Column("from_address", Text, nullable=False),
    Column("to_line", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("base_subject", Text, nullable=False),
    Column("preview", Text, nullable=False),
    Column("has_attachments", Integer, nullable=False),
    Column("headline", Text, nullable=False),  # folded: subject, from, to, cc, bcc, a line each; for SEARCH
    sqlite_autoincrement=True,
)
Index("messages_message_id", messages.c.message_id)
Index("messages_thread", messages.c.thread_id)

thread_references = Table(
    "thread_references",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("thread_id", Id, nullable=False),
    sqlite_with_rowid=False,
)
"""Every message id that a letter names, and the conversation it belongs to."""

traces = Table(
    "traces",
    metadata,
    Column("message_id", Id, ForeignKey("messages.id"), nullable=False),
    Column("number", Integer, nullable=False),  # 1, 2 … within a message
    Column("octets", LargeBinary, nullable=False),
    PrimaryKeyConstraint("message_id", "number"),
    sqlite_with_rowid=False,
)
"""Trace prefixes, one for all recipients of a delivery; they go when their message goes."""

entries = Table(
    "entries",
    metadata,
    Column("mailbox_id", Id, ForeignKey("mailboxes.id"), nullable=False),
    Column("uid", Id, nullable=False),
    Column("message_id", Id, ForeignKey("messages.id"), nullable=False),
    Column("flags", Id, nullable=False),
    Column("mod_seq", Id, nullable=False),
    Column("internal_date", Id, nullable=False),
    Column("saved_at", Id, nullable=False),
    Column("size", Id, nullable=False),  # trace and content together
    Column("own_trace", LargeBinary, nullable=False),  # what no other recipient has in its trace
    Column("trace_number", Integer, nullable=False),  # of the message's traces; 0: none
    PrimaryKeyConstraint("mailbox_id", "uid"),
    sqlite_with_rowid=False,
)
"""Short rows without an index on mod_seq: changing the flags of a whole mailbox rewrites them and nothing else."""
Index("entries_message", entries.c.message_id)
Index("entries_date", entries.c.mailbox_id, entries.c.internal_date, entries.c.uid)

expunged = Table(
    "expunged",
    metadata,
    Column("mailbox_id", Id, ForeignKey("mailboxes.id"), nullable=False),
    Column("uid", Id, nullable=False),
    Column("mod_seq", Id, nullable=False),
    Column("at", Id, nullable=False),
    Column("message_id", Id, ForeignKey("messages.id")),  # null once moved away or past recovery
    Column("flags", Id, nullable=False),
    Column("internal_date", Id, nullable=False),
    Column("size", Id, nullable=False),
    Column("own_trace", LargeBinary, nullable=False),
    Column("trace_number", Integer, nullable=False),
    PrimaryKeyConstraint("mailbox_id", "uid"),
    sqlite_with_rowid=False,
)
"""Entries that are gone: told to syncing clients, and recoverable for `storage.recover_days`."""
Index("expunged_mod_seq", expunged.c.mailbox_id, expunged.c.mod_seq)
Index("expunged_message", expunged.c.message_id)

flag_changes = Table(
    "flag_changes",
    metadata,
    Column("mailbox_id", Id, ForeignKey("mailboxes.id"), nullable=False),
    Column("mod_seq", Id, nullable=False),
    Column("first_uid", Id, nullable=False),
    Column("last_uid", Id, nullable=False),
    PrimaryKeyConstraint("mailbox_id", "mod_seq", "first_uid"),
    sqlite_with_rowid=False,
)
"""Where to look for entries that changed after a mod-sequence: a few ranges for each change of flags, in place of an
index that every change would have to rewrite. Old rows of a mailbox are joined to one that covers all of it."""

packed_snapshots = Table(
    "packed_snapshots",
    metadata,
    Column(
        "mailbox_id",
        Id,
        ForeignKey("mailboxes.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("uid_validity", Id, nullable=False),
    Column("uid_next", Id, nullable=False),
    Column("mod_seq", Id, nullable=False),
    Column("at", Id, nullable=False),
    Column("columns", LargeBinary, nullable=False),
)
"""What a large mailbox looked like a while ago, so that the first look after a start goes on from there."""

seen_ranges = Table(
    "seen_ranges",
    metadata,
    Column("mailbox_id", Id, ForeignKey("mailboxes.id"), nullable=False),
    Column("viewer_id", Id, nullable=False),  # the account of the person who looks
    Column("first_uid", Id, nullable=False),
    Column("last_uid", Id, nullable=False),
    Column(
        "seen", Integer, nullable=False
    ),  # 0: read and marked unread again, so that the change has a mod-sequence
    Column("mod_seq", Id, nullable=False),
    PrimaryKeyConstraint("mailbox_id", "viewer_id", "first_uid"),
    sqlite_with_rowid=False,
)
"""\\Seen of each viewer of a unit mailbox. Ranges of one viewer never overlap; outside of them a letter is unread."""

changes = Table(
    "changes",
    metadata,
    Column("seq", Id, primary_key=True),
    Column("kind", Integer, nullable=False),
    Column("account_id", Id, nullable=False),
    Column("mailbox_id", Id, nullable=False),
    sqlite_autoincrement=True,
)
"""What each commit changed, for the other processes; only the newest are kept."""

index_feed = Table(
    "index_feed",
    metadata,
    Column("seq", Id, primary_key=True),
    Column("message_id", Id, nullable=False),
    sqlite_autoincrement=True,
)
"""Letters that came to a mailbox; the search index follows it with a durable watermark."""

outbound = Table(
    "outbound",
    metadata,
    Column("id", Id, primary_key=True),
    Column("message_id", Id, ForeignKey("messages.id"), nullable=False),
    Column("trace", LargeBinary, nullable=False),  # our Received field, sent before the content
    Column("reverse_path", Text, nullable=False),  # "" is the null path
    Column("account_id", Id),  # who submitted it; null for reports of our own
    Column("created_at", Id, nullable=False),
    Column("envelope_id", Text),  # ENVID, RFC 3461 §4.4
    Column("return_full", Integer),  # RET, RFC 3461 §4.3
    Column("eight_bit", Integer, nullable=False, server_default="0"),
    Column("smtputf8", Integer, nullable=False, server_default="0"),
    Column(
        "origin", Text, nullable=False, server_default="submitted"
    ),  # submitted, report, forwarded, incoming
    Column("tls", Text, nullable=False, server_default="usual"),  # usual, required, waived: RFC 8689
    sqlite_autoincrement=True,
)
Index("outbound_account", outbound.c.account_id)
Index("outbound_message", outbound.c.message_id)

outbound_recipients = Table(
    "outbound_recipients",
    metadata,
    Column("id", Id, primary_key=True),
    Column("outbound_id", Id, ForeignKey("outbound.id"), nullable=False),
    Column("address", Text, nullable=False),
    Column("domain", Text, nullable=False),
    Column("local_account_id", Id),  # a full box of our own that the letter waits for
    Column("notify", Text),  # NOTIFY, RFC 3461 §4.1
    Column("original_recipient", Text),  # ORCPT, RFC 3461 §4.2
    Column(
        "sender_id", Id, nullable=False, server_default="0"
    ),  # whose turn it is: the account, 0 for all others
    Column("state", Text, nullable=False),  # waiting, held, sent, failed, dropped
    Column("claimed_by", Text),  # the worker that has it; next_attempt is then when its claim ends
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt", Id, nullable=False),
    Column("delay_told", Integer, nullable=False, server_default="0"),
    Column("last_reply", Text, nullable=False, server_default=""),
    Column("updated_at", Id, nullable=False),
    sqlite_autoincrement=True,
)
Index(
    "outbound_recipients_due",
    outbound_recipients.c.state,
    outbound_recipients.c.sender_id,
    outbound_recipients.c.next_attempt,
)
Index("outbound_recipients_next", outbound_recipients.c.state, outbound_recipients.c.next_attempt)
Index("outbound_recipients_address", outbound_recipients.c.address)
Index("outbound_recipients_outbound", outbound_recipients.c.outbound_id)

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("id_hash", LargeBinary, primary_key=True),  # SHA-256 of the cookie
    Column("account_id", Id, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("created_at", Id, nullable=False),
    Column("seen_at", Id, nullable=False),
    Column("address", Text, nullable=False, server_default=""),
    Column("agent", Text, nullable=False, server_default=""),
    Column(
        "stage", Text, nullable=False, server_default="full"
    ),  # second_factor, enrol: what is still missing
    Column("proven_at", Id, nullable=False, server_default="0"),  # when the person last proved who they are
    Column("epoch", Id, nullable=False, server_default="0"),  # of the account's credentials at signing in
    sqlite_with_rowid=False,
)
Index("web_sessions_account", web_sessions.c.account_id)

web_challenges = Table(
    "web_challenges",
    metadata,
    Column("id_hash", LargeBinary, primary_key=True),  # SHA-256 of what the browser brings back
    Column("purpose", Text, nullable=False),
    Column("account_id", Id, nullable=False),  # 0 where nobody is known yet
    Column("value", Text, nullable=False),  # JSON
    Column("expires_at", Id, nullable=False),
    sqlite_with_rowid=False,
)
Index("web_challenges_expiry", web_challenges.c.expires_at)
"""What a browser was asked to answer once: a passkey's challenge, the state of an OpenID sign-in."""

drafts = Table(
    "drafts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Id, nullable=False),  # whose Drafts mailbox it is in
    Column("author_id", Id, nullable=False),  # the account that writes it
    Column("revision", Integer, nullable=False),
    Column("mailbox_id", Id, nullable=False),
    Column("uid", Id, nullable=False),
    Column("form", Text, nullable=False),  # JSON of the composer, so that nothing typed is lost in MIME
    Column("updated_at", Id, nullable=False),
    sqlite_with_rowid=False,
)
Index("drafts_account", drafts.c.account_id)
"""One id for a draft's whole life; the letter in Drafts is replaced at each save."""

scheduled_sends = Table(
    "scheduled_sends",
    metadata,
    Column("draft_id", Text, primary_key=True),
    Column("author_id", Id, nullable=False),  # who sends it
    Column("account_id", Id, nullable=False),  # the box it is sent from
    Column("revision", Integer, nullable=False),  # of the draft: that, and no other, is sent
    Column("due_at", Id, nullable=False),
    Column("order", Text, nullable=False),  # JSON: recipients and what was confirmed
    Column("problem", Text, nullable=False, server_default=""),  # why it did not go; it is tried no more
    sqlite_with_rowid=False,
)
Index("scheduled_sends_due", scheduled_sends.c.problem, scheduled_sends.c.due_at)
"""Drafts that go by themselves at their time: a few seconds after Send, or when their writer said."""

preferences = Table(
    "preferences",
    metadata,
    Column("account_id", Id, primary_key=True, autoincrement=False),
    Column("values", Text, nullable=False, server_default="{}"),
)
"""What a person chose in webmail: language, density, signature; JSON."""

frozen_lists = Table(
    "frozen_lists",
    metadata,
    Column("id", Id, primary_key=True),
    Column(
        "content_key", LargeBinary, nullable=False
    ),  # of the letter; no reference, for the list outlives it
    Column("group_id", Id, nullable=False),
    Column("address", Text, nullable=False),  # of the group, as it was written to
    Column("sender_id", Id),  # the box that sent it; null for a letter from a front server
    Column("sent_at", Id, nullable=False),
    Column("members", Text, nullable=False),  # ids of accounts, with blanks between
    sqlite_autoincrement=True,
)
Index("frozen_lists_content", frozen_lists.c.content_key)
"""To whom a letter to a group went: its members at that moment, whoever joins or leaves later."""

settings_kept = Table(
    "settings_kept",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Facts about the store itself: its id, which account answers for postmaster."""

usage_days = Table(
    "usage_days",
    metadata,
    Column("day", Text, nullable=False),  # yyyy-mm-dd in Vietnam
    Column("account_id", Id, nullable=False),  # the box that was used
    Column("viewer_id", Id, nullable=False),  # the account of the person who used it
    Column("bits", Integer, nullable=False),  # 1 signed in, 2 read, 4 sent
    Column("sent", Integer, nullable=False, server_default="0"),  # letters that a person wrote
    Column("sent_inside", Integer, nullable=False, server_default="0"),  # of them, to boxes of ours only
    PrimaryKeyConstraint("day", "account_id", "viewer_id"),
    sqlite_with_rowid=False,
)
"""That somebody used a box on a day: a bit each, never what was read. Adoption is counted from it."""

unit_letters = Table(
    "unit_letters",
    metadata,
    Column("account_id", Id, nullable=False),
    Column("message_id", Id, nullable=False),  # outlives the letter, so it refers to nothing
    Column("received_at", Id, nullable=False),
    Column("opened_at", Id),
    Column("opened_by", Id),
    Column("answered_at", Id),
    Column("answered_by", Id),
    PrimaryKeyConstraint("account_id", "message_id"),
    sqlite_with_rowid=False,
)
"""Which letters of shared boxes were opened and answered first, when and by whom: what diligence is counted from."""
Index("unit_letters_received", unit_letters.c.account_id, unit_letters.c.received_at)

adoption_months = Table(
    "adoption_months",
    metadata,
    Column("month", Text, nullable=False),  # yyyy-mm
    Column("unit_id", Id, nullable=False),
    Column("figures", Text, nullable=False),  # JSON
    Column("frozen_at", Id, nullable=False),
    PrimaryKeyConstraint("month", "unit_id"),
    sqlite_with_rowid=False,
)
"""A month's figures of each unit, kept as they were: a merger later does not rewrite them."""

mailbox_metadata = Table(
    "mailbox_metadata",
    metadata,
    Column("mailbox_id", Id, nullable=False),  # 0: of the server
    Column("viewer_id", Id, nullable=False),  # 0: for everyone
    Column("entry", Text, nullable=False),  # in lower case
    Column("value", LargeBinary, nullable=False),
    PrimaryKeyConstraint("mailbox_id", "viewer_id", "entry"),
    sqlite_with_rowid=False,
)
"""What clients note of mailboxes (RFC 5464)."""

sieve_scripts = Table(
    "sieve_scripts",
    metadata,
    Column("owner_kind", Text, nullable=False),  # province, unit, box
    Column("owner_id", Id, nullable=False),  # 0 for the province
    Column("name", Text, nullable=False),
    Column("octets", LargeBinary, nullable=False),
    Column("is_active", Integer, nullable=False, server_default="0"),
    Column("updated_at", Id, nullable=False),
    PrimaryKeyConstraint("owner_kind", "owner_id", "name"),
    sqlite_with_rowid=False,
)
Index("sieve_scripts_active", sieve_scripts.c.is_active, sieve_scripts.c.owner_kind, sieve_scripts.c.owner_id)
"""Rules for letters (RFC 5228); of one owner one script at most is active (RFC 5804 §2.8)."""

sieve_memory = Table(
    "sieve_memory",
    metadata,
    Column("account_id", Id, nullable=False),
    Column("kind", Text, nullable=False),  # vacation, duplicate, notice
    Column("key", LargeBinary, nullable=False),  # SHA-256 of what must not happen twice
    Column("until", Id, nullable=False),
    PrimaryKeyConstraint("account_id", "kind", "key"),
    sqlite_with_rowid=False,
)
"""What rules remember: whom they have answered, and which letters they have seen (RFC 5230 §4.2, RFC 7352 §3)."""

sieve_generation = Table(
    "sieve_generation",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("number", Id, nullable=False),
)
"""One row: a number by chance, another one whenever active rules change, so that who has them in memory knows."""
