"""The demo province as a whole, and as the rosters that an IT officer would import (design §9)."""

import csv
import io
from collections.abc import Iterable
from functools import lru_cache

from mailsvc.demo.boxes import demo_boxes, demo_delegations
from mailsvc.demo.model import DemoPost, DemoProvince, Role
from mailsvc.demo.people import demo_people
from mailsvc.demo.places import demo_places
from mailsvc.demo.units import demo_units

PASSWORD = "Congvu-2026"  # noqa: S105  # everybody's in the demo, printed by the walk; a demo keeps no secrets
UNIT_HEADS = (
    *("code", "name", "parent", "tier", "branch", "short_name", "place", "identifier", "headcount"),
    *("valid_from", "valid_to"),
)
ACCOUNT_HEADS = ("address", "full_name", "unit", "kind", "role", "title", "password_hash")
_ROLES = {
    Role.HEAD: "head",
    Role.DEPUTY: "deputy",
    Role.SPECIALIST: "specialist",
    Role.CLERK: "records_clerk",
}


@lru_cache(maxsize=4)
def demo_province(domain: str) -> DemoProvince:
    """The demo under a mail domain; only the addresses depend on it."""
    units = demo_units()
    people = demo_people(units, domain)
    boxes = demo_boxes(units, people, domain)
    return DemoProvince(domain, demo_places(), units, people, boxes, demo_delegations(boxes, people))


def units_csv(province: DemoProvince) -> str:
    """The roster of units, parents before children."""
    return csv_text(
        UNIT_HEADS,
        (
            (
                unit.code,
                unit.name,
                unit.parent or "",
                unit.tier,
                unit.branch,
                unit.short_name,
                unit.place,
                unit.identifier,
                str(unit.headcount),
                unit.valid_from.isoformat(),
                unit.valid_to.isoformat() if unit.valid_to else "",
            )
            for unit in province.units
        ),
    )


def accounts_csv(province: DemoProvince, password_hash: str) -> str:
    """The roster of boxes: people with the hash of their password, then the shared boxes, which have none."""
    people = (
        (p.address, p.full_name, p.post.unit, "personal", *role_and_title(p.post), password_hash)
        for p in province.people
    )
    boxes = (
        (box.address, box.name, box.unit, box.kind.value, "head" if box.holder else "", "", "")
        for box in province.boxes
    )
    return csv_text(ACCOUNT_HEADS, (*people, *boxes))


def role_and_title(post: DemoPost) -> tuple[str, str]:
    """How a roster writes a post."""
    return _ROLES[post.role], post.title


def csv_text(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """CSV as spreadsheets of the province write it, with line feeds."""
    target = io.StringIO(newline="")
    sheet = csv.writer(target, lineterminator="\n")
    sheet.writerow(heads)
    sheet.writerows(rows)
    return target.getvalue()
