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
    from collections.abc import Iterable

    from mailsvc.model.ids import AccountId
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork
    from search.engine import Engine, Owners

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


def owners_of(db: Reader, message: MessageId) -> Owners:
    """Who has a letter; empty when nobody has it any more."""
    found = entries.owners(db, message, MANY_OWNERS + 1)
    return MANY if len(found) > MANY_OWNERS else tuple(found)


def document(db: Reader, message: MessageId, owners: Owners, max_text: int) -> Document | None:
    """What is indexed of a letter; None when it was collected meanwhile."""
    row = db.one(FACTS, {"message": message})
    if row is None:
        return None
    try:
        content = messages.readable(db, message, max_text)
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
        owners=owners,
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
    documents = unknown(db, engine, dict.fromkeys(MessageId(row[1]) for row in waiting), max_text)
    engine.index(documents, watermark=waiting[-1][0])
    return len(waiting) == batch


def unknown(db: Reader, engine: Engine, wanted: Iterable[MessageId], max_text: int) -> list[Document]:
    """Documents of the letters that the index has never seen; of the others it learns who has them now.

    A copy, or the same letter to the next thousand, then costs no reading of its text.
    """
    held = {message: owners for message in wanted if (owners := owners_of(db, message))}
    known = engine.set_owners({int(message): owners for message, owners in held.items()})
    return [
        found
        for message, owners in held.items()
        if message not in known and (found := document(db, message, owners, max_text)) is not None
    ]


def refresh(db: Reader, engine: Engine, limit: int, max_text: int) -> bool:
    """Housekeeping: letters that got owners later are indexed again, to be found faster; True if more wait."""
    stale = [MessageId(id_) for id_ in engine.stale(limit)]
    held = {message: owners for message in stale if (owners := owners_of(db, message))}
    engine.delete([message for message in stale if message not in held])
    found = [document(db, message, owners, max_text) for message, owners in held.items()]
    engine.index([one for one in found if one is not None])
    return len(stale) == limit


def catch_up(db: Reader, engine: Engine, account: AccountId, max_text: int) -> None:
    """Before a search: index the few letters past the watermark, so that nothing acknowledged is missed.

    Where many wait, those of the searched box go first; the watermark comes by them later, which changes nothing.
    """
    for _ in range(CATCH_UP_LETTERS // 20):
        if not step(db, engine, batch=20, max_text=max_text):
            return
    waiting = {"seq": engine.watermark(), "account": account, "limit": CATCH_UP_LETTERS}
    own = [MessageId(row[0]) for row in db.rows(OF_BOX_SINCE, waiting)]
    engine.index(unknown(db, engine, own, max_text))


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
