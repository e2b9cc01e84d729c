"""What webmail shows: pages of letters, newest first, conversations, and the facts of one letter.

Pages are cut by keyset, (date, UID) of the last row, so that page 2,000 costs what page 1 does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, func, or_, select

from mailsvc.model.errors import LetterMissing
from mailsvc.model.flags import FIRST_KEYWORD_BIT, SEEN
from mailsvc.model.message import ListedLetter
from mailsvc.storage import entries, mailboxes, messages, seen, tables
from mailsvc.storage.statement import Statement
from mailsvc.storage.traces import TRACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailsvc.model.ids import AccountId, MailboxId, MessageId, Uid
    from mailsvc.model.mailbox import Mailbox
    from mailsvc.model.message import Entry
    from mailsvc.services.permissions import Place
    from mailsvc.storage.statement import Row
    from mailsvc.storage.unit_of_work import Reader

PAGE = 50
UIDS = 1 << 30
"""Date and UID as one number that sorts as the list does; good for a thousand million letters in a mailbox."""
_e, _m, _b = tables.entries, tables.messages, tables.mailboxes
_LISTED = (
    _e.c.uid,
    _e.c.message_id,
    _e.c.flags,
    _e.c.mod_seq,
    _e.c.internal_date,
    TRACE,
    _e.c.size,
    _e.c.mailbox_id,
    _m.c.from_name,
    _m.c.from_address,
    _m.c.to_line,
    _m.c.subject,
    _m.c.preview,
    _m.c.sent_at,
    _m.c.has_attachments,
    _m.c.thread_id,
)
_joined = select(*_LISTED).join(_m, _m.c.id == _e.c.message_id)
_older = or_(
    _e.c.internal_date < bindparam("date"),
    and_(_e.c.internal_date == bindparam("date"), _e.c.uid < bindparam("uid")),
)
OLDER = Statement(
    _joined.where(
        and_(_e.c.mailbox_id == bindparam("mailbox"), _e.c.internal_date <= bindparam("date"), _older)
    )
    .order_by(_e.c.internal_date.desc(), _e.c.uid.desc())
    .limit(bindparam("limit", type_=_e.c.uid.type))
)
ONE = Statement(_joined.where(and_(_e.c.mailbox_id == bindparam("mailbox"), _e.c.uid == bindparam("uid"))))
_THREADS = [f"thread_{number}" for number in range(PAGE)]
OF_THREADS = Statement(
    select(_m.c.thread_id, func.count(), func.max(_e.c.internal_date * UIDS + _e.c.uid))
    .join(_e, _e.c.message_id == _m.c.id)
    .where(
        and_(
            _e.c.mailbox_id == bindparam("mailbox"),
            _m.c.thread_id.in_([bindparam(name) for name in _THREADS]),
        )
    )
    .group_by(_m.c.thread_id)
)
CONVERSATION = Statement(
    _joined.join(_b, _b.c.id == _e.c.mailbox_id)
    .where(
        and_(
            _m.c.thread_id == bindparam("thread"), _b.c.account_id == bindparam("account"), _b.c.deleted == 0
        )
    )
    .order_by(_e.c.internal_date, _e.c.mailbox_id, _e.c.uid)
    .limit(500)
)
HELD = Statement(
    _joined.join(_b, _b.c.id == _e.c.mailbox_id)
    .where(
        and_(
            _e.c.message_id == bindparam("message"),
            _b.c.account_id == bindparam("account"),
            _b.c.deleted == 0,
        )
    )
    .limit(20)
)
END_OF_TIME = 1 << 62


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins: below this row."""

    date: int = END_OF_TIME
    uid: int = END_OF_TIME


@dataclass(frozen=True, slots=True)
class Conversation:
    """A line of the list in conversation view: its newest letter here, and how many there are here."""

    newest: ListedLetter
    count: int


def _listed(row: Row, keywords: Sequence[str]) -> ListedLetter:
    held = entries.entry_of(row)
    return ListedLetter(
        mailbox_id=row[7],
        entry=held,
        from_name=row[8],
        from_address=row[9],
        to_line=row[10],
        subject=row[11],
        preview=row[12],
        sent_at=row[13],
        has_attachments=bool(row[14]),
        thread_id=row[15],
        keywords=tuple(
            name for index, name in enumerate(keywords) if held.flags >> (FIRST_KEYWORD_BIT + index) & 1
        ),
    )


def _for_viewer(db: Reader, mailbox: Mailbox, viewer: AccountId, rows: Iterable[Row]) -> list[ListedLetter]:
    r"""Rows as letters, with the viewer's own \Seen where the box is shared."""
    found = list(rows)
    if mailbox.per_person_seen:
        marks = [mark for mark in seen.marks(db, mailbox.id, viewer) if mark[2]]
        found = [
            (
                *row[:2],
                row[2] | SEEN
                if any(first <= row[0] <= last for first, last, _, _ in marks)
                else row[2] & ~SEEN,
                *row[3:],
            )
            for row in found
        ]
    keywords = mailboxes.keywords(db, mailbox.account_id)
    return [_listed(row, keywords) for row in found]


def page(db: Reader, place: Place, cursor: Cursor, limit: int = PAGE) -> list[ListedLetter]:
    """Letters of a mailbox below the cursor, newest first."""
    rows = db.rows(
        OLDER, {"mailbox": place.mailbox.id, "date": cursor.date, "uid": cursor.uid, "limit": limit}
    )
    return _for_viewer(db, place.mailbox, place.viewer, rows)


def conversations(
    db: Reader, place: Place, cursor: Cursor, limit: int = PAGE
) -> tuple[list[Conversation], Cursor | None]:
    """Conversations of a mailbox by their newest letter here, and where the next page begins (None: at the end)."""
    found: dict[int, ListedLetter] = {}
    counts: dict[int, int] = {}
    passed: set[int] = set()
    at: Cursor | None = cursor
    while at is not None and len(found) < limit:
        letters = page(db, place, at, PAGE)
        at = _below(letters[-1]) if len(letters) == PAGE else None
        here = [
            letter for letter in letters if letter.thread_id not in found and letter.thread_id not in passed
        ]
        newest = _threads(db, place.mailbox.id, {letter.thread_id for letter in here})
        for letter in here:
            thread = letter.thread_id
            if thread in found or thread in passed:
                continue
            count, top = newest.get(thread, (1, letter.entry.internal_date * UIDS + letter.entry.uid))
            if divmod(top, UIDS) >= (cursor.date, cursor.uid):
                passed.add(thread)  # it stood on an earlier page
                continue
            if len(found) == limit:
                at = at or Cursor(0, 0)
                break
            found[thread], counts[thread] = letter, count
    result = [Conversation(letter, counts[thread]) for thread, letter in found.items()]
    more = _below(result[-1].newest) if result and at is not None else None
    return result, more


def _below(letter: ListedLetter) -> Cursor:
    return Cursor(letter.entry.internal_date, letter.entry.uid)


def _threads(db: Reader, mailbox: MailboxId, threads: set[int]) -> dict[int, tuple[int, int]]:
    """How many letters each conversation has in a mailbox, and the date and UID of the newest, as one number."""
    if not threads:
        return {}
    wanted: dict[str, Any] = dict.fromkeys(_THREADS, 0)
    wanted.update(zip(_THREADS, sorted(threads), strict=False))
    return {row[0]: (row[1], row[2]) for row in db.rows(OF_THREADS, {"mailbox": mailbox, **wanted})}


def letter(db: Reader, place: Place, uid: Uid) -> ListedLetter:
    """One letter as the list has it; LetterMissing once it is gone."""
    rows = db.rows(ONE, {"mailbox": place.mailbox.id, "uid": uid})
    if not rows:
        raise LetterMissing(str(uid))
    return _for_viewer(db, place.mailbox, place.viewer, rows)[0]


def conversation(db: Reader, place: Place, thread_id: int) -> list[ListedLetter]:
    """All letters of a conversation in the box, oldest first, sent ones too; each content once."""
    rows = db.rows(CONVERSATION, {"thread": thread_id, "account": place.mailbox.account_id})
    return _in_their_mailboxes(db, place, rows)


def holdings(db: Reader, place: Place, message: MessageId) -> list[ListedLetter]:
    """Where the box of a place has this content."""
    return _in_their_mailboxes(
        db, place, db.rows(HELD, {"message": message, "account": place.mailbox.account_id}), once=False
    )


def _in_their_mailboxes(
    db: Reader, place: Place, rows: list[Row], *, once: bool = True
) -> list[ListedLetter]:
    boxes = {box.id: box for box in mailboxes.of_account(db, place.mailbox.account_id)}
    result: list[ListedLetter] = []
    told: set[int] = set()
    # A letter to oneself is in INBOX and in Sent: show the one in the mailbox that is open.
    for row in sorted(rows, key=lambda row: (row[1], row[7] != place.mailbox.id)):
        if (once and row[1] in told) or row[7] not in boxes:
            continue
        told.add(row[1])
        result += _for_viewer(db, boxes[row[7]], place.viewer, [row])
    return sorted(result, key=lambda found: (found.entry.internal_date, found.entry.uid))


def octets(db: Reader, held: Entry) -> bytes:
    """The letter as stored: trace prefix and content."""
    return held.trace + messages.content(db, held.message_id)


def content(db: Reader, held: Entry) -> bytes:
    """The content as it was sent."""
    return messages.content(db, held.message_id)
