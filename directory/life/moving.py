"""Transfer, second post, its end, coming back, being away: what happens to posts and boxes."""

from directory.journal import Row
from directory.life.acts import Absence, EndPost, Return, SecondPost, Transfer
from directory.life.state import Life
from directory.model import AccountState, PostRole, UnitId
from directory.names import text_fold
from directory.provision.faults import Fault
from directory.scope import Deed
from directory.tables import absences, accounts, departures

_HEADS = frozenset({PostRole.HEAD.value, PostRole.ACTING.value})


def transfer(life: Life, act: Transfer) -> None:
    """The primary post ends and begins anew elsewhere; boxes and administration of the old unit stay behind."""
    unit_id = life.unit(act.unit)
    if unit_id is None or not _serving(life):
        return
    old = life.account["unit_id"]
    primary = next((row for row in life.posts() if row["is_primary"]), None)
    if _is_same(primary, unit_id, act) and old == unit_id:
        return
    if not _free_of_later_posts(life):
        return
    _one_head(life, unit_id, act.role)
    for row in life.posts():
        if row["is_primary"] or (row["unit_id"] == unit_id and row["role"] == act.role.value):
            life.end_post(row)
    life.begin_post(unit_id, act.role, act.title, primary=True)
    if old is not None and old != unit_id:
        life.leave_boxes(old)
        life.stop_administering(old)
        life.step("moves", f"{life.draft.code_of[old]} → {act.unit}")
    _belong(life, unit_id, act.title)
    if act.share_unit_box:
        life.use_unit_box(unit_id)


def second_post(life: Life, act: SecondPost) -> None:
    """One more post; the primary one goes on deciding administrator and quota."""
    unit_id = life.unit(act.unit)
    if unit_id is None or not _serving(life):
        return
    if any(row["unit_id"] == unit_id and row["role"] == act.role.value for row in life.posts()):
        life.refuse("unit", Fault.HOLDS_POST, value=life.address, unit=act.unit)
        return
    _one_head(life, unit_id, act.role)
    life.begin_post(unit_id, act.role, act.title, primary=not life.posts())
    if act.share_unit_box:
        life.use_unit_box(unit_id)


def end_post(life: Life, act: EndPost) -> None:
    """A second post ends, and with it the boxes of that unit."""
    unit_id = life.draft.id_of_code.get(act.unit)
    held = [row for row in life.posts() if row["unit_id"] == unit_id]
    if unit_id is None or not held:
        life.refuse("unit", Fault.HOLDS_NO_POST, value=life.address, unit=act.unit)
        return
    if any(row["is_primary"] for row in held):
        life.refuse("unit", Fault.PRIMARY_POST, value=life.address, unit=act.unit)
        return
    if not life.scope.may(Deed.MANAGE, UnitId(unit_id)):
        life.refuse("unit", Fault.OUT_OF_SCOPE, value=act.unit)
        return
    for row in held:
        life.end_post(row)
    life.leave_boxes(unit_id)
    life.stop_administering(unit_id)


def come_back(life: Life, act: Return) -> None:
    """Somebody who left has the box again, as it was kept; a new password has to be given."""
    unit_id = life.unit(act.unit)
    if unit_id is None:
        return
    gone = life.draft.by(departures, "account_id", life.account["id"])
    if not gone:
        life.refuse("address", Fault.NOT_LEFT, value=life.address)
        return
    _one_head(life, unit_id, act.role)
    for row in gone:
        life.draft.drop(departures, row["id"])
    life.begin_post(unit_id, act.role, act.title, primary=True)
    life.draft.put(accounts, life.account["id"], state=AccountState.ACTIVE.value)
    _belong(life, unit_id, act.title)
    life.step("returns", life.address)


def absent(life: Life, act: Absence) -> None:
    """Away from the day on; a span that overlaps another is refused."""
    if not _serving(life):
        return
    until = None if act.back_on is None else act.back_on.isoformat()
    if until is not None and until <= life.draft.day:
        life.refuse("back_on", Fault.ENDS_BEFORE_START)
        return
    for row in life.draft.by(absences, "person_id", life.account["person_id"]):
        if (until is None or row["valid_from"] < until) and (
            row["valid_to"] is None or row["valid_to"] > life.draft.day
        ):
            life.refuse(
                "from",
                Fault.OVERLAPS,
                value=life.address,
                first=row["valid_from"],
                last=row["valid_to"] or "…",
            )
            return
    life.draft.add(
        absences,
        person_id=life.account["person_id"],
        kind=act.kind.value,
        valid_from=life.draft.day,
        valid_to=until,
    )
    life.step("away", f"{act.kind.value}: {life.draft.day} – {until or '…'}")


def _serving(life: Life) -> bool:
    """Whether the person has not left."""
    gone = life.draft.by(departures, "account_id", life.account["id"])
    if gone:
        return life.refuse("address", Fault.LEFT, value=life.address, day=gone[0]["left_on"])
    return True


def _free_of_later_posts(life: Life) -> bool:
    """A post that begins after the day was decided already: the later decision has to be taken back first."""
    later = [row["valid_from"] for row in life.posts() if row["valid_from"] > life.draft.day]
    if later:
        return life.refuse("on", Fault.POST_LATER, value=life.address, day=min(later))
    return True


def _one_head(life: Life, unit_id: int, role: PostRole) -> None:
    """A post box follows the head of its unit: two heads would read one another's letters."""
    if role.value not in _HEADS:
        return
    others = [
        row
        for row in life.draft.open_posts(unit_id)
        if row["role"] == role.value and row["person_id"] != life.account["person_id"]
    ]
    for row in others:
        holder = next((item["id"] for item in life.draft.by(accounts, "person_id", row["person_id"])), 0)
        life.warn(
            "role",
            Fault.TWO_HEADS,
            value=life.draft.address(holder),
            unit=life.draft.code_of[unit_id],
            role=role.value,
        )


def _is_same(primary: Row | None, unit_id: int, act: Transfer) -> bool:
    return primary is not None and (primary["unit_id"], primary["role"], primary["title"]) == (
        unit_id,
        act.role.value,
        act.title,
    )


def _belong(life: Life, unit_id: int, title: str) -> None:
    """The personal box follows the person."""
    life.draft.put(accounts, life.account["id"], unit_id=unit_id, title=title, title_fold=text_fold(title))
