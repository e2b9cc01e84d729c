"""Boxes from a roster: what would be made, changed, moved or refused. Reads only; the hashing is `seal`'s."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from sqlalchemy import Connection

from directory.address import Address
from directory.model import AccountId, AccountKind, AccountState, AddressKind, Unit, UnitId
from directory.names import split_name
from directory.passwords import PasswordRefused, check_rule, read_hash
from directory.policies import AddressRule
from directory.provision.csv_rows import AccountRow, Sheet
from directory.provision.faults import Fault, Remark
from directory.provision.known import Box, Known, ProvisionSettings, load
from directory.provision.new_addresses import NewAddresses, open_addresses
from directory.provision.plan import (
    AccountChange,
    AccountLock,
    AccountPlan,
    FieldChange,
    NewAccount,
    Plan,
)
from directory.provision.texts import name_texts
from directory.scope import Deed, Scope


def plan_accounts(
    conn: Connection,
    scope: Scope,
    sheet: Sheet[AccountRow],
    *,
    on: date,
    settings: ProvisionSettings,
) -> AccountPlan:
    """What importing these rows would do on that day.

    A box is known by its address; without one by its identifier, or else by name, unit and kind. Passwords of a roster
    count for new boxes only: those in use are not overwritten by a second run. Lines outside of the scope are refused.
    """
    return plan_rows(load(conn, on, settings), scope, sheet)


def plan_rows(
    known: Known, scope: Scope, sheet: Sheet[AccountRow], *, whole_units: Collection[UnitId] = ()
) -> AccountPlan:
    """The same on a directory that was read before.

    The rows name everybody who belongs to `whole_units`: whoever is there and in no row will be locked.
    """
    return _Planner(known, scope, sheet, whole_units).plan()


class _Planner:
    """Sorts the rows of one sheet; each of its steps fills one of the lists."""

    def __init__(
        self, known: Known, scope: Scope, sheet: Sheet[AccountRow], whole_units: Collection[UnitId]
    ) -> None:
        self.whole_units = whole_units
        self.known = known
        self.scope = scope
        self.sheet = sheet
        self.refused: list[Remark] = list(sheet.refused)
        self.warnings: list[Remark] = list(sheet.warnings)
        self.creates: list[NewAccount] = []
        self.changes: list[AccountChange] = []
        self.moves: list[AccountChange] = []
        self.unchanged = 0
        self._line_of: dict[str, int] = {}  # every address of the file, by key
        self._line_of_box: dict[AccountId, int] = {}
        self._line_of_identifier: dict[tuple[str, str], int] = {}
        self._addresses: NewAddresses | None = None
        self._by_name: defaultdict[tuple[str, UnitId | None, AccountKind], list[Box]] = defaultdict(list)

    def plan(self) -> AccountPlan:
        sound = [row for row in self.sheet.rows if self._check(row)]
        matched = {box.id for row in sound if (box := self._explicit_box(row)) is not None}
        for box in sorted(self.known.boxes.values(), key=lambda box: -box.id):
            if box.id not in matched and box.state is not AccountState.ARCHIVED:
                self._by_name[box.display_name, box.unit_id, box.kind].append(box)
        for row in sound:
            box = self._explicit_box(row)
            if box is None and row.address is None:
                box = self._box_by_name(row)
            if box is None:
                self._create(row)
                continue
            earlier = self._line_of_box.setdefault(box.id, row.line)
            if earlier == row.line:
                self._compare(row, box)
            else:  # once by its address, once by its identifier
                self._refuse(row, "identifier", Fault.DUPLICATE, value=str(box.address), line=str(earlier))
        locks = self._missing()
        every = sum(1 for box in self.known.boxes.values() if self._lockable(box))
        return Plan(
            effective_on=self.known.on,
            creates=tuple(self.creates),
            changes=tuple(self.changes),
            moves=tuple(self.moves),
            unchanged=self.unchanged,
            refused=tuple(sorted(self.refused, key=lambda remark: remark.line)),
            warnings=tuple(self.warnings),
            locks=locks,
            locks_of=every,
            locks_ask=len(locks) * 100 > every * self.known.settings.max_lock_percent,
        )

    def _missing(self) -> tuple[AccountLock, ...]:
        """Who is in a whole unit and in no row, not even in one that is refused."""
        named = set(self._line_of_box)
        named |= {box.id for row in self.sheet.rows if (box := self._explicit_box(row)) is not None}
        gone = [
            box
            for box in self.known.boxes.values()
            if box.unit_id in self.whole_units and box.id not in named and self._lockable(box)
        ]
        return tuple(
            AccountLock(box.id, box.address, box.display_name, box.unit_id, self._code(box.unit_id))
            for box in sorted(gone, key=lambda box: box.address.key)
        )

    def _lockable(self, box: Box) -> bool:
        """A person's box in use that is the administrator's to lock."""
        usual = box.kind is AccountKind.PERSONAL and box.state is AccountState.ACTIVE
        return usual and self.scope.may_do_to(Deed.MANAGE, box.id, box.unit_id, box.kind)

    # -- is the row sound?

    def _check(self, row: AccountRow) -> bool:
        before = len(self.refused)
        if row.unit and row.unit not in self.known.units:
            fault = Fault.UNIT_ENDED if row.unit in self.known.code_of.values() else Fault.UNKNOWN_UNIT
            self._refuse(row, "unit", fault, value=row.unit, day=self.known.on.isoformat())
        if row.address is not None:
            self._check_address(row, row.address)
        elif row.kind in {AccountKind.POST, AccountKind.SERVICE}:
            self._refuse(row, "address", Fault.NEEDS_ADDRESS, kind=row.kind.value)
        elif not self.known.domain:
            self._refuse(row, "address", Fault.NO_DOMAIN)
        for alias in row.aliases:
            self._check_alias(row, alias)
        if row.password_hash is not None and read_hash(row.password_hash) is None:
            self._refuse(row, "password_hash", Fault.BAD_HASH)
        if row.identifier is not None:
            earlier = self._line_of_identifier.setdefault(row.identifier, row.line)
            if earlier != row.line:
                self._refuse(row, "identifier", Fault.DUPLICATE, value=row.identifier[1], line=str(earlier))
            self._check_identifier(row, row.identifier)
        self._check_scope(row)
        return len(self.refused) == before

    def _check_scope(self, row: AccountRow) -> None:
        """Where the box goes, and where it comes from, is the administrator's own."""
        unit = self.known.units.get(row.unit)
        if unit is not None or not row.unit:
            unit_id = unit.id if unit is not None else None
            if not self.scope.may(Deed.MANAGE, unit_id, row.kind):
                self._refuse(row, "unit", Fault.OUT_OF_SCOPE, value=row.unit)
                return
        box = self._explicit_box(row)
        if (
            box is not None
            and not box.was_taken_back
            and not self.scope.may_do_to(Deed.MANAGE, box.id, box.unit_id, box.kind)
        ):
            self._refuse(row, "address", Fault.OUT_OF_SCOPE, value=str(box.address))

    def _check_address(self, row: AccountRow, given: Address) -> None:
        address = self._whole(given)
        if address.domain not in self.known.domains:
            self._refuse_domain(row, "address", address)
            return
        earlier = self._line_of.setdefault(address.key, row.line)
        if earlier != row.line:
            self._refuse(row, "address", Fault.DUPLICATE, value=str(address), line=str(earlier))
            return
        taken = self.known.taken.get(address.key)
        if taken is None:
            return
        box = self.known.boxes.get(taken.box_id) if taken.box_id is not None else None
        if taken.kind is AddressKind.RETIRED:
            self._refuse(row, "address", Fault.ADDRESS_RETIRED, value=str(address))
        elif box is None:
            self._refuse(row, "address", Fault.ADDRESS_TAKEN, value=str(address), owner="nhóm / group")
        elif taken.kind is AddressKind.RESERVED and box.kind is AccountKind.SYSTEM:
            return  # an account that will answer for postmaster@ or abuse@
        elif taken.kind is not AddressKind.PRIMARY or box.kind is AccountKind.SYSTEM:
            self._refuse(row, "address", Fault.ADDRESS_TAKEN, value=str(address), owner=str(box.address))
        elif box.kind is not row.kind:
            self._refuse(row, "kind", Fault.KIND_CHANGED, value=str(address), kind=box.kind.value)
        elif box.state is AccountState.ARCHIVED and not box.was_taken_back:
            self._refuse(row, "address", Fault.ARCHIVED, value=str(address))

    def _check_alias(self, row: AccountRow, given: Address) -> None:
        alias = self._whole(given)
        if alias.domain not in self.known.domains:
            self._refuse_domain(row, "aliases", alias)
            return
        earlier = self._line_of.setdefault(alias.key, row.line)
        if earlier != row.line:
            self._refuse(row, "aliases", Fault.DUPLICATE, value=str(alias), line=str(earlier))
            return
        taken = self.known.taken.get(alias.key)
        if taken is None:
            return
        box = self._explicit_box(row)
        if box is not None and box.was_taken_back and taken.box_id == box.id:
            return
        if taken.kind is AddressKind.RETIRED:
            self._refuse(row, "aliases", Fault.ADDRESS_RETIRED, value=str(alias))
        elif box is None or taken.box_id != box.id:
            owner = self.known.boxes.get(taken.box_id) if taken.box_id is not None else None
            name = str(owner.address) if owner is not None else "nhóm / group"
            self._refuse(row, "aliases", Fault.ADDRESS_TAKEN, value=str(alias), owner=name)

    def _check_identifier(self, row: AccountRow, identifier: tuple[str, str]) -> None:
        """Two people never share an identifier; a line that names both a person and another's address is one of them."""
        owner_id = self.known.box_of_identifier.get(identifier)
        if owner_id is None:
            return
        owner, box = self.known.boxes[owner_id], self._explicit_box(row)
        if box is None or box.id != owner.id:
            self._refuse(
                row, "identifier", Fault.IDENTIFIER_TAKEN, value=identifier[1], owner=str(owner.address)
            )
        elif owner.state is AccountState.ARCHIVED:
            self._refuse(row, "identifier", Fault.ARCHIVED, value=str(owner.address))

    def _refuse_domain(self, row: AccountRow, column: str, address: Address) -> None:
        if not self.known.domains:
            self._refuse(row, column, Fault.NO_DOMAIN)
            return
        expected = ", ".join(sorted(self.known.domains)[:5])
        self._refuse(row, column, Fault.FOREIGN_DOMAIN, value=address.domain, expected=expected)

    def _refuse(self, row: AccountRow, column: str, fault: Fault, **values: str) -> None:
        self.refused.append(Remark(row.line, column, fault, values))

    def _whole(self, address: Address) -> Address:
        return address if address.domain else Address(address.local, self.known.domain)

    # -- whose row is it?

    def _explicit_box(self, row: AccountRow) -> Box | None:
        if row.address is not None:
            taken = self.known.taken.get(self._whole(row.address).key)
            if taken is None or taken.kind is not AddressKind.PRIMARY or taken.box_id is None:
                return None
            return self.known.boxes.get(taken.box_id)
        if row.identifier is not None and row.kind is AccountKind.PERSONAL:
            found = self.known.box_of_identifier.get(row.identifier)
            return None if found is None else self.known.boxes[found]
        return None

    def _box_by_name(self, row: AccountRow) -> Box | None:
        """The oldest box of this name, unit and kind that no earlier row has taken, and that is not a namesake's."""
        same = self._by_name.get((self._name(row), self._unit_id(row), row.kind), [])
        for place in reversed(range(len(same))):
            if not _is_namesake(row, same[place]):
                return same.pop(place)
        return None

    # -- what becomes of it?

    def _create(self, row: AccountRow) -> None:
        unit = self.known.units.get(row.unit)
        policy = self.known.policy(unit, row.kind)
        given = row.address
        address = self._whole(given) if given is not None else self._made(row, unit, policy.address)
        if address is None:
            return
        if row.password is not None:
            try:
                check_rule(row.password, self.known.settings.rule)
            except PasswordRefused:
                self.warnings.append(Remark(row.line, "password", Fault.WEAK))
        taken = self.known.taken.get(address.key)
        self.creates.append(
            NewAccount(
                line=row.line,
                address=address,
                kind=row.kind,
                texts=name_texts(row.kind, self._name(row), row.title or "", row.parts),
                unit_id=self._unit_id(row),
                unit=row.unit,
                quota_octets=policy.quota.octets,
                role=row.role,
                aliases=tuple(
                    dict.fromkeys(
                        alias for given in row.aliases if (alias := self._whole(given)).key != address.key
                    )
                ),
                identifier=row.identifier,
                birth_date=row.birth_date,
                phone=row.phone or "",
                claims_reserved=taken is not None,
                generated=row.address is None,
                password=row.password,
                password_hash=read_hash(row.password_hash) if row.password_hash is not None else None,
                # A given hash is a password already in use, and no machine changes its own.
                must_change=row.password is not None and row.kind is AccountKind.PERSONAL,
            )
        )

    def _made(self, row: AccountRow, unit: Unit | None, rule: AddressRule) -> Address | None:
        """An address by the rule; None, with the line refused, where a person has to choose it."""
        domain = self.known.domain
        if self._addresses is None:
            self._addresses = open_addresses(self.known, self._line_of)
        if row.kind is AccountKind.UNIT and unit is not None:
            return Address(self._addresses.for_unit(rule, unit, self.known.above(unit)), domain)
        name, parts = self._name(row), row.parts or split_name(row.full_name)
        made = self._addresses.for_person(rule, parts, name, domain, unit, self.known.above(unit))
        alike = {"value": name, "other": made.like_name, "owner": made.like_address}
        if not made.local:
            self._refuse(row, "address", Fault.HOMOGRAPH_REFUSED, **alike)
            return None
        address = Address(made.local, domain)
        if made.like_name:
            values = {**alike, "address": str(address)}
            self.warnings.append(Remark(row.line, "full_name", Fault.HOMOGRAPH, values))
        return address

    def _compare(self, row: AccountRow, box: Box) -> None:
        name, unit_id = self._name(row), self._unit_id(row)
        role = row.role if row.role is not None else box.role
        title = row.title if row.title is not None else box.title
        aliases = tuple(
            dict.fromkeys(
                alias for given in row.aliases if (alias := self._whole(given)).key not in self.known.taken
            )
        )
        known_identifier = row.identifier is None or row.identifier in self.known.box_of_identifier
        identifier = None if known_identifier or box.person_id is None else row.identifier
        person = box.person_id is not None
        birth_date = (row.birth_date or box.birth_date) if person else None
        phone = row.phone if row.phone is not None and person else box.phone
        state = AccountState.ACTIVE if box.was_taken_back else box.state
        pairs = (
            ("state", box.state.value, state.value),
            ("full_name", box.display_name, name),
            ("unit", self._code(box.unit_id), row.unit or self._code(box.unit_id)),
            ("role", box.role.value if box.role else "", role.value if role else ""),
            ("title", box.title, title),
            ("aliases", "", " ".join(str(alias) for alias in aliases)),
            ("identifier", "", identifier[1] if identifier is not None else ""),
            ("birth_date", _day(box.birth_date), _day(birth_date)),
            ("phone", box.phone, phone),
        )
        fields = tuple(FieldChange(column, old, new) for column, old, new in pairs if old != new)
        if not fields:
            self.unchanged += 1
            return
        change = AccountChange(
            line=row.line,
            account_id=box.id,
            person_id=box.person_id,
            address=box.address,
            texts=name_texts(box.kind, name, title, row.parts),
            unit_id=unit_id if row.unit else box.unit_id,
            unit=row.unit,
            role=role,
            old_display_name=box.display_name,
            old_unit_id=box.unit_id,
            new_aliases=aliases,
            new_identifier=identifier,
            fields=fields,
            kind=box.kind,
            birth_date=birth_date,
            phone=phone,
            revived=box.was_taken_back,
            restored_aliases=tuple(
                alias.key for given in row.aliases if (alias := self._whole(given)).key in self.known.taken
            )
            if box.was_taken_back
            else (),
        )
        moved = any(item.field == "unit" for item in fields)
        (self.moves if moved else self.changes).append(change)

    def _name(self, row: AccountRow) -> str:
        return row.full_name or self.known.units[row.unit].name

    def _unit_id(self, row: AccountRow) -> UnitId | None:
        return self.known.units[row.unit].id if row.unit else None

    def _code(self, unit_id: UnitId | None) -> str:
        return "" if unit_id is None else self.known.code_of[unit_id]


def _is_namesake(row: AccountRow, box: Box) -> bool:
    """Another birth date, or another identifier of the same scheme: two people of one name."""
    if row.birth_date is not None and box.birth_date not in {None, row.birth_date}:
        return True
    given = row.identifier
    return given is not None and any(scheme == given[0] for scheme, _ in box.identifiers)


def _day(value: date | None) -> str:
    return "" if value is None else value.isoformat()
