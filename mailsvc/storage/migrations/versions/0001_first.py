"""The first schema: mail, queue, webmail and directory.

Oldest version that can read a store after this migration: 0.1.0.
"""

from __future__ import annotations

from alembic import op

from directory.tables import metadata as directory_metadata
from mailsvc.storage import edge_tables, pull_tables, upkeep_tables
from mailsvc.storage.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    connection = op.get_bind()
    directory_metadata.create_all(connection, checkfirst=False)
    assert edge_tables.metadata is pull_tables.metadata is upkeep_tables.metadata is metadata
    metadata.create_all(connection, checkfirst=False)
