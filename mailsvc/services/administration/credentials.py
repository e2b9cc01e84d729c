"""What a help desk may do about somebody's means of signing in: see the list, take back, reset. Never make one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from directory import app_passwords, audit, second_factors, tokens
from directory.authenticate import PasswordCheck, look_up, set_password_check
from directory.revoke import end_sessions, revoke_everything
from directory.scope import Deed
from mailsvc.services.administration.act import Act, Login, Number, Touches, Words
from mailsvc.services.administration.finding import find_account
from mailsvc.services.administration.refusal import ActRefused, Why

if TYPE_CHECKING:
    from directory.model import Account
    from mailsvc.services.administration.desk import Desk
    from mailsvc.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class OneAccount:
    """A box, by its address."""

    address: Login


@dataclass(frozen=True, slots=True)
class MeansLine:
    """One app password, token or second factor; never what it is made of."""

    kind: Literal["app_password", "token", "totp", "webauthn"]
    id: int
    label: str
    created_at: int
    last_used_at: int | None
    last_network: str


@dataclass(frozen=True, slots=True)
class MeansOf:
    """By what somebody signs in."""

    address: str
    password_check: Literal["local", "ldap"]
    recovery_codes_left: int
    means: list[MeansLine]


@dataclass(frozen=True, slots=True)
class RevokeMeans:
    """One app password or token by its number; without either, everything that lets anybody in, sessions too."""

    address: Login
    app_password: Number | None = None
    token: Number | None = None
    reason: Words = ""


@dataclass(frozen=True, slots=True)
class Revoked:
    """How many were taken back."""

    address: str
    app_passwords: int
    tokens: int


@dataclass(frozen=True, slots=True)
class ResetFactors:
    """Somebody has lost phone, keys and codes, and has shown the help desk who they are."""

    address: Login
    reason: Words = ""


@dataclass(frozen=True, slots=True)
class FactorsReset:
    """How many second factors are gone."""

    address: str
    removed: int


@dataclass(frozen=True, slots=True)
class PasswordCheckedBy:
    """Who knows the password of an account: we, or the province's directory server."""

    address: Login
    by: Literal["local", "ldap"]


def _list(desk: Desk, asked: OneAccount) -> MeansOf:
    with desk.read() as db:
        found = find_account(db, desk.scope(db), asked.address, Deed.RESET)
        devices = app_passwords.list_app_passwords(db.conn, found.id)
        issued = tokens.list_tokens(db.conn, found.id, db.clock())
        factors = second_factors.list_factors(db.conn, found.id)
        left = second_factors.recovery_codes_left(db.conn, found.id)
        check = look_up(db.conn, str(found.address)).check
    lines = [
        MeansLine("app_password", one.id, one.label, one.created_at, one.last_used_at, one.last_network)
        for one in devices
    ]
    lines += [
        MeansLine("token", one.id, one.label, one.created_at, one.last_used_at, one.last_network)
        for one in issued
    ]
    lines += [
        MeansLine(
            "totp" if one.kind is second_factors.FactorKind.TOTP else "webauthn",
            one.id,
            one.label,
            one.created_at,
            one.last_used_at,
            "",
        )
        for one in factors
    ]
    return MeansOf(str(found.address), check.value, left, lines)


def _revoke(desk: Desk, asked: RevokeMeans) -> Revoked:
    with desk.write() as uow:
        found = find_account(uow, desk.scope(uow), asked.address, Deed.RESET)
        now = uow.clock()
        if asked.app_password is None and asked.token is None:
            done = revoke_everything(uow.conn, found.id, now)
            devices, issued = done.app_passwords, done.tokens
        else:
            devices = issued = 0
            if asked.app_password is not None:
                devices = app_passwords.revoke_app_password(uow.conn, found.id, asked.app_password, now)
            if asked.token is not None:
                issued = tokens.revoke_token(uow.conn, found.id, asked.token, now)
            if not devices and not issued:
                raise ActRefused(
                    Why.CONFLICT,
                    f"Không có mục này. Xem: congvu credential list {found.address}",
                    f"There is no such entry. See: congvu credential list {found.address}",
                )
        detail = {"app_passwords": int(devices), "tokens": int(issued), "reason": asked.reason}
        _note(desk, uow, found, "account.revoke_credentials", detail)
    return Revoked(str(found.address), int(devices), int(issued))


def _reset_factors(desk: Desk, asked: ResetFactors) -> FactorsReset:
    with desk.write() as uow:
        found = find_account(uow, desk.scope(uow), asked.address, Deed.RESET)
        removed = len(second_factors.list_factors(uow.conn, found.id))
        second_factors.remove_all(uow.conn, found.id)
        end_sessions(uow.conn, found.id)
        detail = {"removed": removed, "reason": asked.reason}
        _note(desk, uow, found, "account.reset_factors", detail)
    return FactorsReset(str(found.address), removed)


def _check_by(desk: Desk, asked: PasswordCheckedBy) -> PasswordCheckedBy:
    with desk.write() as uow:
        found = find_account(uow, desk.scope(uow), asked.address, Deed.MANAGE)
        if not found.kind.signs_in:
            raise ActRefused(
                Why.INVALID,
                f"{found.address} không có mật khẩu: hộp thư dùng chung.",
                f"{found.address} has no password: it is shared.",
            )
        set_password_check(uow.conn, found.id, PasswordCheck(asked.by))
        _note(desk, uow, found, "account.password_check", {"by": asked.by})
    return PasswordCheckedBy(str(found.address), asked.by)


def _note(desk: Desk, uow: UnitOfWork, found: Account, act: str, detail: dict[str, object]) -> None:
    audit.record(uow.conn, desk.actor, act, str(found.address), detail, uow.clock())


_IN = Touches.ACCOUNT
LIST = Act(
    "account.credentials", Deed.RESET, _IN, "GET", "/accounts/{address}/credentials",
    "Cách đăng nhập của một tài khoản", "By what an account signs in", OneAccount, MeansOf, _list,
)  # fmt: skip
REVOKE = Act(
    "account.revoke_credentials", Deed.RESET, _IN, "POST", "/accounts/{address}/credentials/revoke",
    "Thu hồi mật khẩu ứng dụng, mã truy cập, phiên", "Take app passwords, tokens and sessions back",
    RevokeMeans, Revoked, _revoke, step_up=True,
)  # fmt: skip
RESET_FACTORS = Act(
    "account.reset_factors", Deed.RESET, _IN, "POST", "/accounts/{address}/second-factors/reset",
    "Gỡ mọi yếu tố thứ hai", "Remove all second factors", ResetFactors, FactorsReset, _reset_factors, step_up=True,
)  # fmt: skip
CHECK_BY = Act(
    "account.password_check", Deed.MANAGE, _IN, "PUT", "/accounts/{address}/password-check",
    "Ai kiểm tra mật khẩu", "Who checks the password", PasswordCheckedBy, PasswordCheckedBy, _check_by, step_up=True,
)  # fmt: skip
ACTS = (LIST, REVOKE, RESET_FACTORS, CHECK_BY)
