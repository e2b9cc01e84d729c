"""Contents: stored once, whoever has them, with everything that is rendered beforehand."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, bindparam, insert, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from mailsvc.mime.parse import parse
from mailsvc.mime.pieces import Piece, cut, join
from mailsvc.mime.summary import summarise
from mailsvc.model.errors import LetterMissing
from mailsvc.model.ids import MessageId
from mailsvc.storage import tables
from mailsvc.storage.pieces import PieceDamaged, PreparedPiece, compress
from mailsvc.storage.statement import Statement
from search.fold import fold

if TYPE_CHECKING:
    from mailsvc.mime.summary import Summary
    from mailsvc.storage.pieces import PieceFiles
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_m, _p, _t = tables.messages, tables.pieces, tables.thread_references
MAX_THREAD_LOOKUPS = 20
FILE_LINE = 57
"""Octets of a file in a common line of base64; a multiple of 3, so that what is cut there is whole."""

BY_KEY = Statement(select(_m.c.id).where(_m.c.content_key == bindparam("key")))
_COLUMNS = (
    "content_key",
    "size",
    "header_size",
    "manifest",
    "envelope",
    "body",
    "body_structure",
    "message_id",
    "thread_id",
    "sent_at",
    "from_name",
    "from_address",
    "to_line",
    "subject",
    "base_subject",
    "preview",
    "has_attachments",
    "headline",
)
ADD = Statement(insert(_m).values({name: bindparam(name) for name in _COLUMNS}).returning(_m.c.id))
THREAD_OF = Statement(select(_t.c.thread_id).where(_t.c.reference == bindparam("reference")))
_reference_row: dict[str, BindParameter[Any]] = {
    "reference": bindparam("reference"),
    "thread_id": bindparam("thread_id"),
}
ADD_REFERENCE = {
    "sqlite": Statement(sqlite_insert(_t).values(_reference_row).on_conflict_do_nothing()),
    "postgresql": Statement(pg_insert(_t).values(_reference_row).on_conflict_do_nothing()),
}
MANIFEST = Statement(
    select(_m.c.manifest, _m.c.size, _m.c.header_size).where(_m.c.id == bindparam("message"))
)
PIECE = Statement(
    select(_p.c.segment_id, _p.c.offset, _p.c.stored, _p.c.key).where(_p.c.id == bindparam("piece"))
)
FACTS = Statement(
    select(
        _m.c.size, _m.c.header_size, _m.c.content_key, _m.c.message_id, _m.c.thread_id, _m.c.subject
    ).where(_m.c.id == bindparam("message"))
)


@dataclass(frozen=True, slots=True)
class PreparedContent:
    """A content ready to be stored: parsed, cut, hashed and compressed outside of any lock."""

    key: bytes
    size: int
    summary: Summary
    pieces: tuple[tuple[str, PreparedPiece], ...]
    """How each stands in the letter (`Piece.coding`), and the piece."""
    large: frozenset[bytes]
    """Keys of the pieces that are files already."""
    headline: str
    """Folded subject, From, To, Cc and Bcc, a line each: SEARCH looks here before it opens a letter."""


@dataclass(frozen=True, slots=True)
class KnownContent:
    """A content that was stored when somebody looked: nothing of it has to be prepared again."""

    key: bytes
    size: int


class ContentGone(Exception):
    """A known content was collected before it could be used again: prepare it."""


def content_key(content: bytes) -> bytes:
    """What a content is stored under."""
    return hashlib.sha256(content).digest()


def known_content(db: Reader, key: bytes, size: int) -> KnownContent | None:
    """A content of this key, if it is stored."""
    return None if db.one(BY_KEY, {"key": key}) is None else KnownContent(key, size)


def prepare(content: bytes, files: PieceFiles, key: bytes | None = None) -> PreparedContent:
    """Do all the work on a content that needs no transaction, writing its large pieces to disk.

    `key` is its `content_key`, where that is known already.
    """
    entity = parse(content)
    pieces: list[tuple[str, PreparedPiece]] = []
    large: set[bytes] = set()
    for part in cut(content, entity):
        coding, stored = compress(part.data)
        piece = PreparedPiece(hashlib.sha256(part.data).digest(), len(part.data), coding, stored)
        if len(stored) >= files.large_bytes:
            files.put_large(piece)
            large.add(piece.key)
        pieces.append((part.coding, piece))
    summary = summarise(content, entity)
    if key is None:
        is_one_piece = len(pieces) == 1 and not pieces[0][0]
        key = pieces[0][1].key if is_one_piece else content_key(content)
    return PreparedContent(
        key=key,
        size=len(content),
        summary=summary,
        pieces=tuple(pieces),
        large=frozenset(large),
        headline=fold("\n".join((summary.subject, *summary.addresses))),
    )


def put(uow: UnitOfWork, prepared: PreparedContent | KnownContent) -> MessageId:
    """The id of a content, stored now if it is new; ContentGone where only its key was given and that is not enough."""
    known = uow.one(BY_KEY, {"key": prepared.key})
    if isinstance(prepared, KnownContent):
        if known is None or uow.store.damaged:  # its octets may mend what the scrub found damaged
            raise ContentGone
        return MessageId(known[0])
    if known is not None:
        for _, piece in prepared.pieces if uow.store.damaged else ():
            uow.put_piece(piece, is_large=piece.key in prepared.large)  # mends what the scrub found damaged
        return MessageId(known[0])
    manifest = json.dumps(
        [
            (uow.put_piece(piece, is_large=piece.key in prepared.large), coding, piece.size)
            for coding, piece in prepared.pieces
        ]
    ).encode()
    summary = prepared.summary
    thread = _thread_of(uow, summary)
    if thread is None:
        # A conversation of its own: 62 bits of its key name it without another statement.
        thread = int.from_bytes(prepared.key[:8], "big") >> 2
    row = uow.one(
        ADD,
        {
            "content_key": prepared.key,
            "size": prepared.size,
            "header_size": summary.header_size,
            "manifest": manifest,
            "envelope": summary.envelope,
            "body": summary.body,
            "body_structure": summary.body_structure,
            "message_id": summary.message_id,
            "thread_id": thread,
            "sent_at": summary.sent_at,
            "from_name": summary.from_name,
            "from_address": summary.from_address,
            "to_line": summary.to_line,
            "subject": summary.subject,
            "base_subject": summary.base_subject,
            "preview": summary.preview,
            "has_attachments": int(summary.has_attachments),
            "headline": prepared.headline,
        },
    )
    assert row is not None
    _remember_references(uow, summary, thread)
    return MessageId(row[0])


def _named(summary: Summary) -> list[str]:
    """Message ids that this letter names, its own first, the nearest ancestors next."""
    names = [summary.message_id, summary.in_reply_to, *reversed(summary.references)]
    return list(dict.fromkeys(name for name in names if name))[:MAX_THREAD_LOOKUPS]


def _thread_of(uow: UnitOfWork, summary: Summary) -> int | None:
    for name in _named(summary):
        row = uow.one(THREAD_OF, {"reference": name})
        if row is not None:
            return int(row[0])
    return None


def _remember_references(uow: UnitOfWork, summary: Summary, thread: int) -> None:
    statement = ADD_REFERENCE[uow.store.database.dialect.name]
    uow.many(statement, ({"reference": name, "thread_id": thread} for name in _named(summary)))


def content(db: Reader, message: MessageId) -> bytes:
    """The octets as they were sent, checked against the checksum of each piece."""
    row = db.one(MANIFEST, {"message": message})
    if row is None:
        raise LetterMissing(str(message))
    whole = join(tuple(Piece(coding, _piece(db, piece)) for piece, coding, _ in json.loads(row[0])))
    if len(whole) != row[1]:
        raise PieceDamaged(f"letter {message}: size")
    return whole


def readable(db: Reader, message: MessageId, most: int) -> bytes:
    """The letter with its structure, but of encoded files no more than about the first `most` octets each.

    For who looks for text: that is not in the rest of 20 MB, which would take longer to encode than all else together.
    """
    row = db.one(MANIFEST, {"message": message})
    if row is None:
        raise LetterMissing(str(message))
    lines = most // FILE_LINE * FILE_LINE
    return join(
        tuple(
            Piece(coding, _piece(db, piece)[: lines if coding else None])
            for piece, coding, _ in json.loads(row[0])
        )
    )


def header(db: Reader, message: MessageId) -> bytes:
    """The header and the empty line behind it, without reading attachments."""
    row = db.one(MANIFEST, {"message": message})
    if row is None:
        raise LetterMissing(str(message))
    piece, coding, size = json.loads(row[0])[0]
    if not coding and size >= row[2]:
        return _piece(db, piece)[: row[2]]
    return content(db, message)[: row[2]]


def _piece(db: Reader, piece: int) -> bytes:
    row = db.one(PIECE, {"piece": piece})
    if row is None:
        raise PieceDamaged(f"piece {piece}: no row")
    return db.store.pieces.read(row[0], row[1], row[2], row[3])
