"""How far an administrator reaches, as SQL: a closure of the unit tree that other statements join.

The grants are read by the statement that uses them, in its own moment of the database: a role taken back, a locked
administrator or a unit moved elsewhere counts at once.
"""

from datetime import date

from sqlalchemy import CTE, ColumnElement, and_, or_, select

from directory.model import AccountId, AccountKind, AccountState
from directory.tables import accounts, administrators, unit_versions

_v = unit_versions.c


def _in_force(on: date) -> ColumnElement[bool]:
    day = on.isoformat()
    return and_(_v.valid_from <= day, or_(_v.valid_to.is_(None), _v.valid_to > day))


def reach_of(account_id: AccountId, on: date) -> CTE:
    """(role, root_id, unit_id, branch) of every unit that this account administers on that day, and in which role.

    From the root of each grant down the tree, of the root's own branch only: nobody administers across branches
    (design §1). Empty unless the administrator is a person whose account is in use.
    """
    me = accounts.alias("me")
    roots = (
        select(
            administrators.c.role,
            administrators.c.unit_id.label("root_id"),
            administrators.c.unit_id,
            _v.branch,
        )
        .join(me, me.c.id == administrators.c.account_id)
        .join(unit_versions, _v.unit_id == administrators.c.unit_id)
        .where(
            administrators.c.account_id == account_id,
            me.c.state == AccountState.ACTIVE.value,
            me.c.kind == AccountKind.PERSONAL.value,
            _in_force(on),
        )
        .cte(recursive=True)
    )
    below = (
        select(roots.c.role, roots.c.root_id, _v.unit_id, _v.branch)
        .join(unit_versions, and_(_v.parent_id == roots.c.unit_id, _v.branch == roots.c.branch))
        .where(_in_force(on))
    )
    return roots.union(below)  # not UNION ALL: a cycle, which no act of ours makes, ends here too
