"""One person on the draft of the directory, with what every act needs: checks, posts, shared boxes, what is to be shown."""

from directory.journal import Row
from directory.model import AccountId, AccountKind, AccountState, PostRole, Right, UnitId
from directory.policies import PolicyBook
from directory.provision.faults import Fault, Remark
from directory.reorganise.draft import Draft
from directory.scope import Deed, Scope
from directory.tables import accounts, administrators, delegations, posts

_ALL = (Right.READ | Right.ACT | Right.SEND_AS).value
_SHARED = frozenset({AccountKind.UNIT.value, AccountKind.POST.value})


class Life:
    """The person that an act is about. Deeds write on the draft and say what they did."""

    def __init__(self, draft: Draft, scope: Scope, book: PolicyBook, key: str, typed: str) -> None:
        self.draft = draft
        self.scope = scope
        self.book = book
        self.steps: list[tuple[str, str]] = []
        self.refused: list[Remark] = []
        self.warnings: list[Remark] = []
        self.joined: list[tuple[AccountId, AccountId]] = []
        self.lost: list[tuple[AccountId, AccountId]] = []
        self.leaver: AccountId | None = None
        self.account: Row = {}
        self.address = typed
        self._key = key
        self._boxes_touched: set[int] = set()

    # -- checks

    def find(self) -> bool:
        """Whether there is such a person, in the scope of whoever acts."""
        account_id = self.draft.account_of_key.get(self._key)
        if account_id is None:
            return self.refuse("address", Fault.UNKNOWN_BOX, value=self.address)
        row = self.draft.get(accounts, account_id)
        if not self._may(row):
            return self.refuse("address", Fault.OUT_OF_SCOPE, value=self.address)
        self.address = self.draft.address(account_id)
        if row["kind"] != AccountKind.PERSONAL.value or row["person_id"] is None:
            return self.refuse("address", Fault.NOT_A_PERSON, value=self.address)
        if row["state"] == AccountState.ARCHIVED.value:
            return self.refuse("address", Fault.ARCHIVED, value=self.address)
        self.account = row
        return True

    def _may(self, row: Row) -> bool:
        if row["id"] == self.scope.account_id:
            return False
        unit = None if row["unit_id"] is None else UnitId(row["unit_id"])
        return self.scope.may(Deed.MANAGE, unit, AccountKind(row["kind"]))

    def unit(self, code: str) -> int | None:
        """The unit of this code, in force on the day and in the scope; None after a refusal."""
        unit_id = self.draft.id_of_code.get(code)
        if unit_id is None:
            self.refuse("unit", Fault.UNKNOWN_UNIT, value=code)
        elif self.draft.version(unit_id) is None:
            self.refuse("unit", Fault.UNIT_ENDED, value=code, day=self.draft.day)
        elif not self.scope.may(Deed.MANAGE, UnitId(unit_id)):
            self.refuse("unit", Fault.OUT_OF_SCOPE, value=code)
        else:
            return unit_id
        return None

    def refuse(self, column: str, fault: Fault, **values: str) -> bool:
        """Note why not; always False, so that checks can return it."""
        self.refused.append(Remark(1, column, fault, values))
        return False

    def warn(self, column: str, fault: Fault, **values: str) -> None:
        """Note what deserves a look."""
        self.warnings.append(Remark(1, column, fault, values))

    def step(self, what: str, detail: str) -> None:
        """Say what is done."""
        self.steps.append((what, detail))

    # -- posts

    def posts(self) -> list[Row]:
        """The posts the person holds on the day or will hold, the primary one first."""
        held = [
            row
            for row in self.draft.by(posts, "person_id", self.account["person_id"])
            if row["valid_to"] is None or row["valid_to"] > self.draft.day
        ]
        return sorted(held, key=lambda row: (-row["is_primary"], row["valid_from"], row["id"]))

    def begin_post(self, unit_id: int, role: PostRole, title: str, *, primary: bool) -> None:
        """One more post from the day on."""
        self.draft.add(
            posts,
            unit_id=unit_id,
            person_id=self.account["person_id"],
            role=role.value,
            title=title,
            is_primary=int(primary),
            valid_from=self.draft.day,
            valid_to=None,
        )
        self.step("post", f"{self.draft.code_of[unit_id]}: {role.value}")
        for box in self._post_boxes(unit_id, role.value):
            self.joined.append((AccountId(box["id"]), AccountId(self.account["id"])))
            self.step("holds", self.draft.address(box["id"]))

    def end_post(self, row: Row) -> None:
        """A post is no longer held on the day."""
        if row["valid_from"] >= self.draft.day:
            self.draft.drop(posts, row["id"])
        else:
            self.draft.put(posts, row["id"], valid_to=self.draft.day)
        self.step("post_ends", f"{self.draft.code_of[row['unit_id']]}: {row['role']}")
        self._boxes_touched |= {box["id"] for box in self._post_boxes(row["unit_id"], row["role"])}

    def _post_boxes(self, unit_id: int, role: str) -> list[Row]:
        """Hộp thư chức danh of this role: whoever holds the post reads it."""
        return [
            box
            for box in self.draft.live_accounts(unit_id)
            if box["kind"] == AccountKind.POST.value and box["post_role"] == role
        ]

    # -- shared boxes and administration

    def use_unit_box(self, unit_id: int) -> None:
        """The person uses the box of a unit from the day on; what is there counts as read."""
        for box in self.draft.live_accounts(unit_id):
            if box["kind"] != AccountKind.UNIT.value:
                continue
            if not self.scope.may(Deed.SHARE, UnitId(unit_id), AccountKind.UNIT):
                self.refuse("unit", Fault.OUT_OF_SCOPE, value=self.draft.address(box["id"]))
                continue
            known = {row["grantee_id"] for row in self.draft.by(delegations, "account_id", box["id"])}
            if self.account["id"] in known:
                continue
            self.draft.add(
                delegations,
                account_id=box["id"],
                grantee_id=self.account["id"],
                rights=_ALL,
                joined_at=self.draft.at,
                granted_by=None,
            )
            self.joined.append((AccountId(box["id"]), AccountId(self.account["id"])))
            self.step("shares", self.draft.address(box["id"]))

    def leave_boxes(self, unit_id: int | None) -> None:
        """The person no longer uses the shared boxes of a unit; of any unit where None."""
        for row in self.draft.by(delegations, "grantee_id", self.account["id"]):
            box = self.draft.get(accounts, row["account_id"])
            if unit_id is not None and (box["unit_id"] != unit_id or box["kind"] not in _SHARED):
                continue
            self.draft.drop(delegations, row["id"])
            self.lost.append((AccountId(box["id"]), AccountId(self.account["id"])))
            self._boxes_touched.add(box["id"])
            self.step("shares_no_more", self.draft.address(box["id"]))

    def stop_administering(self, unit_id: int | None) -> None:
        """The person no longer administers a unit; any unit where None."""
        for row in self.draft.by(administrators, "account_id", self.account["id"]):
            if unit_id is not None and row["unit_id"] != unit_id:
                continue
            self.draft.drop(administrators, row["id"])
            self.step("administers_no_more", f"{self.draft.code_of[row['unit_id']]}: {row['role']}")

    def look_at_boxes(self) -> None:
        """Say which shared boxes nobody reads any more."""
        for box_id in sorted(self._boxes_touched):
            if not self._readers(self.draft.get(accounts, box_id)):
                self.warn("address", Fault.NOBODY_READS, value=self.draft.address(box_id))

    def _readers(self, box: Row) -> bool:
        if self.draft.by(delegations, "account_id", box["id"]):
            return True
        return box["kind"] == AccountKind.POST.value and any(
            row["role"] == box["post_role"] and row["valid_from"] <= self.draft.day
            for row in self.draft.open_posts(box["unit_id"])
        )
