"""The schema of the directory (design §6), for SQLite and PostgreSQL alike.

Instants are INTEGER epoch seconds UTC, days are TEXT yyyy-mm-dd, truth values are INTEGER 0/1. Text that is compared or
sorted uses the octet order of both databases, so a folded or sort key means the same on each.
"""

from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import BigInteger, TypeEngine

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_OCTETS: Final[TypeEngine[int]] = BigInteger().with_variant(Integer(), "sqlite")  # a quota passes 32 bits
_INSTANT: Final[TypeEngine[int]] = _OCTETS
_KEY: Final[TypeEngine[str]] = Text().with_variant(Text(collation="C"), "postgresql")
_DAY: Final[TypeEngine[str]] = String(10)


def _id() -> Column[int]:
    return Column("id", _OCTETS, primary_key=True, autoincrement=True)


def _ref(name: str, target: str, *, nullable: bool = False, index: bool = False) -> Column[int]:
    return Column(name, _OCTETS, ForeignKey(f"{target}.id"), nullable=nullable, index=index)


def _truth(name: str, default: int = 0) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=str(default))


def _words(name: str, default: str | None = None, kind: TypeEngine[str] | None = None) -> Column[str]:
    return Column(name, kind if kind is not None else Text(), nullable=False, server_default=default)


def _period() -> tuple[Column[str], Column[str]]:
    return Column("valid_from", _DAY, nullable=False), Column("valid_to", _DAY)


def _table(name: str, *items: Any) -> Table:
    return Table(name, metadata, *items, sqlite_autoincrement=True)


# -- places and units ------------------------------------------------------------------------------

places = _table(
    "places",
    _id(),
    Column("code", _KEY, nullable=False, unique=True),
    Column("created_at", _INSTANT, nullable=False),
)

place_versions = _table(
    "place_versions",
    _id(),
    _ref("place_id", "places"),
    _words("name"),
    _words("kind"),
    _words("tier"),
    _ref("parent_id", "places", nullable=True, index=True),
    *_period(),
    UniqueConstraint("place_id", "valid_from"),
)

place_successions = _table(
    "place_successions",
    _id(),
    _ref("predecessor_id", "places", index=True),
    _ref("successor_id", "places", index=True),
    Column("on_day", _DAY, nullable=False),
    _words("legal_basis", ""),  # căn cứ: nghị quyết sắp xếp
    UniqueConstraint("predecessor_id", "successor_id"),
)

units = _table(
    "units",
    _id(),
    Column("code", _KEY, nullable=False, unique=True),
    Column("created_at", _INSTANT, nullable=False),
)

unit_versions = _table(
    "unit_versions",
    _id(),
    _ref("unit_id", "units"),
    _words("name"),
    _words("short_name", ""),
    _ref("parent_id", "units", nullable=True, index=True),
    _words("tier"),
    _words("branch"),
    _ref("place_id", "places", nullable=True, index=True),
    Column("headcount", Integer),
    _words("name_fold", kind=_KEY),  # " so y te ": a blank before every syllable, for completion
    _words("sort_key", kind=_KEY),
    *_period(),
    UniqueConstraint("unit_id", "valid_from"),
)

unit_identifiers = _table(
    "unit_identifiers",
    _id(),
    _ref("unit_id", "units", index=True),
    _words("scheme"),
    Column("value", String(35), nullable=False),
    *_period(),
    UniqueConstraint("scheme", "value", "valid_from"),
)

unit_successions = _table(
    "unit_successions",
    _id(),
    _ref("predecessor_id", "units", index=True),
    _ref("successor_id", "units", index=True),
    _words("aspect"),
    Column("on_day", _DAY, nullable=False),
    UniqueConstraint("predecessor_id", "successor_id", "aspect"),
)

tier_templates = _table(
    "tier_templates",
    _id(),
    _words("tier"),
    _words("name"),
    _words("body"),  # JSON: agencies, boxes, groups, administrator
    *_period(),
    UniqueConstraint("tier", "name", "valid_from"),
)

# -- people and posts ------------------------------------------------------------------------------

persons = _table(
    "persons",
    _id(),
    _words("full_name"),
    _words("family_name"),
    _words("middle_name"),
    _words("given_name"),
    _truth("parts_overridden"),
    Column("birth_date", _DAY),
    _words("phone", ""),
    _words("sort_key", kind=_KEY),
    Column("created_at", _INSTANT, nullable=False),
)

person_identifiers = _table(
    "person_identifiers",
    _id(),
    _ref("person_id", "persons", index=True),
    _words("scheme"),
    Column("value", String(35), nullable=False),
    UniqueConstraint("scheme", "value"),
)

posts = _table(
    "posts",
    _id(),
    _ref("unit_id", "units", index=True),
    _ref("person_id", "persons", index=True),
    _words("role"),
    _words("title", ""),
    _truth("is_primary"),
    *_period(),
)
Index(
    "uq_posts_primary",
    posts.c.person_id,
    unique=True,
    sqlite_where=text("is_primary = 1 AND valid_to IS NULL"),
    postgresql_where=text("is_primary = 1 AND valid_to IS NULL"),
)

absences = _table(
    "absences",
    _id(),
    _ref("person_id", "persons", index=True),
    _words("kind"),  # leave, maternity, sick, study: nobody counts as unused meanwhile
    *_period(),
    UniqueConstraint("person_id", "valid_from"),
)

# -- boxes and addresses ---------------------------------------------------------------------------

domains = _table(
    "domains",
    _id(),
    Column("name", _KEY, nullable=False, unique=True),
    _truth("is_default"),
    _words("dkim_selector", "congvu"),
    Column("created_at", _INSTANT, nullable=False),
)

accounts = _table(
    "accounts",
    _id(),
    _words("kind"),
    _words("state", "active"),
    _ref("unit_id", "units", nullable=True, index=True),
    _ref("person_id", "persons", nullable=True, index=True),
    Column("post_role", Text()),  # of a post box: whoever holds this role in its unit
    _words("display_name"),
    _words("title", ""),  # chức vụ, as the address book shows it
    _words("name_fold", kind=_KEY),  # " hoa nguyen thi ": given name first, for completion
    _words("title_fold", " ", kind=_KEY),
    _words("sort_key", kind=_KEY),
    Column("password_hash", Text()),
    _truth("must_change_password"),
    Column("password_changed_at", _INSTANT),
    _words("password_check", "local"),  # ldap: the directory server of the province is asked instead
    Column(
        "credentials_epoch", _OCTETS, nullable=False, server_default="0"
    ),  # rises: who signed in before, is out
    Column("quota_octets", _OCTETS, nullable=False),
    Column("last_login_at", _INSTANT),
    Column("locked_at", _INSTANT),
    Column("archived_at", _INSTANT),
    Column("created_at", _INSTANT, nullable=False),
    CheckConstraint(
        "kind IN ('personal', 'service') OR password_hash IS NULL", name="shared_has_no_password"
    ),
    CheckConstraint("quota_octets >= 0", name="quota"),
)

groups = _table(
    "groups",
    _id(),
    _words("name"),
    _words("kind"),
    Column("branch", Text()),  # a computed group names its branch
    Column("rule", Text()),  # JSON, of a computed group; its members are worked out into group_members
    _words("name_fold", kind=_KEY),
    _ref("unit_id", "units", nullable=True, index=True),
    _words("senders", "inside"),  # who may write to it: inside, members, owners, named
    Column("created_at", _INSTANT, nullable=False),
    CheckConstraint("kind <> 'computed' OR branch IS NOT NULL", name="computed_names_branch"),
)

group_members = _table(
    "group_members",
    _id(),
    _ref("group_id", "groups", index=True),
    _ref("account_id", "accounts", nullable=True, index=True),
    _ref("member_group_id", "groups", nullable=True, index=True),
    CheckConstraint("(account_id IS NULL) <> (member_group_id IS NULL)", name="one_member"),
    UniqueConstraint("group_id", "account_id"),
    UniqueConstraint("group_id", "member_group_id"),
)

group_people = _table(
    "group_people",
    _id(),
    _ref("group_id", "groups", index=True),
    _ref("account_id", "accounts", index=True),
    _words("part"),  # owner, sender
    UniqueConstraint("group_id", "account_id", "part"),
)

addresses = _table(
    "addresses",
    _id(),
    Column("key", _KEY, nullable=False, unique=True),  # unique for ever: a retired address stays as its row
    _words("local"),
    _words("domain"),
    _words("kind"),
    _ref("account_id", "accounts", nullable=True, index=True),
    _ref("group_id", "groups", nullable=True, index=True),
    Column("created_at", _INSTANT, nullable=False),
    Column("retired_at", _INSTANT),
)
Index(
    "uq_addresses_primary",
    addresses.c.account_id,
    unique=True,
    sqlite_where=text("kind = 'primary'"),
    postgresql_where=text("kind = 'primary'"),
)

delegations = _table(
    "delegations",
    _id(),
    _ref("account_id", "accounts"),
    _ref("grantee_id", "accounts", index=True),
    Column("rights", Integer, nullable=False),
    Column(
        "joined_at", _INSTANT, nullable=False
    ),  # the watermark: older letters are not unread for the newcomer
    _ref("granted_by", "accounts", nullable=True),
    UniqueConstraint("account_id", "grantee_id"),
    CheckConstraint("rights BETWEEN 1 AND 7", name="rights"),
)

departures = _table(
    "departures",
    _id(),
    Column("account_id", _OCTETS, ForeignKey("accounts.id"), nullable=False, unique=True),
    _words("reason"),  # leave, retirement, dismissal
    Column("left_on", _DAY, nullable=False),
    Column("keep_until", _DAY, nullable=False),  # archived on that day
)

unused_notices = _table(
    "unused_notices",
    _id(),
    Column("account_id", _OCTETS, ForeignKey("accounts.id"), nullable=False, unique=True),
    Column("listed_at", _INSTANT, nullable=False),  # when the unit's clerk was told
)

administrators = _table(
    "administrators",
    _id(),
    _ref("account_id", "accounts"),
    _ref("unit_id", "units", index=True),  # the root of the subtree
    _words("role"),
    Column("granted_at", _INSTANT, nullable=False),
    UniqueConstraint("account_id", "unit_id", "role"),
)

# -- signing in ------------------------------------------------------------------------------------

password_history = _table(
    "password_history",
    _id(),
    _ref("account_id", "accounts", index=True),
    _words("password_hash"),
    Column("replaced_at", _INSTANT, nullable=False),
)

password_slips = _table(
    "password_slips",  # who was given a first password, and when; never the password
    _id(),
    _ref("account_id", "accounts", index=True),
    Column("issued_at", _INSTANT, nullable=False),
    _words("issued_by"),
    Column("handed_over_at", _INSTANT),
    _words("handed_over_by", ""),
    Column("due_at", _INSTANT),  # when an unchanged password locks the account
    Column("settled_at", _INSTANT),
    _words("outcome", ""),  # changed, locked, replaced
)

app_passwords = _table(
    "app_passwords",
    _id(),
    _ref("account_id", "accounts", index=True),
    _ref("scope_account_id", "accounts", nullable=True),  # only this unit box, where given
    _words("label"),
    Column(
        "digest", LargeBinary, nullable=False
    ),  # SHA-256 of 120 random bits: nothing to guess, so nothing slow
    Column("created_at", _INSTANT, nullable=False),
    Column("last_used_at", _INSTANT),
    _words("last_network", ""),  # 203.0.113.0/24: enough to know an own device, no movement profile
    Column("revoked_at", _INSTANT),
)

scram_keys = _table(
    "scram_keys",
    _id(),
    _ref("account_id", "accounts", index=True),
    _ref("app_password_id", "app_passwords", nullable=True),  # null: of the main password
    Column("iterations", Integer, nullable=False),
    Column("stored_key", LargeBinary, nullable=False),  # RFC 5802 §3; the salt comes from `secrets`
    Column("server_key", LargeBinary, nullable=False),
)

access_tokens = _table(
    "access_tokens",
    _id(),
    _ref("account_id", "accounts", index=True),
    _words("label", ""),
    Column("digest", LargeBinary, nullable=False, unique=True),  # SHA-256 of 192 random bits
    _words("scopes"),  # words with blanks between
    Column("created_at", _INSTANT, nullable=False),
    Column("expires_at", _INSTANT, nullable=False),
    Column("last_used_at", _INSTANT),
    _words("last_network", ""),
    Column("revoked_at", _INSTANT),
)

known_devices = _table(
    "known_devices",
    _id(),
    _ref("account_id", "accounts"),
    _words("kind"),  # network: a mail client's; cookie: a browser's
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of the network or of the cookie
    Column("seen_at", _INSTANT, nullable=False),
    UniqueConstraint("account_id", "kind", "digest"),
)

linked_identities = _table(
    "linked_identities",  # who somebody is at the province's OpenID provider
    _id(),
    _ref("account_id", "accounts", index=True),
    _words("issuer"),
    _words("subject"),
    Column("created_at", _INSTANT, nullable=False),
    UniqueConstraint("issuer", "subject"),
)

secrets = _table(
    "secrets",  # of the installation: made once, never shown
    _id(),
    Column("name", _KEY, nullable=False, unique=True),
    Column("value", LargeBinary, nullable=False),
    Column("created_at", _INSTANT, nullable=False),
)

second_factors = _table(
    "second_factors",
    _id(),
    _ref("account_id", "accounts", index=True),
    _words("kind"),  # totp, webauthn, recovery
    Column("secret", LargeBinary, nullable=False),
    _words("label", ""),
    Column("last_counter", _OCTETS),  # a code is good once; of a passkey, its signature counter
    Column("credential_id", LargeBinary, unique=True),  # of a passkey
    Column("created_at", _INSTANT, nullable=False),
    Column("last_used_at", _INSTANT),
    Column("confirmed_at", _INSTANT),  # null: shown, and not yet proven
)

# -- the year ---------------------------------------------------------------------------------------

working_calendar = _table(
    "working_calendar",
    _id(),
    Column("day", _DAY, nullable=False, unique=True),
    _words("kind"),  # holiday, working_saturday
    _words("name"),
)

# -- reading another's box ---------------------------------------------------------------------------

reading_requests = _table(
    "reading_requests",
    _id(),
    _ref("account_id", "accounts", index=True),
    _ref("reader_id", "accounts", index=True),
    _ref("requested_by", "accounts", nullable=True),  # null: the server's console
    _words("requester"),
    _words("reason"),
    Column("until_day", _DAY, nullable=False),  # the last one
    Column("requested_at", _INSTANT, nullable=False),
    Column("approved_at", _INSTANT),  # by the second of two
    Column("ended_at", _INSTANT),
)

reading_approvals = _table(
    "reading_approvals",
    _id(),
    _ref("request_id", "reading_requests"),
    _ref("approver_id", "accounts"),
    Column("approved_at", _INSTANT, nullable=False),
    UniqueConstraint("request_id", "approver_id"),
)

# -- the address book --------------------------------------------------------------------------------

address_book_entries = _table(
    "address_book_entries",
    _id(),
    Column("account_id", _OCTETS, nullable=False, unique=True),
    _words("etag"),  # "" once it is gone
    _words("branch", ""),
    _words("former_branch", ""),  # before its newest revision: who saw it there is told
    Column("revision", _OCTETS, nullable=False, index=True),
)

address_book_state = _table(
    "address_book_state",
    _id(),
    Column("audit_head", _OCTETS, nullable=False),
    Column("day", _DAY, nullable=False),
    Column("revision", _OCTETS, nullable=False),
)

# -- rules, plans, audit ---------------------------------------------------------------------------

policies = _table(
    "policies",
    _id(),
    _words("name"),  # address_pattern, quota, password, inactivity, second_factor, cross_branch …
    Column("tier", Text()),
    Column("branch", Text()),
    Column("account_kind", Text()),
    _words("value"),  # JSON
    *_period(),
)

plans = _table(
    "plans",
    _id(),
    _words("kind"),
    _words("state"),  # shown, scheduled, applied, drifted, undone
    Column("effective_on", _DAY, nullable=False),
    _words("summary"),  # JSON: the counts
    _words("body"),  # JSON: the details, never a password
    Column("undo", Text()),  # JSON: what to restore
    Column("source", Text()),  # JSON: the rows a scheduled plan is made from again on its day
    _words("note", ""),  # why a scheduled plan was not applied
    _words("created_by", ""),
    _ref("creator_id", "accounts", nullable=True),  # whose scope it is applied in; none is the console
    Column("created_at", _INSTANT, nullable=False),
    Column("applied_at", _INSTANT),
    Column("undone_at", _INSTANT),
)

plan_units = _table(
    "plan_units",  # what a plan reaches; no foreign key to units, for undoing takes units back
    _id(),
    _ref("plan_id", "plans", index=True),
    Column("unit_id", _OCTETS, nullable=False),
    _words("kind", ""),  # of boxes; empty for the unit itself
    UniqueConstraint("plan_id", "unit_id", "kind"),
)

audit = _table(
    "audit",
    _id(),
    Column("sequence", _OCTETS, nullable=False, unique=True),  # without a gap, unlike an id
    Column("at", _INSTANT, nullable=False),
    _words("actor"),
    _words("act"),
    _words("subject"),
    _words("detail"),  # JSON
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
)
Index("ix_audit_subject", audit.c.subject)

act_keys = _table(
    "act_keys",  # requests of the administration API that count once (Idempotency-Key), for a day
    _id(),
    _ref("account_id", "accounts"),
    Column("key", _KEY, nullable=False),
    _words("act"),
    Column("request", LargeBinary, nullable=False),  # SHA-256 of what was asked
    Column("answer", Text()),  # JSON; never one that holds a password
    Column("used_at", _INSTANT, nullable=False),
    UniqueConstraint("account_id", "key"),
)

external_ids = _table(
    "external_ids",  # what a provisioning client calls our accounts and groups (RFC 7643 §3.1)
    _id(),
    _words("kind"),  # user, group
    Column("subject_id", _OCTETS, nullable=False),
    Column("value", _KEY, nullable=False),
    UniqueConstraint("kind", "subject_id"),
)
