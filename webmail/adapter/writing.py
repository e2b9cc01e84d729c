"""Drafts and sending over the services. A draft is a form (what was typed) and the letter that other clients see."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from directory.address import AddressError, parse_address
from directory.model import Right, vietnam_day
from directory.repository import boxes as directory_boxes
from directory.repository.completion import complete
from mailsvc.mime.compose import ComposeError, Mailbox, OutgoingPart, compose
from mailsvc.mime.compose import Draft as MimeDraft
from mailsvc.model.errors import Conflict, LetterMissing, TooLarge, TooMany
from mailsvc.model.ids import AccountId, MailboxId, Uid
from mailsvc.services import drafts, letters, reading, scheduled
from mailsvc.services.permissions import place_by_id, rights_in, shared_boxes
from webmail.adapter.principal import principal_of
from webmail.adapter.reading import body_of, files_of, letter_of
from webmail.desk_ports import Held
from webmail.ports import Contact, Draft, DraftFields, DraftFile, Part, Party
from webmail.recipients import RecipientError, parse_people, readable_people, write_people

if TYPE_CHECKING:
    from config.settings import Settings
    from directory.address import Address
    from mailsvc.services.drafts import KeptDraft
    from mailsvc.services.open_store import Store
    from mailsvc.services.permissions import Principal
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork
    from webmail.adapter.mail import ServiceMail
    from webmail.ports import Viewer

COMPLETIONS = 8


class ServiceWriting:
    """Writing as webmail sees it."""

    def __init__(self, store: Store, settings: Settings, mail: ServiceMail) -> None:
        self._store = store
        self._settings = settings
        self._mail = mail

    # -- drafts

    def draft(self, viewer: Viewer, draft_id: str) -> Draft:
        """The draft as it is kept."""
        with self._store.read() as db:
            kept = drafts.get(db, principal_of(viewer), draft_id)
            return _draft(kept, files_of(drafts.content_of(db, principal_of(viewer), kept)))

    def draft_of(self, viewer: Viewer, mailbox_id: int, uid: int) -> Draft:
        """The draft behind a letter in Drafts; a new one, not yet kept, where another client wrote it."""
        principal = principal_of(viewer)
        with self._store.read() as db:
            kept = drafts.of_entry(db, principal, MailboxId(mailbox_id), Uid(uid))
            if kept is not None:
                return _draft(kept, files_of(drafts.content_of(db, principal, kept)))
            place = place_by_id(db, principal, MailboxId(mailbox_id))
            listed = reading.letter(db, place, Uid(uid))
            content = reading.content(db, listed.entry)
            account_id = int(place.mailbox.account_id)
        letter, body = letter_of(listed, content), body_of(content)
        fields = DraftFields(
            account_id=account_id,
            to=write_people(letter.to),
            cc=write_people(letter.cc),
            bcc=write_people(letter.bcc),
            subject=listed.subject,
            text=body.text if body.kind == "text" else "",
            html=body.text if body.kind == "html" else "",
            references=letter.references,
            replaces=f"{mailbox_id}-{uid}",
        )
        return Draft(_foreign_id(mailbox_id, uid), 0, fields, _listed_files(files_of(content)))

    def save(
        self,
        viewer: Viewer,
        draft_id: str,
        revision: int,
        fields: DraftFields,
        add: tuple[Part, ...] = (),
        drop: tuple[str, ...] = (),
    ) -> Draft:
        """Keep the draft: the letter is written before the transaction, which then only exchanges it."""
        principal = principal_of(viewer)
        with self._store.read() as db:
            kept = self._known(db, principal, draft_id, revision, fields)
            if kept is None and drafts.was_sent(
                db, AccountId(fields.account_id), f"<{self._message_id(draft_id)}>"
            ):
                raise LetterMissing(draft_id)
            held = self._files(db, principal, kept, fields)
            sender = self._sender(db, principal, fields.account_id)
            may_act = rights_in(db, principal, AccountId(fields.account_id)) & Right.ACT
        home = AccountId(fields.account_id) if may_act else principal.account_id
        files = (*(part for path, part in held if path not in drop), *add)
        if sum(len(part.content) for part in files) > self._settings.smtp.max_message_bytes:
            raise TooLarge
        content = self._compose(draft_id, fields, sender, viewer, files)
        prepared = letters.prepare(content, self._store.pieces)
        form = json.dumps(asdict(fields), ensure_ascii=False)
        with self._store.write() as uow:
            if fields.replaces and kept is None:
                self._take_over(uow, principal, fields.replaces)
            saved = drafts.save(
                uow,
                principal,
                home,
                draft_id,
                kept.revision if kept else 0,
                form,
                prepared,
                new=kept is None,
            )
        return _draft(saved, files_of(content))

    @staticmethod
    def _known(
        db: Reader, principal: Principal, draft_id: str, revision: int, fields: DraftFields
    ) -> KeptDraft | None:
        """The draft that is to be replaced; Conflict when somebody else, or another window, wrote on it."""
        try:
            kept = drafts.get(db, principal, draft_id)
        except LetterMissing:
            if revision:
                raise
            return None
        window = json.loads(kept.form).get("window", "")
        answer_was_lost = bool(fields.window) and window == fields.window and kept.revision == revision + 1
        if kept.revision != revision and not answer_was_lost:
            raise Conflict(str(kept.revision))
        return kept

    @staticmethod
    def _files(
        db: Reader, principal: Principal, kept: KeptDraft | None, fields: DraftFields
    ) -> list[tuple[str, Part]]:
        if kept is not None:
            return files_of(drafts.content_of(db, principal, kept))
        if not fields.replaces:
            return []
        mailbox_id, uid = fields.replaces.split("-")
        place = place_by_id(db, principal, MailboxId(int(mailbox_id)))
        return files_of(reading.content(db, reading.letter(db, place, Uid(int(uid))).entry))

    @staticmethod
    def _take_over(uow: UnitOfWork, principal: Principal, replaces: str) -> None:
        mailbox_id, uid = (int(number) for number in replaces.split("-"))
        letters.expunge(uow, place_by_id(uow, principal, MailboxId(mailbox_id)), [(uid, uid)])

    def discard(self, viewer: Viewer, draft_id: str) -> None:
        """Throw the draft away; harmless when it is gone."""
        with self._store.write() as uow:
            try:
                drafts.discard(uow, principal_of(viewer), draft_id)
            except LetterMissing:
                return

    # -- sending

    def send(
        self, viewer: Viewer, draft_id: str, revision: int, *, confirmed: bool = False, at: int = 0
    ) -> Held | None:
        """Plan it for the time, or for when it can be taken back no more; without such a wait it goes at once."""
        principal = principal_of(viewer)
        with self._store.read() as db:
            try:
                kept = drafts.get(db, principal, draft_id)
            except LetterMissing:
                if self._was_sent(db, principal, draft_id):
                    return None
                raise
            if kept.revision != revision:
                raise Conflict(str(kept.revision))
            wait = self._settings.web.undo_send_seconds
            if at or wait:  # what goes at once is looked into as it goes
                scheduled.look_into(db, principal, kept, self._settings)
        fields = _fields(kept)
        recipients = _recipients(fields)
        if len(recipients) > self._settings.submission.max_recipients:
            raise TooMany
        order = scheduled.Order(tuple(map(str, recipients)), confirmed, _answered(fields))
        account = AccountId(fields.account_id)
        if not at and not wait:
            self._send_at_once(principal, draft_id, revision, account, order)
            return None
        due_at = at or self._store.clock() + wait
        with self._store.write() as uow:
            scheduled.hold(uow, principal, draft_id, revision, account, order, due_at, self._settings)
        return Held(draft_id, due_at, 0 if at else wait)

    def _send_at_once(
        self, principal: Principal, draft_id: str, revision: int, account: AccountId, order: scheduled.Order
    ) -> None:
        with self._store.read() as db:
            letter = scheduled.letter_of(
                db, principal, draft_id, account, order, self._settings, self._store.pieces
            )
        with self._store.write() as uow:
            drafts.send(uow, principal, draft_id, revision, letter, scheduled.answered(order))

    def _was_sent(self, db: Reader, principal: Principal, draft_id: str) -> bool:
        """Whether one of the boxes that this person sends from has sent this draft."""
        boxes = [principal.account_id, *(box.account.id for box in shared_boxes(db, principal))]
        return any(drafts.was_sent(db, box, f"<{self._message_id(draft_id)}>") for box in boxes)

    def _message_id(self, draft_id: str) -> str:
        return f"{draft_id}@{self._settings.domain}"

    def _sender(self, db: Reader, principal: Principal, account_id: int) -> Party:
        if account_id == principal.account_id:
            return Party(principal.display_name, str(principal.address))
        account = directory_boxes.account_by_id(db.conn, AccountId(account_id))
        if account is None:
            raise LetterMissing(str(account_id))
        return Party(account.display_name, str(account.address))

    def _compose(
        self,
        draft_id: str,
        fields: DraftFields,
        sender: Party,
        viewer: Viewer,
        files: tuple[Part, ...],
    ) -> bytes:
        """The letter, with Bcc as long as it is a draft. For a unit, it names the person in Sender (RFC 5322 §3.6.2)."""
        for_another = sender.address.casefold() != viewer.address.casefold()
        draft = MimeDraft(
            from_=(Mailbox(sender.name, sender.address),),
            sender=Mailbox(viewer.name, viewer.address) if for_another else None,
            message_id=self._message_id(draft_id),
            date=self._store.clock(),
            subject=fields.subject,
            text=fields.text,
            html=fields.html or None,
            to=_mailboxes(fields.to),
            cc=_mailboxes(fields.cc),
            bcc=_mailboxes(fields.bcc),
            in_reply_to=fields.in_reply_to,
            references=fields.references,
            attachments=tuple(OutgoingPart(part.filename, part.media_type, part.content) for part in files),
        )
        try:
            return compose(draft, with_bcc=True)
        except ComposeError:  # an id that another system wrote badly is not worth a lost letter
            return compose(replace(draft, in_reply_to="", references=()), with_bcc=True)

    # -- the address book

    def complete(self, viewer: Viewer, text: str) -> tuple[Contact, ...]:
        """Boxes and groups of the directory."""
        with self._store.read() as db:
            reader = directory_boxes.account_by_id(db.conn, AccountId(viewer.account_id))
            found = complete(db.conn, text, COMPLETIONS, reader, on=vietnam_day(self._store.clock()))
        return tuple(
            Contact(one.display_name, str(one.address), one.detail, one.kind.value if one.kind else "group")
            for one in found
        )


def _draft(kept: KeptDraft, files: list[tuple[str, Part]]) -> Draft:
    return Draft(kept.id, kept.revision, _fields(kept), _listed_files(files))


def _listed_files(files: list[tuple[str, Part]]) -> tuple[DraftFile, ...]:
    return tuple(DraftFile(path, part.filename, part.media_type, len(part.content)) for path, part in files)


def _fields(kept: KeptDraft) -> DraftFields:
    values: dict[str, Any] = json.loads(kept.form)
    known = {name: values[name] for name in DraftFields.__dataclass_fields__ if name in values}
    known["account_id"] = int(known.get("account_id", kept.account_id))
    known["references"] = tuple(known.get("references", ()))
    return DraftFields(**known)


def _foreign_id(mailbox_id: int, uid: int) -> str:
    """A steady id for a draft of another client, so that two windows do not make two of it."""
    return f"{mailbox_id:016x}{uid:016x}"


def _mailboxes(line: str) -> tuple[Mailbox, ...]:
    return tuple(Mailbox(one.name, one.address) for one in readable_people(line) if _parsed(one.address))


def _parsed(address: str) -> Address | None:
    try:
        return parse_address(address)
    except AddressError:
        return None


def _recipients(fields: DraftFields) -> tuple[Address, ...]:
    """Everybody it goes to, each once; RecipientError names what is no address."""
    found: dict[str, Address] = {}
    for line in (fields.to, fields.cc, fields.bcc):
        for one in parse_people(line):
            address = _parsed(one.address)
            if address is None:
                raise RecipientError(one.address)
            found.setdefault(address.key, address)
    return tuple(found.values())


def _answered(fields: DraftFields) -> tuple[int, int] | None:
    if not fields.answers or fields.mode not in {"reply", "reply_all"}:
        return None
    mailbox_id, uid = fields.answers.split("-")
    return int(mailbox_id), int(uid)
