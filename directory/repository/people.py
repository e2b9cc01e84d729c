"""People and the posts they hold."""

from datetime import date
from typing import Final

from sqlalchemy import Connection, select, update

from directory.model import NameParts, Person, PersonId, Post, PostId, PostRole, UnitId
from directory.repository.rows import insert_one
from directory.repository.units import period_of
from directory.tables import persons, posts

_POSTS: Final = select(
    posts.c.id,
    posts.c.unit_id,
    posts.c.person_id,
    posts.c.role,
    posts.c.title,
    posts.c.is_primary,
    posts.c.valid_from,
    posts.c.valid_to,
)


def person_by_id(conn: Connection, person_id: PersonId) -> Person | None:
    """The person behind a personal box."""
    query = select(
        persons.c.id,
        persons.c.full_name,
        persons.c.family_name,
        persons.c.middle_name,
        persons.c.given_name,
        persons.c.parts_overridden,
    ).where(persons.c.id == person_id)
    row = conn.execute(query).first()
    if row is None:
        return None
    return Person(PersonId(row[0]), row[1], NameParts(row[2], row[3], row[4]), bool(row[5]))


def posts_of(conn: Connection, person_id: PersonId, on: date | None = None) -> list[Post]:
    """The posts a person holds on a day, or all ever held; the primary one first, then the oldest."""
    query = _POSTS.where(posts.c.person_id == person_id).order_by(
        posts.c.is_primary.desc(), posts.c.valid_from
    )
    found = [
        Post(
            id=PostId(row[0]),
            unit_id=UnitId(row[1]),
            person_id=PersonId(row[2]),
            role=PostRole(row[3]),
            title=row[4],
            primary=bool(row[5]),
            period=period_of(row[6], row[7]),
        )
        for row in conn.execute(query)
    ]
    return found if on is None else [post for post in found if post.period.holds(on)]


def add_second_post(
    conn: Connection, person_id: PersonId, unit_id: UnitId, role: PostRole, title: str, on: date
) -> PostId:
    """Kiêm nhiệm: one more post beside the primary one, from that day on. The primary one decides the administrator."""
    post_id = insert_one(
        conn,
        posts,
        person_id=person_id,
        unit_id=unit_id,
        role=role.value,
        title=title,
        is_primary=0,
        valid_from=on.isoformat(),
    )
    return PostId(post_id)


def end_post(conn: Connection, post_id: PostId, on: date) -> None:
    """The post is no longer held on that day."""
    conn.execute(
        update(posts).where(posts.c.id == post_id, posts.c.valid_to.is_(None)).values(valid_to=on.isoformat())
    )
