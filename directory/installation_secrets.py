"""Random octets of the installation, made once and kept in its database: they are never shown to anyone."""

import secrets as randomness
from typing import Final

from sqlalchemy import Connection, insert, select

from directory.tables import secrets

SECRET_OCTETS: Final = 32


def secret(conn: Connection, name: str) -> bytes | None:
    """The octets kept under a name; None before anybody needed them."""
    found = conn.execute(select(secrets.c.value).where(secrets.c.name == name)).scalar()
    return None if found is None else bytes(found)


def make_secret(conn: Connection, name: str, at: int) -> bytes:
    """The octets kept under a name, made now where there are none; inside a writing transaction."""
    known = secret(conn, name)
    if known is not None:
        return known
    made = randomness.token_bytes(SECRET_OCTETS)
    conn.execute(insert(secrets).values(name=name, value=made, created_at=at))
    return made
