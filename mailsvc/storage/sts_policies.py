"""MTA-STS policies of other domains, kept until they expire (RFC 8461 §5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, select

from mailsvc.storage.edge_tables import sts_policies
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_p = sts_policies
GET = Statement(
    select(_p.c.policy_id, _p.c.policy, _p.c.fetched_at, _p.c.expires_at).where(
        _p.c.domain == bindparam("of_domain")
    )
)
DROP = Statement(delete(_p).where(_p.c.domain == bindparam("of_domain")))
ADD = Statement(
    insert(_p).values(
        {name: bindparam(name) for name in ("domain", "policy_id", "policy", "fetched_at", "expires_at")}
    )
)


@dataclass(frozen=True, slots=True)
class KeptPolicy:
    """A policy as it was fetched."""

    policy_id: str
    policy: str
    fetched_at: int
    expires_at: int


def get(db: Reader, domain: str) -> KeptPolicy | None:
    """What is kept for a domain, expired or not."""
    row = db.one(GET, {"of_domain": domain})
    return None if row is None else KeptPolicy(*row)


def put(uow: UnitOfWork, domain: str, policy: KeptPolicy) -> None:
    """Keep a policy in place of an older one."""
    uow.run(DROP, {"of_domain": domain})
    uow.run(
        ADD,
        {
            "domain": domain,
            "policy_id": policy.policy_id,
            "policy": policy.policy,
            "fetched_at": policy.fetched_at,
            "expires_at": policy.expires_at,
        },
    )
