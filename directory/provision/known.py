"""The directory as a plan of boxes needs it: read once, before any row is looked at."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, select

from directory.address import Address
from directory.model import (
    PERSONAL_QUOTA,
    UNIT_QUOTA,
    AccountId,
    AccountKind,
    AccountState,
    AddressKind,
    PersonId,
    PostRole,
    Unit,
    UnitId,
)
from directory.passwords import PasswordRule
from directory.policies import Defaults, Policy, PolicyBook, open_book
from directory.repository.domains import default_domain, local_domains
from directory.repository.units import unit_ids_by_code, units_on
from directory.tables import accounts, addresses, person_identifiers, persons, posts


@dataclass(frozen=True, slots=True)
class ProvisionSettings:
    """What the settings say about new boxes; `domain` "" is the directory's default one."""

    domain: str = ""
    personal_quota: int = PERSONAL_QUOTA.octets
    unit_quota: int = UNIT_QUOTA.octets
    rule: PasswordRule = field(default_factory=PasswordRule)
    max_lock_percent: int = 5  # of the accounts in scope; more than that asks again

    @property
    def defaults(self) -> Defaults:
        """What holds where no policy says anything."""
        return Defaults(personal_quota=self.personal_quota, unit_quota=self.unit_quota)


@dataclass(frozen=True, slots=True)
class Box:
    """A box as it is."""

    id: AccountId
    kind: AccountKind
    state: AccountState
    unit_id: UnitId | None
    person_id: PersonId | None
    display_name: str
    title: str
    role: PostRole | None
    address: Address
    birth_date: date | None = None
    phone: str = ""
    identifiers: frozenset[tuple[str, str]] = frozenset()

    @property
    def was_taken_back(self) -> bool:
        """Whether the plan that made it was undone before anybody used it: it has no unit, and a roster revives it."""
        shared_or_personal = self.kind not in {AccountKind.SERVICE, AccountKind.SYSTEM}
        return self.state is AccountState.ARCHIVED and self.unit_id is None and shared_or_personal


@dataclass(frozen=True, slots=True)
class Taken:
    """What is known of an address that somebody has or had."""

    kind: AddressKind
    box_id: AccountId | None


@dataclass(frozen=True, slots=True)
class Known:
    """The directory as a plan of boxes needs it."""

    on: date
    domain: str
    domains: frozenset[str]
    units: Mapping[str, Unit]  # in force on the day
    code_of: Mapping[UnitId, str]
    boxes: Mapping[AccountId, Box]
    taken: Mapping[str, Taken]
    box_of_identifier: Mapping[tuple[str, str], AccountId]
    settings: ProvisionSettings
    book: PolicyBook

    def policy(self, unit: Unit | None, kind: AccountKind) -> Policy:
        """What holds for a new box of this kind in this unit."""
        return self.book.of(unit.tier if unit else None, unit.branch if unit else None, kind)

    def above(self, unit: Unit | None) -> Unit | None:
        """The unit over another."""
        if unit is None or unit.parent_id is None:
            return None
        return self.units.get(self.code_of.get(unit.parent_id, ""))


def load(conn: Connection, on: date, settings: ProvisionSettings) -> Known:
    """Everything at once: a province is some 13,300 boxes."""
    taken: dict[str, Taken] = {}
    primary: dict[AccountId, Address] = {}
    columns = (
        addresses.c.key,
        addresses.c.kind,
        addresses.c.account_id,
        addresses.c.local,
        addresses.c.domain,
    )
    for key, kind, account_id, local, domain in conn.execute(select(*columns)):
        taken[key] = Taken(AddressKind(kind), account_id)
        if kind == AddressKind.PRIMARY.value:
            primary[account_id] = Address(local, domain)
    identified: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
    columns_of = (person_identifiers.c.person_id, person_identifiers.c.scheme, person_identifiers.c.value)
    for person_id, scheme, value in conn.execute(select(*columns_of)):
        identified[person_id].add((scheme, value))
    boxes = {box.id: box for box in _boxes(conn, primary, identified)}
    return Known(
        on=on,
        domain=settings.domain or default_domain(conn) or "",
        domains=local_domains(conn),
        units={unit.code: unit for unit in units_on(conn, on)},
        code_of={unit_id: code for code, unit_id in unit_ids_by_code(conn).items()},
        boxes=boxes,
        taken=taken,
        box_of_identifier={known: box.id for box in boxes.values() for known in box.identifiers},
        settings=settings,
        book=open_book(conn, on, settings.defaults),
    )


def _boxes(
    conn: Connection,
    primary: Mapping[AccountId, Address],
    identified: Mapping[int, Collection[tuple[str, str]]],
) -> Iterable[Box]:
    role_of = {
        row[0]: row[1]
        for row in conn.execute(
            select(posts.c.person_id, posts.c.role).where(posts.c.is_primary == 1, posts.c.valid_to.is_(None))
        )
    }
    query = select(
        accounts.c.id,
        accounts.c.kind,
        accounts.c.state,
        accounts.c.unit_id,
        accounts.c.person_id,
        accounts.c.display_name,
        accounts.c.title,
        accounts.c.post_role,
        persons.c.birth_date,
        persons.c.phone,
    ).outerjoin(persons, persons.c.id == accounts.c.person_id)
    for row in conn.execute(query):
        role = role_of.get(row[4]) if row[4] is not None else row[7]
        if row[0] in primary:
            yield Box(
                id=row[0],
                kind=AccountKind(row[1]),
                state=AccountState(row[2]),
                unit_id=row[3],
                person_id=row[4],
                display_name=row[5],
                title=row[6],
                role=None if role is None else PostRole(role),
                address=primary[row[0]],
                birth_date=None if row[8] is None else date.fromisoformat(row[8]),
                phone=row[9] or "",
                identifiers=frozenset(identified.get(row[4], ())),
            )
