"""Places that end: communes merged, districts abolished. Their units and the places in them come to the successor."""

from collections.abc import Mapping, Sequence

from directory.journal import Row
from directory.reorganise.acts import PlaceEnding
from directory.reorganise.draft import Draft
from directory.tables import place_successions, place_versions, unit_versions


def end_places(draft: Draft, acts: Sequence[PlaceEnding]) -> list[str]:
    """End them all, after the units; the codes of units that lie in another place from now on."""
    heir_of = {draft.place_of_code[act.code]: draft.place_of_code.get(act.into) for act in acts}
    moved: list[str] = []
    for act in acts:
        old = draft.place_of_code[act.code]
        heir = _living_heir(draft, heir_of, old)
        for row in draft.by(unit_versions, "place_id", old):
            current = draft.version(row["unit_id"])
            if current is not None and current["id"] == row["id"]:
                draft.revise(row["unit_id"], place_id=heir)
                moved.append(draft.code_of[row["unit_id"]])
        for row in draft.by(place_versions, "parent_id", old):
            if row["place_id"] not in heir_of and draft.place_version(row["place_id"]) == row:
                _revise(draft, row, heir)
    for act in acts:
        old = draft.place_of_code[act.code]
        last = draft.place_version(old)
        if last is not None:
            draft.put(place_versions, last["id"], valid_to=draft.day)
        if act.into:
            draft.add(
                place_successions,
                predecessor_id=old,
                successor_id=draft.place_of_code[act.into],
                on_day=draft.day,
                legal_basis="",
            )
    return sorted(moved)


def _living_heir(draft: Draft, heir_of: Mapping[int, int | None], old: int) -> int | None:
    """Its successor; of a place that has none the nearest place above that stays."""
    heir = heir_of[old]
    if heir is not None:
        return heir
    version = draft.place_version(old)
    above = None if version is None else version["parent_id"]
    seen = {old}
    while above is not None and above in heir_of and above not in seen:
        seen.add(above)
        heir = heir_of[above]
        if heir is not None:
            return heir
        version = draft.place_version(above)
        above = None if version is None else version["parent_id"]
    return above if above not in seen else None


def _revise(draft: Draft, row: Row, parent: int | None) -> None:
    """A place lies elsewhere from the day on; what began on the day is corrected in place."""
    if row["valid_from"] == draft.day:
        draft.put(place_versions, row["id"], parent_id=parent)
        return
    draft.put(place_versions, row["id"], valid_to=draft.day)
    draft.add(place_versions, **{**row, "parent_id": parent, "valid_from": draft.day})
