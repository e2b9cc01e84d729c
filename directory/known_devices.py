"""Thiết bị đã biết: where an account signed in before, so that somebody else's guessing never locks its owner out."""

import hashlib
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from directory.model import AccountId
from directory.repository.rows import insert_one
from directory.tables import known_devices

KEPT: Final = 30  # devices of one account
FORGOTTEN_AFTER: Final = 180 * 86_400  # seconds without a sign-in
WRITTEN_EVERY: Final = 86_400


class DeviceKind(StrEnum):
    """How a device is known again."""

    NETWORK = "network"  # a mail client's: its IPv4 /24 or IPv6 /64
    COOKIE = "cookie"  # a browser's: a random word that it keeps


_SEEN: Final = select(known_devices.c.seen_at).where(
    known_devices.c.account_id == bindparam("account_id"),
    known_devices.c.kind == bindparam("device_kind"),
    known_devices.c.digest == bindparam("device"),
)


def seen_at(conn: Connection, account_id: AccountId, kind: DeviceKind, name: str) -> int | None:
    """When this account last signed in from this device; None if never."""
    values = {"account_id": account_id, "device_kind": kind.value, "device": _digest(name)}
    found = conn.execute(_SEEN, values).scalar()
    return None if found is None else int(found)


def is_known(conn: Connection, account_id: AccountId, kind: DeviceKind, name: str, at: int) -> bool:
    """Whether this account signed in from this device not too long ago."""
    seen = seen_at(conn, account_id, kind, name) if name else None
    return seen is not None and at - seen <= FORGOTTEN_AFTER


def remember(conn: Connection, account_id: AccountId, kind: DeviceKind, name: str, at: int) -> None:
    """The account signed in from this device; the oldest beyond the bound are forgotten."""
    if not name:
        return
    seen = seen_at(conn, account_id, kind, name)
    if seen is not None:
        if at - seen >= WRITTEN_EVERY:
            me = (
                (known_devices.c.account_id == account_id)
                & (known_devices.c.kind == kind.value)
                & (known_devices.c.digest == _digest(name))
            )
            conn.execute(update(known_devices).where(me).values(seen_at=at))
        return
    kept = (
        select(known_devices.c.id)
        .where(known_devices.c.account_id == account_id, known_devices.c.kind == kind.value)
        .order_by(known_devices.c.seen_at.desc(), known_devices.c.id.desc())
    )
    old = conn.execute(kept.offset(KEPT - 1)).scalars().all()
    if old:
        conn.execute(delete(known_devices).where(known_devices.c.id.in_(old)))
    insert_one(conn, known_devices, account_id=account_id, kind=kind.value, digest=_digest(name), seen_at=at)


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "replace")).digest()
