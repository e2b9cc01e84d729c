"""Acts on people as a provisioning client sees them: personal accounts with names, titles and units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import StringConstraints

from directory import administer, audit, external_ids
from directory.external_ids import MAX_EXTERNAL_ID, Named
from directory.model import AccountState, vietnam_day
from directory.scope import Deed
from mailsvc.services.administration.act import Act, Number, Touches
from mailsvc.services.administration.finding import unit_code, units_by_id
from mailsvc.services.administration.refusal import no_account

if TYPE_CHECKING:
    from directory.administer import PersonLine
    from mailsvc.services.administration.desk import Desk
    from mailsvc.storage.unit_of_work import Reader

GONE = frozenset({AccountState.ARCHIVED, AccountState.LEFT})


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person's account; its id never changes and is never given again."""

    id: int
    address: str
    full_name: str
    family_name: str
    middle_name: str
    given_name: str
    title: str
    unit: str
    active: bool
    created_at: int
    external_id: str | None


@dataclass(frozen=True, slots=True)
class ListPeople:
    """Every person in the scope who has not left; or the one with this address or external id."""

    address: Annotated[str, StringConstraints(max_length=320)] = ""
    external_id: Annotated[str, StringConstraints(max_length=MAX_EXTERNAL_ID)] = ""


@dataclass(frozen=True, slots=True)
class OnePerson:
    """A person's account by its id."""

    id: Number


@dataclass(frozen=True, slots=True)
class NamePerson:
    """What the provisioning client calls this account; null forgets it."""

    id: Number
    external_id: Annotated[str, StringConstraints(min_length=1, max_length=MAX_EXTERNAL_ID)] | None = None


def _list(desk: Desk, asked: ListPeople) -> list[PersonRecord]:
    with desk.read() as db:
        scope = desk.scope(db)
        found = administer.visible_people(db.conn, scope)
        if asked.address:
            one = administer.visible_account(db.conn, scope, asked.address)
            found = [line for line in found if one is not None and line.id == one.id]
        records = _records(desk, db, found)
    if asked.external_id:
        records = [record for record in records if record.external_id == asked.external_id]
    return records


def _show(desk: Desk, asked: OnePerson) -> PersonRecord:
    with desk.read() as db:
        found = _records(desk, db, administer.visible_people(db.conn, desk.scope(db), account_id=asked.id))
    if not found:  # or they have left
        raise no_account(str(asked.id))
    return found[0]


def _name(desk: Desk, asked: NamePerson) -> PersonRecord:
    with desk.write() as uow:
        scope = desk.scope(uow)
        found = administer.visible_people(uow.conn, scope, account_id=asked.id, deed=Deed.MANAGE)
        if not found or found[0].state in GONE:
            raise no_account(str(asked.id))
        external_ids.give_name(uow.conn, Named.USER, asked.id, asked.external_id)
        audit.record(
            uow.conn,
            desk.actor,
            "account.external_id",
            found[0].address,
            {"external_id": asked.external_id},
            uow.clock(),
        )
        return _records(desk, uow, found)[0]


def _records(desk: Desk, db: Reader, lines: list[PersonLine]) -> list[PersonRecord]:
    units = units_by_id(db, desk.scope(db), vietnam_day(db.clock()))
    names = external_ids.names_of(db.conn, Named.USER)
    return [
        PersonRecord(
            id=line.id,
            address=line.address,
            full_name=line.full_name,
            family_name=line.family_name,
            middle_name=line.middle_name,
            given_name=line.given_name,
            title=line.title,
            unit=unit_code(units, line.unit_id),
            active=line.state is AccountState.ACTIVE,
            created_at=line.created_at,
            external_id=names.get(line.id),
        )
        for line in lines
        if line.state not in GONE
    ]


_IN = Touches.ACCOUNT
LIST = Act(
    "person.list", Deed.SEE, _IN, "GET", "/people",
    "Mọi người trong phạm vi", "Every person in the scope", ListPeople, list[PersonRecord], _list,
)  # fmt: skip
SHOW = Act(
    "person.show", Deed.SEE, _IN, "GET", "/people/{id}",
    "Một người", "One person", OnePerson, PersonRecord, _show,
)  # fmt: skip
NAME = Act(
    "person.external_id", Deed.MANAGE, _IN, "PUT", "/people/{id}/external-id",
    "Mã ở hệ thống nguồn", "What the source system calls them", NamePerson, PersonRecord, _name,
)  # fmt: skip
ACTS = (LIST, SHOW, NAME)
