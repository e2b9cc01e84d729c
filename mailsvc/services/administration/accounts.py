"""Acts on boxes: list, show, make, move, lock, reset, aliases, who shares them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import StringConstraints

from directory import administer, provision, repository, upkeep
from directory.administer import AccountFilter
from directory.authenticate import FormerPasswords, NewPassword, prepare_password
from directory.model import AccountKind, AccountState, PostRole, Right, vietnam_day
from directory.passwords import PasswordFault, PasswordRefused, first_password, hash_password
from directory.revoke import end_sessions
from directory.scope import Deed
from mailsvc.services.administration.act import Act, Code, Limit, Login, Offset, Touches, Words
from mailsvc.services.administration.finding import find_account, find_unit, unit_code, units_by_id
from mailsvc.services.administration.refusal import ActRefused, Why, not_permitted, of_remarks
from mailsvc.services.administration.rosters import apply_sealed
from mailsvc.services.provision import joined_shared_box

if TYPE_CHECKING:
    from collections.abc import Mapping

    from directory.model import Account, Unit, UnitId
    from directory.provision import AccountPlan
    from mailsvc.services.administration.desk import Desk
    from mailsvc.storage.unit_of_work import Reader

Secret = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Kind = Literal["personal", "unit", "post", "service"]
RightName = Literal["read", "act", "send_as"]
RIGHTS = {"read": Right.READ, "act": Right.ACT, "send_as": Right.SEND_AS}
PASSWORD_SAYS = {
    PasswordFault.TOO_SHORT: ("Mật khẩu quá ngắn.", "The password is too short."),
    PasswordFault.TOO_LONG: ("Mật khẩu quá dài.", "The password is too long."),
    PasswordFault.TOO_FEW_CLASSES: (
        "Mật khẩu cần thêm loại ký tự: chữ thường, chữ hoa, số, ký hiệu.",
        "The password needs more kinds of characters: lower, upper, digits, signs.",
    ),
    PasswordFault.CONTAINS_NAME: ("Mật khẩu chứa tên đăng nhập.", "The password holds the login name."),
    PasswordFault.USED_BEFORE: ("Mật khẩu này đã dùng gần đây.", "This password was used lately."),
    PasswordFault.LEAKED: (
        "Mật khẩu này quá phổ biến, ai cũng đoán trước tiên.",
        "This password is among those that everybody guesses first.",
    ),
    PasswordFault.CONTROL_CHARACTER: (
        "Mật khẩu có ký tự điều khiển.",
        "The password holds a control character.",
    ),
}


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One box of a list."""

    address: str
    full_name: str
    unit: str
    kind: AccountKind
    state: AccountState


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Some boxes, how many there are in all, and where the next ones begin."""

    accounts: list[AccountLine]
    total: int
    next_offset: int | None


@dataclass(frozen=True, slots=True)
class ListAccounts:
    """Which boxes are wanted; words are found in names and addresses, with or without marks."""

    unit: Annotated[str, StringConstraints(max_length=100)] = ""
    below: bool = True
    kind: AccountKind | None = None
    state: AccountState | None = None
    words: Words = ""
    limit: Limit = 100
    offset: Offset = 0


@dataclass(frozen=True, slots=True)
class OneAccount:
    """A box, by its address."""

    address: Login


@dataclass(frozen=True, slots=True)
class AddressLine:
    """One address that a box has or had."""

    address: str
    kind: Literal["primary", "alias", "reserved", "retired"]


@dataclass(frozen=True, slots=True)
class ShareLine:
    """A box or person at the other end of a right, and the rights, by commas."""

    address: str
    rights: str


@dataclass(frozen=True, slots=True)
class AccountDetail:
    """A box with its addresses and who shares it."""

    address: str
    full_name: str
    unit: str
    kind: AccountKind
    state: AccountState
    must_change_password: bool
    quota_octets: int
    last_login_at: int | None
    addresses: list[AddressLine]
    reaches: list[ShareLine]
    shared_with: list[ShareLine]


@dataclass(frozen=True, slots=True)
class CreateAccount:
    """A new box. Without an address one is made from the name; without a password a one-time one, or none at all."""

    name: Annotated[str, StringConstraints(max_length=200)]
    unit: Annotated[str, StringConstraints(max_length=100)] = ""
    address: Annotated[str, StringConstraints(max_length=320, strip_whitespace=True)] = ""
    kind: Kind = "personal"
    role: PostRole | None = None
    title: Annotated[str, StringConstraints(max_length=200)] = ""
    identifier: Annotated[str, StringConstraints(max_length=80)] = ""
    password: Secret | None = field(default=None, repr=False)
    keep_password: bool = False
    make_password: bool = True


@dataclass(frozen=True, slots=True)
class AccountCreated:
    """The new box, and its one-time password where one was made: told once."""

    address: str
    kind: Kind
    id: int
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Điều chuyển: the box and its person go to another unit; the address stays."""

    address: Login
    unit: Code
    title: Annotated[str, StringConstraints(max_length=200)] | None = None
    role: PostRole | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Another name, title or role in the unit; what is left out stays."""

    address: Login
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    title: Annotated[str, StringConstraints(max_length=200)] | None = None
    role: PostRole | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The box that was changed."""

    address: str
    done: bool = True


@dataclass(frozen=True, slots=True)
class WithReason:
    """A box, and the reason for the audit log."""

    address: Login
    reason: Words = ""


@dataclass(frozen=True, slots=True)
class Reset:
    """Whose password is replaced. Only the server's own console chooses one that need not be changed."""

    address: Login
    password: Secret | None = field(default=None, repr=False)
    keep_password: bool = False


@dataclass(frozen=True, slots=True)
class PasswordSet:
    """The one-time password where one was made: told once."""

    address: str
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AliasOf:
    """A box and one more address of it."""

    address: Login
    alias: Login


@dataclass(frozen=True, slots=True)
class AliasChanged:
    """The alias as it is kept."""

    address: str
    alias: str
    done: bool = True


@dataclass(frozen=True, slots=True)
class Share:
    """Who may use a unit or post box, and how."""

    address: Login
    person: Login
    rights: list[RightName] = field(default_factory=lambda: ["read", "act", "send_as"])


@dataclass(frozen=True, slots=True)
class Unshare:
    """Who may no longer use a box."""

    address: Login
    person: Login


def _list(desk: Desk, asked: ListAccounts) -> AccountPage:
    with desk.read() as db:
        scope, today = desk.scope(db), vietnam_day(db.clock())
        wanted = AccountFilter(
            unit_id=find_unit(db, scope, asked.unit, today).id if asked.unit else None,
            with_below=asked.below,
            kind=asked.kind,
            state=asked.state,
            words=asked.words,
        )
        total = administer.count_accounts(db.conn, scope, wanted, today)
        found = administer.visible_accounts(
            db.conn, scope, wanted, on=today, limit=asked.limit, offset=asked.offset
        )
        units = units_by_id(db, scope, today)
    after = asked.offset + len(found)
    return AccountPage([_line(item, units) for item in found], total, after if after < total else None)


def _show(desk: Desk, asked: OneAccount) -> AccountDetail:
    with desk.read() as db:
        scope, today = desk.scope(db), vietnam_day(db.clock())
        found = find_account(db, scope, asked.address, Deed.SEE)
        units = units_by_id(db, scope, today)
        addresses = repository.addresses_of(db.conn, found.id)
        reached = repository.delegated_to(db.conn, found.id, today)
        delegates = repository.delegates_of(db.conn, found.id)
        people = repository.accounts_by_ids(db.conn, [item.grantee_id for item in delegates])
    return AccountDetail(
        address=str(found.address),
        full_name=found.display_name,
        unit=unit_code(units, found.unit_id),
        kind=found.kind,
        state=found.state,
        must_change_password=found.must_change_password,
        quota_octets=found.quota_octets,
        last_login_at=found.last_login_at,
        addresses=[AddressLine(str(item.address), item.kind.value) for item in addresses],
        reaches=[ShareLine(str(item.account.address), _rights(item.rights)) for item in reached],
        shared_with=[
            ShareLine(str(people[item.grantee_id].address), _rights(item.rights)) for item in delegates
        ],
    )


def _create(desk: Desk, asked: CreateAccount) -> AccountCreated:
    kind = AccountKind(asked.kind)
    keeps = asked.keep_password and desk.on_the_server
    if asked.password is not None and keeps:
        _hold_to_rule(desk, asked.password)
    wants = asked.make_password and asked.password is None and kind.signs_in
    made = first_password() if wants else None
    row = {"address": asked.address, "full_name": asked.name, "unit": asked.unit, "kind": asked.kind}
    row |= {"role": asked.role or "", "title": asked.title, "password": asked.password or made or ""}
    sheet = provision.account_row(row | {"identifier": asked.identifier})
    if sheet.refused:
        raise of_remarks(sheet.refused)
    with desk.read() as db:
        scope = desk.scope(db)
        today = vietnam_day(db.clock())
        plan = provision.plan_accounts(db.conn, scope, sheet, on=today, settings=desk.provision)
    if plan.refused:
        raise of_remarks(plan.refused)
    if not plan.creates:
        raise ActRefused(
            Why.CONFLICT,
            f"{asked.address} đã có. Xem: congvu account show {asked.address}",
            f"{asked.address} exists. See: congvu account show {asked.address}",
        )
    if keeps:
        plan = replace(plan, creates=tuple(replace(new, must_change=False) for new in plan.creates))
    _, created = apply_sealed(desk, provision.seal(plan))
    new = plan.creates[0]
    return AccountCreated(str(new.address), asked.kind, created[new.address.key], made)


def _transfer(desk: Desk, asked: Transfer) -> Done:
    with desk.read() as db:
        scope, today = desk.scope(db), vietnam_day(db.clock())
        found = find_account(db, scope, asked.address, Deed.MANAGE)
        if found.kind is not AccountKind.PERSONAL:
            raise ActRefused(
                Why.INVALID,
                f"{found.address} không phải hộp thư cá nhân; hộp thư đơn vị đi cùng đơn vị.",
                f"{found.address} is not a personal box; the box of a unit goes with its unit.",
            )
        find_unit(db, scope, asked.unit, today)
        plan = _altering(desk, db, found, {"unit": asked.unit, "title": asked.title, "role": asked.role})
    if not plan.moves:
        raise ActRefused(
            Why.CONFLICT,
            f"{found.address} đang ở {asked.unit}.",
            f"{found.address} is in {asked.unit} already.",
        )
    apply_sealed(desk, plan)
    return Done(str(found.address))


def _change(desk: Desk, asked: Change) -> Done:
    with desk.read() as db:
        found = find_account(db, desk.scope(db), asked.address, Deed.MANAGE)
        wanted = {"full_name": asked.name, "title": asked.title, "role": asked.role}
        plan = _altering(desk, db, found, wanted)
    if not plan.changes_nothing:
        apply_sealed(desk, plan)
    return Done(str(found.address))


def _altering(desk: Desk, db: Reader, found: Account, wanted: dict[str, str | None]) -> AccountPlan:
    """The plan of one line that gives a box other values; ActRefused where the line is refused."""
    scope, today = desk.scope(db), vietnam_day(db.clock())
    row = {"address": str(found.address), "full_name": found.display_name, "kind": found.kind.value}
    row["unit"] = unit_code(units_by_id(db, scope, today), found.unit_id)
    row |= {name: value for name, value in wanted.items() if value is not None}
    sheet = provision.account_row(row)
    if sheet.refused:
        raise of_remarks(sheet.refused)
    if wanted.get("title") == "":  # in a roster an empty cell leaves the title; here it is taken away
        sheet = replace(sheet, rows=tuple(replace(one, title="") for one in sheet.rows))
    plan = provision.plan_accounts(db.conn, scope, sheet, on=today, settings=desk.provision)
    if plan.refused:
        raise of_remarks(plan.refused)
    return plan


def _lock(desk: Desk, asked: WithReason) -> Done:
    with desk.write() as uow:
        scope = desk.scope(uow)
        found = find_account(uow, scope, asked.address, Deed.MANAGE)
        upkeep.lock(uow.conn, scope, found, actor=desk.actor, at=uow.clock(), reason=asked.reason)
        end_sessions(uow.conn, found.id)
    return Done(str(found.address))


def _unlock(desk: Desk, asked: WithReason) -> Done:
    with desk.write() as uow:
        scope = desk.scope(uow)
        found = find_account(uow, scope, asked.address, Deed.MANAGE)
        if found.state is AccountState.ARCHIVED:
            raise ActRefused(
                Why.CONFLICT,
                f"{found.address} đã lưu trữ, không mở lại được.",
                f"{found.address} is archived and stays closed.",
            )
        upkeep.unlock(uow.conn, scope, found, actor=desk.actor, at=uow.clock(), reason=asked.reason)
    return Done(str(found.address))


def _reset(desk: Desk, asked: Reset) -> PasswordSet:
    keeps = asked.keep_password and desk.on_the_server
    if asked.keep_password and not desk.on_the_server:
        raise not_permitted("keep_password")  # else whoever resets could go on to read unseen
    if keeps and asked.password is not None:
        _hold_to_rule(desk, asked.password)
    password = asked.password or first_password()
    stored = NewPassword(hash_password(password))  # slow, so before the transaction
    with desk.write() as uow:
        scope = desk.scope(uow)
        found = find_account(uow, scope, asked.address, Deed.RESET)
        must_change = not keeps and found.kind is AccountKind.PERSONAL
        upkeep.set_password(
            uow.conn, scope, found, stored, must_change=must_change, actor=desk.actor, at=uow.clock()
        )
        end_sessions(uow.conn, found.id)
    return PasswordSet(str(found.address), password if asked.password is None else None)


def _add_alias(desk: Desk, asked: AliasOf) -> AliasChanged:
    with desk.write() as uow:
        scope = desk.scope(uow)
        found = find_account(uow, scope, asked.address, Deed.MANAGE)
        added = upkeep.add_alias(uow.conn, scope, found, asked.alias, actor=desk.actor, at=uow.clock())
    return AliasChanged(str(found.address), str(added))


def _remove_alias(desk: Desk, asked: AliasOf) -> AliasChanged:
    with desk.write() as uow:
        scope = desk.scope(uow)
        found = find_account(uow, scope, asked.address, Deed.MANAGE)
        key = repository.login_key(uow.conn, asked.alias)
        if not upkeep.remove_alias(uow.conn, scope, found, key, actor=desk.actor, at=uow.clock()):
            raise ActRefused(
                Why.NOT_FOUND,
                f"{found.address} không có bí danh {asked.alias}.",
                f"{found.address} has no alias {asked.alias}.",
            )
    return AliasChanged(str(found.address), key)


def _grant(desk: Desk, asked: Share) -> Done:
    rights = Right(0)
    for name in asked.rights:
        rights |= RIGHTS[name]
    if not rights:
        raise ActRefused(Why.INVALID, "Cần ít nhất một quyền.", "At least one right is needed.")
    with desk.write() as uow:
        scope = desk.scope(uow)
        shared = find_account(uow, scope, asked.address, Deed.SHARE)
        grantee = find_account(uow, scope, asked.person, Deed.SEE)
        if not grantee.kind.signs_in or shared.id == grantee.id:
            raise ActRefused(
                Why.INVALID,
                f"{asked.person} không phải tài khoản cá nhân khác.",
                f"{asked.person} is not another person's account.",
            )
        if upkeep.grant(uow.conn, scope, shared, grantee, rights, actor=desk.actor, at=uow.clock()):
            joined_shared_box(uow, shared.id, grantee.id)
    return Done(str(shared.address))


def _revoke(desk: Desk, asked: Unshare) -> Done:
    with desk.write() as uow:
        scope = desk.scope(uow)
        shared = find_account(uow, scope, asked.address, Deed.SHARE)
        grantee = repository.account_by_login(uow.conn, asked.person)  # whoever it is, also outside
        if grantee is None or not upkeep.revoke(
            uow.conn, scope, shared, grantee, actor=desk.actor, at=uow.clock()
        ):
            raise ActRefused(
                Why.NOT_FOUND,
                f"{asked.person} không có quyền ở {shared.address}.",
                f"{asked.person} has no right on {shared.address}.",
            )
    return Done(str(shared.address))


def _hold_to_rule(desk: Desk, password: str) -> None:
    """A password that stays in use follows the rule for passwords."""
    try:
        prepare_password(password, FormerPasswords((), ()), replace(desk.rule, history=0))
    except PasswordRefused as refused:
        vi, en = PASSWORD_SAYS.get(refused.fault, (str(refused.fault.value),) * 2)
        raise ActRefused(Why.INVALID, vi, en, reason=refused.fault.value) from refused


def _line(item: Account, units: Mapping[UnitId, Unit]) -> AccountLine:
    return AccountLine(
        str(item.address), item.display_name, unit_code(units, item.unit_id), item.kind, item.state
    )


def _rights(rights: Right) -> str:
    return ",".join(name for name, right in RIGHTS.items() if right in rights)


_IN = Touches.ACCOUNT
LIST = Act(
    "account.list", Deed.SEE, _IN, "GET", "/accounts",
    "Danh sách và tìm kiếm tài khoản", "List and search accounts", ListAccounts, AccountPage, _list,
)  # fmt: skip
SHOW = Act(
    "account.show", Deed.SEE, _IN, "GET", "/accounts/{address}",
    "Một tài khoản", "One account", OneAccount, AccountDetail, _show,
)  # fmt: skip
CREATE = Act(
    "account.create", Deed.MANAGE, _IN, "POST", "/accounts",
    "Tạo tài khoản", "Create an account", CreateAccount, AccountCreated, _create, secret=True, step_up=True,
)  # fmt: skip
TRANSFER = Act(
    "account.transfer", Deed.MANAGE, _IN, "POST", "/accounts/{address}/transfer",
    "Điều chuyển sang đơn vị khác", "Transfer to another unit", Transfer, Done, _transfer,
)  # fmt: skip
CHANGE = Act(
    "account.change", Deed.MANAGE, _IN, "POST", "/accounts/{address}/change",
    "Đổi tên, chức vụ", "Change name or title", Change, Done, _change,
)  # fmt: skip
LOCK = Act(
    "account.lock", Deed.MANAGE, _IN, "POST", "/accounts/{address}/lock",
    "Khóa tài khoản", "Lock an account", WithReason, Done, _lock, step_up=True,
)  # fmt: skip
UNLOCK = Act(
    "account.unlock", Deed.MANAGE, _IN, "POST", "/accounts/{address}/unlock",
    "Mở khóa tài khoản", "Unlock an account", WithReason, Done, _unlock, step_up=True,
)  # fmt: skip
RESET = Act(
    "account.reset", Deed.RESET, _IN, "POST", "/accounts/{address}/reset",
    "Đặt lại mật khẩu", "Reset a password", Reset, PasswordSet, _reset, secret=True, step_up=True,
)  # fmt: skip
ADD_ALIAS = Act(
    "account.add_alias", Deed.MANAGE, _IN, "PUT", "/accounts/{address}/aliases/{alias}",
    "Thêm bí danh", "Add an alias", AliasOf, AliasChanged, _add_alias,
)  # fmt: skip
REMOVE_ALIAS = Act(
    "account.remove_alias", Deed.MANAGE, _IN, "DELETE", "/accounts/{address}/aliases/{alias}",
    "Thu hồi bí danh", "Take an alias back", AliasOf, AliasChanged, _remove_alias,
)  # fmt: skip
GRANT = Act(
    "account.grant", Deed.SHARE, _IN, "PUT", "/accounts/{address}/shares/{person}",
    "Cấp quyền dùng chung hộp thư", "Share a box", Share, Done, _grant, step_up=True,
)  # fmt: skip
REVOKE = Act(
    "account.revoke", Deed.SHARE, _IN, "DELETE", "/accounts/{address}/shares/{person}",
    "Thu quyền dùng chung hộp thư", "Take a share back", Unshare, Done, _revoke,
)  # fmt: skip
ACTS = (LIST, SHOW, CREATE, TRANSFER, CHANGE, LOCK, UNLOCK, RESET, ADD_ALIAS, REMOVE_ALIAS, GRANT, REVOKE)
