"""Letters that come from elsewhere, from an old server or a file: each once, however often one begins again.

What was brought is remembered with the letter in one transaction, under the name that it has there: the old server's
UIDVALIDITY and UID, or the place in a file. Where the old server has numbered a mailbox anew (RFC 3501 §2.3.1.1), letters
are known again by their content.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, insert, select, update

from mailsvc.model.errors import BadName, MailboxExists, MailboxMissing, OverQuota, TooMany
from mailsvc.model.flags import FIRST_KEYWORD_BIT, SYSTEM_FLAGS
from mailsvc.model.mailbox import INBOX, SpecialUse
from mailsvc.services.mailbox_tree import SEPARATOR, clean_name
from mailsvc.storage import arrivals, entries, mailboxes, messages
from mailsvc.storage.messages import PreparedContent, prepare
from mailsvc.storage.statement import Statement
from mailsvc.storage.upkeep_tables import moved_letters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailsvc.model.ids import AccountId
    from mailsvc.model.mailbox import Mailbox
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

__all__ = ["PreparedContent", "prepare"]
_t = moved_letters
_place = and_(
    _t.c.account_id == bindparam("account"),
    _t.c.source == bindparam("from_source"),
    _t.c.remote_mailbox == bindparam("from_mailbox"),
)
_one = and_(_place, _t.c.remote_validity == bindparam("validity"), _t.c.remote_uid == bindparam("from_uid"))
KNOWN = Statement(
    select(_t.c.remote_uid, _t.c.mailbox_id, _t.c.uid, _t.c.flags).where(
        and_(_place, _t.c.remote_validity == bindparam("validity"))
    )
)
IS_KNOWN = Statement(select(_t.c.uid).where(_one))
RENUMBERED = Statement(
    select(_t.c.remote_validity, _t.c.remote_uid)
    .where(and_(_place, _t.c.content_key == bindparam("key"), _t.c.remote_validity != bindparam("validity")))
    .limit(1)
)
RENUMBER = Statement(
    update(_t).where(_one).values(remote_validity=bindparam("to_validity"), remote_uid=bindparam("to_uid"))
)
REMEMBER = Statement(insert(_t).values({column.name: bindparam(column.name) for column in _t.c}))
REFLAG = Statement(update(_t).where(_one).values(flags=bindparam("to_flags")))
FORGET = Statement(delete(_t).where(_one))
USUAL_NAMES = {
    SpecialUse.SENT: {
        "sent",
        "sent items",
        "sent messages",
        "sent mail",
        "đã gửi",
        "thư đã gửi",
        "hộp thư đi",
    },
    SpecialUse.DRAFTS: {"drafts", "draft", "nháp", "thư nháp", "bản nháp"},
    SpecialUse.TRASH: {"trash", "deleted items", "deleted messages", "thùng rác", "đã xóa", "thư đã xóa"},
    SpecialUse.JUNK: {"junk", "spam", "junk e-mail", "junk email", "bulk mail", "thư rác"},
    SpecialUse.ARCHIVE: {"archive", "archives", "lưu trữ"},
}
"""What servers without SPECIAL-USE call them (RFC 6154 §2)."""


@dataclass(frozen=True, slots=True)
class Source:
    """A mailbox there."""

    account: AccountId
    """The box here."""
    source: str
    """Host and login of the old server, or the name of a file."""
    mailbox: str
    validity: int

    def params(self) -> dict[str, object]:
        """For statements."""
        return {
            "account": self.account,
            "from_source": self.source,
            "from_mailbox": self.mailbox,
            "validity": self.validity,
        }


@dataclass(frozen=True, slots=True)
class Coming:
    """A letter ready to come in."""

    uid: int
    content: PreparedContent
    flags: tuple[str, ...]
    internal_date: int | None


@dataclass(frozen=True, slots=True)
class Brought:
    """What we know of a letter that came over."""

    mailbox_id: int
    uid: int
    flags: int
    """As they were there."""


class Fate(Enum):
    """What became of a letter that was to come in."""

    MOVED = "moved"
    KNOWN = "known"
    """It is here already."""
    OVER_QUOTA = "over quota"


def known(db: Reader, source: Source) -> dict[int, Brought]:
    """Letters of a mailbox there that are here already, by their UID there."""
    return {row[0]: Brought(*row[1:]) for row in db.rows(KNOWN, source.params())}


def bring(uow: UnitOfWork, source: Source, to: Mailbox, letters: Sequence[Coming]) -> list[Fate]:
    """Letters into a mailbox; a full box takes those that fit."""
    return [_bring_one(uow, source, to, letter) for letter in letters]


def _bring_one(uow: UnitOfWork, source: Source, to: Mailbox, letter: Coming) -> Fate:
    place = source.params()
    if uow.one(IS_KNOWN, {**place, "from_uid": letter.uid}) is not None:
        return Fate.KNOWN
    before = uow.one(RENUMBERED, {**place, "key": letter.content.key})
    if before is not None:
        old = {**place, "validity": before[0], "from_uid": before[1]}
        uow.run(RENUMBER, {**old, "to_validity": source.validity, "to_uid": letter.uid})
        return Fate.KNOWN
    bits = flag_bits(uow, source.account, letter.flags)
    used, quota = mailboxes.use(uow, source.account)
    if used + letter.content.size > quota:
        return Fate.OVER_QUOTA  # before any octet is stored for it
    message = messages.put(uow, letter.content)
    at = letter.internal_date if letter.internal_date is not None else uow.clock()
    try:
        uid, _ = arrivals.add(uow, to, message, letter.content.size, flags=bits, internal_date=at)
    except OverQuota:
        return Fate.OVER_QUOTA
    uow.run(
        REMEMBER,
        {
            "account_id": source.account,
            "source": source.source,
            "remote_mailbox": source.mailbox,
            "remote_validity": source.validity,
            "remote_uid": letter.uid,
            "content_key": letter.content.key,
            "mailbox_id": to.id,
            "uid": uid,
            "flags": bits,
        },
    )
    return Fate.MOVED


def flag_bits(uow: UnitOfWork, account: AccountId, flags: Iterable[str]) -> int:
    r"""Bits of flags as another server names them; \Recent is its own, and a 59th keyword finds no place."""
    bits = 0
    system = {name.lower(): bit for name, bit in SYSTEM_FLAGS.items()}
    for flag in flags:
        if flag.startswith("\\"):
            bits |= system.get(flag.lower(), 0)
            continue
        try:
            bits |= mailboxes.keyword_bits(uow, account, [flag])
        except TooMany:
            continue
    return bits


def flag_names(bits: int, keywords: Sequence[str]) -> tuple[str, ...]:
    """The names of flags, system flags first."""
    system = [name for name, bit in SYSTEM_FLAGS.items() if bits & bit]
    return (
        *system,
        *(name for index, name in enumerate(keywords) if bits >> (FIRST_KEYWORD_BIT + index) & 1),
    )


def follow(
    uow: UnitOfWork, source: Source, changed: dict[int, tuple[str, ...]], gone: Sequence[int]
) -> tuple[int, int]:
    """What was done there since: (flags changed, letters deleted) here, where nobody has touched the letter meanwhile.

    A letter that was moved there is gone from one mailbox and new in another; without this it would be here twice.
    """
    held = known(uow, source)
    flagged = deleted = 0
    for uid, flags in changed.items():
        one = held.get(uid)
        bits = flag_bits(uow, source.account, flags)
        if one is None or bits == one.flags:
            continue
        box = _untouched(uow, one)
        if box is not None:
            entries.set_flags(uow, box, [(one.uid, one.uid)], keep=0, add_bits=bits)
            flagged += 1
        uow.run(REFLAG, {**source.params(), "from_uid": uid, "to_flags": bits})
    for uid in gone:
        one = held.get(uid)
        if one is None:
            continue
        box = _untouched(uow, one)
        if box is not None:
            entries.expunge(uow, box, [(one.uid, one.uid)])
            deleted += 1
        uow.run(FORGET, {**source.params(), "from_uid": uid})
    return flagged, deleted


def _untouched(uow: UnitOfWork, one: Brought) -> Mailbox | None:
    from mailsvc.model.ids import MailboxId, Uid

    try:
        box = mailboxes.by_id(uow, MailboxId(one.mailbox_id))
    except MailboxMissing:
        return None
    entry = entries.one(uow, box.id, Uid(one.uid))
    return box if entry is not None and entry.flags == one.flags else None


# -- mailboxes


def ensure_mailbox(uow: UnitOfWork, account: AccountId, name: str) -> Mailbox:
    """The mailbox of a name, made with those above it if it is missing."""
    levels = clean_name(name).split(SEPARATOR)
    for depth in range(1, len(levels) + 1):
        above = SEPARATOR.join(levels[:depth])
        try:
            made = mailboxes.by_name(uow, account, above)
        except MailboxMissing:
            made = mailboxes.create(uow, account, above)
        except MailboxExists:
            continue
    return made


def names_here(
    there: Sequence[tuple[tuple[str, ...], frozenset[str]]],
    own: Sequence[Mailbox],
    *,
    drop_prefix: bool = True,
) -> list[str]:
    """What mailboxes there are called here, from their levels and attributes, each name once.

    INBOX is INBOX; a prefix `INBOX.` that all others have is dropped; what is for sent mail there is for sent mail here.
    """
    others = [levels for levels, _ in there if not _is_inbox(levels)]
    prefixed = drop_prefix and bool(others) and all(levels[0].upper() == INBOX for levels in others)
    uses = {box.special_use: box.name for box in own if box.special_use is not None}
    taken: set[str] = set()
    found = []
    marked = {use for _, attributes in there for use in SpecialUse if use.value.lower() in attributes}
    for levels, attributes in there:
        use = next((one for one in SpecialUse if one.value.lower() in attributes), None)
        inner = levels[1:] if prefixed and len(levels) > 1 else levels
        if use is None and len(inner) == 1:
            use = next(
                (
                    one
                    for one, usual in USUAL_NAMES.items()
                    if inner[0].lower() in usual and one not in marked
                ),
                None,
            )
        name = INBOX if _is_inbox(levels) else uses.get(use, "") if use is not None else ""
        if not name or name in taken:
            name = _spelt(inner)
        number = 2
        while name in taken:
            name = f"{_spelt(inner)} ({number})"
            number += 1
        taken.add(name)
        found.append(name)
    return found


def _is_inbox(levels: tuple[str, ...]) -> bool:
    return len(levels) == 1 and levels[0].upper() == INBOX


def _spelt(levels: tuple[str, ...]) -> str:
    """Levels as a name that can be kept here."""
    clean = []
    for level in levels:
        text = "".join("_" if character in "*%" or ord(character) < 32 else character for character in level)
        clean.append(text.replace(SEPARATOR, "-").strip() or "_")
    name = SEPARATOR.join(clean)
    try:
        return clean_name(name)
    except BadName:
        return "Moved " + hashlib.sha256(name.encode()).hexdigest()[:12]
