"""Reading and tidying over the services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from directory.model import AccountKind, Right
from mailsvc.model import flags
from mailsvc.model.errors import MailboxMissing
from mailsvc.model.ids import AccountId, MailboxId, Uid
from mailsvc.model.mailbox import INBOX, SpecialUse
from mailsvc.services import find, letters, mailbox_tree, pull, reading, watched
from mailsvc.services.letters import FlagChange
from mailsvc.services.permissions import OWNER, place_by_id, place_by_name, shared_boxes
from mailsvc.services.receive import is_local
from search.engine import Hit, Rank
from search.query import QueryError
from webmail.adapter.principal import principal_of
from webmail.adapter.reading import body_of, letter_of, part_of, row_of
from webmail.adapter.usage import UsageBit
from webmail.ports import LIST_LENGTH, Box, Folder, Hits, Page

if TYPE_CHECKING:
    from mailsvc.model.mailbox import Mailbox
    from mailsvc.model.message import ListedLetter
    from mailsvc.services.open_store import Store
    from mailsvc.services.permissions import Place, Principal
    from mailsvc.storage.unit_of_work import Reader
    from search.engine import Engine
    from webmail.adapter.usage import ServiceUsage
    from webmail.ports import Body, BoxKind, Letter, Part, Row, Viewer
    from webmail.ports import SpecialUse as PageUse

MAX_CONVERSATION = 50
USES: dict[SpecialUse | None, PageUse] = {
    SpecialUse.DRAFTS: "drafts",
    SpecialUse.SENT: "sent",
    SpecialUse.JUNK: "junk",
    SpecialUse.TRASH: "trash",
    SpecialUse.ARCHIVE: "archive",
    None: "",
}
ORDER: tuple[PageUse, ...] = ("inbox", "drafts", "sent", "archive", "junk", "trash", "")
KINDS: dict[AccountKind, BoxKind] = {AccountKind.UNIT: "unit", AccountKind.POST: "post"}


@dataclass(frozen=True, slots=True)
class _Known:
    """What the directory says of a box."""

    account_id: int
    kind: BoxKind
    name: str
    address: str
    rights: Right


class ServiceMail:
    """Mail as webmail sees it."""

    def __init__(self, store: Store, engine: Engine, usage: ServiceUsage) -> None:
        self._store = store
        self._engine = engine
        self._usage = usage

    def boxes(self, viewer: Viewer) -> tuple[Box, ...]:
        """The tree: own box first, then those of units and posts."""
        principal = principal_of(viewer)
        with self._store.read() as db:
            by_account: dict[AccountId, list[Mailbox]] = {}
            for listed in mailbox_tree.listing(db, principal):
                by_account.setdefault(listed.mailbox.account_id, []).append(listed.mailbox)
            known = _Known(principal.account_id, "personal", viewer.name, viewer.address, OWNER)
            found = [self._box(db, viewer, by_account.get(principal.account_id, []), known)]
            for shared in shared_boxes(db, principal):
                account = shared.account
                if shared.rights & Right.READ:
                    kind = KINDS.get(account.kind, "unit")
                    known = _Known(
                        account.id, kind, account.display_name, str(account.address), shared.rights
                    )
                    found.append(self._box(db, viewer, by_account.get(AccountId(account.id), []), known))
        return tuple(found)

    @staticmethod
    def _box(db: Reader, viewer: Viewer, mailboxes: list[Mailbox], known: _Known) -> Box:
        me = AccountId(viewer.account_id)
        folders = [
            Folder(one.id, one.name, _use(one), mailbox_tree.unseen(db, one, me), one.exists)
            for one in mailboxes
        ]
        folders.sort(key=lambda folder: (ORDER.index(folder.special_use), folder.name.casefold()))
        used, quota = mailbox_tree.quota(db, AccountId(known.account_id))
        return Box(
            account_id=known.account_id,
            kind=known.kind,
            name=known.name,
            address=known.address,
            folders=tuple(folders),
            used=used,
            quota=quota,
            may_act=bool(known.rights & Right.ACT),
            may_send=bool(known.rights & Right.SEND_AS),
        )

    def page(self, viewer: Viewer, mailbox_id: int, cursor: str, *, conversations: bool) -> Page:
        """Fifty letters, or the newest letters of fifty conversations."""
        at = _cursor(cursor)
        with self._store.read() as db:
            place = place_by_id(db, principal_of(viewer), MailboxId(mailbox_id))
            self._listed(place)
            if conversations:
                found, below = reading.conversations(db, place, at, LIST_LENGTH)
                return Page(
                    tuple(row_of(one.newest, one.count) for one in found),
                    f"{below.date}.{below.uid}" if below else "",
                )
            listed = reading.page(db, place, at, LIST_LENGTH + 1)
        more = _below(listed[LIST_LENGTH - 1]) if len(listed) > LIST_LENGTH else ""
        return Page(tuple(row_of(one) for one in listed[:LIST_LENGTH]), more)

    def letter(self, viewer: Viewer, mailbox_id: int, uid: int) -> Letter:
        """One letter."""
        with self._store.read() as db:
            place = place_by_id(db, principal_of(viewer), MailboxId(mailbox_id))
            listed = reading.letter(db, place, Uid(uid))
            return self._opened_letter(db, listed)

    def conversation(self, viewer: Viewer, mailbox_id: int, uid: int) -> tuple[Letter, ...]:
        """The newest letters of its conversation in this box, sent ones too, oldest first."""
        with self._store.read() as db:
            place = place_by_id(db, principal_of(viewer), MailboxId(mailbox_id))
            listed = reading.letter(db, place, Uid(uid))
            found = [
                one
                for one in reading.conversation(db, place, listed.thread_id)
                if not one.entry.flags & flags.DRAFT
            ]
            return tuple(self._opened_letter(db, one) for one in found[-MAX_CONVERSATION:])

    @staticmethod
    def _opened_letter(db: Reader, listed: ListedLetter) -> Letter:
        _, at, domain = listed.from_address.rpartition("@")
        from_outside = bool(at) and not is_local(db, domain)
        return letter_of(listed, reading.content(db, listed.entry), from_outside=from_outside)

    def _content(self, viewer: Viewer, mailbox_id: int, uid: int) -> tuple[AccountId, bytes]:
        """Whose letter it is, and its octets."""
        with self._store.read() as db:
            place = place_by_id(db, principal_of(viewer), MailboxId(mailbox_id))
            content = reading.content(db, reading.letter(db, place, Uid(uid)).entry)
        self._opened(place, uid)
        return place.mailbox.account_id, content

    def _opened(self, place: Place, uid: int) -> None:
        if place.is_watched:
            with self._store.write() as uow:
                watched.opened(uow, place, [uid])

    def _listed(self, place: Place) -> None:
        if place.is_watched:
            with self._store.write() as uow:
                watched.listed(uow, place)

    def body(self, viewer: Viewer, mailbox_id: int, uid: int) -> Body:
        """What is shown of the letter; who asks for it reads it."""
        owner, content = self._content(viewer, mailbox_id, uid)
        self._usage.note(owner, AccountId(viewer.account_id), UsageBit.READ)
        return body_of(content)

    def part(self, viewer: Viewer, mailbox_id: int, uid: int, section: str) -> Part:
        """One part, decoded."""
        return part_of(self._content(viewer, mailbox_id, uid)[1], section)

    def source(self, viewer: Viewer, mailbox_id: int, uid: int) -> bytes:
        """The octets as stored."""
        with self._store.read() as db:
            place = place_by_id(db, principal_of(viewer), MailboxId(mailbox_id))
            octets = reading.octets(db, reading.letter(db, place, Uid(uid)).entry)
        self._opened(place, uid)
        return octets

    def mark(
        self,
        viewer: Viewer,
        mailbox_id: int,
        uids: tuple[int, ...],
        *,
        seen: bool | None = None,
        flagged: bool | None = None,
    ) -> None:
        """Set or clear flags."""
        with self._store.write() as uow:
            place = place_by_id(uow, principal_of(viewer), MailboxId(mailbox_id))
            if seen is not None and (place.is_shared or place.rights & Right.ACT):
                letters.store_flags(uow, place, _ranges(uids), _change(on=seen), flags.SEEN)
            if flagged is not None:
                letters.store_flags(uow, place, _ranges(uids), _change(on=flagged), flags.FLAGGED)

    def move(self, viewer: Viewer, mailbox_id: int, uids: tuple[int, ...], target_id: int) -> None:
        """Move letters."""
        principal = principal_of(viewer)
        with self._store.write() as uow:
            place = place_by_id(uow, principal, MailboxId(mailbox_id), Right.READ | Right.ACT)
            target = place_by_id(uow, principal, MailboxId(target_id), Right.READ | Right.ACT)
            letters.move(uow, place, target, _ranges(uids))

    def delete(self, viewer: Viewer, mailbox_id: int, uids: tuple[int, ...]) -> bool:
        """To Trash; for good from Trash and Junk, recoverable as the settings say."""
        principal = principal_of(viewer)
        with self._store.write() as uow:
            place = place_by_id(uow, principal, MailboxId(mailbox_id), Right.READ | Right.ACT)
            trash = mailbox_tree.special(uow, place.mailbox.account_id, SpecialUse.TRASH)
            if (
                place.mailbox.special_use in {SpecialUse.TRASH, SpecialUse.JUNK}
                or trash.id == place.mailbox.id
            ):
                letters.expunge(uow, place, _ranges(uids))
                return True
            target = place_by_id(uow, principal, trash.id, Right.READ | Right.ACT)
            letters.move(uow, place, target, _ranges(uids))
            return False

    def report(
        self, viewer: Viewer, mailbox_id: int, uids: tuple[int, ...], kind: Literal["phishing", "junk"]
    ) -> None:
        """Report letters, and move them to Junk where that is allowed."""
        principal = principal_of(viewer)
        with self._store.write() as uow:
            place = place_by_id(uow, principal, MailboxId(mailbox_id))
            for uid in uids:
                pull.report_letter(uow, place, uid, pull.Report(kind))
            junk = mailbox_tree.special(uow, place.mailbox.account_id, SpecialUse.JUNK)
            if place.rights & Right.ACT and junk.id != place.mailbox.id:
                target = place_by_id(uow, principal, junk.id, Right.READ | Right.ACT)
                letters.move(uow, place, target, _ranges(uids))

    def make_folder(self, viewer: Viewer, account_id: int, name: str) -> int:
        """A new folder in a box."""
        principal = principal_of(viewer)
        with self._store.write() as uow:
            return int(
                mailbox_tree.create(uow, principal, self._whole_name(uow, principal, account_id, name)).id
            )

    def remove_folder(self, viewer: Viewer, mailbox_id: int) -> None:
        """Remove a folder with its letters, which stay recoverable."""
        principal = principal_of(viewer)
        with self._store.write() as uow:
            mailbox = place_by_id(uow, principal, MailboxId(mailbox_id)).mailbox
            name = self._whole_name(uow, principal, int(mailbox.account_id), mailbox.name)
            mailbox_tree.delete(uow, principal, name)

    @staticmethod
    def _whole_name(db: Reader, principal: Principal, account_id: int, name: str) -> str:
        """The name in the person's name space (RFC 2342 §5)."""
        if account_id == principal.account_id:
            return name
        for shared in shared_boxes(db, principal):
            if int(shared.account.id) == account_id:
                return f"{mailbox_tree.SHARED}/{shared.account.address}/{name}"
        raise MailboxMissing(name)

    def search(self, viewer: Viewer, account_id: int, query: str, cursor: str) -> Hits:
        """Letters of one box that match, best first."""
        with self._store.read() as db:
            if account_id != viewer.account_id:
                self._listed(place_by_name(db, principal_of(viewer), AccountId(account_id), INBOX))
            try:
                found = find.search(
                    db, self._engine, principal_of(viewer), AccountId(account_id), query, before=_hit(cursor)
                )
            except QueryError as problem:
                return Hits((), problem=str(problem) or "query")
        rows: list[Row] = [row_of(one) for one in found.letters]
        after = found.next
        return Hits(
            tuple(rows),
            found.query,
            f"{after.id}.{after.date}.{int(after.rank)}.{int(after.shared)}" if after else "",
        )


def _use(mailbox: Mailbox) -> PageUse:
    return "inbox" if mailbox.name == INBOX else USES.get(mailbox.special_use, "")


def _change(*, on: bool) -> FlagChange:
    return FlagChange.ADD if on else FlagChange.REMOVE


def _ranges(uids: tuple[int, ...]) -> list[tuple[int, int]]:
    """Single uids as ranges, neighbours joined."""
    ranges: list[tuple[int, int]] = []
    for uid in sorted(set(uids)):
        if ranges and ranges[-1][1] == uid - 1:
            ranges[-1] = (ranges[-1][0], uid)
        else:
            ranges.append((uid, uid))
    return ranges


def _numbers(cursor: str, count: int) -> list[int] | None:
    words = cursor.split(".")
    if len(words) != count or not all(word.lstrip("-").isdecimal() and len(word) < 20 for word in words):
        return None
    return [int(word) for word in words]


def _cursor(cursor: str) -> reading.Cursor:
    """A cursor from the address line; the first page for what is none."""
    found = _numbers(cursor, 2)
    return reading.Cursor(*found) if found else reading.Cursor()


def _below(last: ListedLetter) -> str:
    return f"{last.entry.internal_date}.{last.entry.uid}"


def _hit(cursor: str) -> Hit | None:
    found = _numbers(cursor, 4)
    if not found or found[2] not in set(Rank):
        return None
    return Hit(found[0], found[1], Rank(found[2]), bool(found[3]))
