"""Yếu tố thứ hai: one-time codes (TOTP, RFC 6238), passkeys (WebAuthn) and printed recovery codes.

A factor counts once it was proven; recovery codes alone are none, they only stand in for one that was lost.
"""

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import pyotp
from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from directory.model import AccountId
from directory.repository.rows import insert_one, insert_rows
from directory.tables import second_factors

STEP_SECONDS: Final = 30
DRIFT_STEPS: Final = 1
"""A code of the step before and after is taken too, for clocks that are off (RFC 6238 §5.2)."""
RECOVERY_CODES: Final = 10
MAX_FACTORS: Final = 20
MAX_LABEL: Final = 100
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_CODE_LENGTH: Final = 16  # 79 bits: a plain hash is enough


class FactorKind(StrEnum):
    """What proves that it is the same person."""

    TOTP = "totp"  # mã dùng một lần từ điện thoại
    PASSKEY = "webauthn"  # khóa truy cập
    RECOVERY = "recovery"  # mã khôi phục in ra giấy


PROVING: Final = (FactorKind.TOTP.value, FactorKind.PASSKEY.value)
IS_PROVEN: Final = second_factors.c.kind.in_(PROVING) & second_factors.c.confirmed_at.is_not(None)
"""The condition under which a row of the table is a second factor."""


class FactorRefused(ValueError):
    """A factor that cannot be added: there are too many, or the passkey is known already."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor in its owner's list."""

    id: int
    kind: FactorKind
    label: str
    created_at: int
    last_used_at: int | None


@dataclass(frozen=True, slots=True)
class Passkey:
    """What is kept of a passkey: the private key never leaves the device."""

    id: int
    account_id: AccountId
    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class TotpSecret:
    """A secret to be put into an app, and the URI that says the same (as in the code to be scanned)."""

    id: int
    text: str
    uri: str


def list_factors(conn: Connection, account_id: AccountId) -> list[Factor]:
    """The factors that count, oldest first."""
    rows = conn.execute(
        select(
            second_factors.c.id,
            second_factors.c.kind,
            second_factors.c.label,
            second_factors.c.created_at,
            second_factors.c.last_used_at,
        )
        .where(second_factors.c.account_id == account_id, IS_PROVEN)
        .order_by(second_factors.c.id)
    )
    return [Factor(row[0], FactorKind(row[1]), row[2], row[3], row[4]) for row in rows]


def remove_factor(conn: Connection, account_id: AccountId, factor_id: int) -> bool:
    """Take one factor away; with the last one the recovery codes go too. Whether it was there."""
    gone = conn.execute(
        delete(second_factors).where(
            second_factors.c.id == factor_id, second_factors.c.account_id == account_id, IS_PROVEN
        )
    ).rowcount
    if not list_factors(conn, account_id):
        remove_all(conn, account_id)
    return gone > 0


def remove_all(conn: Connection, account_id: AccountId) -> None:
    """Take all factors away: the help desk's way out for somebody who lost everything."""
    conn.execute(delete(second_factors).where(second_factors.c.account_id == account_id))


# -- one-time codes ----------------------------------------------------------------------------------


def start_totp(
    conn: Connection, account_id: AccountId, login: str, issuer: str, label: str, at: int
) -> TotpSecret:
    """A new secret that counts once a code of it was typed; an older one that never was, is forgotten."""
    _refuse_too_many(conn, account_id)
    conn.execute(
        delete(second_factors).where(
            second_factors.c.account_id == account_id,
            second_factors.c.kind == FactorKind.TOTP.value,
            second_factors.c.confirmed_at.is_(None),
        )
    )
    text = pyotp.random_base32()
    made = insert_one(
        conn,
        second_factors,
        account_id=account_id,
        kind=FactorKind.TOTP.value,
        secret=text.encode(),
        label=label[:MAX_LABEL],
        created_at=at,
    )
    return TotpSecret(made, text, pyotp.TOTP(text).provisioning_uri(name=login, issuer_name=issuer))


def pending_totp(conn: Connection, account_id: AccountId, login: str, issuer: str) -> TotpSecret | None:
    """The secret that waits for its first code."""
    row = conn.execute(
        select(second_factors.c.id, second_factors.c.secret).where(
            second_factors.c.account_id == account_id,
            second_factors.c.kind == FactorKind.TOTP.value,
            second_factors.c.confirmed_at.is_(None),
        )
    ).first()
    if row is None:
        return None
    text = bytes(row[1]).decode()
    return TotpSecret(row[0], text, pyotp.TOTP(text).provisioning_uri(name=login, issuer_name=issuer))


def confirm_totp(conn: Connection, account_id: AccountId, code: str, at: int) -> bool:
    """Whether the code belongs to the secret shown last; from now on it counts."""
    return _use_code(conn, account_id, code, at, pending=True)


def check_totp(conn: Connection, account_id: AccountId, code: str, at: int) -> bool:
    """Whether the code is right now; each is good once (RFC 6238 §5.2)."""
    return _use_code(conn, account_id, code, at, pending=False)


def _use_code(conn: Connection, account_id: AccountId, code: str, at: int, *, pending: bool) -> bool:
    code = "".join(code.split())
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return False
    confirmed = second_factors.c.confirmed_at
    rows = conn.execute(
        select(second_factors.c.id, second_factors.c.secret).where(
            second_factors.c.account_id == account_id,
            second_factors.c.kind == FactorKind.TOTP.value,
            confirmed.is_(None) if pending else confirmed.is_not(None),
        )
    ).all()
    now = at // STEP_SECONDS
    for row in rows:
        totp = pyotp.TOTP(bytes(row[1]).decode())
        for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
            if secrets.compare_digest(totp.generate_otp(step), code) and _spend(conn, row[0], step, at):
                return True
    return False


def _spend(conn: Connection, factor_id: int, step: int, at: int) -> bool:
    """Whether no code of this step or a later one was used; one statement, so that two at once cannot both."""
    counter = second_factors.c.last_counter
    values = {
        "last_counter": step,
        "last_used_at": at,
        "confirmed_at": func.coalesce(second_factors.c.confirmed_at, at),
    }
    statement = (
        update(second_factors)
        .where(second_factors.c.id == factor_id, or_(counter.is_(None), counter < step))
        .values(values)
    )
    return conn.execute(statement).rowcount > 0


# -- recovery codes ----------------------------------------------------------------------------------


def make_recovery_codes(conn: Connection, account_id: AccountId, at: int) -> tuple[str, ...]:
    """Ten new codes, to be printed; the old ones are void."""
    kind = FactorKind.RECOVERY.value
    conn.execute(
        delete(second_factors).where(second_factors.c.account_id == account_id, second_factors.c.kind == kind)
    )
    codes = tuple(
        "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH)) for _ in range(RECOVERY_CODES)
    )
    insert_rows(
        conn,
        second_factors,
        [
            {
                "account_id": account_id,
                "kind": kind,
                "secret": _digest(code),
                "created_at": at,
                "confirmed_at": at,
            }
            for code in codes
        ],
    )
    return tuple("-".join(code[start : start + 4] for start in range(0, _CODE_LENGTH, 4)) for code in codes)


def recovery_codes_left(conn: Connection, account_id: AccountId) -> int:
    """How many codes are still good."""
    query = select(func.count()).where(
        second_factors.c.account_id == account_id, second_factors.c.kind == FactorKind.RECOVERY.value
    )
    return int(conn.execute(query).scalar() or 0)


def use_recovery_code(conn: Connection, account_id: AccountId, code: str) -> bool:
    """Whether the code was good; it no longer is."""
    if len(code) > 4 * _CODE_LENGTH:
        return False
    gone = delete(second_factors).where(
        second_factors.c.account_id == account_id,
        second_factors.c.kind == FactorKind.RECOVERY.value,
        second_factors.c.secret == _digest(code),
    )
    return conn.execute(gone).rowcount > 0


def _digest(code: str) -> bytes:
    plain = code.replace("-", "").replace(" ", "").lower()
    return hashlib.sha256(plain.encode("utf-8", "replace")).digest()


# -- passkeys ----------------------------------------------------------------------------------------


def add_passkey(
    conn: Connection,
    account_id: AccountId,
    *,
    credential_id: bytes,
    public_key: bytes,
    sign_count: int,
    label: str,
    at: int,
) -> int:
    """Keep a passkey that was made and proven just now; FactorRefused if anybody has it already."""
    _refuse_too_many(conn, account_id)
    if passkey(conn, credential_id) is not None:
        raise FactorRefused("known")
    try:
        return insert_one(
            conn,
            second_factors,
            account_id=account_id,
            kind=FactorKind.PASSKEY.value,
            secret=public_key,
            credential_id=credential_id,
            last_counter=sign_count,
            label=label[:MAX_LABEL],
            created_at=at,
            confirmed_at=at,
        )
    except IntegrityError as error:
        raise FactorRefused("known") from error


def passkey(conn: Connection, credential_id: bytes) -> Passkey | None:
    """The passkey of this credential id, whoever has it."""
    found = _passkeys(conn, second_factors.c.credential_id == credential_id)
    return found[0] if found else None


def passkeys_of(conn: Connection, account_id: AccountId) -> list[Passkey]:
    """The passkeys of an account."""
    return _passkeys(conn, second_factors.c.account_id == account_id)


def passkey_used(conn: Connection, factor_id: int, sign_count: int, at: int) -> None:
    """Note the device's own count of signatures: one that goes back speaks of a copy (WebAuthn §6.1.1)."""
    conn.execute(
        update(second_factors)
        .where(second_factors.c.id == factor_id)
        .values(last_counter=sign_count, last_used_at=at)
    )


def _passkeys(conn: Connection, which: ColumnElement[bool]) -> list[Passkey]:
    columns = second_factors.c
    rows = conn.execute(
        select(columns.id, columns.account_id, columns.credential_id, columns.secret, columns.last_counter)
        .where(columns.kind == FactorKind.PASSKEY.value, which)
        .order_by(columns.id)
    )
    return [Passkey(row[0], AccountId(row[1]), bytes(row[2]), bytes(row[3]), row[4] or 0) for row in rows]


def _refuse_too_many(conn: Connection, account_id: AccountId) -> None:
    if len(list_factors(conn, account_id)) >= MAX_FACTORS:
        raise FactorRefused("too many")
