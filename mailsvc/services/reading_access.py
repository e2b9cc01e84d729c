"""A right to read in another's box begins and ends: the auditors get a letter, open connections look at rights anew."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from directory import reading
from directory.repository import boxes as directory_boxes
from directory.repository import domains
from mailsvc.mime.compose import Draft, Mailbox, compose
from mailsvc.model.changes import DirectoryChanged
from mailsvc.model.ids import AccountId
from mailsvc.services.receive import IncomingLetter, Recipient, prepare, receive

if TYPE_CHECKING:
    from directory.reading import Approved, Reading
    from directory.scope import Scope
    from mailsvc.storage.unit_of_work import UnitOfWork

SUBJECT = "Thông báo: đọc hộp thư {box} / Notice: reading in {box}"
TEXT = """Quyền đọc hộp thư của người khác vừa có hiệu lực.

Hộp thư: {box}
Người đọc: {reader}
Lý do: {reason}
Đến hết ngày: {until:%d/%m/%Y}
Người đề nghị: {requester}
Hai người duyệt: {approvers}

Mọi lần mở thư đều được ghi nhật ký: congvu audit list --about {box}
Chấm dứt sớm: congvu reading end {id}

-----
A right to read in somebody else's mailbox is in force: {reader} in {box}, until {until}, because: {reason}.
Asked for by {requester}, approved by {approvers}. Every opening is in the audit log.
"""


def approve(uow: UnitOfWork, scope: Scope, number: int, actor: str) -> Reading:
    """One approval; with the second the auditors are told, in the same transaction, and the reader may read."""
    done = reading.approve_reading(uow.conn, scope, number, actor=actor, at=uow.clock())
    if done.auditors:
        _tell(uow, done)
        uow.record(DirectoryChanged())
    return done.reading


def end_expired(uow: UnitOfWork) -> None:
    """Housekeeping: the log says that a right ended, and whoever still has the box open is shown out."""
    if reading.end_expired(uow.conn, uow.clock()):
        uow.record(DirectoryChanged())


def _tell(uow: UnitOfWork, done: Approved) -> None:
    """A letter from the system's own address into the box of every auditor, full or not."""
    one = done.reading
    known = directory_boxes.accounts_by_ids(uow.conn, [one.box, one.reader, *one.approvers])
    box = str(known[one.box].address)
    domain = domains.default_domain(uow.conn) or "localhost"
    words = {
        "box": box,
        "reader": str(known[one.reader].address),
        "reason": one.reason,
        "until": one.until,
        "requester": one.requester,
        "approvers": ", ".join(str(known[approver].address) for approver in one.approvers),
        "id": one.id,
    }
    letter = Draft(
        from_=(Mailbox("Congvu", f"postmaster@{domain}"),),
        to=tuple(Mailbox(auditor.display_name, str(auditor.address)) for auditor in done.auditors),
        message_id=f"{secrets.token_hex(16)}@{domain}",
        date=uow.clock(),
        subject=SUBJECT.format_map(words),
        text=TEXT.format_map(words),
        extra=(("Auto-Submitted", "auto-generated"),),
    )
    recipients = tuple(Recipient(auditor.address, (AccountId(auditor.id),)) for auditor in done.auditors)
    content = prepare(compose(letter), uow.store.pieces)
    receive(uow, IncomingLetter(content, b"Return-Path: <>\r\n", "", recipients))
