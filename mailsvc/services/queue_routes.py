"""Which smart host takes the mail for which domain: what an operator has set comes before the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from directory import audit
from mailsvc.model.changes import QueueChanged
from mailsvc.storage.edge_tables import outbound_routes

if TYPE_CHECKING:
    from config.settings import QueueSettings
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_r = outbound_routes


@dataclass(frozen=True, slots=True)
class Route:
    """What an operator has set, and why."""

    domain: str
    """Lower case; `.x.vn` is all below x.vn."""
    smart_host: str
    """host:port"""
    reason: str
    set_at: int
    set_by: str


def routes(db: Reader) -> list[Route]:
    """What operators have set, by domain."""
    query = select(_r.c.domain, _r.c.smart_host, _r.c.reason, _r.c.set_at, _r.c.set_by).order_by(_r.c.domain)
    return [Route(*row) for row in db.conn.execute(query)]


def routes_now(db: Reader, settings: QueueSettings) -> dict[str, str]:
    """Domain to host:port, as they hold now."""
    return {
        **{domain.lower(): smart_host for domain, smart_host in settings.routes.items()},
        **{route.domain: route.smart_host for route in routes(db)},
    }


def set_route(uow: UnitOfWork, domain: str, smart_host: str, *, actor: str, reason: str) -> None:
    """Send the mail for a domain by a smart host from now on; what waits goes that way too."""
    drop_route(uow, domain, actor="")
    at = uow.clock()
    uow.conn.execute(
        insert(_r).values(domain=domain, smart_host=smart_host, reason=reason, set_at=at, set_by=actor)
    )
    audit.record(uow.conn, actor, "queue.route", domain, {"smart_host": smart_host, "reason": reason}, at)
    uow.record(QueueChanged())


def drop_route(uow: UnitOfWork, domain: str, *, actor: str) -> bool:
    """Back to the settings; False if nothing was set. An empty actor writes no audit line: the caller does."""
    gone = uow.conn.execute(delete(_r).where(_r.c.domain == domain).returning(_r.c.domain)).first()
    if gone is not None and actor:
        audit.record(uow.conn, actor, "queue.route.drop", domain, {}, uow.clock())
    uow.record(QueueChanged())
    return gone is not None
