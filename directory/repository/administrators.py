"""Who administers what."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from directory.model import AccountId, AdminRole, UnitId
from directory.tables import administrators


@dataclass(frozen=True, slots=True)
class Administrator:
    """Quản trị viên: a role over a unit and what is below it."""

    account_id: AccountId
    unit_id: UnitId
    role: AdminRole
    granted_at: int


def list_administrators(conn: Connection, account_id: AccountId | None = None) -> list[Administrator]:
    """All of them, or the grants of one account; the oldest first."""
    columns = administrators.c
    query = select(columns.account_id, columns.unit_id, columns.role, columns.granted_at).order_by(columns.id)
    if account_id is not None:
        query = query.where(columns.account_id == account_id)
    return [
        Administrator(AccountId(row[0]), UnitId(row[1]), AdminRole(row[2]), row[3])
        for row in conn.execute(query)
    ]


def appoint(conn: Connection, account_id: AccountId, unit_id: UnitId, role: AdminRole, at: int) -> bool:
    """Give a role over a unit; whether it is new."""
    make = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    statement = (
        make(administrators)
        .values(account_id=account_id, unit_id=unit_id, role=role.value, granted_at=at)
        .on_conflict_do_nothing()
        .returning(administrators.c.id)
    )
    return conn.execute(statement).first() is not None


def dismiss(conn: Connection, account_id: AccountId, unit_id: UnitId, role: AdminRole) -> bool:
    """Take a role back; whether there was one."""
    gone = conn.execute(
        delete(administrators)
        .where(
            administrators.c.account_id == account_id,
            administrators.c.unit_id == unit_id,
            administrators.c.role == role.value,
        )
        .returning(administrators.c.id)
    ).first()
    return gone is not None
