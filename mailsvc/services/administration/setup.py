"""What the installation is set up with, to be looked at: templates of tiers and mail domains. Both are set on the server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date  # noqa: TC003 - pydantic reads it when it runs
from typing import TYPE_CHECKING

from directory import repository, template
from directory.model import vietnam_day
from directory.scope import Deed
from mailsvc.services.administration.act import Act, Code, Touches
from mailsvc.services.administration.refusal import ActRefused, Why

if TYPE_CHECKING:
    from mailsvc.services.administration.desk import Desk


@dataclass(frozen=True, slots=True)
class Everything:
    """Nothing is asked: there are few."""


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """One template with its days; one that comes with the service has none."""

    name: str
    tier: str
    title: str
    units: int
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class OneTemplate:
    """A template, by its name."""

    name: Code


@dataclass(frozen=True, slots=True)
class TemplateText:
    """The template as JSON, as `congvu template set` takes it."""

    text: str


@dataclass(frozen=True, slots=True)
class DomainLine:
    """One mail domain of ours."""

    domain: str
    default: bool


def _templates(desk: Desk, _: Everything) -> list[TemplateLine]:
    with desk.read() as db:
        found = template.list_templates(db.conn)
    return [
        TemplateLine(
            item.template.name,
            item.template.tier.value,
            item.template.title,
            len(item.template.agencies),
            item.period.valid_from if item.period else None,
            item.period.valid_to if item.period else None,
        )
        for item in found
    ]


def _template(desk: Desk, asked: OneTemplate) -> TemplateText:
    with desk.read() as db:
        found = template.template_on(db.conn, asked.name, vietnam_day(db.clock()))
    if found is None:
        raise ActRefused(
            Why.NOT_FOUND,
            f"Không có mẫu {asked.name}. Xem: congvu template list",
            f"There is no template {asked.name}. See: congvu template list",
        )
    return TemplateText(template.write_template(found))


def _domains(desk: Desk, _: Everything) -> list[DomainLine]:
    with desk.read() as db:
        return [DomainLine(item.name, item.is_default) for item in repository.list_domains(db.conn)]


TEMPLATES = Act(
    "template.list", Deed.SEE, Touches.UNIT, "GET", "/templates",
    "Các mẫu của từng cấp", "Templates of tiers", Everything, list[TemplateLine], _templates,
)  # fmt: skip
TEMPLATE = Act(
    "template.show", Deed.SEE, Touches.UNIT, "GET", "/templates/{name}",
    "Mẫu hôm nay", "Today's template", OneTemplate, TemplateText, _template,
)  # fmt: skip
DOMAINS = Act(
    "domain.list", Deed.SEE, Touches.DOMAIN, "GET", "/domains",
    "Các tên miền của hệ thống", "Our mail domains", Everything, list[DomainLine], _domains,
)  # fmt: skip
ACTS = (TEMPLATES, TEMPLATE, DOMAINS)
