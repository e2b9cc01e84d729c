"""What people do with their own means of signing in: each act with its line in the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from directory import app_passwords, audit, scram_keys, second_factors, tokens
from directory.app_passwords import TooManyAppPasswords
from directory.model import Right
from directory.revoke import end_sessions, revoke_everything
from directory.second_factors import FactorRefused
from mailsvc.model.changes import DirectoryChanged
from mailsvc.model.errors import LetterMissing, NotPermitted, TooMany
from mailsvc.services.permissions import rights_in, shared_boxes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from directory.app_passwords import AppPasswordRow, NewAppPassword
    from directory.model import SharedBox
    from directory.second_factors import Factor, TotpSecret
    from directory.tokens import TokenRow, TokenScope
    from mailsvc.model.ids import AccountId
    from mailsvc.services.permissions import Principal
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Means:
    """Everything by which one person signs in, beside the password."""

    app_passwords: list[AppPasswordRow]
    factors: list[Factor]
    recovery_codes_left: int
    tokens: list[TokenRow]
    boxes: list[SharedBox]
    """For which an app password may be made alone."""


def means_of(db: Reader, who: Principal) -> Means:
    """What the page of devices shows."""
    return Means(
        app_passwords.list_app_passwords(db.conn, who.account_id),
        second_factors.list_factors(db.conn, who.account_id),
        second_factors.recovery_codes_left(db.conn, who.account_id),
        tokens.list_tokens(db.conn, who.account_id, db.clock()),
        [box for box in shared_boxes(db, who) if box.rights & Right.READ],
    )


# -- devices and tokens ------------------------------------------------------------------------------


def device_salt(uow: UnitOfWork, who: Principal) -> bytes:
    """For `new_app_password`, which is slow and comes before the transaction that stores it."""
    return scram_keys.salt_to_store(uow.conn, who.account_id, uow.clock())


def add_device(
    uow: UnitOfWork, who: Principal, new: NewAppPassword, label: str, only: AccountId | None
) -> None:
    """Let a mail client in by a password of its own; NotPermitted for a box that the person does not reach."""
    if only is not None and not rights_in(uow, who, only) & Right.READ:
        raise NotPermitted
    try:
        app_passwords.store_app_password(uow.conn, who.account_id, new, label, uow.clock(), only)
    except TooManyAppPasswords as error:
        raise TooMany from error
    _note(uow, who, "app_password.make", label=label, only=only)


def revoke_device(uow: UnitOfWork, who: Principal, app_password_id: int) -> None:
    """Take a device's password back; its open connections end. LetterMissing if it is not one of theirs."""
    if not app_passwords.revoke_app_password(uow.conn, who.account_id, app_password_id, uow.clock()):
        raise LetterMissing
    _note(uow, who, "app_password.revoke", id=app_password_id)
    uow.record(DirectoryChanged())


def make_token(
    uow: UnitOfWork, who: Principal, scopes: Iterable[TokenScope], days: int, label: str, max_days: int
) -> str:
    """A personal token's text, shown once."""
    wanted = sorted(set(scopes))
    if not wanted or not 0 < days <= max_days:
        raise TooMany
    if len(tokens.list_tokens(uow.conn, who.account_id, uow.clock())) >= app_passwords.MAX_LIVE:
        raise TooMany
    now = uow.clock()
    text = tokens.issue_token(uow.conn, who.account_id, wanted, now + days * DAY, at=now, label=label)
    _note(uow, who, "token.make", label=label, scopes=list(wanted), days=days)
    return text


def revoke_token(uow: UnitOfWork, who: Principal, token_id: int) -> None:
    """Take a token back."""
    if not tokens.revoke_token(uow.conn, who.account_id, token_id, uow.clock()):
        raise LetterMissing
    _note(uow, who, "token.revoke", id=token_id)
    uow.record(DirectoryChanged())


def sign_out_everywhere(uow: UnitOfWork, who: Principal, *, with_devices: bool) -> None:
    """End every session of the person's, and where they say so every device and token too."""
    if with_devices:
        revoke_everything(uow.conn, who.account_id, uow.clock())
    else:
        end_sessions(uow.conn, who.account_id)
    _note(uow, who, "sessions.end", with_devices=with_devices)
    uow.record(DirectoryChanged())


# -- second factors ----------------------------------------------------------------------------------


def start_totp(uow: UnitOfWork, who: Principal, issuer: str, label: str) -> TotpSecret:
    """A secret for an app; it counts once a code of it was typed."""
    try:
        return second_factors.start_totp(
            uow.conn, who.account_id, str(who.address), issuer, label, uow.clock()
        )
    except FactorRefused as error:
        raise TooMany from error


def confirm_totp(uow: UnitOfWork, who: Principal, code: str) -> tuple[str, ...] | None:
    """None for a wrong code; else the recovery codes to be printed, if these are the first."""
    first = not second_factors.list_factors(uow.conn, who.account_id)
    if not second_factors.confirm_totp(uow.conn, who.account_id, code, uow.clock()):
        return None
    return _added(uow, who, "totp", first=first)


def passkey_added(uow: UnitOfWork, who: Principal) -> tuple[str, ...]:
    """After `passkeys.make`: the recovery codes to be printed, if it is the first factor."""
    first = len(second_factors.list_factors(uow.conn, who.account_id)) == 1
    return _added(uow, who, "passkey", first=first)


def _added(uow: UnitOfWork, who: Principal, kind: str, *, first: bool) -> tuple[str, ...]:
    _note(uow, who, "second_factor.add", kind=kind)
    if not first:
        return ()
    # From now on the main password alone opens nothing: neither does what it has opened.
    end_sessions(uow.conn, who.account_id)
    uow.record(DirectoryChanged())
    return second_factors.make_recovery_codes(uow.conn, who.account_id, uow.clock())


def new_recovery_codes(uow: UnitOfWork, who: Principal) -> tuple[str, ...]:
    """Ten new codes; the printed ones are void. NotPermitted without a second factor."""
    if not second_factors.list_factors(uow.conn, who.account_id):
        raise NotPermitted
    _note(uow, who, "recovery_codes.make")
    return second_factors.make_recovery_codes(uow.conn, who.account_id, uow.clock())


def remove_factor(uow: UnitOfWork, who: Principal, factor_id: int, *, required: bool) -> None:
    """Take a factor away; NotPermitted for the last one where policy wants one."""
    factors = second_factors.list_factors(uow.conn, who.account_id)
    if required and len(factors) == 1:
        raise NotPermitted
    if not second_factors.remove_factor(uow.conn, who.account_id, factor_id):
        raise LetterMissing
    _note(uow, who, "second_factor.remove", id=factor_id)


def prove_by_code(uow: UnitOfWork, who: Principal, code: str) -> bool:
    """Whether a one-time code or a recovery code is right; it is good once."""
    if second_factors.check_totp(uow.conn, who.account_id, code, uow.clock()):
        return True
    if not second_factors.use_recovery_code(uow.conn, who.account_id, code):
        return False
    _note(uow, who, "recovery_code.use")
    return True


def _note(uow: UnitOfWork, who: Principal, act: str, **detail: object) -> None:
    address = str(who.address)
    audit.record(uow.conn, address, act, address, detail, uow.clock())
