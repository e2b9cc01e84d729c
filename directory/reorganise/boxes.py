"""Unit and post boxes of units that end: new letters reach the successor, old ones only those who may read them.

A box that ends is locked and read-only. It keeps its letters and stays with the ended unit; its addresses become aliases
of the successor's box, and it gets a name of its own (`ubnd.20250701@…`) that nobody writes to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from directory.address import MAX_LOCAL_OCTETS
from directory.journal import Row
from directory.model import AccountKind, AccountState, AddressKind, GroupKind, Right
from directory.provision.faults import Fault, Remark
from directory.reorganise.acts import Ending
from directory.reorganise.draft import Draft
from directory.repository.group_rules import rule_from_json
from directory.tables import accounts, addresses, administrators, delegations, group_members, groups, posts

_READ = Right.READ.value


@dataclass(frozen=True, slots=True)
class Closed:
    """A box that is closed: where its letters go from now on ("" stays), under which name it can be read."""

    address: str
    letters_to: str
    now: str
    readers: tuple[str, ...]


@dataclass(slots=True)
class Boxes:
    """What became of boxes, groups and administrators."""

    closed: list[Closed] = field(default_factory=list)
    taken_over: list[tuple[str, str]] = field(default_factory=list)  # (address, code of the unit)
    joined: list[tuple[int, int]] = field(default_factory=list)  # (box, who reads it from now on)
    groups: list[tuple[str, str, str]] = field(default_factory=list)  # (group, box before, box after)
    administrators: list[tuple[str, str, str]] = field(default_factory=list)  # (address, unit before, after)


def settle_boxes(draft: Draft, endings: Sequence[Ending], warnings: list[Remark]) -> Boxes:
    """Close or hand over every unit and post box of the units that end, after the people have moved."""
    done = Boxes()
    for act in endings:
        unit_id = draft.id_of_code[act.code]
        here = [row for row in draft.live_accounts(unit_id) if row["kind"] == AccountKind.UNIT.value]
        for box in here:
            _settle(draft, act, box, _unit_box(draft, act.address_to), done, warnings)
    for act in endings:
        for box in _post_boxes(draft, act.code):
            heir = _post_box(draft, act, box["post_role"], endings)
            _settle_post(draft, act, box, heir, done, warnings)
    _move_administrators(draft, endings, done, warnings)
    _rules_follow(draft, endings, warnings)
    for act in endings:
        if act.staff_to:
            for row in draft.by(groups, "unit_id", draft.id_of_code[act.code]):
                draft.put(groups, row["id"], unit_id=draft.id_of_code[act.staff_to])
    return done


def _settle(
    draft: Draft, act: Ending, box: Row, heir: Row | None, done: Boxes, warnings: list[Remark]
) -> None:
    if act.address_to and heir is None:  # the first box that comes is the successor's from now on
        draft.put(accounts, box["id"], unit_id=draft.id_of_code[act.address_to])
        values = {"value": draft.address(box["id"]), "unit": act.address_to}
        warnings.append(Remark(act.line, "address_to", Fault.BOX_TAKEN_OVER, values))
        done.taken_over.append((draft.address(box["id"]), act.address_to))
        return
    if heir is not None:
        _join(draft, act, box, heir, done)
    readers = _readers(draft, act, box)
    _close(draft, act, box, heir, readers, done, warnings)


def _settle_post(
    draft: Draft, act: Ending, box: Row, heir: Row | None, done: Boxes, warnings: list[Remark]
) -> None:
    """Whoever held the post reads what came; what comes goes to whoever holds it in the successor."""
    holders = [
        account["id"]
        for person in _holders_before(draft, draft.id_of_code[act.code], box["post_role"])
        for account in draft.by(accounts, "person_id", person)
    ]
    readers = dict.fromkeys(holders, _READ)
    if act.custodian:
        readers = {draft.account_of_key[act.custodian]: _READ}
    _close(draft, act, box, heir, readers, done, warnings)


def _holders_before(draft: Draft, unit_id: int, role: str | None) -> list[int]:
    """Who held the post until the day: their posts have just ended, or been carried over from the first day on."""
    return sorted(draft.held_before(unit_id, role))


def _post_boxes(draft: Draft, code: str) -> list[Row]:
    unit_id = draft.id_of_code[code]
    return [row for row in draft.live_accounts(unit_id) if row["kind"] == AccountKind.POST.value]


def _unit_box(draft: Draft, code: str) -> Row | None:
    if not code:
        return None
    found = [
        row
        for row in draft.live_accounts(draft.id_of_code[code])
        if row["kind"] == AccountKind.UNIT.value and row["state"] == AccountState.ACTIVE.value
    ]
    return min(found, key=lambda row: row["id"]) if found else None


def _post_box(draft: Draft, act: Ending, role: str | None, endings: Sequence[Ending]) -> Row | None:
    """The successor's box of the same post, if it has one."""
    if not act.address_to or role is None or any(other.code == act.address_to for other in endings):
        return None
    found = [row for row in _post_boxes(draft, act.address_to) if row["post_role"] == role]
    return min(found, key=lambda row: row["id"]) if found else None


def _readers(draft: Draft, act: Ending, box: Row) -> dict[int, int]:
    """The custodian alone; else those who read it before and work for the archive's successor, and its own readers."""
    if act.custodian:
        return {draft.account_of_key[act.custodian]: _READ}
    if not act.archive_to:
        return {}
    archive = draft.id_of_code[act.archive_to]
    before = [
        row["grantee_id"]
        for row in draft.by(delegations, "account_id", box["id"])
        if draft.get(accounts, row["grantee_id"])["unit_id"] == archive
    ]
    keeper = _unit_box(draft, act.archive_to)
    theirs = (
        [row["grantee_id"] for row in draft.by(delegations, "account_id", keeper["id"])] if keeper else []
    )
    return dict.fromkeys([*before, *theirs], _READ)


def _join(draft: Draft, act: Ending, box: Row, heir: Row, done: Boxes) -> None:
    """Those who used the old box and now work in the successor use its box, from today on."""
    target = draft.id_of_code[act.address_to]
    there = {row["grantee_id"] for row in draft.by(delegations, "account_id", heir["id"])}
    for row in draft.by(delegations, "account_id", box["id"]):
        grantee = row["grantee_id"]
        if grantee not in there and draft.get(accounts, grantee)["unit_id"] == target:
            _grant(draft, heir["id"], grantee, row["rights"], done)


def _grant(draft: Draft, box: int, grantee: int, rights: int, done: Boxes) -> None:
    draft.add(
        delegations, account_id=box, grantee_id=grantee, rights=rights, joined_at=draft.at, granted_by=None
    )
    done.joined.append((box, grantee))


def _close(
    draft: Draft,
    act: Ending,
    box: Row,
    heir: Row | None,
    readers: dict[int, int],
    done: Boxes,
    warnings: list[Remark],
) -> None:
    old = draft.address(box["id"])
    now = old
    if heir is not None:
        now = _hand_over_addresses(draft, box["id"], heir["id"])
        _replace_in_groups(draft, box, heir, done)
    for row in draft.by(delegations, "account_id", box["id"]):
        if row["grantee_id"] in readers:
            draft.put(delegations, row["id"], rights=_READ)
            del readers[row["grantee_id"]]
        else:
            draft.drop(delegations, row["id"])
    for grantee in readers:
        _grant(draft, box["id"], grantee, _READ, done)
    draft.put(accounts, box["id"], state=AccountState.LOCKED.value)
    reading = [row["grantee_id"] for row in draft.by(delegations, "account_id", box["id"])]
    if not reading:
        warnings.append(Remark(act.line, "custodian", Fault.NOBODY_READS, {"value": old}))
    done.closed.append(
        Closed(
            old,
            "" if heir is None else draft.address(heir["id"]),
            now,
            tuple(draft.address(grantee) for grantee in reading),
        )
    )


def _hand_over_addresses(draft: Draft, box: int, heir: int) -> str:
    """Every address of the box becomes an alias of its heir; the name under which it can still be read."""
    primary: Row | None = None
    for row in draft.by(addresses, "account_id", box):
        if row["kind"] == AddressKind.RETIRED.value:
            continue
        if row["kind"] == AddressKind.PRIMARY.value:
            primary = row
        kind = row["kind"] if row["kind"] == AddressKind.RESERVED.value else AddressKind.ALIAS.value
        draft.put(addresses, row["id"], account_id=heir, kind=kind)
        draft.account_of_key[row["key"]] = heir
    if primary is None:
        return draft.address(box)
    ending = f".{draft.day.replace('-', '')}"
    local = base = primary["local"][: MAX_LOCAL_OCTETS - len(ending) - 3] + ending
    count = 1
    while f"{local}@{primary['domain']}" in draft.keys:
        count += 1
        local = f"{base}-{count}"
    key = f"{local}@{primary['domain']}"
    draft.keys.add(key)
    draft.account_of_key[key] = box
    draft.add(
        addresses,
        key=key,
        local=local,
        domain=primary["domain"],
        kind=AddressKind.PRIMARY.value,
        account_id=box,
        group_id=None,
        created_at=draft.at,
        retired_at=None,
    )
    return key


def _replace_in_groups(draft: Draft, box: Row, heir: Row, done: Boxes) -> None:
    for row in draft.by(group_members, "account_id", box["id"]):
        group = draft.get(groups, row["group_id"])
        if group["kind"] == GroupKind.COMPUTED.value:
            continue  # worked out again after the change
        draft.drop(group_members, row["id"])
        present = {member["account_id"] for member in draft.by(group_members, "group_id", group["id"])}
        if heir["id"] not in present:
            draft.add(group_members, group_id=group["id"], account_id=heir["id"], member_group_id=None)
        done.groups.append((group["name"], draft.address(box["id"]), draft.address(heir["id"])))


def join_post_boxes(draft: Draft, carried: Sequence[int], done: Boxes) -> None:
    """Whoever holds a post in the successor from now on finds its post box read, as a newcomer does."""
    for key in carried:
        post = draft.get(posts, key)
        holder = next((row["id"] for row in draft.by(accounts, "person_id", post["person_id"])), None)
        for box in draft.live_accounts(post["unit_id"]):
            if (
                holder is not None
                and box["kind"] == AccountKind.POST.value
                and box["post_role"] == post["role"]
            ):
                done.joined.append((box["id"], holder))


def _rules_follow(draft: Draft, endings: Sequence[Ending], warnings: list[Remark]) -> None:
    """Rules of computed groups that name a unit that ends name its successor from now on."""
    successor_of = {act.code: act.staff_to for act in endings}
    line_of = {act.code: act.line for act in endings}
    for row in draft.rows(groups):
        if row["kind"] != GroupKind.COMPUTED.value or row["branch"] is None:
            continue
        rule = rule_from_json(row["branch"], row["rule"])
        after = rule.following(successor_of)
        if after == rule:
            continue
        draft.put(groups, row["id"], rule=after.to_json())
        for code in dict.fromkeys((rule.under, *rule.except_units)):
            if code in successor_of:
                values = {"value": row["name"], "before": code, "after": successor_of[code] or "–"}
                warnings.append(Remark(line_of[code], "code", Fault.RULE_FOLLOWS, values))


def _move_administrators(
    draft: Draft, endings: Sequence[Ending], done: Boxes, warnings: list[Remark]
) -> None:
    """A scope goes along with the staff, never into another branch."""
    for act in endings:
        unit_id = draft.id_of_code[act.code]
        for row in draft.by(administrators, "unit_id", unit_id):
            who = draft.address(row["account_id"])
            target = draft.id_of_code[act.staff_to] if act.staff_to else None
            if target is None or not draft.same_branch(unit_id, target):
                draft.drop(administrators, row["id"])
                warnings.append(Remark(act.line, "code", Fault.SCOPE_LOST, {"value": who, "unit": act.code}))
                continue
            held = {
                (other["account_id"], other["role"]) for other in draft.by(administrators, "unit_id", target)
            }
            if (row["account_id"], row["role"]) in held:
                draft.drop(administrators, row["id"])
            else:
                draft.put(administrators, row["id"], unit_id=target)
            done.administrators.append((who, act.code, act.staff_to))
