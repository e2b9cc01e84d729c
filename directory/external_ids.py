"""What a provisioning client calls our accounts and groups: its own name for them, kept for it (RFC 7643 §3.1)."""

from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, delete, select

from directory.repository.rows import insert_one
from directory.tables import external_ids

MAX_EXTERNAL_ID: Final = 255


class Named(StrEnum):
    """What such a name stands for."""

    USER = "user"
    GROUP = "group"


def names_of(conn: Connection, kind: Named) -> dict[int, str]:
    """All names of one kind, by account or group."""
    query = select(external_ids.c.subject_id, external_ids.c.value).where(external_ids.c.kind == kind.value)
    return {int(row[0]): str(row[1]) for row in conn.execute(query)}


def give_name(conn: Connection, kind: Named, subject_id: int, value: str | None) -> None:
    """Keep the client's name, in place of one before; None forgets it."""
    columns = external_ids.c
    conn.execute(delete(external_ids).where(columns.kind == kind.value, columns.subject_id == subject_id))
    if value is not None:
        insert_one(conn, external_ids, kind=kind.value, subject_id=subject_id, value=value)
