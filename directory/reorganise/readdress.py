"""Boxes of a province that is taken in: addresses of the new domain, the old ones as aliases, collisions told apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from directory.address import MAX_LOCAL_OCTETS
from directory.journal import Row
from directory.model import AccountKind, AddressKind
from directory.names import unit_local_part
from directory.provision.faults import Fault, Remark
from directory.reorganise.acts import Readdressing
from directory.reorganise.draft import Draft
from directory.tables import addresses, unit_versions, units

_PEOPLE = frozenset({AccountKind.PERSONAL.value, AccountKind.SERVICE.value})


@dataclass(frozen=True, slots=True)
class Readdressed:
    """A box with its address before and after."""

    account_id: int
    before: str
    after: str


def readdress(draft: Draft, acts: Sequence[Readdressing], warnings: list[Remark]) -> list[Readdressed]:
    """New main addresses for every box of these units and of all below them."""
    done = []
    for act in acts:
        for unit_id in _below(draft, draft.id_of_code[act.code]):
            for box in draft.live_accounts(unit_id):
                changed = _move(draft, act, box, warnings)
                if changed is not None:
                    done.append(changed)
    return done


def _below(draft: Draft, root: int) -> Iterator[int]:
    """The unit and all units under it on the day, nearest first."""
    waiting, seen = [root], {root}
    while waiting:
        unit_id = waiting.pop(0)
        yield unit_id
        for row in draft.by(unit_versions, "parent_id", unit_id):
            current = draft.version(row["unit_id"])
            if current is not None and current["id"] == row["id"] and row["unit_id"] not in seen:
                seen.add(row["unit_id"])
                waiting.append(row["unit_id"])


def _move(draft: Draft, act: Readdressing, box: Row, warnings: list[Remark]) -> Readdressed | None:
    old = next(
        (
            row
            for row in draft.by(addresses, "account_id", box["id"])
            if row["kind"] == AddressKind.PRIMARY.value
        ),
        None,
    )
    if old is None or old["domain"] == act.domain:
        return None
    own = {row["key"]: row for row in draft.by(addresses, "account_id", box["id"])}
    key = next(name for name in _names(draft, act, box, old) if name in own or name not in draft.keys)
    draft.put(addresses, old["id"], kind=AddressKind.ALIAS.value)
    draft.account_of_key[key] = box["id"]
    if key.partition("@")[0] != old["local"]:
        values = {"value": f"{old['local']}@{act.domain}", "after": key}
        warnings.append(Remark(act.line, "domain", Fault.READDRESSED, values))
    if key in own:  # it has or had it: nobody else ever did
        draft.put(addresses, own[key]["id"], kind=AddressKind.PRIMARY.value, retired_at=None)
        return Readdressed(box["id"], old["key"], key)
    draft.keys.add(key)
    draft.add(
        addresses,
        key=key,
        local=key.partition("@")[0],
        domain=act.domain,
        kind=AddressKind.PRIMARY.value,
        account_id=box["id"],
        group_id=None,
        created_at=draft.at,
        retired_at=None,
    )
    return Readdressed(box["id"], old["key"], key)


def _names(draft: Draft, act: Readdressing, box: Row, old: Row) -> Iterator[str]:
    """The same name; then people by number (`annv2`), offices by where they come from (`ubnd.binhthuan`), then both."""
    local = old["local"]
    yield f"{local}@{act.domain}"
    base = local
    if box["kind"] not in _PEOPLE:
        version = draft.version(draft.id_of_code[act.code])
        short = version["short_name"] if version is not None else ""
        origin = unit_local_part(
            short or old["domain"].partition(".")[0], draft.get(units, draft.id_of_code[act.code])["code"]
        )
        base = f"{local[: MAX_LOCAL_OCTETS - len(origin) - 5]}.{origin}"
        yield f"{base}@{act.domain}"
    joint = "." if base[-1].isdigit() else ""
    number = 2
    while True:
        yield f"{base[: MAX_LOCAL_OCTETS - 5]}{joint}{number}@{act.domain}"
        number += 1
