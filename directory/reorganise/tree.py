"""What a reorganisation does to the tree: versions end and begin, children find a parent, successions are written."""

from collections.abc import Mapping, Sequence

from directory.model import SuccessionAspect, Tier
from directory.names import text_fold, text_sort_key
from directory.reorganise.acts import Ending, Moving, Renaming
from directory.reorganise.draft import Draft
from directory.tables import unit_identifiers, unit_successions, unit_versions


def rename(draft: Draft, act: Renaming) -> None:
    """The unit and, where it bears the unit's name, its box."""
    unit_id = draft.id_of_code[act.code]
    before = draft.version(unit_id)
    if before is None:
        return
    short = act.short_name if act.short_name is not None else before["short_name"]
    draft.revise(
        unit_id,
        name=act.name,
        short_name=short,
        name_fold=text_fold(f"{act.name} {short}"),
        sort_key=text_sort_key(act.name),
    )


def move(draft: Draft, act: Moving) -> None:
    """Another parent."""
    draft.revise(draft.id_of_code[act.code], parent_id=draft.id_of_code[act.parent])


def end_units(draft: Draft, endings: Sequence[Ending]) -> list[str]:
    """End them all and give their children a parent; the codes of units that came under another one."""
    ending = {draft.id_of_code[act.code]: act for act in endings}
    last = {unit_id: draft.version(unit_id) for unit_id in ending}
    moved: list[str] = []
    for unit_id in ending:
        for row in draft.by(unit_versions, "parent_id", unit_id):
            child = row["unit_id"]
            current = draft.version(child)
            if child in ending or current is None or current["id"] != row["id"]:
                continue
            parent = _new_parent(draft, child, unit_id, ending)
            draft.revise(child, parent_id=parent)
            moved.append(draft.code_of[child])
    for unit_id, act in ending.items():
        if last[unit_id] is not None:
            draft.end_unit(unit_id)
        for row in draft.by(unit_identifiers, "unit_id", unit_id):
            if row["valid_to"] is None or row["valid_to"] > draft.day:
                draft.put(unit_identifiers, row["id"], valid_to=draft.day)
        _succeed(draft, unit_id, act)
    return sorted(moved)


def _new_parent(draft: Draft, child: int, old: int, ending: Mapping[int, Ending]) -> int | None:
    """The successor of the old parent where that is no circle and no lower tier, else the nearest unit above that stays."""
    seen: set[int] = set()
    parent: int | None = old
    while parent is not None and parent in ending and parent not in seen:
        seen.add(parent)
        act = ending[parent]
        if act.staff_to:
            successor = draft.id_of_code[act.staff_to]
            if (
                successor != child
                and child not in draft.ancestors(successor)
                and _may_stand(draft, child, successor)
            ):
                return successor
        parent = next(draft.ancestors(parent), None)
    return None if parent in seen else parent


def _may_stand(draft: Draft, child: int, parent: int) -> bool:
    below, above = draft.version(child), draft.version(parent)
    if below is None or above is None or above["branch"] != below["branch"]:
        return False
    return Tier(below["tier"]).depth >= Tier(above["tier"]).depth


def _succeed(draft: Draft, unit_id: int, act: Ending) -> None:
    pairs = [(code, SuccessionAspect.STAFF) for code in (act.staff_to, *act.also_to) if code]
    pairs += [(act.address_to, SuccessionAspect.ADDRESS)] if act.address_to else []
    pairs += [(act.archive_to, SuccessionAspect.ARCHIVE)] if act.archive_to else []
    known = {
        (row["successor_id"], row["aspect"]) for row in draft.by(unit_successions, "predecessor_id", unit_id)
    }
    for code, aspect in dict.fromkeys(pairs):
        successor = draft.id_of_code[code]
        if (successor, aspect.value) not in known:
            draft.add(
                unit_successions,
                predecessor_id=unit_id,
                successor_id=successor,
                aspect=aspect.value,
                on_day=draft.day,
            )
