"""People of a unit that ends: their boxes and posts go to the successor, and nobody heads it by accident."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from directory.model import AccountKind, PostRole
from directory.provision.faults import Fault, Remark
from directory.reorganise.acts import Ending
from directory.reorganise.draft import Draft
from directory.tables import accounts, posts

_HEADS = frozenset({PostRole.HEAD.value, PostRole.ACTING.value})
_MOVING_KINDS = frozenset({AccountKind.PERSONAL.value, AccountKind.SERVICE.value})


@dataclass(frozen=True, slots=True)
class Moved:
    """A box that belongs to another unit afterwards."""

    account_id: int
    address: str
    from_unit: str
    to_unit: str


def move_staff(
    draft: Draft, endings: Sequence[Ending], warnings: list[Remark], carried: list[int]
) -> list[Moved]:
    """Everyone of the units that end, with the posts they hold there; `carried` gets the posts that go on elsewhere."""
    moved: list[Moved] = []
    incoming: defaultdict[int, list[tuple[Ending, int]]] = defaultdict(list)
    headed = {
        unit_id: _has_head(draft, unit_id)
        for act in endings
        for unit_id in (draft.id_of_code[code] for code in (act.staff_to, *act.also_to) if code)
    }
    for act in endings:
        unit_id = draft.id_of_code[act.code]
        target_of = {draft.account_of_key[key]: draft.id_of_code[code] for key, code in act.staff.items()}
        default = draft.id_of_code[act.staff_to] if act.staff_to else None
        account_of_person = {}
        for row in draft.live_accounts(unit_id):
            if row["kind"] not in _MOVING_KINDS:
                continue
            target = target_of.get(row["id"], default)
            if target is None:
                continue
            draft.put(accounts, row["id"], unit_id=target)
            if row["person_id"] is not None:
                account_of_person[row["person_id"]] = target
            moved.append(Moved(row["id"], draft.address(row["id"]), act.code, draft.code_of[target]))
        for post in draft.open_posts(unit_id):
            target = account_of_person.get(post["person_id"], default)
            if target is None:
                _end_post(draft, post["id"])
                continue
            new = _carry_post(draft, post["id"], target)
            carried += [] if new is None else [new]
            if new is not None and post["role"] in _HEADS:
                incoming[target].append((act, new))
    for target, arrivals in incoming.items():
        if headed.get(target) or len({draft.get(posts, key)["person_id"] for _, key in arrivals}) > 1:
            _no_second_head(draft, target, arrivals, warnings)
    return moved


def _has_head(draft: Draft, unit_id: int) -> bool:
    return any(row["role"] in _HEADS for row in draft.open_posts(unit_id))


def _end_post(draft: Draft, key: int) -> None:
    row = draft.get(posts, key)
    if row["valid_from"] >= draft.day:
        draft.drop(posts, key)
    else:
        draft.put(posts, key, valid_to=draft.day)


def _carry_post(draft: Draft, key: int, target: int) -> int | None:
    """The post goes on in the successor; None where the person holds one of the same role there already."""
    row = draft.get(posts, key)
    same = next(
        (
            other
            for other in draft.open_posts(target)
            if other["person_id"] == row["person_id"] and other["role"] == row["role"]
        ),
        None,
    )
    if row["valid_from"] >= draft.day and same is None:
        draft.put(posts, key, unit_id=target)
        return key
    _end_post(draft, key)
    if same is not None:
        draft.put(posts, same["id"], is_primary=max(same["is_primary"], row["is_primary"]))
        return None
    return draft.add(posts, **{**row, "unit_id": target, "valid_from": draft.day})


def _no_second_head(
    draft: Draft, target: int, arrivals: Sequence[tuple[Ending, int]], warnings: list[Remark]
) -> None:
    """A post box follows the head of its unit: two heads would read one another's letters."""
    for act, key in arrivals:
        row = draft.get(posts, key)
        draft.put(posts, key, role=PostRole.DEPUTY.value)
        person = next((item["id"] for item in draft.by(accounts, "person_id", row["person_id"])), 0)
        values = {"value": draft.address(person), "unit": act.code, "into": draft.code_of[target]}
        warnings.append(Remark(act.line, "code", Fault.ROLE_CHANGED, values))
