import statistics
import time

import pytest
from sqlalchemy import Connection, select, update

from directory import authenticate, repository
from directory.app_passwords import new_app_password, revoke_app_password, store_app_password
from directory.authenticate import Door, Failure, Verifier
from directory.model import AccountState
from directory.passwords import PasswordFault, PasswordRefused, PasswordRule
from directory.scram_keys import salt_to_store
from directory.tables import accounts, second_factors
from tests.directory.conftest import NOW
from tests.directory.signing import HASH, staffed

__all__ = ["staffed"]


class Ticks:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("login", ["annv@lamdong.gov.vn", "ANNV@LamDong.gov.vn", "annv", " annv "])
def test_people_sign_in_by_address_or_by_its_local_part(staffed: Connection, login: str) -> None:
    verdict = Verifier(Ticks()).verify(authenticate.look_up(staffed, login), "Đúng-1234")
    account = repository.account_by_login(staffed, "annv")
    assert account is not None
    assert verdict.account_id == account.id
    assert not verdict.must_change


@pytest.mark.parametrize(
    ("login", "password", "failure"),
    [
        ("annv", "Sai-1234", Failure.WRONG),
        ("annv", "", Failure.WRONG),
        ("annv", "Đúng-1234\0", Failure.WRONG),
        ("khongco", "Đúng-1234", Failure.UNKNOWN),
        ("annv@nơi.khác", "Đúng-1234", Failure.UNKNOWN),
        ("annv\0", "Đúng-1234", Failure.UNKNOWN),
        ("annv\udcff", "Đúng-1234", Failure.UNKNOWN),
        ("annv", "Đúng\udcff", Failure.WRONG),
        ("x" * 100_000, "Đúng-1234", Failure.UNKNOWN),
        ("syt", "Đúng-1234", Failure.SHARED),
        ("postmaster", "", Failure.SHARED),
    ],
)
def test_others_do_not(staffed: Connection, login: str, password: str, failure: Failure) -> None:
    verdict = Verifier(Ticks()).verify(authenticate.look_up(staffed, login), password)
    assert not verdict.ok
    assert verdict.failure is failure


def test_an_old_hash_is_replaced_at_the_first_sign_in(staffed: Connection) -> None:
    verifier = Verifier(Ticks())
    verdict = verifier.verify(authenticate.look_up(staffed, "binhtt"), "Đúng-1234")
    authenticate.accept(staffed, verdict, NOW)
    credential = authenticate.look_up(staffed, "binhtt")
    assert credential.stored.startswith("$argon2id$")
    assert credential.last_login_at == NOW
    again = verifier.verify(credential, "Đúng-1234")
    assert again.ok
    assert again.upgraded is None
    assert not again.must_be_written(NOW + 60)
    assert again.must_be_written(NOW + 7200)


def test_an_upgrade_does_not_undo_a_password_changed_meanwhile(staffed: Connection) -> None:
    verdict = Verifier(Ticks()).verify(authenticate.look_up(staffed, "binhtt"), "Đúng-1234")
    staffed.execute(update(accounts).where(accounts.c.id == verdict.account_id).values(password_hash=HASH))
    authenticate.accept(staffed, verdict, NOW)
    assert authenticate.look_up(staffed, "binhtt").stored == HASH


def test_a_locked_account_does_not_sign_in_but_still_receives(staffed: Connection) -> None:
    account = repository.account_by_login(staffed, "annv")
    assert account is not None
    repository.set_state(staffed, account.id, AccountState.LOCKED, NOW)
    verdict = Verifier(Ticks()).verify(authenticate.look_up(staffed, "annv"), "Đúng-1234")
    assert verdict.failure is Failure.LOCKED
    assert repository.resolve(staffed, "annv@lamdong.gov.vn") is not None


def test_a_proven_password_is_remembered_for_a_while_and_no_other(staffed: Connection) -> None:
    ticks = Ticks()
    verifier = Verifier(ticks, seconds=300)
    credential = authenticate.look_up(staffed, "annv")
    assert verifier.quick(credential, "Đúng-1234") is None
    verifier.verify(credential, "Đúng-1234")
    remembered = verifier.quick(credential, "Đúng-1234")
    assert remembered is not None
    assert remembered.ok
    assert verifier.quick(credential, "Sai-1234") is None
    ticks.now = 301
    assert verifier.quick(credential, "Đúng-1234") is None


def test_a_changed_password_ends_what_is_remembered_of_the_old_one(staffed: Connection) -> None:
    verifier = Verifier(Ticks())
    credential = authenticate.look_up(staffed, "annv")
    verdict = verifier.verify(credential, "Đúng-1234")
    assert verdict.account_id is not None
    rule = PasswordRule()
    former = authenticate.former_passwords(staffed, verdict.account_id, rule)
    new = authenticate.prepare_password("Mới-56789", former, rule)
    authenticate.store_password(staffed, verdict.account_id, new, NOW)
    changed = authenticate.look_up(staffed, "annv")
    assert verifier.quick(changed, "Đúng-1234") is None
    assert not verifier.verify(changed, "Đúng-1234").ok
    assert verifier.verify(changed, "Mới-56789").ok


def test_none_of_the_last_three_passwords_comes_back(staffed: Connection) -> None:
    account = repository.account_by_login(staffed, "annv")
    assert account is not None
    rule = PasswordRule(history=3)
    for number in (1, 2):
        former = authenticate.former_passwords(staffed, account.id, rule)
        authenticate.store_password(
            staffed,
            account.id,
            authenticate.prepare_password(f"Lần-thứ-{number}", former, rule),
            NOW + number,
        )
    former = authenticate.former_passwords(staffed, account.id, rule)
    for used in ("Đúng-1234", "Lần-thứ-1", "Lần-thứ-2"):
        with pytest.raises(PasswordRefused) as refused:
            authenticate.prepare_password(used, former, rule)
        assert refused.value.fault is PasswordFault.USED_BEFORE
    authenticate.store_password(
        staffed, account.id, authenticate.prepare_password("Lần-thứ-3", former, rule), NOW
    )
    authenticate.prepare_password("Đúng-1234", authenticate.former_passwords(staffed, account.id, rule), rule)


def test_with_a_second_factor_mail_clients_need_an_app_password(staffed: Connection) -> None:
    account = repository.account_by_login(staffed, "annv")
    assert account is not None
    staffed.execute(
        second_factors.insert().values(
            account_id=account.id, kind="totp", secret=b"x", created_at=NOW, confirmed_at=NOW
        )
    )
    verifier = Verifier(Ticks())
    credential = authenticate.look_up(staffed, "annv")
    assert verifier.verify(credential, "Đúng-1234", Door.MAIL).failure is Failure.SECOND_FACTOR
    assert verifier.verify(credential, "Đúng-1234", Door.WEB).needs_second_factor
    new = new_app_password(salt_to_store(staffed, account.id, NOW))
    store_app_password(staffed, account.id, new, "K-9", NOW)
    secret = new.text
    credential = authenticate.look_up(staffed, "annv")
    assert verifier.verify(credential, secret, Door.MAIL).account_id == account.id
    assert not verifier.verify(credential, secret, Door.WEB).ok
    (app,) = credential.app_passwords
    revoke_app_password(staffed, account.id, app.id, NOW)
    assert not verifier.verify(authenticate.look_up(staffed, "annv"), secret, Door.MAIL).ok


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_unknown_and_wrong_take_the_same_time(staffed: Connection) -> None:
    verifier = Verifier(Ticks())

    def once(login: str) -> float:
        credential = authenticate.look_up(staffed, login)
        start = time.thread_time()  # CPU of this thread: the neighbours of a busy machine do not count
        verifier.verify(credential, "Sai-1234")
        return time.thread_time() - start

    pairs = [(once("annv"), once("khongco"), once("syt"), once("binhtt")) for _ in range(7)]
    wrong, *others = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert all(0.5 < other / wrong < 2 for other in others)


def test_no_hash_is_kept_in_clear_anywhere_else(staffed: Connection) -> None:
    shared = select(accounts.c.password_hash).where(accounts.c.kind != "personal")
    assert set(staffed.execute(shared).scalars()) == {None}


def test_who_left_comes_in_by_the_page_and_not_by_a_mail_client(staffed: Connection) -> None:
    left = update(accounts).where(accounts.c.display_name == "Nguyễn Văn An")
    staffed.execute(left.values(state=AccountState.LEFT.value))
    credential = authenticate.look_up(staffed, "annv")
    assert Verifier(Ticks()).verify(credential, "Đúng-1234", Door.WEB).ok
    assert Verifier(Ticks()).verify(credential, "Đúng-1234", Door.MAIL).failure is Failure.LOCKED
