"""One mailbox, or one letter, out of a backup and back into the service that runs: what is missing there, and only that."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, select

from config.settings import StorageSettings
from directory import audit
from directory.scope import Deed
from mailsvc.model.errors import OverQuota
from mailsvc.model.flags import DELETED
from mailsvc.model.ids import AccountId, MessageId
from mailsvc.services import move_in, reach
from mailsvc.storage import arrivals, mailboxes, messages, restore, tables
from mailsvc.storage.backup_folder import BackupFolder, copy_out
from mailsvc.storage.pieces import PieceFiles
from mailsvc.storage.statement import Statement
from mailsvc.storage.store import Store
from mailsvc.storage.traces import TRACE
from mailsvc.storage.vault import vault_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from directory.scope import Scope
    from mailsvc.storage.backup_folder import Manifest
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_e, _g, _m = tables.entries, tables.messages, tables.mailboxes
STEP = 100
LETTERS = Statement(
    select(
        _e.c.uid,
        _e.c.message_id,
        _e.c.flags,
        _e.c.internal_date,
        TRACE,
        _g.c.content_key,
        _g.c.message_id.label("named"),
    )
    .join(_g, _g.c.id == _e.c.message_id)
    .where(and_(_e.c.mailbox_id == bindparam("mailbox"), _e.c.uid > bindparam("after")))
    .order_by(_e.c.uid)
    .limit(STEP)
)
IS_HERE = Statement(
    select(_e.c.uid)
    .join(_g, _g.c.id == _e.c.message_id)
    .join(_m, _m.c.id == _e.c.mailbox_id)
    .where(and_(_g.c.content_key == bindparam("key"), _m.c.account_id == bindparam("account")))
    .limit(1)
)


@dataclass(slots=True)
class BoxRestored:
    """What came back."""

    address: str
    backup: int
    taken_at: int
    restored: int = 0
    here_already: int = 0
    not_restored: int = 0
    """The box is full."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to come back of a box; empty is everything."""

    mailbox: str = ""
    message_id: str = ""
    """The Message-ID of one letter, with or without `<>`."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A letter of the backup, taken out of it."""

    mailbox: str
    octets: bytes
    trace: bytes
    flags: tuple[str, ...]
    at: int


def restore_box(
    store: Store,
    scope: Scope,
    source: Path,
    login: str,
    wanted: Wanted,
    *,
    actor: str,
    number: int | None = None,
    before: int | None = None,
    secret: bytes | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> BoxRestored:
    """Bring back what a box had when the backup was taken and has no more, into the mailboxes of those names.

    Letters come under new UIDs, with the flags, date and trace that they had; what the box still holds anywhere is left
    alone, so that it can be done again. The service may run meanwhile.
    """
    folder = BackupFolder(source, vault_of(source, secret))
    manifest = restore.choose(folder, number, before)
    with store.read() as db:
        account = reach.box(db, login)
        scope.require(Deed.EXPORT, account)
    done = BoxRestored(str(account.address), manifest.number, manifest.taken_at)
    with _opened(folder, manifest) as old:
        reader = old.reader()
        try:
            there = reach.box(reader, str(account.address))
            for held in _letters(reader, store, AccountId(there.id), AccountId(account.id), wanted, done):
                with store.write() as uow:
                    _put(uow, AccountId(account.id), held, done, store)
                progress(done.restored + done.here_already)
        finally:
            reader.close()
    with store.write() as uow:
        detail = {"backup": manifest.number, "restored": done.restored}
        audit.record(uow.conn, actor, "mailbox.restore", done.address, detail, uow.clock())
    return done


def _letters(
    old: Reader, store: Store, there: AccountId, here: AccountId, wanted: Wanted, done: BoxRestored
) -> Iterator[_Held]:
    names = mailboxes.keywords(old, there)
    named = wanted.message_id.strip().strip("<>")
    live = store.reader()
    try:
        for box in mailboxes.of_account(old, there):
            if wanted.mailbox not in {"", box.name}:
                continue
            after = 0
            while rows := old.rows(LETTERS, {"mailbox": box.id, "after": after}):
                for uid, message, bits, at, trace, key, message_id in rows:
                    after = uid
                    if named and message_id.strip("<>") != named:
                        continue
                    if live.one(IS_HERE, {"key": bytes(key), "account": here}) is not None:
                        done.here_already += 1
                        continue
                    octets = messages.content(old, MessageId(message))
                    yield _Held(
                        box.name, octets, bytes(trace), move_in.flag_names(bits & ~DELETED, names), at
                    )
    finally:
        live.close()


def _put(uow: UnitOfWork, account: AccountId, held: _Held, done: BoxRestored, store: Store) -> None:
    content = messages.prepare(held.octets, store.pieces)
    to = move_in.ensure_mailbox(uow, account, held.mailbox)
    bits = move_in.flag_bits(uow, account, held.flags)
    size = content.size + len(held.trace)
    used, quota = mailboxes.use(uow, account)
    if used + size > quota:
        done.not_restored += 1
        return
    message = messages.put(uow, content)
    try:
        arrivals.add(uow, to, message, size, flags=bits, internal_date=held.at, own_trace=held.trace)
    except OverQuota:
        done.not_restored += 1
    else:
        done.restored += 1


class _PiecesOf(PieceFiles):
    """Pieces of a backup: each file is taken out of the folder when it is first asked for."""

    def __init__(self, data_dir: Path, folder: BackupFolder, manifest: Manifest) -> None:
        super().__init__(data_dir, 0, 0)
        self._folder = folder
        self._manifest = manifest

    def segment_path(self, segment_id: int) -> Path:
        """The segment, taken out now if it was not yet."""
        path = super().segment_path(segment_id)
        there = self._folder.segment(segment_id)
        if not self._folder.vault.is_sealed:
            return there
        if not path.exists() and there.exists():
            copy_out(there, path, self._folder.vault, self._manifest.segments[segment_id])
        return path

    def large_path(self, key: bytes) -> Path:
        """The large piece, taken out now if it was not yet."""
        path = super().large_path(key)
        there = self._folder.large(key)
        if not self._folder.vault.is_sealed:
            return there
        if not path.exists() and there.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            copy_out(there, path, self._folder.vault, restore.MAX_LARGE)
        return path


@contextmanager
def _opened(folder: BackupFolder, manifest: Manifest) -> Iterator[Store]:
    """A backup as a store to read from; its database lies in a folder of its own for as long."""
    with tempfile.TemporaryDirectory(prefix="congvu-restore-") as place:
        data_dir = Path(place)
        for name in ("segments", "pieces", "run"):
            (data_dir / name).mkdir()
        restore.write_database(folder, manifest, data_dir / "congvu.db", lambda _what, _done, _all: None)
        store = Store(data_dir, StorageSettings(reserve_bytes=0))
        store.pieces = _PiecesOf(data_dir, folder, manifest)
        try:
            store.create()  # a backup of an older version comes to this one's schema
            yield store
        finally:
            store.close()
