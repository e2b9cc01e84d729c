"""What must hold of every directory, whatever was done to it: no circle, no orphan, no address with two owners."""

from collections import Counter
from datetime import date

from sqlalchemy import Connection

from directory.journal import take
from directory.model import AccountState, AddressKind
from directory.reorganise.draft import Draft
from directory.tables import accounts, addresses, administrators, posts, unit_versions, units


def structure_faults(conn: Connection, on: date) -> list[str]:
    """Every breach, in words for an operator; nothing is the answer to hope for."""
    draft = Draft(take(conn), on, 0)
    return [*_tree_faults(draft), *_box_faults(draft), *_address_faults(draft)]


def _tree_faults(draft: Draft) -> list[str]:
    found = []
    for unit in draft.rows(units):
        row = draft.version(unit["id"])
        if row is None:
            continue
        above = list(draft.ancestors(unit["id"]))
        if above and draft.version(above[-1]) is None:
            found.append(f"{unit['code']}: stands under a unit that has ended")
        if above and _parent_is_below(draft, unit["id"], above):
            found.append(f"{unit['code']}: stands in a circle")
    spans = Counter[tuple[int, str]]()
    for row in draft.rows(unit_versions):
        if row["valid_from"] <= draft.day and (row["valid_to"] is None or row["valid_to"] > draft.day):
            spans[row["unit_id"], "now"] += 1
    found += [
        f"{draft.code_of[key]}: {count} versions at once" for (key, _), count in spans.items() if count > 1
    ]
    return found


def _parent_is_below(draft: Draft, unit_id: int, above: list[int]) -> bool:
    top = draft.version(above[-1])
    return (
        top is not None
        and top["parent_id"] is not None
        and (top["parent_id"] == unit_id or top["parent_id"] in above)
    )


def _box_faults(draft: Draft) -> list[str]:
    found = [
        f"{draft.address(row['id'])}: belongs to a unit that has ended"
        for row in draft.rows(accounts)
        if row["state"] == AccountState.ACTIVE.value
        and row["unit_id"] is not None
        and draft.version(row["unit_id"]) is None
    ]
    found += [
        f"post {row['id']}: held in a unit that has ended"
        for row in draft.rows(posts)
        if row["valid_from"] <= draft.day
        and (row["valid_to"] is None or row["valid_to"] > draft.day)
        and draft.version(row["unit_id"]) is None
    ]
    found += [
        f"{draft.address(row['account_id'])}: administers a unit that has ended"
        for row in draft.rows(administrators)
        if draft.version(row["unit_id"]) is None
    ]
    return found


def _address_faults(draft: Draft) -> list[str]:
    keys = Counter(row["key"] for row in draft.rows(addresses))
    found = [f"{key}: given out twice" for key, count in keys.items() if count > 1]
    primary = {row["account_id"] for row in draft.rows(addresses) if row["kind"] == AddressKind.PRIMARY.value}
    found += [
        f"account {row['id']}: has no main address"
        for row in draft.rows(accounts)
        if row["state"] != AccountState.ARCHIVED.value and row["id"] not in primary
    ]
    return found
