"""Every setting of Congvu: its type, unit, default and meaning, declared once.

`DIR/congvu.toml` gives a value, the environment overrides it (`CONGVU_IMAP__LISTEN`).
`docs/settings.md` is made from this file.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


def _listen(value: str) -> str:
    if value == "":
        return value
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise ValueError(
            "cần dạng địa chỉ:cổng, ví dụ 127.0.0.1:2143 / expected host:port; empty turns it off"
        )
    return value


Listen = Annotated[str, AfterValidator(_listen)]
"""`host:port`; an empty text turns the listener off; `[::1]:2143` for IPv6."""


def _service(value: str) -> str:
    if value.startswith("unix:"):
        if not value.startswith("unix:/"):
            raise ValueError(
                "cần đường dẫn tuyệt đối sau unix: / expected an absolute path: unix:/run/x.sock"
            )
        return value
    return _listen(value)


Service = Annotated[str, AfterValidator(_service)]
"""A program beside us: `host:port` or `unix:/path`; empty is none."""


ListName = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+$", max_length=150)]
"""Of a DNS list; the address that is asked for stands before it."""
Weight = Annotated[int, Field(ge=1, le=1000)]


def host_port(listen: str) -> tuple[str, int]:
    """The two halves of a listen address, brackets of an IPv6 host removed."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def office_spans(text: str) -> tuple[tuple[int, int], ...]:
    """`07:30-11:30 13:30-17:00` as seconds since midnight; ValueError unless the spans follow one another."""
    spans = tuple(
        (_second_of_day(opens), _second_of_day(closes))
        for opens, _, closes in (span.partition("-") for span in text.replace(",", " ").split())
    )
    moments = [moment for span in spans for moment in span]
    if not moments or any(one >= later for one, later in pairwise(moments)):
        raise ValueError("giờ làm việc phải nối tiếp nhau / expected spans in order: 07:30-11:30 13:30-17:00")
    return spans


def _second_of_day(text: str) -> int:
    hour, colon, minute = text.partition(":")
    if not (colon and hour.isdigit() and minute.isdigit() and int(hour) <= 24 and int(minute) < 60):
        raise ValueError(f"{text!r}: cần dạng giờ:phút / expected hh:mm")
    return int(hour) * 3600 + int(minute) * 60


def _working_hours(value: str) -> str:
    office_spans(value)
    return value


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SmtpSettings(_Section):
    """The MX listener, and what every SMTP listener shares."""

    listen: Listen = Field(
        "127.0.0.1:2525", description="MX: letters from the world, for our own domains only"
    )
    hostname: str = Field("", description="name said in the greeting and in Received; empty: mail.<domain>")
    max_message_bytes: int = Field(35 * MIB, ge=64 * KIB, description="octets; announced as SIZE (RFC 1870)")
    max_recipients: int = Field(1000, ge=100, description="recipients of one letter (RFC 5321 §4.5.3.1.8)")
    max_line_bytes: int = Field(
        64 * KIB, ge=1000, description="octets of one line of a letter before it is refused"
    )
    command_timeout: int = Field(
        300, ge=5, description="seconds a client may take for one command (RFC 5321 §4.5.3.2)"
    )
    data_timeout: int = Field(900, ge=10, description="seconds a client may take for one letter, absolute")
    max_connections: int = Field(2000, ge=1, description="connections at once to one listener")
    max_connections_per_address: int = Field(50, ge=1, description="connections at once from one address")
    max_received: int = Field(
        50, ge=10, description="Received fields after which a letter is called a loop (RFC 5321 §6.3)"
    )


class SenderCheckSettings(_Section):
    """What is looked at in letters from outside; trusted networks and LMTP are free of it."""

    enabled: bool = Field(True, description="look at SPF, DKIM, DMARC and ARC of letters from outside")
    seconds: int = Field(
        12, ge=1, le=60, description="seconds for all look-ups of one letter; what is open then is temperror"
    )
    dmarc: str = Field(
        "enforce",
        pattern="^(enforce|mark|off)$",
        description="letters that fail DMARC: refused or put into Junk as their domain asks, or only marked, or neither",
    )
    own_domains: str = Field(
        "refuse",
        pattern="^(refuse|mark|off)$",
        description="letters from outside that bear our own domains in From without proof: refused, marked, or neither",
    )
    trusted_sealers: tuple[str, ...] = Field(
        (), description="domains whose ARC seal excuses a letter that fails DMARC on its way (RFC 8617)"
    )


class SendingSettings(_Section):
    """How much one account and one unit may send; trusted networks are free of it. 0 is no bound."""

    secrecy_guard: bool = Field(
        True, description="stop letters that bear a mark of a state secret (MẬT, TỐI MẬT, TUYỆT MẬT)"
    )
    letters_per_minute: int = Field(60, ge=0, description="letters of one account in a minute")
    unit_letters_per_minute: int = Field(
        600, ge=0, description="letters of all accounts of a unit in a minute"
    )
    outside_per_day: int = Field(1000, ge=0, description="recipients outside of one account in a day")
    unit_outside_per_day: int = Field(
        5000, ge=0, description="recipients outside of all accounts of a unit in a day"
    )
    burst_outside: int = Field(
        300,
        ge=0,
        description="recipients outside within `burst_minutes` that stop an account until it is released",
    )
    burst_minutes: int = Field(60, ge=1, description="minutes in which `burst_outside` is counted")


class AntivirusSettings(_Section):
    """ClamAV looks at every letter, in and out."""

    clamd: Service = Field(
        "",
        description="clamd: `unix:/run/clamav/clamd.ctl` or `127.0.0.1:3310`; empty: letters are not scanned",
    )
    seconds: float = Field(20.0, ge=0.5, le=300, description="seconds for one letter, waiting included")
    connections: int = Field(8, ge=1, le=256, description="letters scanned at once; below clamd's MaxThreads")
    unavailable: str = Field(
        "defer",
        pattern="^(accept|defer)$",
        description="letters that clamd cannot look at: taken with the mark `not-scanned`, or 451 (552 if too large for it)",
    )


class RspamdSettings(_Section):
    """rspamd looks at letters of strangers."""

    address: Service = Field(
        "", description="its normal worker: `127.0.0.1:11333` or `unix:/path`; empty: not asked"
    )
    password: str = Field(
        "", description="better by environment CONGVU_RSPAMD__PASSWORD; empty: none is sent"
    )
    seconds: float = Field(
        10.0, ge=0.5, le=120, description="seconds for one letter; then it passes unjudged"
    )
    connections: int = Field(16, ge=1, le=256, description="letters judged at once")
    obey: str = Field(
        "junk",
        pattern="^(all|junk|mark)$",
        description="all: what rspamd rejects is refused, soft rejects are 451, junk goes to Junk; junk: rejects go to "
        "Junk too, nothing is refused; mark: X-Spam fields only",
    )
    junk_score: float = Field(
        0.0, ge=0, description="score from which a letter goes to Junk; 0: what rspamd says by `add header`"
    )


class DnsListSettings(_Section):
    """DNS lists of addresses that send junk (RFC 5782), asked for strangers."""

    lists: dict[ListName, Weight] = Field(
        {},
        max_length=20,
        description='weight of each list: {"zen.example" = 10, "other.example" = 4}; empty: none',
    )
    seconds: float = Field(
        5.0, ge=0.5, le=30, description="seconds for all lists; what is open then counts as not listed"
    )
    junk_weight: int = Field(4, ge=0, description="weight from which a letter goes to Junk; 0 is never")
    refuse_weight: int = Field(10, ge=0, description="weight from which a letter is refused; 0 is never")


class GreylistSettings(_Section):
    """Strangers are asked to come again once; real servers do."""

    mode: str = Field(
        "off",
        pattern="^(off|suspected|all)$",
        description="suspected: clients on a DNS list, and letters for which rspamd says `greylist`; all: every "
        "stranger who was not here before",
    )
    delay_seconds: int = Field(300, ge=1, le=3600, description="seconds before a second try counts")
    retry_hours: int = Field(24, ge=1, le=120, description="hours in which the second try must come")
    keep_days: int = Field(
        36, ge=1, le=366, description="days without a letter after which one is a stranger again"
    )
    known_after: int = Field(
        5, ge=1, description="senders of a network that came again until the network is known"
    )


class AttachmentSettings(_Section):
    """Attachments that run, in both directions; told by name and by content, also inside zip."""

    executables: str = Field(
        "off", pattern="^(off|mark|refuse)$", description="programs, scripts, links and disk images"
    )
    macros: str = Field("off", pattern="^(off|mark|refuse)$", description="office documents with macros")


class SubmissionSettings(_Section):
    """Where signed-in clients send from."""

    listen: Listen = Field("127.0.0.1:2587", description="submission with STARTTLS (RFC 6409)")
    listen_tls: Listen = Field(
        "127.0.0.1:2465", description="submission with TLS from the first octet (RFC 8314)"
    )
    max_recipients: int = Field(1000, ge=100, description="recipients of one letter")


class LmtpSettings(_Section):
    """Local delivery from a front server."""

    listen: Listen = Field("127.0.0.1:2424", description="LMTP (RFC 2033), for trusted networks")
    max_recipients: int = Field(10_000, ge=1000, description="recipients of one letter")


class ImapSettings(_Section):
    """Where mail clients read."""

    listen: Listen = Field("127.0.0.1:2143", description="IMAP with STARTTLS (RFC 9051)")
    listen_tls: Listen = Field("127.0.0.1:2993", description="IMAP with TLS from the first octet")
    max_line_bytes: int = Field(
        64 * KIB, ge=8 * KIB, description="octets of one command without its literals"
    )
    login_timeout: int = Field(60, ge=5, description="seconds until a client must have signed in")
    idle_timeout: int = Field(
        1800, ge=1800, description="seconds without a command until BYE (RFC 9051 §5.4)"
    )
    max_connections: int = Field(20_000, ge=1, description="connections at once")
    max_connections_per_address: int = Field(200, ge=1, description="connections at once from one address")


class ClientSettings(_Section):
    """What mail programs that set themselves up are told: the names and ports that the world sees."""

    host: str = Field("", description="name of the mail servers; empty: that of `[smtp] hostname`")
    imap_port: int = Field(
        993, ge=1, le=65535, description="IMAP with TLS, as a balancer or firewall shows it"
    )
    submission_port: int = Field(465, ge=1, le=65535, description="submission with TLS, likewise")


class ManageSieveSettings(_Section):
    """Where mail clients keep their filter rules."""

    listen: Listen = Field("127.0.0.1:2419", description="ManageSieve with STARTTLS (RFC 5804)")


class WebSettings(_Section):
    """The page."""

    listen: Listen = Field("127.0.0.1:8080", description="webmail")
    public_url: str = Field(
        "", description="https address that users type; empty: plain http on the listener"
    )
    session_hours: int = Field(12, ge=1, description="hours after which a sign-in ends without use")
    threads: int = Field(4, ge=1, le=64, description="pages rendered at once")
    max_upload_bytes: int = Field(25 * MIB, ge=MIB, description="octets of one attached file")
    undo_send_seconds: int = Field(
        15, ge=0, le=120, description="seconds a letter waits on the server after Send and can be taken back"
    )
    schedule_days: int = Field(366, ge=1, description="days ahead that a letter may be set to be sent")


class MetricsSettings(_Section):
    """Figures for monitoring."""

    listen: Listen = Field("127.0.0.1:9090", description="Prometheus figures of the mail process")


class TlsSettings(_Section):
    """The certificate of all listeners."""

    certificate: Path | None = Field(None, description="PEM chain; empty: DIR/tls/cert.pem, made at init")
    key: Path | None = Field(None, description="PEM key; empty: DIR/tls/key.pem")


class QuotaSettings(_Section):
    """How much a mailbox may hold."""

    personal: int = Field(4 * GIB, ge=0, description="octets of a personal or post mailbox")
    unit: int = Field(10 * GIB, ge=0, description="octets of a unit mailbox")
    warn_percent: int = Field(75, ge=1, le=100, description="per cent at which the page warns")
    urgent_percent: int = Field(90, ge=1, le=100, description="per cent at which the page warns in red")


class StorageSettings(_Section):
    """Where letters are kept."""

    url: str = Field("", description="empty: SQLite in DIR; else postgresql+psycopg://… ")
    segment_bytes: int = Field(256 * MIB, ge=MIB, description="octets after which a segment is sealed")
    large_piece_bytes: int = Field(
        1 * MIB, ge=64 * KIB, description="stored octets from which a piece is a file of its own"
    )
    batch_units: int = Field(200, ge=1, description="units of work in one commit at most")
    wait_seconds: float = Field(
        10.0, gt=0, description="seconds a change waits for others before it is refused for now"
    )
    reserve_bytes: int = Field(
        32 * MIB,
        ge=0,
        description="octets of the disk kept for deleting: letters are refused when less is free",
    )
    collect_hours: int = Field(24, ge=1, description="hours between runs of garbage collection")
    scrub_days: int = Field(7, ge=1, description="days in which every stored octet is read and checked once")
    recover_days: int = Field(30, ge=0, description="days for which deleted letters can be recovered")


class QueueSettings(_Section):
    """Letters on their way out."""

    smart_host: str = Field(
        "", description="host:port that takes all mail for outside; empty: MX of each domain"
    )
    smart_host_user: str = Field("", description="account at the smart host; empty: no AUTH")
    smart_host_password: str = Field(
        "", description="its password; better by environment CONGVU_QUEUE__SMART_HOST_PASSWORD"
    )
    port: int = Field(25, ge=1, le=65535, description="port of the MX hosts; another one only for tests")
    max_connections: int = Field(20, ge=1, description="connections at once to the outside")
    max_connections_per_domain: int = Field(5, ge=1, description="connections at once to one domain")
    routes: dict[str, str] = Field(
        {},
        description='smart hosts by domain: {"x.vn" = "host:port", ".gov.vn" = "host:port"} (a dot: all below)',
    )
    idle_seconds: int = Field(
        3, ge=0, le=60, description="seconds an open connection waits for the next letter"
    )
    ipv6: bool = Field(True, description="deliver over IPv6 too")
    mta_sts: bool = Field(True, description="follow the MTA-STS policies of other domains (RFC 8461)")
    dane: bool = Field(True, description="follow TLSA records where `dns.trusted` (RFC 7672)")
    lifetime_hours: int = Field(
        120, ge=1, description="hours after which a letter is given back (RFC 5321 §4.5.4.1)"
    )
    delay_notice_hours: int = Field(4, ge=1, description="hours after which the sender is told of a delay")


class DnsSettings(_Section):
    """Whom to ask for names."""

    nameservers: tuple[str, ...] = Field(
        (), description="addresses of resolvers; empty: those of the machine"
    )
    port: int = Field(53, ge=1, le=65535, description="their port")
    trusted: bool = Field(
        False,
        description="the resolver validates DNSSEC and nobody can change its answers on the way: DANE is used (RFC 7672)",
    )


class ReportSettings(_Section):
    """Daily reports to other domains, of what was seen of their mail and their servers."""

    dmarc: bool = Field(
        True, description="send DMARC aggregate reports to domains that ask for them (RFC 9990)"
    )
    tls: bool = Field(True, description="send TLS reports to domains that ask for them (RFC 8460)")
    contact: str = Field(
        "", description="address that answers questions about reports; empty: postmaster@<domain>"
    )
    inbox: str = Field(
        "",
        description="address of ours, rua= of our DMARC record, whose letters are read for reports; empty: none",
    )


class PasswordSettings(_Section):
    """What a password must be."""

    min_length: int = Field(8, ge=6, description="characters")
    min_classes: int = Field(3, ge=1, le=4, description="of lower, upper, digit, other")
    history: int = Field(3, ge=0, description="former passwords that may not come back")
    max_age_days: int = Field(
        0, ge=0, description="days until a password must be changed; 0 is never; a policy may say less"
    )
    refuse_leaked: bool = Field(
        True, description="refuse the passwords that everybody guesses first; a policy may insist on it"
    )
    revoke_devices_on_change: bool = Field(
        False, description="a new password takes app passwords and tokens back too"
    )
    scram: bool = Field(
        False,
        description="offer SCRAM-SHA-256, and keep its keys of main passwords that are set or typed from then on: a "
        "thief of the database tries them a hundred times faster than Argon2id; app passwords may use SCRAM anyway",
    )
    cache_seconds: int = Field(
        300, ge=0, description="seconds for which a proven password need not be hashed again"
    )


class SecondFactorSettings(_Section):
    """One-time codes, passkeys, and proving again before what is dangerous."""

    issuer: str = Field(
        "", max_length=60, description="the name that apps for one-time codes show; empty: the domain"
    )
    proof_minutes: int = Field(
        10, ge=1, le=240, description="minutes for which a proof of who one is counts for dangerous acts"
    )
    max_token_days: int = Field(366, ge=1, le=3660, description="days that a personal token may last at most")


class OidcSettings(_Section):
    """Signing in to webmail at the province's OpenID Connect provider."""

    issuer: str = Field("", description="https address of the provider; empty: not used")
    client_id: str = Field("", description="what the provider calls us")
    client_secret: str = Field(
        "",
        description="better by environment CONGVU_OIDC__CLIENT_SECRET; empty: a public client with PKCE alone",
    )
    label: str = Field("", max_length=60, description="words on the button; empty: the provider's host")
    scopes: str = Field("openid email", description="what is asked for; openid is needed")
    match_email: bool = Field(
        True,
        description="a verified e-mail address that is an account's signs in to it; else only linked subjects",
    )
    counts_as_second_factor: bool = Field(
        False, description="the provider asks for a second factor itself: none of ours is asked for"
    )
    timeout: float = Field(5.0, ge=0.5, le=60, description="seconds for one answer of the provider")


class LdapSettings(_Section):
    """The province's directory server, which knows the password of accounts marked so."""

    url: str = Field(
        "",
        pattern=r"^(ldaps?://[^\s/?#]+)?$",
        description="ldaps://host:636 or ldap://host:389; empty: not used",
    )
    start_tls: bool = Field(
        True, description="StartTLS on ldap:// (RFC 4511 §4.14); never without TLS but to loopback"
    )
    ca_file: Path | None = Field(
        None, description="PEM of its certificate authority; empty: the machine's own"
    )
    user_dn: str = Field(
        "", description="DN to bind as, with {login}, {local} or {domain}; empty: it is searched for"
    )
    search_base: str = Field("", description="where people are searched for")
    search_filter: str = Field("(mail={login})", description="with {login}, {local} or {domain}")
    bind_dn: str = Field("", description="who searches")
    bind_password: str = Field("", description="better by environment CONGVU_LDAP__BIND_PASSWORD")
    timeout: float = Field(5.0, ge=0.5, le=60, description="seconds for one answer of the server")


class CalendarSettings(_Section):
    """When offices work; days come from the calendar imported each year (`congvu calendar import`)."""

    working_hours: Annotated[str, AfterValidator(_working_hours)] = Field(
        "07:30-11:30 13:30-17:00",
        description="spans of a working day, UTC+7; terms in working hours run then",
    )


class LifeSettings(_Section):
    """Accounts that nobody uses; a policy may say otherwise for a tier, branch or kind."""

    unused_notice_days: int = Field(
        60, ge=1, description="days without a sign-in until the page and the unit's clerk are told"
    )
    unused_lock_days: int = Field(
        90, ge=0, description="days without a sign-in until an account is locked; 0 is never"
    )


class GroupSettings(_Section):
    """Addresses with many boxes behind them."""

    wide_list: int = Field(
        50, ge=1, description="members above which a group asks for the right and a confirmation"
    )
    max_members: int = Field(
        20_000, ge=100, description="boxes that one group may reach, groups in groups counted in"
    )


class ProvisionSettings(_Section):
    """Rosters, and the first passwords of those whom they bring."""

    max_lock_percent: int = Field(
        5,
        ge=0,
        le=100,
        description="per cent of the accounts in scope that a roster locks without asking again",
    )
    first_password_hours: int = Field(
        6, ge=1, description="working hours from the hand-over of a slip until an unchanged password locks"
    )


class AdministrationSettings(_Section):
    """What administrators may do, and how long their tools are trusted."""

    reading_days: int = Field(
        30, ge=1, le=365, description="days for which reading another's mailbox may be asked for, at most"
    )
    unit_admins_make_unit_boxes: bool = Field(
        False, description="unit administrators make unit and post boxes too, not only personal ones"
    )


class StatisticsSettings(_Section):
    """How the use of official mail is counted, and what is planned of it."""

    regular_percent: int = Field(
        80,
        ge=1,
        le=100,
        description="per cent of working days on which who uses mail regularly reads or sends",
    )
    prompt_hours: int = Field(
        8, ge=1, description="working hours in which a unit's letter is opened to count as prompt"
    )
    dormant_days: int = Field(90, ge=1, description="days without use after which a box is dormant")
    plan_provisioned: int = Field(100, ge=1, le=100, description="planned per cent of staff with a box")
    plan_activated: int = Field(
        95, ge=1, le=100, description="planned per cent of boxes that were ever signed in to"
    )
    plan_regular: int = Field(
        80, ge=1, le=100, description="planned per cent of people who use mail regularly"
    )
    plan_opened: int = Field(
        100, ge=1, le=100, description="planned per cent of units' letters that are opened"
    )
    plan_inside: int = Field(90, ge=1, le=100, description="planned per cent of letters that stay inside")


class SearchSettings(_Section):
    """The search index."""

    batch: int = Field(50, ge=1, description="letters indexed in one step behind the commits")
    max_text_bytes: int = Field(
        512 * KIB, ge=16 * KIB, description="octets of text of one letter that are indexed"
    )


class LogSettings(_Section):
    """What is written down of what happens."""

    level: str = Field(
        "info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error"
    )
    format: str = Field("text", pattern="^(text|json)$", description="text for people, json for collectors")


class Settings(_Section):
    """All settings of one installation."""

    domain: str = Field("localhost.localdomain", description="the first domain, given at init")
    language: str = Field(
        "vi", pattern="^(vi|en)$", description="language of notices and of the command line: vi or en"
    )
    trusted_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        description="free of rates, connection limits and sender checks, and may log in without TLS",
    )
    proxy_protocol: bool = Field(
        False,
        description="the mail listeners, IMAP too, expect the PROXY protocol, version 1 or 2, of a balancer",
    )
    balancers: tuple[IPv4Network | IPv6Network, ...] = Field(
        (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        description="who may speak the PROXY protocol; others are turned away where it is expected",
    )
    smtp: SmtpSettings = SmtpSettings()
    sender_check: SenderCheckSettings = SenderCheckSettings()
    sending: SendingSettings = SendingSettings()
    antivirus: AntivirusSettings = AntivirusSettings()
    rspamd: RspamdSettings = RspamdSettings()
    dns_lists: DnsListSettings = DnsListSettings()
    greylist: GreylistSettings = GreylistSettings()
    attachments: AttachmentSettings = AttachmentSettings()
    submission: SubmissionSettings = SubmissionSettings()
    lmtp: LmtpSettings = LmtpSettings()
    imap: ImapSettings = ImapSettings()
    clients: ClientSettings = ClientSettings()
    managesieve: ManageSieveSettings = ManageSieveSettings()
    web: WebSettings = WebSettings()
    metrics: MetricsSettings = MetricsSettings()
    tls: TlsSettings = TlsSettings()
    quota: QuotaSettings = QuotaSettings()
    storage: StorageSettings = StorageSettings()
    queue: QueueSettings = QueueSettings()
    dns: DnsSettings = DnsSettings()
    report: ReportSettings = ReportSettings()
    password: PasswordSettings = PasswordSettings()
    second_factor: SecondFactorSettings = SecondFactorSettings()
    oidc: OidcSettings = OidcSettings()
    ldap: LdapSettings = LdapSettings()
    life: LifeSettings = LifeSettings()
    groups: GroupSettings = GroupSettings()
    provision: ProvisionSettings = ProvisionSettings()
    administration: AdministrationSettings = AdministrationSettings()
    search: SearchSettings = SearchSettings()
    calendar: CalendarSettings = CalendarSettings()
    statistics: StatisticsSettings = StatisticsSettings()
    log: LogSettings = LogSettings()

    @property
    def hostname(self) -> str:
        """The name this server says of itself."""
        return self.smtp.hostname or f"mail.{self.domain}"
