"""A new place from its template: agencies, boxes, groups and administrators in one plan, shown before anything is made."""

import re
from datetime import date
from typing import Final

from sqlalchemy import Connection, select

from directory import audit
from directory.address import Address
from directory.model import (
    AccountId,
    AccountKind,
    AccountState,
    AddressKind,
    Branch,
    GroupKind,
    PostRole,
    Unit,
)
from directory.names import fold, split_name, syllables, text_fold, text_sort_key, tidy
from directory.provision.apply_units import place_kind
from directory.provision.faults import Fault, Remark
from directory.provision.known import Known, ProvisionSettings, load
from directory.provision.new_addresses import open_addresses
from directory.provision.texts import name_texts
from directory.scope import Deed, Scope
from directory.tables import (
    accounts,
    addresses,
    administrators,
    group_members,
    groups,
    persons,
    place_versions,
    places,
    posts,
    unit_versions,
    units,
)
from directory.template.model import AgencyTemplate, TierTemplate
from directory.template.place import PlacePlan, PlaceRequest, Step
from directory.template.rows import NewRows

_KIND_WORDS: Final = re.compile(r"^(?:xa|phuong|dac khu|thi tran|huyen|quan|thi xa|thanh pho|tinh)\s+")


def plan_place(
    conn: Connection,
    scope: Scope,
    template: TierTemplate,
    request: PlaceRequest,
    *,
    on: date,
    at: int,
    settings: ProvisionSettings,
) -> PlacePlan:
    """What making the place would create on that day. Reads only; what lies outside of the scope is refused."""
    head = audit.head(conn)
    return _Maker(conn, load(conn, on, settings), scope, template, request, at).plan(head)


class _Maker:
    """Puts the rows of one place together; each agency after the one above it."""

    def __init__(
        self,
        conn: Connection,
        known: Known,
        scope: Scope,
        template: TierTemplate,
        request: PlaceRequest,
        at: int,
    ) -> None:
        self._conn = conn
        self._known = known
        self._scope = scope
        self._template = template
        self._request = request
        self._at = at
        self._day = known.on.isoformat()
        bare = _KIND_WORDS.sub("", fold(tidy(request.name)))
        self._slug = request.slug or "".join(syllables(bare))
        self._values = {
            "place": tidy(request.name),
            "slug": self._slug,
            "code": request.code or self._slug.upper(),
        }
        self._rows = NewRows()
        self._steps: list[Step] = []
        self._refused: list[Remark] = []
        self._warnings: list[Remark] = []
        self._unit_ids: dict[str, int] = {}
        self._top: dict[Branch, int] = {}  # the first unit of each branch
        self._boxes: list[tuple[Branch, AccountKind, int]] = []
        self._keys: set[str] = set()

    def plan(self, head: int) -> PlacePlan:
        if not self._slug:
            self._refuse("name", Fault.EMPTY)
        place_id = self._place()
        chosen = [
            agency
            for agency in self._template.agencies
            if not self._request.branches or agency.branch in self._request.branches
        ]
        for agency in chosen:
            self._agency(agency, place_id)
        self._groups()
        self._administrators(chosen)
        return PlacePlan(
            effective_on=self._known.on,
            name=self._values["place"],
            steps=tuple(self._steps),
            refused=tuple(self._refused),
            warnings=tuple(self._warnings),
            journal=self._rows.journal,
            head=head,
        )

    # -- parts

    def _place(self) -> int:
        """The place: one that is there already (another branch made it) is taken as it is."""
        name = self._values["place"]
        query = (
            select(places.c.id)
            .join(place_versions, place_versions.c.place_id == places.c.id)
            .where((places.c.code == self._values["code"]) | (place_versions.c.name == name))
        )
        found = self._conn.execute(query).scalar()
        if found is not None:
            return int(found)
        place_id = self._rows.add(places, code=self._values["code"], created_at=self._at)
        kind = place_kind(name, self._template.tier)
        self._rows.add(
            place_versions,
            place_id=place_id,
            name=name,
            kind=kind.value,
            tier=self._template.tier.value,
            valid_from=self._day,
        )
        self._steps.append(Step("place", self._values["code"], name))
        return place_id

    def _agency(self, agency: AgencyTemplate, place_id: int) -> None:
        code, name = self._text(agency.code), self._text(agency.name)
        if code in self._known.code_of.values():
            self._refuse("code", Fault.CODE_TAKEN, value=code)
        parent_id = self._parent(agency)
        if parent_id is None:
            return
        short = self._text(agency.short_name)
        unit_id = self._rows.add(units, code=code, created_at=self._at)
        self._unit_ids[agency.code] = unit_id
        self._top.setdefault(agency.branch, unit_id)
        self._rows.add(
            unit_versions,
            unit_id=unit_id,
            name=name,
            short_name=short,
            parent_id=parent_id,
            tier=self._template.tier.value,
            branch=agency.branch.value,
            place_id=place_id,
            headcount=agency.headcount,
            name_fold=text_fold(f"{name} {short}"),
            sort_key=text_sort_key(name),
            valid_from=self._day,
        )
        self._steps.append(Step("unit", code, name))
        if agency.box is not None:
            self._box(agency, unit_id, AccountKind.UNIT, self._text(agency.box), name, None)
        for post in agency.posts:
            self._box(
                agency, unit_id, AccountKind.POST, self._text(post.address), self._text(post.title), post.role
            )

    def _parent(self, agency: AgencyTemplate) -> int | None:
        """The unit above: of this plan, or the branch's own of the tier above."""
        if agency.parent is not None:
            return self._unit_ids.get(agency.parent)
        wanted = self._request.parents.get(agency.branch, "")
        fitting = [
            unit
            for unit in self._known.units.values()
            if (unit.code == wanted if wanted else unit.branch is agency.branch and self._is_root(unit))
        ]
        if len(fitting) != 1 or fitting[0].branch is not agency.branch:
            listed = ", ".join(sorted(unit.code for unit in fitting)[:6]) or "–"
            self._refuse("parent", Fault.NO_PARENT_IN_BRANCH, value=agency.branch.value, expected=listed)
            return None
        parent = fitting[0]
        kinds = {AccountKind.UNIT, AccountKind.POST}
        may = self._scope.may(Deed.REORGANISE, parent.id) and all(
            self._scope.may(Deed.MANAGE, parent.id, kind) for kind in kinds
        )
        if not may:
            self._refuse("parent", Fault.OUT_OF_SCOPE, value=parent.code)
            return None
        return parent.id

    def _is_root(self, unit: Unit) -> bool:
        """Whether nothing of its own branch is above a unit of a higher tier."""
        above = self._known.above(unit)
        return unit.tier.depth < self._template.tier.depth and (
            above is None or above.branch is not unit.branch
        )

    def _box(
        self,
        agency: AgencyTemplate,
        unit_id: int,
        kind: AccountKind,
        local: str,
        name: str,
        role: PostRole | None,
    ) -> None:
        address = self._address(local)
        if address is None:
            return
        texts = name_texts(kind, name, "")
        quota = self._known.book.of(self._template.tier, agency.branch, kind).quota.octets
        account_id = self._rows.add(
            accounts,
            kind=kind.value,
            state=AccountState.ACTIVE.value,
            unit_id=unit_id,
            post_role=role.value if role is not None else None,
            **texts.account_columns,
            quota_octets=quota,
            created_at=self._at,
        )
        self._primary(address, account_id=account_id)
        self._boxes.append((agency.branch, kind, account_id))
        self._steps.append(Step("box", str(address), name))

    def _groups(self) -> None:
        for group in self._template.groups:
            kinds = {AccountKind.UNIT, AccountKind.POST} if group.posts else {AccountKind.UNIT}
            members = [box for branch, kind, box in self._boxes if branch is group.branch and kind in kinds]
            address = self._address(self._text(group.address)) if members else None
            if address is None:
                continue
            name = self._text(group.name)
            group_id = self._rows.add(
                groups,
                name=name,
                kind=GroupKind.FIXED.value,
                branch=group.branch.value,
                unit_id=self._top.get(group.branch),
                name_fold=text_fold(name),
                created_at=self._at,
            )
            self._primary(address, group_id=group_id)
            for member in members:
                self._rows.add(group_members, group_id=group_id, account_id=member)
            self._steps.append(Step("group", str(address), f"{name} ({len(members)})"))

    def _administrators(self, chosen: list[AgencyTemplate]) -> None:
        branch_of = {agency.code: agency for agency in chosen}
        for wanted in self._template.administrators:
            agency = branch_of.get(wanted.unit)
            unit_id = self._unit_ids.get(wanted.unit)
            if agency is None or unit_id is None:
                continue
            unit_code = self._text(wanted.unit)
            named = tidy(self._request.administrators.get(agency.branch, ""))
            if not named:
                self._warnings.append(
                    Remark(1, "administrator", Fault.NO_ADMINISTRATOR, {"value": unit_code})
                )
                continue
            account_id: int | None = self._known_person(named)
            if account_id is None and " " in named:
                account_id = self._person(agency, unit_id, named)
            if account_id is None:
                self._refuse("administrator", Fault.UNKNOWN_BOX, value=named)
                continue
            self._rows.add(
                administrators,
                account_id=account_id,
                unit_id=unit_id,
                role=wanted.role.value,
                granted_at=self._at,
            )
            self._steps.append(Step("administrator", named, f"{wanted.role.value}: {unit_code}"))

    def _known_person(self, named: str) -> AccountId | None:
        key = named if "@" in named else f"{named}@{self._known.domain}"
        taken = self._known.taken.get(key.lower())
        box = self._known.boxes.get(taken.box_id) if taken is not None and taken.box_id is not None else None
        usable = box is not None and box.kind is AccountKind.PERSONAL and box.state is AccountState.ACTIVE
        return box.id if usable and box is not None else None

    def _person(self, agency: AgencyTemplate, unit_id: int, name: str) -> int | None:
        """Somebody new: without a password until a slip gives one."""
        policy = self._known.book.of(self._template.tier, agency.branch, AccountKind.PERSONAL)
        maker = open_addresses(self._known, self._keys)
        made = maker.for_person(policy.address, split_name(name), name, self._known.domain, None, None)
        address = self._address(made.local)
        if address is None:
            return None
        texts = name_texts(AccountKind.PERSONAL, name, "")
        person_id = self._rows.add(persons, **texts.person_columns, created_at=self._at)
        account_id = self._rows.add(
            accounts,
            kind=AccountKind.PERSONAL.value,
            state=AccountState.ACTIVE.value,
            unit_id=unit_id,
            person_id=person_id,
            **texts.account_columns,
            quota_octets=policy.quota.octets,
            created_at=self._at,
        )
        self._primary(address, account_id=account_id)
        self._rows.add(
            posts,
            unit_id=unit_id,
            person_id=person_id,
            role=PostRole.SPECIALIST.value,
            is_primary=1,
            valid_from=self._day,
        )
        self._steps.append(Step("person", str(address), name))
        return account_id

    # -- helpers of the parts

    def _address(self, local: str) -> Address | None:
        """An address that nobody has or had."""
        if not self._known.domain:
            self._refuse("address", Fault.NO_DOMAIN)
            return None
        address = Address(local.lower(), self._known.domain)
        if address.key in self._known.taken or address.key in self._keys:
            self._refuse("address", Fault.ADDRESS_TAKEN, value=str(address), owner="–")
            return None
        self._keys.add(address.key)
        return address

    def _primary(self, address: Address, **owner: int) -> None:
        self._rows.add(
            addresses,
            key=address.key,
            local=address.local,
            domain=address.domain,
            kind=AddressKind.PRIMARY.value,
            created_at=self._at,
            **owner,
        )

    def _text(self, pattern: str) -> str:
        return pattern.format(**self._values)

    def _refuse(self, column: str, fault: Fault, **values: str) -> None:
        self._refused.append(Remark(1, column, fault, values))
