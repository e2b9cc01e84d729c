"""Templates of a province, dated; those that ship hold where it has none of its own."""

from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Final

from sqlalchemy import Connection, delete, or_, select, update

from directory import audit
from directory.model import Period
from directory.repository.rows import insert_one
from directory.repository.units import period_of
from directory.scope import Deed, OutOfScopeError, Scope
from directory.tables import tier_templates
from directory.template.model import TierTemplate, read_template, write_template

SHIPPED: Final = ("commune",)
_t: Final = tier_templates.c


@dataclass(frozen=True, slots=True)
class KeptTemplate:
    """One template with its days; a shipped one has none."""

    template: TierTemplate
    period: Period | None


def shipped(name: str) -> TierTemplate:
    """One of those that come with the service."""
    return read_template(resources.files("directory.template.shipped").joinpath(f"{name}.json").read_bytes())


def list_templates(conn: Connection) -> list[KeptTemplate]:
    """Every template: the province's own, the newest first, then those that ship."""
    query = select(_t.body, _t.valid_from, _t.valid_to).order_by(_t.name, _t.valid_from.desc())
    own = [KeptTemplate(read_template(row[0]), period_of(row[1], row[2])) for row in conn.execute(query)]
    return own + [KeptTemplate(shipped(name), None) for name in SHIPPED]


def template_on(conn: Connection, name: str, day: date) -> TierTemplate | None:
    """The template of this name on that day; the shipped one where the province has none."""
    query = select(_t.body).where(
        _t.name == name,
        _t.valid_from <= day.isoformat(),
        or_(_t.valid_to.is_(None), _t.valid_to > day.isoformat()),
    )
    body = conn.execute(query).scalar()
    if body is not None:
        return read_template(body)
    return shipped(name) if name in SHIPPED else None


def set_template(
    conn: Connection, scope: Scope, template: TierTemplate, *, on: date, actor: str, at: int
) -> None:
    """The template from that day on; one that began before ends on it. Only the console sets what a whole tier has."""
    if not scope.on_the_server:
        raise OutOfScopeError(Deed.REORGANISE, template.name)
    named = (_t.tier == template.tier.value) & (_t.name == template.name)
    conn.execute(delete(tier_templates).where(named, _t.valid_from >= on.isoformat()))
    open_end = or_(_t.valid_to.is_(None), _t.valid_to > on.isoformat())
    conn.execute(update(tier_templates).where(named, open_end).values(valid_to=on.isoformat()))
    insert_one(
        conn,
        tier_templates,
        tier=template.tier.value,
        name=template.name,
        body=write_template(template),
        valid_from=on.isoformat(),
    )
    audit.record(
        conn, actor, "template.set", template.name, {"tier": template.tier.value, "on": on.isoformat()}, at
    )
