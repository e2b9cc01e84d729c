"""Accounts that nobody uses: in the page, then in a letter to the unit's clerk, then locked."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from directory import life
from directory.model import AccountKind, AccountState, PostRole, UnitId, vietnam_day
from directory.repository import boxes as directory_boxes
from directory.repository import domains, units
from directory.tables import accounts, posts
from mailsvc.mime.compose import Draft, Mailbox, compose
from mailsvc.model.changes import DirectoryChanged
from mailsvc.model.ids import AccountId
from mailsvc.services.receive import IncomingLetter, Recipient, prepare, receive
from mailsvc.storage import tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from directory.life import Unused
    from directory.model import Account, Unit
    from directory.policies import Defaults
    from mailsvc.services.receive import PreparedContent
    from mailsvc.storage.pieces import PieceFiles
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_u = tables.usage_days
USED_ON = Statement(select(_u.c.viewer_id, func.max(_u.c.day)).group_by(_u.c.viewer_id))
USED_ON_BY = Statement(select(func.max(_u.c.day)).where(_u.c.viewer_id == bindparam("viewer")))
LISTED_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Notice:
    """One letter: to which box, about whom."""

    unit: Unit
    to: Account
    about: tuple[Unused, ...]


@dataclass(frozen=True, slots=True)
class PreparedNotice:
    """A letter ready to be delivered."""

    notice: Notice
    content: PreparedContent


def state_of(db: Reader, account: AccountId, defaults: Defaults) -> Unused | None:
    """How it stands with one account, for its page."""
    row = db.one(USED_ON_BY, {"viewer": account})
    used = date.fromisoformat(row[0]) if row is not None and row[0] else None
    return life.unused_state(db.conn, account, vietnam_day(db.clock()), defaults, used)


def look(db: Reader, at: int, defaults: Defaults) -> list[Unused]:
    """Everybody of whom somebody is to be told; reads only."""
    used = {AccountId(row[0]): date.fromisoformat(row[1]) for row in db.rows(USED_ON, {})}
    return life.unused_accounts(db.conn, vietnam_day(at), defaults, used)


def notices(db: Reader, found: Sequence[Unused], at: int) -> list[Notice]:
    """The letters to be written: of each unit, who was not listed yet; to its box, its clerks, or the unit above."""
    today = vietnam_day(at)
    by_id = {unit.id: unit for unit in units.units_on(db.conn, today)}
    by_unit: defaultdict[UnitId, list[Unused]] = defaultdict(list)
    for item in [item for item in found if item.listed_at is None][:LISTED_AT_ONCE]:
        if item.account.unit_id in by_id:
            by_unit[item.account.unit_id].append(item)
    readers = _readers(db, today)
    made = []
    for unit_id, about in by_unit.items():
        unit = by_id[unit_id]
        path = [above.id for above in reversed(units.path_of(by_id, unit))]
        nearest = next((above for above in path if above in readers), None)
        if nearest is not None:
            made += [Notice(unit, account, tuple(about)) for account in readers[nearest]]
    return made


def prepare_notices(made: Iterable[Notice], files: PieceFiles, at: int, domain: str) -> list[PreparedNotice]:
    """The letters composed: slow, outside of any transaction."""
    return [PreparedNotice(notice, prepare(_letter(notice, at, domain), files)) for notice in made]


def deliver(uow: UnitOfWork, prepared: Sequence[PreparedNotice], at: int) -> None:
    """Put the letters into the boxes of the clerks, and remember whom they were about."""
    for item in prepared:
        account = item.notice.to
        to = Recipient(account.address, (AccountId(account.id),))
        trace = b"Return-Path: <>\r\n"
        receive(uow, IncomingLetter(item.content, trace, "", (to,)))
    life.note_listed(
        uow.conn, list({who.account.id: who for item in prepared for who in item.notice.about}.values()), at
    )


def lock(uow: UnitOfWork, found: Sequence[Unused], at: int) -> int:
    """Lock those whose time is over; how many."""
    locked = life.lock_unused(uow.conn, found, at)
    if locked:
        uow.record(DirectoryChanged())
    return len(locked)


def home_domain(db: Reader) -> str:
    """The domain of service addresses."""
    return domains.default_domain(db.conn) or ""


def _readers(db: Reader, today: date) -> Mapping[UnitId, list[Account]]:
    """Who reads the letters of each unit: its own box, else its records clerks."""
    found: dict[UnitId, list[Account]] = {}
    clerks = (
        select(posts.c.unit_id, accounts.c.id)
        .join(accounts, accounts.c.person_id == posts.c.person_id)
        .where(
            posts.c.role == PostRole.RECORDS_CLERK.value,
            posts.c.valid_from <= today.isoformat(),
            posts.c.valid_to.is_(None) | (posts.c.valid_to > today.isoformat()),
            accounts.c.state == AccountState.ACTIVE.value,
        )
    )
    rows = db.conn.execute(clerks).all()
    known = directory_boxes.accounts_by_ids(db.conn, {row[1] for row in rows})
    for unit_id, account_id in rows:
        if account_id in known:
            found.setdefault(UnitId(unit_id), []).append(known[account_id])
    for box in directory_boxes.list_accounts(db.conn, kind=AccountKind.UNIT, state=AccountState.ACTIVE):
        if box.unit_id is not None:
            found[box.unit_id] = [box]
    return found


def _letter(notice: Notice, at: int, domain: str) -> bytes:
    """Plain text without a link: quota and account mails with links are how people here were robbed (2020)."""
    lines = [
        f"Kính gửi {notice.unit.name},",
        "",
        f"{len(notice.about)} tài khoản thư công vụ của đơn vị lâu nay không được sử dụng:",
        "",
        *(_line(item) for item in notice.about),
        "",
        "Người đang công tác chỉ cần đăng nhập một lần. Người nghỉ phép, nghỉ thai sản: báo quản trị đơn vị ghi",
        "ngày nghỉ. Người đã nghỉ việc: báo để thu hồi. Thư này do hệ thống gửi, không cần trả lời.",
        "",
        f"{len(notice.about)} accounts of {notice.unit.name} have not been used for long; signing in once is enough.",
    ]
    sender = Mailbox("Thư công vụ", f"postmaster@{domain}")
    to = Mailbox(notice.to.display_name, str(notice.to.address))
    return compose(
        Draft(
            from_=(sender,),
            message_id=f"unused.{notice.unit.id}.{notice.to.id}.{at}@{domain}",
            date=at,
            subject=f"{len(notice.about)} tài khoản không sử dụng của {notice.unit.name}",
            text="\n".join(lines),
            to=(to,),
            extra=(("Auto-Submitted", "auto-generated"),),  # RFC 3834 §5
        )
    )


def _line(item: Unused) -> str:
    locks = item.locks_on
    when = f", khóa từ {locks:%d/%m/%Y}" if locks is not None else ""
    return f"- {item.account.display_name} <{item.account.address}>: {item.days} ngày{when}"
