"""Snapshots of large mailboxes, kept from one start to the next: a million rows take a second to read, a copy 50 ms.

A copy is never trusted to be new: `snapshots.snapshot` goes on from it by what changed since, as from any other.
"""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING, Final

import zstandard
from sqlalchemy import and_, bindparam, delete, insert, or_, select

from mailsvc.model.ids import MailboxId, ModSeq, Uid, UidValidity
from mailsvc.model.mailbox import Snapshot
from mailsvc.storage import tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from mailsvc.model.mailbox import Mailbox
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

LARGE: Final = 50_000
"""Letters of a mailbox that gets a copy; a smaller one is read in a tenth of a second."""
RENEWED_SECONDS: Final = 86_400
MAX_DUE: Final = 100
_MAX_ENTRIES: Final = 20_000_000
_ITEM: Final = 8
_p, _m = tables.packed_snapshots, tables.mailboxes
DUE = Statement(
    select(_m.c.id)
    .outerjoin(_p, _p.c.mailbox_id == _m.c.id)
    .where(
        and_(
            _m.c.deleted == 0,
            _m.c.exists_count >= bindparam("large"),
            or_(
                _p.c.mailbox_id.is_(None),
                _p.c.uid_validity != _m.c.uid_validity,
                and_(_p.c.mod_seq != _m.c.highest_mod_seq, _p.c.at <= bindparam("before")),
            ),
        )
    )
    .limit(MAX_DUE)
)
FORGET = Statement(delete(_p).where(_p.c.mailbox_id == bindparam("mailbox")))
KEEP = Statement(
    insert(_p).values(
        {
            name: bindparam(name)
            for name in ("mailbox_id", "uid_validity", "uid_next", "mod_seq", "at", "columns")
        }
    )
)
KEPT = Statement(
    select(_p.c.uid_next, _p.c.mod_seq, _p.c.columns).where(
        and_(_p.c.mailbox_id == bindparam("mailbox"), _p.c.uid_validity == bindparam("uid_validity"))
    )
)


def due(db: Reader) -> list[MailboxId]:
    """Large mailboxes without a copy, or with one that is old."""
    rows = db.rows(DUE, {"large": LARGE, "before": db.clock() - RENEWED_SECONDS})
    return [MailboxId(row[0]) for row in rows]


def pack(snapshot: Snapshot) -> bytes:
    """The three columns, little-endian, compressed, with a checksum."""
    columns = (snapshot.uids, snapshot.flags, snapshot.mod_seqs)
    return zstandard.ZstdCompressor(level=1, write_checksum=True).compress(
        b"".join(_swapped(column).tobytes() for column in columns)
    )


def keep(uow: UnitOfWork, snapshot: Snapshot, packed: bytes) -> None:
    """Keep this copy instead of the one before."""
    uow.run(FORGET, {"mailbox": snapshot.mailbox_id})
    uow.run(
        KEEP,
        {
            "mailbox_id": snapshot.mailbox_id,
            "uid_validity": snapshot.uid_validity,
            "uid_next": snapshot.uid_next,
            "mod_seq": snapshot.highest_mod_seq,
            "at": uow.clock(),
            "columns": packed,
        },
    )


def kept(db: Reader, mailbox: Mailbox) -> Snapshot | None:
    """The copy of a large mailbox; None where there is none, or none that can be read."""
    if mailbox.exists < LARGE:
        return None
    row = db.one(KEPT, {"mailbox": mailbox.id, "uid_validity": mailbox.uid_validity})
    if row is None:
        return None
    uid_next, mod_seq, packed = row
    try:
        octets = zstandard.ZstdDecompressor().decompress(packed, max_output_size=_MAX_ENTRIES * 3 * _ITEM)
    except zstandard.ZstdError:
        return None
    third = len(octets) // 3
    uids, flags, mod_seqs = array("Q"), array("q"), array("Q")
    for place, column in enumerate((uids, flags, mod_seqs)):
        column.frombytes(memoryview(octets)[place * third : (place + 1) * third])
    return Snapshot(
        mailbox_id=mailbox.id,
        uid_validity=UidValidity(mailbox.uid_validity),
        uid_next=Uid(uid_next),
        highest_mod_seq=ModSeq(mod_seq),
        uids=_swapped(uids),
        flags=_swapped(flags),
        mod_seqs=_swapped(mod_seqs),
        keywords=(),
    )


def _swapped(column: array[int]) -> array[int]:
    """The column as it is on a little-endian machine."""
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column
