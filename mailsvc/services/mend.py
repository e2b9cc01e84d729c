"""What a process does after a failed sync: it changes nothing more, and starts anew once the disk works again.

Reading goes on meanwhile. A new process begins with what is on disk, and guesses nothing (design §3).
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.storage.store import Store

log = structlog.get_logger()
PROBE_SECONDS = 1.0


def restart_when_mended(store: Store, stop: Callable[[], None] | None = None) -> None:
    """From now on, let a failed store end this process as soon as the disk takes octets; the supervisor starts it anew."""
    ends = stop or (lambda: os.kill(os.getpid(), signal.SIGTERM))

    def failed() -> None:
        log.error("the store takes no changes", why=store.failed)
        threading.Thread(target=probe, name="mend", daemon=True).start()

    def probe() -> None:
        while not store.settle():
            time.sleep(PROBE_SECONDS)
        log.warning("the disk works again; this process starts anew", why=store.failed)
        ends()

    store.on_failure(failed)


def settle_at_start(store: Store) -> None:
    """Before the first change: nothing shall depend on a WAL that another process could not sync.

    Where the disk takes nothing at all, mail is refused for now, and reading goes on.
    """
    if not store.settle():
        try:
            store.pieces.probe()  # else somebody only reads for long, a backup perhaps
        except OSError as error:
            store.fail(f"at the start: {error.strerror}")
    store.room.keep()
