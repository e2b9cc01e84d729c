"""Requests that count once, however often they are sent: the key is kept in the transaction of the act itself.

After a lost answer the client sends the same request with the same key: it gets the same answer, or is told that the act
was carried out. Answers that hold a one-time password are not kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from directory.tables import act_keys
from mailsvc.services.administration.refusal import ActRefused, Why

if TYPE_CHECKING:
    from directory.model import AccountId
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

KEPT_SECONDS: Final = 24 * 3600
MAX_ANSWER: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Key:
    """What the client calls its request, which act it is, and the hash of what it asks."""

    text: str
    act: str
    request: bytes


def answer_before(db: Reader, account_id: AccountId, key: Key) -> Any | None:
    """The answer this very request got before; None the first time. ActRefused where it cannot be given again."""
    row = db.conn.execute(
        select(act_keys.c.act, act_keys.c.request, act_keys.c.answer).where(
            act_keys.c.account_id == account_id,
            act_keys.c.key == key.text,
            act_keys.c.used_at > db.clock() - KEPT_SECONDS,
        )
    ).first()
    if row is None:
        return None
    if row[0] != key.act or bytes(row[1]) != key.request:
        raise ActRefused(
            Why.CONFLICT,
            "Idempotency-Key này đã dùng cho yêu cầu khác. Hãy chọn khóa mới.",
            "This Idempotency-Key was used for another request. Choose a new one.",
        )
    if row[2] is None:
        raise ActRefused(
            Why.CONFLICT,
            "Việc này đã làm rồi; câu trả lời không được lưu. Hãy xem trạng thái hiện tại.",
            "This was carried out already, and its answer is not kept. Look at how things are now.",
        )
    return json.loads(row[2])


def take(uow: UnitOfWork, account_id: AccountId, key: Key) -> None:
    """Use the key up; a second request that comes meanwhile waits here and is refused."""
    uow.conn.execute(delete(act_keys).where(act_keys.c.used_at <= uow.clock() - KEPT_SECONDS))
    if answer_before(uow, account_id, key) is not None:
        raise ActRefused(Why.CONFLICT, "Việc này đã làm rồi.", "This was carried out already.")
    row = {"account_id": account_id, "key": key.text, "act": key.act, "request": key.request}
    uow.conn.execute(insert(act_keys).values(**row, used_at=uow.clock()))


def keep_answer(uow: UnitOfWork, account_id: AccountId, key: Key, answer: Any) -> None:
    """Keep what was answered, unless it is long."""
    text = json.dumps(answer, ensure_ascii=False)
    if len(text) <= MAX_ANSWER:
        chosen = (act_keys.c.account_id == account_id) & (act_keys.c.key == key.text)
        uow.conn.execute(update(act_keys).where(chosen).values(answer=text))
