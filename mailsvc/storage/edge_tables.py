"""Tables of the way in and out: history of queued letters, routes, rates, policies of others, and what is reported to them."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from mailsvc.storage.tables import Id, metadata

__all__ = [
    "dmarc_reports",
    "dmarc_seen",
    "greylist",
    "greylist_known",
    "metadata",
    "outbound_history",
    "outbound_routes",
    "sending_counts",
    "sending_stops",
    "sts_policies",
    "tls_seen",
]

outbound_history = Table(
    "outbound_history",
    metadata,
    Column("id", Id, primary_key=True),
    Column("outbound_id", Id, nullable=False),
    Column("recipient_id", Id, nullable=False),
    Column("at", Id, nullable=False),
    Column("event", Text, nullable=False),  # tried, held, released, dropped
    Column("actor", Text, nullable=False, server_default=""),  # who, of an operator's act
    Column("text", Text, nullable=False),  # the reply, or the reason
    sqlite_autoincrement=True,
)
Index("outbound_history_letter", outbound_history.c.outbound_id, outbound_history.c.id)

outbound_routes = Table(
    "outbound_routes",
    metadata,
    Column("domain", Text, primary_key=True),  # lower case; ".x.vn" is all below x.vn
    Column("smart_host", Text, nullable=False),  # host:port
    Column("reason", Text, nullable=False),
    Column("set_at", Id, nullable=False),
    Column("set_by", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Where an operator sends the mail for a domain, before what the settings say."""

sending_counts = Table(
    "sending_counts",
    metadata,
    Column("subject", Text, nullable=False),  # a<account> or u<unit>
    Column("seconds", Integer, nullable=False),  # length of the window
    Column("starts_at", Id, nullable=False),
    Column("letters", Id, nullable=False),
    Column("outside", Id, nullable=False),  # recipients
    PrimaryKeyConstraint("subject", "seconds", "starts_at"),
    sqlite_with_rowid=False,
)
Index("sending_counts_age", sending_counts.c.starts_at)

sending_stops = Table(
    "sending_stops",
    metadata,
    Column("account_id", Id, primary_key=True, autoincrement=False),
    Column("stopped_at", Id, nullable=False),
    Column("outside", Id, nullable=False),  # recipients that were too many
    Column("letter_id", Id, nullable=False),  # the queued letter that was held
)
"""Accounts that suddenly wrote to hundreds outside; a row goes when an administrator releases the account."""

sts_policies = Table(
    "sts_policies",
    metadata,
    Column("domain", Text, primary_key=True),
    Column("policy_id", Text, nullable=False),  # id= of the record, RFC 8461 §3.1
    Column("policy", Text, nullable=False),
    Column("fetched_at", Id, nullable=False),
    Column("expires_at", Id, nullable=False),
    sqlite_with_rowid=False,
)
"""MTA-STS policies of other domains (RFC 8461 §5)."""

greylist = Table(
    "greylist",
    metadata,
    Column("network", Text, nullable=False),  # IPv4 /24, IPv6 /64
    Column("sender", Text, nullable=False),  # reverse path, folded
    Column("recipient", Text, nullable=False),
    Column("first_at", Id, nullable=False),
    Column("last_at", Id, nullable=False),
    Column("passed", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("network", "sender", "recipient"),
    sqlite_with_rowid=False,
)
Index("greylist_age", greylist.c.passed, greylist.c.last_at)
"""Strangers who were asked to come again, and those who did."""

greylist_known = Table(
    "greylist_known",
    metadata,
    Column("subject", Text, primary_key=True),  # d<domain>, proven by SPF or DKIM, or n<network>
    Column("last_at", Id, nullable=False),
    Column("successes", Id, nullable=False),  # letters that came again
    sqlite_with_rowid=False,
)
Index("greylist_known_age", greylist_known.c.last_at)

tls_seen = Table(
    "tls_seen",
    metadata,
    Column("day", Text, nullable=False),
    Column("domain", Text, nullable=False),
    Column("policy_type", Text, nullable=False),  # tlsa, sts, no-policy-found
    Column("policy", Text, nullable=False),  # JSON list of strings
    Column("mx_host", Text, nullable=False),
    Column("result", Text, nullable=False),  # "" is success; else as RFC 8460 §4.3 names failures
    Column("sessions", Id, nullable=False),
    PrimaryKeyConstraint("day", "domain", "policy_type", "policy", "mx_host", "result"),
    sqlite_with_rowid=False,
)

dmarc_seen = Table(
    "dmarc_seen",
    metadata,
    Column("day", Text, nullable=False),
    Column("domain", Text, nullable=False),  # where the policy was found
    Column("source", Text, nullable=False),  # address of the client
    Column("facts", Text, nullable=False),  # JSON: policy, results, disposition, identifiers
    Column("letters", Id, nullable=False),
    PrimaryKeyConstraint("day", "domain", "source", "facts"),
    sqlite_with_rowid=False,
)

dmarc_reports = Table(
    "dmarc_reports",
    metadata,
    Column("id", Id, primary_key=True),
    Column("domain", Text, nullable=False),  # of ours, that the report is about
    Column("reporter", Text, nullable=False),
    Column("report_id", Text, nullable=False),
    Column("begins_at", Id, nullable=False),
    Column("ends_at", Id, nullable=False),
    Column("received_at", Id, nullable=False),
    Column("rows", Text, nullable=False),  # JSON
    sqlite_autoincrement=True,
)
Index(
    "dmarc_reports_once",
    dmarc_reports.c.domain,
    dmarc_reports.c.reporter,
    dmarc_reports.c.report_id,
    unique=True,
)
"""Aggregate reports that others sent about our domains (RFC 9990)."""
