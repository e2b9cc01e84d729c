"""A mailbox out into files, for its owner who leaves, for an archive, for an investigation; with an audit line."""

from __future__ import annotations

import json
import os
import re
import zipfile
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, select

from directory import audit
from directory.scope import Deed
from mailsvc.model.errors import Conflict
from mailsvc.model.ids import AccountId, MessageId
from mailsvc.services import reach
from mailsvc.services.letter_file import MAILDIR_FLAGS, MANIFEST, to_mbox
from mailsvc.services.move_in import flag_names
from mailsvc.storage import mailboxes, messages, tables
from mailsvc.storage.statement import Statement
from mailsvc.storage.traces import TRACE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from directory.scope import Scope
    from mailsvc.model.mailbox import Mailbox
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_e, _g = tables.entries, tables.messages
STEP = 100
NEXT = Statement(
    select(_e.c.uid, _e.c.message_id, _e.c.flags, _e.c.internal_date, TRACE, _g.c.from_address)
    .join(_g, _g.c.id == _e.c.message_id)
    .where(and_(_e.c.mailbox_id == bindparam("mailbox"), _e.c.uid > bindparam("after")))
    .order_by(_e.c.uid)
    .limit(STEP)
)
_NOT_IN_A_NAME = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')


class Format(StrEnum):
    """What letters are written as."""

    MBOX = "mbox"
    """A file a mailbox, `Name.mbox`."""
    MAILDIR = "maildir"
    """A Maildir a mailbox, folders in folders."""
    ZIP = "zip"
    """One file, a .eml a letter."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    address: str
    mailboxes: int
    letters: int
    octets: int


@dataclass(frozen=True, slots=True)
class _Letter:
    mailbox: str
    uid: int
    octets: bytes
    flags: tuple[str, ...]
    at: int
    sender: str


def export(
    db: Reader,
    scope: Scope,
    login: str,
    target: Path,
    form: Format,
    *,
    only: str = "",
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Exported:
    """All letters of a box, or of one mailbox of it, one at a time in memory; Conflict where the place is taken."""
    account = reach.box(db, login)
    scope.require(Deed.EXPORT, account)
    if target.exists() and (target.is_file() or any(target.iterdir())):
        raise Conflict(f"{target} đã có. Chọn tên khác / {target} is there already. Choose another name")
    wanted = [box for box in mailboxes.of_account(db, AccountId(account.id)) if only in {"", box.name}]
    if not wanted:
        raise reach.NoSuchSubject(f"không có thư mục {only} / there is no mailbox {only}")
    total, done, octets = sum(box.exists for box in wanted), 0, 0
    with _writer(form, target, wanted) as write:
        for letter in _letters(db, AccountId(account.id), wanted):
            write(letter)
            done, octets = done + 1, octets + len(letter.octets)
            progress(done, total)
    return Exported(str(account.address), len(wanted), done, octets)


def note(uow: UnitOfWork, done: Exported, *, actor: str, target: Path) -> None:
    """The audit line: whose letters left, how many, and where to."""
    detail = {"letters": done.letters, "to": str(target)}
    audit.record(uow.conn, actor, "mailbox.export", done.address, detail, uow.clock())


def _letters(db: Reader, account: AccountId, wanted: list[Mailbox]) -> Iterator[_Letter]:
    keywords = mailboxes.keywords(db, account)
    for box in wanted:
        after = 0
        while rows := db.rows(NEXT, {"mailbox": box.id, "after": after}):
            for uid, message, bits, at, trace, sender in rows:
                octets = bytes(trace) + messages.content(db, MessageId(message))
                yield _Letter(box.name, uid, octets, flag_names(bits, keywords), at, sender)
                after = uid


def _path_of(mailbox: str) -> str:
    """A mailbox name as a relative path on any system."""
    levels = (_NOT_IN_A_NAME.sub("_", level).strip(". ") or "_" for level in mailbox.split("/"))
    return "/".join(levels)


class _writer:  # noqa: N801 - a context manager that reads as a verb
    """Opens what the format needs, and closes it whatever happens."""

    def __init__(self, form: Format, target: Path, wanted: list[Mailbox]) -> None:
        self._form = form
        self._target = target
        self._zip: zipfile.ZipFile | None = None
        self._manifest: list[dict[str, object]] = []
        self._wanted = wanted

    def __enter__(self) -> Callable[[_Letter], None]:
        if self._form is Format.ZIP:
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self._zip = zipfile.ZipFile(self._target, "x", zipfile.ZIP_DEFLATED)
            return self._to_zip
        self._target.mkdir(mode=0o700, parents=True, exist_ok=True)
        for box in self._wanted:
            self._prepare(box.name)
        return self._to_mbox if self._form is Format.MBOX else self._to_maildir

    def __exit__(self, *_: object) -> None:
        if self._zip is not None:
            self._zip.writestr(MANIFEST, json.dumps(self._manifest, ensure_ascii=False))
            self._zip.close()

    def _prepare(self, mailbox: str) -> None:
        place = self._target / _path_of(mailbox)
        if self._form is Format.MAILDIR:
            for name in ("cur", "new", "tmp"):
                (place / name).mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)

    def _to_zip(self, letter: _Letter) -> None:
        assert self._zip is not None
        name = f"{_path_of(letter.mailbox)}/{letter.uid:08d}.eml"
        self._zip.writestr(name, letter.octets)
        self._manifest.append(
            {"file": name, "mailbox": letter.mailbox, "flags": letter.flags, "at": letter.at}
        )

    def _to_mbox(self, letter: _Letter) -> None:
        path = self._target / (_path_of(letter.mailbox) + ".mbox")
        with path.open("ab") as file:
            file.write(to_mbox(letter.octets, letter.sender, letter.flags, letter.at))

    def _to_maildir(self, letter: _Letter) -> None:
        marks = "".join(sorted(mark for mark, flag in MAILDIR_FLAGS.items() if flag in letter.flags))
        name = f"{letter.at}.U{letter.uid}.congvu,S={len(letter.octets)}:2,{marks}"
        path = self._target / _path_of(letter.mailbox) / "cur" / name
        path.write_bytes(letter.octets)
        os.utime(path, (letter.at, letter.at))
