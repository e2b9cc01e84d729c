"""The structure of a directory as one comparable value, without ids that only count upwards."""

from typing import Any

from sqlalchemy import Connection, text

QUERIES = {
    "versions": """
        SELECT u.code, v.name, v.short_name, p.code, v.tier, v.branch, v.headcount, v.valid_from, v.valid_to
        FROM unit_versions v JOIN units u ON u.id = v.unit_id LEFT JOIN units p ON p.id = v.parent_id""",
    "places": """
        SELECT p.code, v.name, v.tier, a.code, v.valid_from, v.valid_to FROM place_versions v
        JOIN places p ON p.id = v.place_id LEFT JOIN places a ON a.id = v.parent_id""",
    "lies_in": """
        SELECT u.code, p.code, v.valid_from FROM unit_versions v JOIN units u ON u.id = v.unit_id
        JOIN places p ON p.id = v.place_id""",
    "place_successions": "SELECT predecessor_id, successor_id, on_day FROM place_successions",
    "identifiers": "SELECT unit_id, scheme, value, valid_from, valid_to FROM unit_identifiers",
    "successions": "SELECT predecessor_id, successor_id, aspect, on_day FROM unit_successions",
    "accounts": """
        SELECT id, kind, state, unit_id, display_name, title, post_role, sort_key FROM accounts
        WHERE state <> 'archived'""",
    "people": "SELECT p.full_name FROM persons p JOIN accounts a ON a.person_id = p.id WHERE a.state <> 'archived'",
    "posts": "SELECT person_id, unit_id, role, title, is_primary, valid_from, valid_to FROM posts",
    "addresses": """
        SELECT d.key, d.kind, d.account_id, d.group_id FROM addresses d LEFT JOIN accounts a ON a.id = d.account_id
        WHERE d.kind <> 'retired' AND (a.state IS NULL OR a.state <> 'archived')""",
    "groups": "SELECT id, name, unit_id FROM groups",
    "members": "SELECT group_id, account_id, member_group_id FROM group_members",
    "delegations": "SELECT account_id, grantee_id, rights, joined_at FROM delegations",
    "administrators": "SELECT account_id, unit_id, role FROM administrators",
}


def structure(conn: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that a reorganisation touches."""
    return {
        name: sorted((tuple(row) for row in conn.execute(text(query))), key=repr)
        for name, query in QUERIES.items()
    }
