"""Backing up and restoring an installation; see `storage/backup.py` for what a backup vouches for."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, case, delete, func, insert, select, update

from config.settings import StorageSettings
from directory import audit
from mailsvc.model.errors import StoreUnavailable
from mailsvc.services import verify
from mailsvc.storage import backup as storage_backup
from mailsvc.storage import restore as files
from mailsvc.storage import tables
from mailsvc.storage.backup import Taken, new_store_id
from mailsvc.storage.backup_files import BackupRefused
from mailsvc.storage.backup_folder import BackupFolder, Manifest
from mailsvc.storage.statement import Statement
from mailsvc.storage.store import Store
from mailsvc.storage.vault import vault_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

__all__ = ["BackupRefused", "Manifest", "Restored", "Taken", "backups", "last_backup", "restore", "take"]
UID_VALIDITY_LEAP = 86_400
"""Above what the clock gives: also above a UIDVALIDITY that mailboxes made in quick succession had pushed ahead."""
_b, _m, _o = tables.boxes, tables.mailboxes, tables.mailboxes.alias("other")
_now = bindparam("now", type_=_b.c.last_uid_validity.type)
LEAP = Statement(
    update(_b).values(
        last_uid_validity=case((_b.c.last_uid_validity > _now, _b.c.last_uid_validity), else_=_now)
        + UID_VALIDITY_LEAP
    )
)
_rank = (
    select(func.count())
    .select_from(_o)
    .where(_o.c.account_id == _m.c.account_id, _o.c.id <= _m.c.id)
    .scalar_subquery()
)
_base = select(_b.c.last_uid_validity).where(_b.c.account_id == _m.c.account_id).scalar_subquery()
NEW_VALIDITIES = Statement(update(_m).values(uid_validity=_base + _rank))
_highest = select(func.max(_m.c.uid_validity)).where(_m.c.account_id == _b.c.account_id).scalar_subquery()
KEEP_HIGHEST = Statement(
    update(_b).where(_b.c.account_id.in_(select(_m.c.account_id))).values(last_uid_validity=_highest)
)
END_SESSIONS = Statement(delete(tables.web_sessions))
FORGET_FEED = Statement(delete(tables.index_feed))
FEED_ALL = Statement(
    insert(tables.index_feed).from_select(
        ("message_id",),
        select(tables.entries.c.message_id).distinct().order_by(tables.entries.c.message_id),
    )
)


_kept = tables.settings_kept
_is_last = _kept.c.name == "backup.last"
LAST = Statement(select(_kept.c.value).where(_is_last))
FORGET_LAST = Statement(delete(_kept).where(_is_last))
SET_LAST = Statement(insert(_kept).values(name="backup.last", value=bindparam("value")))


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought back, and what its check found."""

    manifest: Manifest
    entries: int
    queued: int
    faults: tuple[str, ...]


def take(
    store: Store,
    target: Path,
    *,
    keep: int = 30,
    keep_days: int = 30,
    secret: bytes | None = None,
    progress: Callable[[str, int, int], None] = lambda _what, _done, _all: None,
) -> Taken:
    """One more backup (`storage.backup.take`); the store remembers when, for `congvu doctor`."""
    taken = storage_backup.take(
        store, target, keep=keep, keep_days=keep_days, secret=secret, progress=progress
    )
    with suppress(StoreUnavailable), store.write() as uow:  # the backup is whole even if this cannot be noted
        uow.run(FORGET_LAST, {})
        uow.run(SET_LAST, {"value": str(taken.manifest.taken_at)})
    return taken


def last_backup(db: Reader) -> int | None:
    """When the newest backup was taken; None if none ever was."""
    row = db.one(LAST, {})
    return None if row is None else int(row[0])


def backups(source: Path, secret: bytes | None = None) -> list[Manifest]:
    """The whole backups of a folder, oldest first."""
    return BackupFolder(source, vault_of(source, secret)).whole()


def restore(
    source: Path,
    data_dir: Path,
    actor: str,
    *,
    number: int | None = None,
    before: int | None = None,
    secret: bytes | None = None,
    progress: Callable[[str, int, int], None] = lambda _what, _done, _all: None,
) -> Restored:
    """One backup into an empty place, ready to serve; its rows are checked, its pieces are `congvu verify`'s.

    Every mailbox gets a UIDVALIDITY above any it had: UIDs given out after the backup will be given to other letters
    (RFC 9051 §2.3.1.1). Web sessions end; the search index is built again from the letters.
    """
    folder = BackupFolder(source, vault_of(source, secret))
    manifest = files.choose(folder, number, before)
    found: list[Restored] = []

    def adjust() -> None:
        store = Store(data_dir, StorageSettings())
        try:
            store.create()  # a backup of an older version comes to this one's schema
            with store.write() as uow:
                _start_anew(uow, manifest, actor)
            with store.read() as db:
                report = verify.Report()
                verify.check_rows(db, report, progress)
                queued = db.conn.execute(
                    select(func.count())
                    .select_from(tables.outbound_recipients)
                    .where(tables.outbound_recipients.c.state == "waiting")
                ).scalar_one()
            found.append(Restored(manifest, report.entries, int(queued), tuple(report.faults)))
        finally:
            store.close()

    files.unpack(folder, manifest, data_dir, adjust=adjust, progress=progress)
    return found[0]


def _start_anew(uow: UnitOfWork, manifest: Manifest, actor: str) -> None:
    uow.run(LEAP, {"now": uow.clock()})
    uow.run(NEW_VALIDITIES, {})
    uow.run(KEEP_HIGHEST, {})
    uow.run(END_SESSIONS, {})
    uow.run(FORGET_FEED, {})
    uow.run(FEED_ALL, {})
    new_store_id(uow)  # backups of what comes now must not be mixed with those of what came then
    detail = {"backup": manifest.number, "taken_at": manifest.taken_at}
    audit.record(uow.conn, actor, "store.restore", "store", detail, uow.clock())
