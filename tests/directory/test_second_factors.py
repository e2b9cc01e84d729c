"""Second factors and known devices, in both databases."""

import pyotp
import pytest
from sqlalchemy import Connection, func, select

from directory import known_devices, second_factors
from directory.authenticate import look_up
from directory.known_devices import DeviceKind
from directory.model import AccountId
from directory.scram_keys import SALT_OCTETS, salt_of, salt_to_store
from directory.second_factors import FactorKind, FactorRefused
from directory.tables import second_factors as table
from tests.directory.conftest import NOW
from tests.directory.signing import an, staffed

__all__ = ["an", "staffed"]
LOGIN = "annv@lamdong.gov.vn"


def code(secret: str, steps: int = 0) -> str:
    return str(pyotp.TOTP(secret).at(NOW + 30 * steps))


def test_a_secret_counts_once_a_code_of_it_was_typed(staffed: Connection, an: AccountId) -> None:
    first = second_factors.start_totp(staffed, an, LOGIN, "Lâm Đồng", "Điện thoại", NOW)
    second = second_factors.start_totp(staffed, an, LOGIN, "Lâm Đồng", "Điện thoại", NOW)
    assert not look_up(staffed, "annv").second_factor
    assert not second_factors.confirm_totp(staffed, an, code(first.text), NOW)  # forgotten for the second
    assert not second_factors.check_totp(staffed, an, code(second.text), NOW)  # does not count yet
    assert second_factors.confirm_totp(staffed, an, code(second.text), NOW)
    assert look_up(staffed, "annv").second_factor
    assert second_factors.pending_totp(staffed, an, LOGIN, "Lâm Đồng") is None
    assert "issuer=L%C3%A2m%20%C4%90%E1%BB%93ng" in second.uri


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "000000\0"])
def test_what_is_no_code_is_wrong(staffed: Connection, an: AccountId, typed: str) -> None:
    secret = second_factors.start_totp(staffed, an, LOGIN, "x", "", NOW)
    second_factors.confirm_totp(staffed, an, code(secret.text), NOW)
    assert not second_factors.check_totp(staffed, an, typed, NOW)


def test_each_code_is_good_once_and_none_before_it_any_more(staffed: Connection, an: AccountId) -> None:
    secret = second_factors.start_totp(staffed, an, LOGIN, "x", "", NOW)
    assert second_factors.confirm_totp(staffed, an, code(secret.text, -1), NOW)
    outcomes = [
        second_factors.check_totp(staffed, an, code(secret.text, steps), NOW)
        for steps in (-1, 1, 0, 1, 2, -2)
    ]
    assert outcomes == [False, True, False, False, False, False]
    spaced = code(secret.text, 2)
    assert second_factors.check_totp(staffed, an, f"{spaced[:3]} {spaced[3:]}", NOW + 30)


def test_recovery_codes_are_ten_and_each_good_once(staffed: Connection, an: AccountId) -> None:
    first = second_factors.make_recovery_codes(staffed, an, NOW)
    codes = second_factors.make_recovery_codes(staffed, an, NOW)
    assert len(set(codes)) == 10
    assert not second_factors.use_recovery_code(staffed, an, first[0])
    assert second_factors.use_recovery_code(staffed, an, codes[0].upper().replace("-", ""))
    assert not second_factors.use_recovery_code(staffed, an, codes[0])
    assert not second_factors.use_recovery_code(staffed, AccountId(an + 1), codes[1])
    assert second_factors.recovery_codes_left(staffed, an) == 9
    assert not look_up(staffed, "annv").second_factor  # they alone are none


def test_a_passkey_belongs_to_one_account_only(staffed: Connection, an: AccountId) -> None:
    def add(account: AccountId) -> int:
        return second_factors.add_passkey(
            staffed, account, credential_id=b"id", public_key=b"key", sign_count=3, label="Máy", at=NOW
        )

    made = add(an)
    with pytest.raises(FactorRefused):
        add(an)
    second_factors.passkey_used(staffed, made, 4, NOW + 5)
    found = second_factors.passkey(staffed, b"id")
    assert found is not None
    assert (found.account_id, found.sign_count) == (an, 4)
    (factor,) = second_factors.list_factors(staffed, an)
    assert (factor.kind, factor.last_used_at) == (FactorKind.PASSKEY, NOW + 5)
    second_factors.make_recovery_codes(staffed, an, NOW)
    assert not second_factors.remove_factor(staffed, AccountId(an + 1), made)
    assert second_factors.remove_factor(staffed, an, made)
    assert staffed.execute(select(func.count()).select_from(table)).scalar() == 0  # with the codes


def test_known_devices_are_bounded_and_forgotten(staffed: Connection, an: AccountId) -> None:
    for number in range(known_devices.KEPT + 5):
        known_devices.remember(staffed, an, DeviceKind.NETWORK, f"10.0.{number}.0/24", NOW + number)
    last = NOW + known_devices.KEPT + 4

    def known(number: int, at: int = last, kind: DeviceKind = DeviceKind.NETWORK) -> bool:
        return known_devices.is_known(staffed, an, kind, f"10.0.{number}.0/24", at)

    assert [known(number) for number in (0, 4, 5, 34)] == [False, False, True, True]
    assert not known(34, kind=DeviceKind.COOKIE)
    assert not known(34, at=last + known_devices.FORGOTTEN_AFTER + 1)
    assert not known_devices.is_known(staffed, an, DeviceKind.COOKIE, "", last)


def test_the_salt_of_an_account_stays_and_nobody_has_one_too(staffed: Connection, an: AccountId) -> None:
    salt = salt_to_store(staffed, an, NOW)
    assert salt == salt_to_store(staffed, an, NOW + 1) == salt_of(staffed, an, "whatever was typed")
    nobody = salt_of(staffed, None, "khongco")
    assert nobody == salt_of(staffed, None, "khongco") != salt_of(staffed, None, "khongco2")
    assert {len(salt), len(nobody)} == {SALT_OCTETS}
