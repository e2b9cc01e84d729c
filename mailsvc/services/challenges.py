"""What a browser was asked to answer once and soon: a passkey's challenge, the state of an OpenID sign-in."""

from __future__ import annotations

import hashlib
import json
import math
import secrets
import threading
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select

from mailsvc.model.errors import TooManyGuesses
from mailsvc.net.limits import TokenBuckets, network_of, peer_address
from mailsvc.storage import tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mailsvc.storage.unit_of_work import UnitOfWork

_c = tables.web_challenges
SECONDS = 300
BURST, PER_SECOND, MAX_NETWORKS = 60.0, 0.5, 20_000
ADD = Statement(
    insert(_c).values(
        {name: bindparam(name) for name in ("id_hash", "purpose", "account_id", "value", "expires_at")}
    )
)
GET = Statement(
    select(_c.c.account_id, _c.c.value).where(
        _c.c.id_hash == bindparam("id"),
        _c.c.purpose == bindparam("what"),
        _c.c.expires_at >= bindparam("now"),
    )
)
TAKE = Statement(delete(_c).where(_c.c.id_hash == bindparam("id")))
FORGET = Statement(delete(_c).where(_c.c.expires_at < bindparam("now")))


class Patience:
    """How many challenges strangers of one network get, so that nobody keeps the store writing."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._given = TokenBuckets(burst=BURST, per_second=PER_SECOND, max_keys=MAX_NETWORKS)
        self._lock = threading.Lock()

    def take(self, remote: str) -> None:
        """TooManyGuesses where a network has asked too often."""
        try:
            network = network_of(peer_address(remote))
        except ValueError:
            network = remote
        now = self._now()
        with self._lock:
            if not self._given.take(network, now):
                raise TooManyGuesses(math.ceil(self._given.wait(network, now)))


def ask(uow: UnitOfWork, purpose: str, value: Mapping[str, Any], account: int = 0) -> str:
    """Keep a value for a while; the word by which the browser claims it, which is kept as a hash only."""
    now = uow.clock()
    uow.run(FORGET, {"now": now})
    word = secrets.token_urlsafe(24)
    row = {"id_hash": _hash(word), "purpose": purpose, "account_id": account, "expires_at": now + SECONDS}
    uow.run(ADD, row | {"value": json.dumps(value)})
    return word


def answered(uow: UnitOfWork, purpose: str, word: str, account: int = 0) -> dict[str, Any] | None:
    """The value behind a word, once: it is gone afterwards, right or wrong."""
    row = uow.one(GET, {"id": _hash(word), "what": purpose, "now": uow.clock()})
    if row is None or row[0] != account:
        return None
    uow.run(TAKE, {"id": _hash(word)})
    return dict(json.loads(row[1]))


def _hash(word: str) -> bytes:
    return hashlib.sha256(word.encode("utf-8", "replace")).digest()
