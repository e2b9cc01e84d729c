"""After the machine went down: mod-sequences leap, so that none is ever given twice.

Flags are answered before the disk has them (ADR 0009). A machine that loses power takes the last fifth of a second of
them along, and the mod-sequences that clients were told of; what comes next must not be numbered like that again
(RFC 7162 §3.1: mod-sequences only grow). Whether the machine was started anew, the kernel's boot id tells.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, select, update

from mailsvc.storage import tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from mailsvc.storage.unit_of_work import UnitOfWork

LEAP = 1 << 20
"""More changes of one mailbox than any machine makes before they are flushed."""
_k, _m = tables.settings_kept, tables.mailboxes
_is_boot = _k.c.name == "machine.boot"
KNOWN_BOOT = Statement(select(_k.c.value).where(_is_boot))
FORGET_BOOT = Statement(delete(_k).where(_is_boot))
NOTE_BOOT = Statement(insert(_k).values(name="machine.boot", value=bindparam("value")))
LEAP_ALL = Statement(update(_m).values(highest_mod_seq=_m.c.highest_mod_seq + LEAP))


def current() -> str:
    """A name for the time since this machine was started; empty where nothing tells."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def note(uow: UnitOfWork, boot: str) -> bool:
    """Say that the store is in use since this boot; if that is news, all mailboxes leap. True if they did."""
    row = uow.one(KNOWN_BOOT, {})
    if row is not None and row[0] == boot and boot:
        return False
    uow.run(FORGET_BOOT, {})
    uow.run(NOTE_BOOT, {"value": boot})
    if row is None:
        return False  # a new store: nobody was told of anything
    uow.run(LEAP_ALL, {})
    return True
