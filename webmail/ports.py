"""What the pages ask of the mail system, as protocols.

The adapter in `webmail/adapter.py` answers over `mailsvc.services`; tests answer from memory. Refusals are raised
as `mailsvc.model.errors.ServiceError`, and `webmail/refusals.py` has their words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from directory.passwords import PasswordRule
    from mailsvc.model.marks import Mark
    from mailsvc.services.administration.office import Office
    from search.tree import Query
    from webmail.adapter.credentials import CredentialDesk
    from webmail.adapter.provider import ProviderDesk
    from webmail.carddav.port import AddressBooks
    from webmail.desk_ports import Held, Recovery, RuleDesk, Scheduled
    from webmail.statistics.port import Statistics

from mailsvc.model.errors import ServiceError
from webmail.client_setup import ClientServers

BoxKind = Literal["personal", "unit", "post"]
Stage = Literal["full", "second_factor", "enrol"]
"""How far a sign-in has come: to the end, to the second factor, or to the demand that there be one."""
SpecialUse = Literal["inbox", "drafts", "sent", "junk", "trash", "archive", ""]
LIST_LENGTH = 50


class PasswordPolicyError(ServiceError):
    """A new password that the rule does not allow; `args[0]` is the fault's code."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is signed in: the personal account, which all rights hang on."""

    account_id: int
    address: str
    name: str
    unit: str = ""
    must_change_password: bool = False
    read_only: bool = False
    """Somebody who left: the own box may still be read until it is archived."""
    administers: bool = False
    """Has a role over some unit, and so a way to the console."""


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in kept on the server."""

    viewer: Viewer
    csrf: str
    stage: Stage = "full"
    proven_at: int = 0
    """When the person last proved who they are."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose password was right, and what is still missing."""

    viewer: Viewer
    stage: Stage = "full"


@dataclass(frozen=True, slots=True)
class Folder:
    """A mailbox as the tree shows it."""

    id: int
    name: str
    """Full name, `/` between levels."""
    special_use: SpecialUse
    unseen: int
    """For this viewer."""
    exists: int


@dataclass(frozen=True, slots=True)
class Box:
    """A box (hộp thư) that the viewer may open: their own first, then those of units and posts."""

    account_id: int
    kind: BoxKind
    name: str
    address: str
    folders: tuple[Folder, ...]
    used: int
    quota: int
    may_act: bool = True
    may_send: bool = True

    def folder(self, special_use: SpecialUse) -> Folder | None:
        """The folder for a purpose, if the box has it."""
        return next((one for one in self.folders if one.special_use == special_use), None)


@dataclass(frozen=True, slots=True)
class Party:
    """A name and address of a header line."""

    name: str
    address: str

    @property
    def shown(self) -> str:
        """The name if there is one."""
        return self.name or self.address


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list: a letter, or the newest letter of a conversation."""

    mailbox_id: int
    uid: int
    sender: Party
    to_line: str
    subject: str
    preview: str
    date: int
    seen: bool
    flagged: bool
    answered: bool
    draft: bool
    has_attachments: bool
    keywords: tuple[str, ...] = ()
    count: int = 1
    """Letters of the conversation in this folder."""
    folder: str = ""
    """Where it is, told in search results."""


@dataclass(frozen=True, slots=True)
class Page:
    """Up to 50 rows, newest first, and where the next ones begin."""

    rows: tuple[Row, ...]
    next: str = ""
    """Keyset cursor; empty at the end."""
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is offered for download."""

    section: str
    """RFC 9051 §6.4.5 part number."""
    filename: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Body:
    """What is shown of a letter."""

    kind: Literal["html", "text"]
    text: str
    inline_images: Mapping[str, str] = field(default_factory=dict)
    """Content-ID to section, RFC 2392."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter opened."""

    row: Row
    to: tuple[Party, ...]
    cc: tuple[Party, ...]
    bcc: tuple[Party, ...]
    reply_to: tuple[Party, ...]
    sender: Party | None
    """RFC 5322 §3.6.2: who sent it for the author, where that is another."""
    message_id: str
    references: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    size: int
    acted_by: str = ""
    draft_id: str = ""
    from_outside: bool = False
    """The domain of From is none of ours."""
    marks: tuple[Mark, ...] = ()
    """What our own servers found suspicious; read from their trace, never from what the sender wrote."""


@dataclass(frozen=True, slots=True)
class Part:
    """The octets of one part, decoded."""

    filename: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class DraftFields:
    """What the composer holds, just as it was typed."""

    account_id: int
    """The box it is sent from."""
    to: str = ""
    cc: str = ""
    bcc: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    """Sanitised already; empty for plain text."""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    answers: str = ""
    """`mailbox-uid` that is marked answered when this is sent."""
    mode: Literal["new", "reply", "reply_all", "forward", ""] = "new"
    window: str = ""
    """Which open composer typed this: the same one may save again when an answer got lost on the way."""
    replaces: str = ""
    """`mailbox-uid` of a draft that another client wrote, and that the first save takes over."""


@dataclass(frozen=True, slots=True)
class DraftFile:
    """An attached file kept with the draft."""

    id: str
    filename: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it is on the server."""

    id: str
    revision: int
    fields: DraftFields
    files: tuple[DraftFile, ...]


@dataclass(frozen=True, slots=True)
class Contact:
    """An address of the directory that completes what is typed."""

    name: str
    address: str
    detail: str
    """Post and unit."""
    kind: str


@dataclass(frozen=True, slots=True)
class Hits:
    """What a search found, and the query, so that the words can be marked."""

    rows: tuple[Row, ...]
    query: Query | None = None
    next: str = ""
    problem: str = ""
    """What of the query could not be understood."""


class Accounts(Protocol):
    """Signing in and what is kept of a person's wishes."""

    def sign_in(self, address: str, password: str, remote: str, device: str) -> SignedIn:
        """Raise WrongCredentials, TooManyGuesses or AccountLocked; the same time for unknown and wrong.

        `device` is what this browser is known by; after success it is known to the account.
        """

    def known(self, account_id: int) -> Viewer:
        """Who signed in otherwise; WrongCredentials or AccountLocked if the account may not."""

    def change_password(self, viewer: Viewer, old: str, new: str, remote: str) -> None:
        """Raise WrongCredentials or a ServiceError that says what the policy wants; ends other sessions."""

    def password_rule(self, viewer: Viewer) -> PasswordRule | None:
        """What a new password must be; None where it is changed elsewhere."""

    def open_session(
        self, viewer: Viewer, agent: str, remote: str, stage: Stage = "full", *, is_proof: bool = True
    ) -> str:
        """The secret for the cookie; only its hash is kept. `is_proof`: the person has just proved who they are."""

    def session(self, secret: str) -> Session | None:
        """Who this cookie stands for, unless it has expired; None also while the sign-in is not complete."""

    def half_session(self, secret: str) -> Session | None:
        """Whose sign-in this cookie has begun and not completed."""

    def close_session(self, secret: str) -> None:
        """Sign out."""

    def preferences(self, viewer: Viewer) -> Mapping[str, str]:
        """What the person chose."""

    def prefer(self, viewer: Viewer, values: Mapping[str, str]) -> None:
        """Keep choices."""


class Mail(Protocol):
    """Reading and tidying."""

    def boxes(self, viewer: Viewer) -> tuple[Box, ...]:
        """The tree: own box first."""

    def page(self, viewer: Viewer, mailbox_id: int, cursor: str, *, conversations: bool) -> Page:
        """Fifty letters, or the newest letters of fifty conversations."""

    def letter(self, viewer: Viewer, mailbox_id: int, uid: int) -> Letter:
        """One letter. Raise LetterMissing."""

    def conversation(self, viewer: Viewer, mailbox_id: int, uid: int) -> tuple[Letter, ...]:
        """The letters of its conversation in this box, sent ones too, oldest first."""

    def body(self, viewer: Viewer, mailbox_id: int, uid: int) -> Body:
        """What is shown of the letter."""

    def part(self, viewer: Viewer, mailbox_id: int, uid: int, section: str) -> Part:
        """One part, decoded."""

    def source(self, viewer: Viewer, mailbox_id: int, uid: int) -> bytes:
        """The octets as stored."""

    def mark(
        self,
        viewer: Viewer,
        mailbox_id: int,
        uids: tuple[int, ...],
        *,
        seen: bool | None = None,
        flagged: bool | None = None,
    ) -> None:
        """Set or clear flags; None leaves them. Seen of a unit box is the viewer's own."""

    def move(self, viewer: Viewer, mailbox_id: int, uids: tuple[int, ...], target_id: int) -> None:
        """Move to a folder of the same box."""

    def delete(self, viewer: Viewer, mailbox_id: int, uids: tuple[int, ...]) -> bool:
        """Move to Trash; true when they were in Trash or Junk and are now gone for good."""

    def report(
        self, viewer: Viewer, mailbox_id: int, uids: tuple[int, ...], kind: Literal["phishing", "junk"]
    ) -> None:
        """Tell the administrators that letters are harmful; they go to Junk where the viewer may move them."""

    def make_folder(self, viewer: Viewer, account_id: int, name: str) -> int:
        """A new folder in a box; its id. Raise BadName or MailboxExists."""

    def remove_folder(self, viewer: Viewer, mailbox_id: int) -> None:
        """Remove a folder without a purpose, with its letters. Raise MailboxProtected for the others."""

    def search(self, viewer: Viewer, account_id: int, query: str, cursor: str) -> Hits:
        """Letters of one box, best or newest first."""


class Writing(Protocol):
    """Drafts, sending and the address book."""

    def draft(self, viewer: Viewer, draft_id: str) -> Draft:
        """Raise LetterMissing when it was sent or thrown away."""

    def draft_of(self, viewer: Viewer, mailbox_id: int, uid: int) -> Draft:
        """The draft behind a letter in Drafts; made from the letter if another client wrote it."""

    def save(
        self,
        viewer: Viewer,
        draft_id: str,
        revision: int,
        fields: DraftFields,
        add: tuple[Part, ...] = (),
        drop: tuple[str, ...] = (),
    ) -> Draft:
        """Keep the draft; revision 0 makes it. Raise Conflict for an older revision than the server has."""

    def discard(self, viewer: Viewer, draft_id: str) -> None:
        """Throw the draft away; harmless when it is gone."""

    def send(
        self, viewer: Viewer, draft_id: str, revision: int, *, confirmed: bool = False, at: int = 0
    ) -> Held | None:
        """Returns after the commit; twice is once. `at` is when it is to go; None where it has gone already.

        Raise NoSuchRecipient with the addresses, TooLarge, OverQuota, BadTime.
        """

    def complete(self, viewer: Viewer, text: str) -> tuple[Contact, ...]:
        """Directory addresses for what is typed so far, with or without marks."""


class Watching(Protocol):
    """What changed, for open pages."""

    def watch(self, tell: Callable[[int, int], None]) -> Callable[[], None]:
        """Call `tell(account_id, mailbox_id)` from any thread after each commit; gives the call that ends it.

        A mailbox_id of 0 means that the tree of the account changed.
        """

    def accounts_of(self, viewer: Viewer) -> Iterable[int]:
        """The boxes whose changes concern this viewer."""


@dataclass(frozen=True, slots=True)
class WebOptions:
    """What of the settings the pages need."""

    product: str = "Công vụ"
    domain: str = ""
    public_url: str = ""
    """Starts with https:// where TLS ends before us: cookies are then __Host- and Secure."""
    session_seconds: int = 12 * 3600
    max_upload_bytes: int = 25 * 1024 * 1024
    max_letter_bytes: int = 35 * 1024 * 1024
    recover_days: int = 30
    warn_percent: int = 75
    urgent_percent: int = 90
    utc_offset_minutes: int = 7 * 60
    trusted_networks: tuple[str, ...] = ()
    servers: ClientServers = field(default_factory=ClientServers)
    """What mail programs that set themselves up are told."""


@dataclass(frozen=True, slots=True)
class WebServices:
    """All of it, and the clock: what `create_app` is handed."""

    accounts: Accounts
    mail: Mail
    writing: Writing
    watching: Watching
    options: WebOptions
    clock: Callable[[], int]
    """Seconds since 1970, UTC."""
    credentials: CredentialDesk | None = None
    """Second factors, devices, tokens; without it there are no screens of them."""
    provider: ProviderDesk | None = None
    """The province's OpenID Connect provider; without it there is no button for it."""
    office: Office | None = None
    """Where administrators act; without it there is no API and no console."""
    statistics: Statistics | None = None
    """Figures for administrators; without it there is no page of them."""
    address_books: AddressBooks | None = None
    """The directory for CardDAV; without it nothing is at /dav."""
    scheduled: Scheduled | None = None
    """Letters that wait to be sent; without it there is no screen of them."""
    rules: RuleDesk | None = None
    """Rules, answers while away and forwarding, behind forms."""
    recovery: Recovery | None = None
    """Deleted letters that can be had back."""
