"""Setting and ending a rule: dated, within the scope of whoever acts, with its line in the audit log."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, update

from directory import audit
from directory.policies.book import FieldFault, PolicyRefusedError, PolicyRow, Where, list_rows
from directory.policies.rules import PolicyName
from directory.repository.rows import insert_one
from directory.repository.units import units_on
from directory.scope import Deed, OutOfScopeError, Scope
from directory.tables import policies


def set_policy(
    conn: Connection,
    scope: Scope,
    name: PolicyName,
    where: Where,
    fields: Mapping[str, Any],
    *,
    on: date,
    actor: str,
    at: int,
) -> int:
    """A rule from that day on; fields of the one before that are not named go on. Its number.

    `fields` come from `read_fields`. PolicyRefusedError where a later day is decided already.
    """
    require_whole_branch(conn, scope, where, on)
    if not fields:
        raise PolicyRefusedError((FieldFault(name.value, "không có giá trị nào / no value given"),))
    before = _current(conn, name, where, on)
    merged = {**(before.fields if before is not None else {}), **fields}
    if before is not None:
        _end(conn, before, on)
    number = insert_one(
        conn,
        policies,
        name=name.value,
        tier=where.tier,
        branch=where.branch,
        account_kind=where.kind,
        value=json.dumps(merged, ensure_ascii=False, sort_keys=True),
        valid_from=on.isoformat(),
    )
    detail = {**_where(where), "from": on.isoformat(), "fields": dict(fields)}
    audit.record(conn, actor, "policy.set", name.value, detail, at)
    return number


def end_policy(
    conn: Connection, scope: Scope, name: PolicyName, where: Where, *, on: date, actor: str, at: int
) -> bool:
    """The rule no longer holds on that day; whether there was one."""
    require_whole_branch(conn, scope, where, on)
    before = _current(conn, name, where, on)
    if before is None:
        return False
    _end(conn, before, on)
    audit.record(conn, actor, "policy.end", name.value, {**_where(where), "from": on.isoformat()}, at)
    return True


def require_whole_branch(conn: Connection, scope: Scope, where: Where, on: date) -> None:
    """OutOfScopeError unless every unit that the rule could mean is the administrator's own."""
    allowed = scope.units(Deed.APPOINT)
    if allowed is None:
        return
    meant = {
        unit.id for unit in units_on(conn, on) if where.branch is not None and unit.branch is where.branch
    }
    if where.branch is None or not meant or not allowed >= meant:
        raise OutOfScopeError(Deed.APPOINT, where.branch.value if where.branch is not None else "*")


def _current(conn: Connection, name: PolicyName, where: Where, on: date) -> PolicyRow | None:
    same = [row for row in list_rows(conn) if row.name is name and row.where == where]
    later = [row for row in same if row.period.valid_from > on]
    if later:
        day = min(row.period.valid_from for row in later).isoformat()
        reason = f"đã có quy định từ ngày / a rule from {day} is decided; chọn ngày sau / choose a later day"
        raise PolicyRefusedError((FieldFault("from", reason),))
    return next((row for row in same if row.period.holds(on)), None)


def _end(conn: Connection, row: PolicyRow, on: date) -> None:
    if row.period.valid_from == on:  # it never held
        conn.execute(delete(policies).where(policies.c.id == row.id))
        return
    conn.execute(update(policies).where(policies.c.id == row.id).values(valid_to=on.isoformat()))


def _where(where: Where) -> dict[str, str]:
    return {"tier": where.tier or "", "branch": where.branch or "", "kind": where.kind or ""}
