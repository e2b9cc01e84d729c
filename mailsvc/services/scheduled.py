"""Letters that are sent at their time: a few seconds after Send, so that it can be taken back, or when one said.

The draft stays in Drafts until it goes. Planned and sent are one unit of work each: what happens to the network, the
page or the machine meanwhile changes nothing, and no letter goes twice.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from directory.address import parse_address
from directory.repository import boxes as directory_boxes
from mailsvc.mime.as_sent import as_sent
from mailsvc.mime.compose import Draft, Mailbox, compose
from mailsvc.mime.header_write import date_text
from mailsvc.model import errors
from mailsvc.model.errors import BadTime, Conflict, LetterMissing, NoSuchRecipient, NotPermitted, TooLarge
from mailsvc.model.ids import AccountId, MailboxId, Uid
from mailsvc.services import drafts, letters, writing_rules
from mailsvc.services.dangerous_files import check_before_sending, check_files
from mailsvc.services.permissions import Principal, shared_boxes
from mailsvc.services.receive import IncomingLetter, Recipient, receive
from mailsvc.services.secrecy import refuse_secrets, uninspected_field
from mailsvc.services.submit import OutgoingLetter, check_senders, sort_recipients
from mailsvc.services.writing_rules import Writing
from mailsvc.storage import scheduled_sends
from mailsvc.storage.scheduled_sends import ListedSend, ScheduledSend

if TYPE_CHECKING:
    from config.settings import Settings
    from directory.address import Address
    from directory.model import Account
    from mailsvc.model.errors import ServiceError
    from mailsvc.services.drafts import KeptDraft
    from mailsvc.storage.messages import PreparedContent
    from mailsvc.storage.pieces import PieceFiles
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

VIETNAM_MINUTES: Final = 7 * 60
MAX_LISTED: Final = 200
DAY: Final = 86_400
RETRY_SECONDS: Final = 60
PROBLEMS: Final[dict[type[ServiceError], tuple[str, str]]] = {
    errors.NoSuchRecipient: ("recipient", "không còn người nhận này / no such recipient any more"),
    errors.WideListNeedsConfirmation: ("wide_list", "cần xác nhận gửi nhiều người / needs a confirmation"),
    errors.NotPermitted: ("not_permitted", "không có quyền gửi / not permitted to send"),
    errors.LetterMissing: ("gone", "thư nháp không còn / the draft is gone"),
    errors.Conflict: ("changed", "thư nháp đã bị sửa / the draft was changed"),
    errors.TooLarge: ("too_large", "thư quá lớn / too large"),
    errors.StateSecret: ("state_secret", "thư mang dấu độ mật / marked as a state secret"),
    errors.Infected: ("infected", "thư có mã độc / the letter contains malware"),
    errors.ForbiddenFile: (
        "forbidden_file",
        "có tệp chạy được hoặc có macro / a file that runs, or has macros",
    ),
    errors.OverQuota: ("full", "hộp thư đã đầy / the mailbox is full"),
}
"""Why a letter does not go, by the refusal: a word for the page, and words for the letter that tells its writer."""
OTHER: Final = ("other", "máy chủ từ chối / refused")


@dataclass(frozen=True, slots=True)
class Order:
    """What was said with Send."""

    recipients: tuple[str, ...]
    confirmed: bool = False
    """That it may go to very many."""
    answers: tuple[int, int] | None = None
    """Mailbox and uid of the letter that it answers."""


@dataclass(frozen=True, slots=True)
class Notice:
    """The letter that tells the writer that theirs did not go."""

    to: Account
    content: PreparedContent


def look_into(db: Reader, principal: Principal, draft: KeptDraft, settings: Settings) -> None:
    """Refuse at once what may not go for what is in it: StateSecret, ForbiddenFile. Slow, outside of a transaction."""
    content = drafts.content_of(db, principal, draft)
    _uninspected(content, settings)
    check_files(content, settings.attachments)


def hold(
    uow: UnitOfWork,
    principal: Principal,
    draft_id: str,
    revision: int,
    account: AccountId,
    order: Order,
    due_at: int,
    settings: Settings,
) -> None:
    """Send this draft then. Everything that can be refused is refused now, and looked at again when it goes."""
    if not uow.clock() <= due_at <= uow.clock() + settings.web.schedule_days * DAY:
        raise BadTime(str(due_at))
    draft = drafts.get(uow, principal, draft_id)
    if draft.revision != revision:
        raise Conflict(str(draft.revision))
    _check(uow, principal, account, order, settings)
    send = ScheduledSend(draft_id, principal.account_id, account, revision, due_at, json.dumps(asdict(order)))
    scheduled_sends.put(uow, send)


def listed(db: Reader, principal: Principal) -> list[ListedSend]:
    """What this person wrote or may act on and what waits to be sent, the next one first."""
    boxes = [principal.account_id, *(box.account.id for box in shared_boxes(db, principal))]
    found = {one.send.draft_id: one for box in boxes for one in scheduled_sends.of_box(db, box, MAX_LISTED)}
    mine = [one for one in found.values() if _may_change(db, principal, one.send)]
    return sorted(mine, key=lambda one: (one.send.due_at, one.send.draft_id))


def waiting(db: Reader, principal: Principal, draft_id: str) -> ScheduledSend | None:
    """The plan of a draft that still stands."""
    found = scheduled_sends.get(db, draft_id)
    return None if found is None or found.problem or not _may_change(db, principal, found) else found


def cancel(uow: UnitOfWork, principal: Principal, draft_id: str) -> None:
    """Take it back: the draft stays a draft. LetterMissing once it has gone."""
    _planned(uow, principal, draft_id)
    scheduled_sends.drop(uow, draft_id)


def move(uow: UnitOfWork, principal: Principal, draft_id: str, due_at: int, settings: Settings) -> None:
    """Another time."""
    _planned(uow, principal, draft_id)
    if not uow.clock() <= due_at <= uow.clock() + settings.web.schedule_days * DAY:
        raise BadTime(str(due_at))
    scheduled_sends.move(uow, draft_id, due_at)


def _planned(db: Reader, principal: Principal, draft_id: str) -> ScheduledSend:
    found = scheduled_sends.get(db, draft_id)
    if found is None or not _may_change(db, principal, found):
        raise LetterMissing(draft_id)
    return found


def _may_change(db: Reader, principal: Principal, send: ScheduledSend) -> bool:
    """Its writer, and whoever may act in the box whose draft it is."""
    if send.author_id == principal.account_id:
        return not principal.read_only
    try:
        drafts.get(db, principal, send.draft_id)
    except (LetterMissing, NotPermitted):
        return False
    return True


# -- when its time has come


def letter_of(
    db: Reader,
    principal: Principal,
    draft_id: str,
    account: AccountId,
    order: Order,
    settings: Settings,
    files: PieceFiles,
) -> OutgoingLetter:
    """What the draft is when it goes, prepared outside of any transaction."""
    kept = drafts.get(db, principal, draft_id)
    content = as_sent(drafts.content_of(db, principal, kept), db.clock(), VIETNAM_MINUTES)
    if len(content) > settings.smtp.max_message_bytes:
        raise TooLarge
    reverse_path = _sender(db, account)
    recipients = _recipients(order)
    found = sort_recipients(db, recipients)
    if found.unknown:
        raise NoSuchRecipient(*map(str, found.unknown))
    hop = _uninspected(content, settings) + _hop(draft_id, settings.hostname, db.clock())
    marks = check_before_sending(content, settings)
    return OutgoingLetter(
        content=letters.prepare(content, files),
        trace=f"Return-Path: <{reverse_path}>\r\n".encode() + marks + hop,
        outbound_trace=hop,
        reverse_path=reverse_path,
        local=found.local,
        remote=found.remote,
        smtputf8=any(not str(one).isascii() for one in recipients),
        keep_in_sent_of=account,
        authors=(reverse_path,),
        limits=settings.sending,
        writing=Writing(settings.groups.wide_list, confirmed=order.confirmed),
    )


def writer_of(db: Reader, send: ScheduledSend) -> Principal:
    """Who sends it, as they are now: who was locked or lost the right meanwhile sends no more."""
    account = directory_boxes.account_by_id(db.conn, send.author_id)
    if account is None:
        raise NotPermitted(str(send.author_id))
    return Principal(account.id, account.address, account.display_name, account.kind)


def order_of(send: ScheduledSend) -> Order:
    """What was said with Send."""
    values = json.loads(send.order)
    answers = values["answers"]
    return Order(
        tuple(values["recipients"]), bool(values["confirmed"]), (answers[0], answers[1]) if answers else None
    )


def send_now(uow: UnitOfWork, send: ScheduledSend, principal: Principal, letter: OutgoingLetter) -> bool:
    """Send it, once: false when it was taken back or moved meanwhile."""
    if scheduled_sends.get(uow, send.draft_id) != send:
        return False
    drafts.send(uow, principal, send.draft_id, send.revision, letter, answered(order_of(send)))
    return True


def answered(order: Order) -> tuple[MailboxId, Uid] | None:
    """The letter to mark as answered."""
    return None if order.answers is None else (MailboxId(order.answers[0]), Uid(order.answers[1]))


def notice_of(
    db: Reader, send: ScheduledSend, refusal: ServiceError, files: PieceFiles, domain: str
) -> Notice | None:
    """A letter to the writer that theirs did not go, and why; None where there is no writer any more."""
    writer = directory_boxes.account_by_id(db.conn, send.author_id)
    if writer is None:
        return None
    subject = next(
        (one.subject for one in scheduled_sends.of_box(db, writer.id, MAX_LISTED) if one.send == send), ""
    )
    _, why = problem_of(refusal)
    told = (
        ", ".join(str(argument) for argument in refusal.args) if isinstance(refusal, NoSuchRecipient) else ""
    )
    text = (
        f"Thư hẹn gửi “{subject}” chưa được gửi: {why}{f' ({told})' if told else ''}.\n\n"
        "Thư vẫn ở mục Thư nháp và mục Thư chờ gửi. Hãy sửa rồi gửi lại.\n\n"
        "The letter was not sent; it is still among your drafts. This notice is automatic."
    )
    draft = Draft(
        from_=(Mailbox("Thư công vụ", f"postmaster@{domain}"),),
        message_id=f"unsent.{send.draft_id}.{send.due_at}@{domain}",
        date=db.clock(),
        subject=f"Chưa gửi được: {subject}"[:250],
        text=text,
        to=(Mailbox(writer.display_name, str(writer.address)),),
        extra=(("Auto-Submitted", "auto-generated"),),  # RFC 3834 §5
    )
    return Notice(writer, letters.prepare(compose(draft), files))


def problem_of(refusal: ServiceError) -> tuple[str, str]:
    """The word and the words for a refusal."""
    return next((PROBLEMS[kind] for kind in type(refusal).__mro__ if kind in PROBLEMS), OTHER)


def fail(uow: UnitOfWork, send: ScheduledSend, problem: str, notice: Notice | None) -> None:
    """It cannot go: it stays a draft, and its writer is told by letter."""
    if scheduled_sends.get(uow, send.draft_id) != send:
        return
    scheduled_sends.fail(uow, send.draft_id, problem)
    if notice is not None:
        to = Recipient(notice.to.address, (notice.to.id,))
        receive(uow, IncomingLetter(notice.content, b"Return-Path: <>\r\n", "", (to,)))


def postpone(uow: UnitOfWork, send: ScheduledSend) -> None:
    """Not now, for the account sends too fast: again in a minute."""
    if scheduled_sends.get(uow, send.draft_id) == send:
        scheduled_sends.move(uow, send.draft_id, uow.clock() + RETRY_SECONDS)


def _uninspected(content: bytes, settings: Settings) -> bytes:
    """StateSecret for a letter that bears a mark; else a line that names what could not be looked into."""
    return uninspected_field(refuse_secrets(content)) if settings.sending.secrecy_guard else b""


def _check(db: Reader, principal: Principal, account: AccountId, order: Order, settings: Settings) -> None:
    sender = _sender(db, account)
    check_senders(db, principal, (sender,))
    found = sort_recipients(db, _recipients(order))
    if found.unknown:
        raise NoSuchRecipient(*map(str, found.unknown))
    rule = Writing(settings.groups.wide_list, confirmed=order.confirmed)
    writing_rules.check(db, principal, account, found.local, rule)


def _recipients(order: Order) -> tuple[Address, ...]:
    return tuple(parse_address(one) for one in order.recipients)


def _sender(db: Reader, account_id: AccountId) -> Address:
    account = directory_boxes.account_by_id(db.conn, account_id)
    if account is None:
        raise NotPermitted(str(account_id))
    return account.address


def _hop(draft_id: str, hostname: str, at: int) -> bytes:
    """The trace field of a letter that began here (RFC 5321 §4.4); the writer's address is not told."""
    date = date_text(at, VIETNAM_MINUTES)
    return f"Received: by {hostname} with HTTP id {draft_id[:16]};\r\n\t{date}\r\n".encode()
