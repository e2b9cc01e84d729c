"""What a stranger may not pass for: our domains, and the names of our heads, remembered until the directory changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from directory.model import PostRole, vietnam_day
from directory.repository import domains
from directory.tables import persons, posts
from mailsvc.model.changes import DirectoryChanged
from mailsvc.sender_auth.lookalike import name_key

if TYPE_CHECKING:
    from mailsvc.model.changes import Change
    from mailsvc.storage.store import Store
    from mailsvc.storage.unit_of_work import Reader

_HEADS = (PostRole.HEAD.value, PostRole.ACTING.value, PostRole.DEPUTY.value)
_WORDS_OF_A_NAME = 2
"""A name of one word is too common to be a warning."""


@dataclass(frozen=True, slots=True)
class OurPeople:
    """Our domains (lower case) and the keys of our heads' names (`lookalike.name_key`)."""

    domains: frozenset[str]
    heads: frozenset[str]


class OurPeopleKept:
    """One object a process, for one thread."""

    def __init__(self, store: Store) -> None:
        self._kept: OurPeople | None = None
        store.subscribe(self._on_change)

    def now(self, db: Reader) -> OurPeople:
        """As the directory is now."""
        if self._kept is None:
            self._kept = OurPeople(domains.local_domains(db.conn), heads(db))
        return self._kept

    def _on_change(self, changes: tuple[Change, ...]) -> None:
        if any(isinstance(change, DirectoryChanged) for change in changes):
            self._kept = None


def heads(db: Reader) -> frozenset[str]:
    """Keys of the names of those who head a unit today, or stand in for a head."""
    today = vietnam_day(db.clock()).isoformat()
    query = (
        select(persons.c.full_name)
        .join(posts, posts.c.person_id == persons.c.id)
        .where(
            posts.c.role.in_(_HEADS),
            posts.c.valid_from <= today,
            or_(posts.c.valid_to.is_(None), posts.c.valid_to > today),
        )
        .distinct()
    )
    names = (str(row[0]) for row in db.conn.execute(query))
    return frozenset(name_key(name) for name in names if len(name.split()) >= _WORDS_OF_A_NAME)
