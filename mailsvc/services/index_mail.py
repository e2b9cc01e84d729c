"""The search index follows the mail: a durable watermark in the feed of letters that came to a mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, func, select

from mailsvc.mime.parse import parse
from mailsvc.mime.text import file_name, searchable_text, walk
from mailsvc.model.errors import LetterMissing
from mailsvc.model.ids import MessageId
from mailsvc.services.scan import readable
from mailsvc.storage import entries, messages, tables
from mailsvc.storage.pieces import PieceDamaged
from mailsvc.storage.statement import Statement
from search.engine import MANY, MANY_OWNERS, Document

if TYPE_CHECKING:
    from mailsvc.model.ids import AccountId
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork
    from search.engine import Engine

_f, _m = tables.index_feed, tables.messages
SINCE = Statement(
    select(_f.c.seq, _f.c.message_id)
    .where(_f.c.seq > bindparam("seq"))
    .order_by(_f.c.seq)
    .limit(bindparam("limit", type_=_f.c.seq.type))
)
OF_BOX_SINCE = Statement(
    select(tables.entries.c.message_id)
    .join(tables.mailboxes, tables.mailboxes.c.id == tables.entries.c.mailbox_id)
    .where(
        and_(
            tables.mailboxes.c.account_id == bindparam("account"),
            tables.entries.c.message_id.in_(select(_f.c.message_id).where(_f.c.seq > bindparam("seq"))),
        )
    )
    .distinct()
    .order_by(tables.entries.c.message_id.desc())
    .limit(bindparam("limit", type_=_f.c.seq.type))
)
NEWEST = Statement(select(func.coalesce(func.max(_f.c.seq), 0)))
FORGET = Statement(delete(_f).where(_f.c.seq <= bindparam("seq")))
FACTS = Statement(
    select(_m.c.subject, _m.c.from_name, _m.c.from_address, _m.c.to_line, _m.c.sent_at).where(
        _m.c.id == bindparam("message")
    )
)
ARRIVED = Statement(
    select(func.min(tables.entries.c.internal_date)).where(
        tables.entries.c.message_id == bindparam("message")
    )
)
CATCH_UP_LETTERS = 200


def document(db: Reader, message: MessageId, max_text: int) -> Document | None:
    """What is indexed of a letter; None when nobody has it any more."""
    row = db.one(FACTS, {"message": message})
    owners = entries.owners(db, message, MANY_OWNERS + 1)
    if row is None or not owners:
        return None
    try:
        content = messages.content(db, message)
        entity = parse(content)
        body = searchable_text(content, entity, max_text)
        header = readable(content[: entity.body_start])
        files = "\n".join(name for _, part in walk(entity) if (name := file_name(part)))
    except (PieceDamaged, LetterMissing):
        body = files = header = ""  # `congvu verify` reports it; the rest of the letter can still be found
    arrived = db.one(ARRIVED, {"message": message})
    date = int(arrived[0]) if arrived is not None and arrived[0] is not None else int(row[4] or 0)
    return Document(
        id=message,
        date=date,
        owners=MANY if len(owners) > MANY_OWNERS else tuple(owners),
        subject=row[0],
        sender=f"{row[1]} {row[2]}",
        recipients=row[3],
        body=body,
        other=header,
        files=files,
    )


def step(db: Reader, engine: Engine, *, batch: int, max_text: int) -> bool:
    """Index the next letters of the feed; True if more wait. Done again after a crash, it changes nothing."""
    waiting = db.rows(SINCE, {"seq": engine.watermark(), "limit": batch})
    if not waiting:
        return False
    documents = [
        found
        for message in dict.fromkeys(row[1] for row in waiting)
        if (found := document(db, MessageId(message), max_text)) is not None
    ]
    engine.index(documents, watermark=waiting[-1][0])
    return len(waiting) == batch


def catch_up(db: Reader, engine: Engine, account: AccountId, max_text: int) -> None:
    """Before a search: index the few letters past the watermark, so that nothing acknowledged is missed.

    Where many wait, those of the searched box go first; the watermark comes by them later, which changes nothing.
    """
    for _ in range(CATCH_UP_LETTERS // 20):
        if not step(db, engine, batch=20, max_text=max_text):
            return
    waiting = {"seq": engine.watermark(), "account": account, "limit": CATCH_UP_LETTERS}
    own = [document(db, MessageId(row[0]), max_text) for row in db.rows(OF_BOX_SINCE, waiting)]
    engine.index([found for found in own if found is not None])


def waiting(db: Reader, engine: Engine, limit: int) -> frozenset[MessageId] | None:
    """Letters of the feed that the index has not seen; None if more than `limit`."""
    rows = db.rows(SINCE, {"seq": engine.watermark(), "limit": limit + 1})
    return None if len(rows) > limit else frozenset(MessageId(row[1]) for row in rows)


def lag(db: Reader, engine: Engine) -> int:
    """Letters of the feed that the index has not seen."""
    row = db.one(NEWEST, {})
    return 0 if row is None else max(int(row[0]) - engine.watermark(), 0)


def forget_feed(uow: UnitOfWork, engine: Engine) -> None:
    """Housekeeping: the feed behind the watermark is not needed again."""
    uow.run(FORGET, {"seq": engine.watermark() - 1000})
