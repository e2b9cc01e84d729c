"""Who was asked to come again, and who did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, bindparam, delete, insert, select, update

from mailsvc.storage.edge_tables import greylist, greylist_known
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

STEP: Final = 5_000
"""Rows forgotten at a time."""
_g, _k = greylist, greylist_known
_triplet = and_(
    _g.c.network == bindparam("of_network"),
    _g.c.sender == bindparam("of_sender"),
    _g.c.recipient == bindparam("of_recipient"),
)
_subject = _k.c.subject == bindparam("of_subject")
GET = Statement(select(_g.c.first_at, _g.c.last_at, _g.c.passed).where(_triplet))
DROP = Statement(delete(_g).where(_triplet))
ADD = Statement(
    insert(_g).values(
        {
            name: bindparam(name)
            for name in ("network", "sender", "recipient", "first_at", "last_at", "passed")
        }
    )
)
KNOWN = Statement(select(_k.c.last_at, _k.c.successes).where(_subject))
ADD_KNOWN = Statement(
    insert(_k).values({name: bindparam(name) for name in ("subject", "last_at", "successes")})
)
SET_KNOWN = Statement(
    update(_k).where(_subject).values(last_at=bindparam("at"), successes=bindparam("now_successes"))
)
OLD = Statement(
    select(_g.c.network, _g.c.sender, _g.c.recipient)
    .where(and_(_g.c.passed == bindparam("of_passed"), _g.c.last_at < bindparam("before")))
    .limit(STEP)
)
OLD_KNOWN = Statement(select(_k.c.subject).where(_k.c.last_at < bindparam("before")).limit(STEP))
DROP_KNOWN = Statement(delete(_k).where(_subject))


@dataclass(frozen=True, slots=True)
class Triplet:
    """Who writes from where to whom."""

    network: str
    sender: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Visit:
    """When they came."""

    first_at: int
    last_at: int
    passed: bool


@dataclass(frozen=True, slots=True)
class Known:
    """One who came again before."""

    last_at: int
    successes: int


def get(db: Reader, triplet: Triplet) -> Visit | None:
    """What is kept of a triplet."""
    row = db.one(GET, _key(triplet))
    return None if row is None else Visit(row[0], row[1], bool(row[2]))


def put(uow: UnitOfWork, triplet: Triplet, visit: Visit) -> None:
    """Keep a visit in place of an older one."""
    uow.run(DROP, _key(triplet))
    uow.run(
        ADD,
        {
            "network": triplet.network,
            "sender": triplet.sender,
            "recipient": triplet.recipient,
            "first_at": visit.first_at,
            "last_at": visit.last_at,
            "passed": int(visit.passed),
        },
    )


def known(db: Reader, subject: str) -> Known | None:
    """What is kept of a domain or network."""
    row = db.one(KNOWN, {"of_subject": subject})
    return None if row is None else Known(row[0], row[1])


def put_known(uow: UnitOfWork, subject: str, now: Known) -> None:
    """Keep what is known now of a domain or network."""
    if known(uow, subject) is None:
        uow.run(ADD_KNOWN, {"subject": subject, "last_at": now.last_at, "successes": now.successes})
    else:
        uow.run(SET_KNOWN, {"of_subject": subject, "at": now.last_at, "now_successes": now.successes})


def forget(uow: UnitOfWork, *, waiting_before: int, passed_before: int) -> bool:
    """Forget a step of who did not come again, and of who was not here for long; True if there may be more."""
    old = [
        *uow.rows(OLD, {"of_passed": 0, "before": waiting_before}),
        *uow.rows(OLD, {"of_passed": 1, "before": passed_before}),
    ]
    uow.many(DROP, (_key(Triplet(*row)) for row in old))
    strangers = list(uow.rows(OLD_KNOWN, {"before": passed_before}))
    uow.many(DROP_KNOWN, ({"of_subject": row[0]} for row in strangers))
    return len(old) >= STEP or len(strangers) >= STEP


def _key(triplet: Triplet) -> dict[str, str]:
    return {
        "of_network": triplet.network,
        "of_sender": triplet.sender,
        "of_recipient": triplet.recipient,
    }
