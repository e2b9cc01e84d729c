"""Thu hồi thư: a harmful letter is found in all boxes of a scope and taken out of them; one act gives it back.

Withdrawn letters stay recoverable as deleted ones do, a legal hold keeps them for longer, and only whoever withdraws can
give them back: their owners do not find them among what they deleted. What people sent themselves is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, func, insert, or_, select, true, update

from directory import audit
from directory.scope import Deed
from directory.tables import accounts, units
from mailsvc.model.errors import LetterMissing, OverQuota
from mailsvc.model.flags import SEEN
from mailsvc.model.ids import AccountId, MailboxId, Uid
from mailsvc.model.mailbox import SpecialUse
from mailsvc.services import recover
from mailsvc.storage import entries, mailboxes, tables
from mailsvc.storage.pull_tables import letter_reports, withdrawals, withdrawn_letters
from search.fold import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement

    from directory.scope import Scope
    from mailsvc.services.permissions import Place
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork
    from search.engine import Engine

MOST_FOUND = 200
MOST_INDEXED = 1_000
MOST_WORDS = 10
MIN_REASON = 10
STEP = 250
"""Letters withdrawn or given back in one short transaction."""
_e, _b, _m = tables.entries.c, tables.mailboxes.c, tables.messages.c
_w, _l, _r = withdrawals.c, withdrawn_letters.c, letter_reports.c
_HELD = (
    tables.entries.join(tables.messages, _m.id == _e.message_id)
    .join(tables.mailboxes, _b.id == _e.mailbox_id)
    .join(accounts, accounts.c.id == _b.account_id)
)
_OWN = (SpecialUse.SENT.value, SpecialUse.DRAFTS.value)


class Report(StrEnum):
    """What a person says of a letter."""

    PHISHING = "phishing"  # lừa đảo
    JUNK = "junk"  # thư rác


class NothingToFind(ValueError):
    """A search that names no letter: it would find every one."""


class ReasonMissing(ValueError):
    """Letters are not withdrawn without a reason of some words."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What letters are looked for; all that is given has to fit."""

    message_name: str = ""
    """The Message-ID field, with or without its brackets."""
    sender: str = ""
    """An address, or the part of one after @."""
    words: str = ""
    """Words of the subject or of the people's names, marks do not matter."""
    text: str = ""
    """What the letter says, in the language of the search box; asks the index."""
    since: int = 0

    def said(self) -> dict[str, str]:
        """What is looked for, for the log."""
        named = {
            "message_id": self.message_name,
            "sender": self.sender,
            "words": self.words,
            "text": self.text,
        }
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class FoundLetter:
    """One letter, whoever has it, within the scope of who looks."""

    id: int
    message_name: str
    from_address: str
    subject: str
    first_at: int
    boxes: int
    opened: int
    """In how many of the boxes somebody has read it, as far as its own mark says."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One letter that was taken out of boxes."""

    id: int
    message_name: str
    from_address: str
    subject: str
    reason: str
    actor: str
    at: int
    restored_at: int | None
    letters: int
    """How many are still withdrawn."""


@dataclass(frozen=True, slots=True)
class ReportedLetter:
    """A letter that people reported, the most reports first."""

    id: int
    message_name: str
    from_address: str
    subject: str
    kind: Report
    reports: int
    first_at: int
    boxes: int


def find(
    db: Reader, scope: Scope, sought: Sought, engine: Engine | None = None, limit: int = MOST_FOUND
) -> list[FoundLetter]:
    """Letters in boxes of the scope, the newest first; NothingToFind for a search that names none.

    `engine` is needed to look for what letters say; search.query.QueryError tells what could not be understood.
    """
    conditions = _conditions(sought)
    if sought.text.strip() and engine is not None:
        conditions.append(_m.id.in_(_saying(db, scope, engine, sought.text)))
    if not conditions:
        raise NothingToFind
    query = (
        select(
            _m.id,
            _m.message_id,
            _m.from_address,
            _m.subject,
            func.min(_e.internal_date).label("first_at"),
            func.count(func.distinct(_b.account_id)),
            func.sum(_e.flags.op("&")(SEEN)),
        )
        .select_from(_HELD)
        .where(_there(scope), *conditions, _e.internal_date >= sought.since)
        .group_by(_m.id, _m.message_id, _m.from_address, _m.subject)
        .order_by(func.min(_e.internal_date).desc(), _m.id.desc())
        .limit(min(limit, MOST_FOUND))
    )
    return [
        FoundLetter(row[0], row[1], row[2], row[3], row[4], int(row[5]), int(row[6]))
        for row in db.conn.execute(query)
    ]


def _conditions(sought: Sought) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if sought.message_name:
        name = sought.message_name.strip()
        found.append(_m.message_id == (name if name.startswith("<") else f"<{name}>"))
    if sought.sender:
        sender = sought.sender.strip().lower()
        exact = func.lower(_m.from_address) == sender
        found.append(exact if "@" in sender.lstrip("@") else _ends_with(sender.lstrip("@")))
    words = fold(sought.words).split()[:MOST_WORDS]
    return [*found, *(_m.headline.contains(word, autoescape=True) for word in words)]


def _saying(db: Reader, scope: Scope, engine: Engine, text: str) -> list[int]:
    """The letters of the scope that the index finds; whether they are there still, the caller asks."""
    from search.query import parse_query  # Whoosh's parser is 17 MB that other commands do not need

    query = parse_query(text)
    owners = [row[0] for row in db.conn.execute(select(accounts.c.id).where(_within(scope)))]
    found: dict[int, None] = {}
    for start in range(0, len(owners), STEP):
        hits = engine.search(query, frozenset(owners[start : start + STEP]), limit=MOST_FOUND)
        found.update(dict.fromkeys(hit.id for hit in hits))
    return sorted(found, reverse=True)[:MOST_INDEXED]


def _ends_with(domain: str) -> ColumnElement[bool]:
    return func.lower(_m.from_address).endswith(f"@{domain}", autoescape=True)


def _within(scope: Scope) -> ColumnElement[bool]:
    """Boxes of units in the scope: also one's own, and those of administrators above, whom the letter reached too."""
    if scope.on_the_server:
        return true()
    return accounts.c.unit_id.in_(select(units.c.id).where(scope.units_where(Deed.WITHDRAW)))


def _there(scope: Scope) -> ColumnElement[bool]:
    return and_(_b.deleted == 0, _within(scope))


# -- out of the boxes


def begin(uow: UnitOfWork, scope: Scope, message: int, *, reason: str, actor: str) -> int:
    """Write down that a letter is withdrawn, before the first one goes; the number of the withdrawal."""
    said = " ".join(reason.split())
    if len(said) < MIN_REASON:
        raise ReasonMissing
    query = (
        select(_m.message_id, _m.from_address, _m.subject)
        .select_from(_HELD)
        .where(_there(scope), _m.id == message)
        .limit(1)
    )
    row = uow.conn.execute(query).first()
    if row is None:
        raise LetterMissing(str(message))
    number = uow.conn.execute(
        insert(withdrawals)
        .values(
            message_id=message,
            message_name=row[0],
            from_address=row[1],
            subject=row[2],
            reason=said,
            actor=actor,
            at=uow.clock(),
        )
        .returning(_w.id)
    ).scalar_one()
    detail = {"id": number, "from": row[1], "reason": said}
    audit.record(uow.conn, actor, "letter.withdraw", row[0], detail, uow.clock())
    return int(number)


def take_some(uow: UnitOfWork, scope: Scope, number: int) -> int:
    """Take the letter out of some more boxes; 0 once it is nowhere left."""
    message = uow.conn.execute(select(_w.message_id).where(_w.id == number)).scalar_one()
    own = or_(_b.special_use.is_(None), _b.special_use.not_in(_OWN))
    query = (
        select(_e.mailbox_id, _e.uid)
        .select_from(_HELD)
        .where(_there(scope), _e.message_id == message, own)
        .limit(STEP)
    )
    places = [(MailboxId(row[0]), Uid(row[1])) for row in uow.conn.execute(query)]
    for mailbox, uid in places:
        entries.expunge(uow, mailboxes.by_id(uow, mailbox), [(uid, uid)])
    if places:
        rows = [{"mailbox_id": mailbox, "uid": uid, "withdrawal_id": number} for mailbox, uid in places]
        uow.conn.execute(insert(withdrawn_letters), rows)
    return len(places)


def tell(uow: UnitOfWork, number: int, letters: int, *, actor: str) -> None:
    """Write down from how many boxes it went."""
    row = uow.conn.execute(select(_w.message_name).where(_w.id == number)).scalar_one()
    audit.record(uow.conn, actor, "letter.withdrawn", row, {"id": number, "letters": letters}, uow.clock())


# -- and back


def give_some_back(uow: UnitOfWork, scope: Scope, number: int, actor: str) -> tuple[int, int]:
    """Give the letter back to some more boxes: (how many came back, how many cannot).

    (0, n) once the others are full, past recovery or outside of the scope: they stay withdrawn.
    """
    query = (
        select(_l.mailbox_id, _l.uid, _b.account_id)
        .join(tables.mailboxes, _b.id == _l.mailbox_id)
        .join(accounts, accounts.c.id == _b.account_id)
        .where(_l.withdrawal_id == number, _within(scope))
        .order_by(_l.mailbox_id, _l.uid)
    )
    back = stuck = 0
    for mailbox, uid, account in uow.conn.execute(query).all():
        if back >= STEP:
            break
        try:
            uow.attempt(_give_back, MailboxId(mailbox), Uid(uid), AccountId(account), actor)
        except (OverQuota, LetterMissing):
            stuck += 1
        else:
            back += 1
    if not back:
        uow.conn.execute(update(withdrawals).where(_w.id == number).values(restored_at=uow.clock()))
        name = uow.conn.execute(select(_w.message_name).where(_w.id == number)).scalar_one()
        audit.record(uow.conn, actor, "letter.restore", name, {"id": number, "left": stuck}, uow.clock())
    return back, stuck


def _give_back(uow: UnitOfWork, mailbox: MailboxId, uid: Uid, account: AccountId, actor: str) -> None:
    uow.conn.execute(delete(withdrawn_letters).where(_l.mailbox_id == mailbox, _l.uid == uid))
    recover.recover_in(uow, account, mailbox, [uid], actor)


def listed(db: Reader, scope: Scope, limit: int = 100) -> list[Withdrawal]:
    """Withdrawals of letters that were in boxes of the scope, the newest first."""
    letters = (
        select(_l.withdrawal_id, func.count().label("letters"))
        .join(tables.mailboxes, _b.id == _l.mailbox_id)
        .join(accounts, accounts.c.id == _b.account_id)
        .where(_within(scope))
        .group_by(_l.withdrawal_id)
        .subquery()
    )
    columns = (
        _w.id,
        _w.message_name,
        _w.from_address,
        _w.subject,
        _w.reason,
        _w.actor,
        _w.at,
        _w.restored_at,
    )
    query = (
        select(*columns, func.coalesce(letters.c.letters, 0))
        .join(letters, letters.c.withdrawal_id == _w.id, isouter=scope.on_the_server)
        .order_by(_w.id.desc())
        .limit(limit)
    )
    return [Withdrawal(*row) for row in db.conn.execute(query)]


# -- what people report


def report_letter(uow: UnitOfWork, place: Place, uid: int, kind: Report) -> bool:
    """Somebody says that a letter in front of them is harmful; whether they say it for the first time."""
    held = entries.one(uow, place.mailbox.id, Uid(uid))
    if held is None:
        raise LetterMissing(str(uid))
    said = select(_r.id).where(
        _r.message_id == held.message_id, _r.reporter_id == place.viewer, _r.kind == kind.value
    )
    if uow.conn.execute(said).first() is not None:
        return False
    uow.conn.execute(
        insert(letter_reports).values(
            message_id=held.message_id,
            account_id=place.mailbox.account_id,
            reporter_id=place.viewer,
            kind=kind.value,
            at=uow.clock(),
        )
    )
    return True


def reported(db: Reader, scope: Scope, *, since: int = 0, limit: int = 100) -> list[ReportedLetter]:
    """Letters that people of the scope reported, most reports first, and in how many boxes of the scope they are."""
    counted = (
        select(_r.message_id, _r.kind, func.count().label("reports"), func.min(_r.at).label("first_at"))
        .join(accounts, accounts.c.id == _r.account_id)
        .where(_r.at >= since, _within(scope))
        .group_by(_r.message_id, _r.kind)
        .subquery()
    )
    query = (
        select(
            _m.id,
            _m.message_id,
            _m.from_address,
            _m.subject,
            counted.c.kind,
            counted.c.reports,
            counted.c.first_at,
        )
        .join(counted, counted.c.message_id == _m.id)
        .order_by(counted.c.reports.desc(), counted.c.first_at.desc(), _m.id)
        .limit(limit)
    )
    rows = db.conn.execute(query).all()
    held = _boxes_of(db, scope, [row[0] for row in rows])
    return [
        ReportedLetter(
            row[0], row[1], row[2], row[3], Report(row[4]), int(row[5]), row[6], held.get(row[0], 0)
        )
        for row in rows
    ]


def _boxes_of(db: Reader, scope: Scope, messages: Sequence[int]) -> dict[int, int]:
    query = (
        select(_e.message_id, func.count(func.distinct(_b.account_id)))
        .select_from(_HELD)
        .where(_there(scope), _e.message_id.in_(list(messages)))
        .group_by(_e.message_id)
    )
    return {row[0]: int(row[1]) for row in db.conn.execute(query)}
