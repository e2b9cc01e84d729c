"""Signing in to mail: policy, known networks, keys for SCRAM, the directory server, and what ends a sign-in."""

from collections.abc import AsyncIterator

import pytest

from config.settings import PasswordSettings
from directory import authenticate, scram_keys, tokens
from directory.app_passwords import new_app_password, store_app_password
from directory.authenticate import NewPassword, PasswordCheck
from directory.model import Right, vietnam_day
from directory.passwords import hash_password
from directory.policies import PolicyName, Where, set_policy
from directory.repository import delegations
from directory.revoke import end_sessions, revoke_everything
from directory.scope import SERVER
from directory.tokens import TokenScope
from mailsvc.model.errors import AccountLocked, SignInUnavailable, TooManyGuesses, WrongCredentials
from mailsvc.net.bridge import Bridge
from mailsvc.services import permissions
from mailsvc.services.sign_in import Caller, SignIn, still
from mailsvc.storage.store import Store
from tests.mailsvc.services.conftest import People, grant
from tests.support.mail import NOW

PASSWORD = "Dung-1-mat-khau"
HERE, ELSEWHERE = Caller("203.0.113.0/24"), Caller("198.51.100.0/24")


class Ticks:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def bridge(store: Store, people: People) -> AsyncIterator[Bridge]:
    with store.write() as uow:
        for who in (people.an, people.scanner):
            new = NewPassword(hash_password(PASSWORD))
            authenticate.store_password(uow.conn, who.account_id, new, NOW)
    bridge = Bridge(store)
    yield bridge
    await bridge.close()


def signing(**options: object) -> SignIn:
    return SignIn(PasswordSettings(scram=bool(options.pop("scram", False))), tick=Ticks(), **options)  # type: ignore[arg-type]


def device(store: Store, people: People) -> str:
    with store.write() as uow:
        new = new_app_password(scram_keys.salt_to_store(uow.conn, people.an.account_id, NOW))
        store_app_password(uow.conn, people.an.account_id, new, "Điện thoại", NOW)
    return new.text


async def test_where_policy_wants_a_second_factor_mail_takes_app_passwords_only(
    bridge: Bridge, store: Store, people: People
) -> None:
    sign_in, an = signing(), str(people.an.address)
    assert (await sign_in.over(bridge, an, PASSWORD)).account_id == people.an.account_id
    with store.write() as uow:
        set_policy(
            uow.conn, SERVER, PolicyName.SECOND_FACTOR, Where(), {"required": True},
            on=vietnam_day(NOW), actor="kiểm thử", at=NOW,
        )  # fmt: skip
    with pytest.raises(AccountLocked, match="second_factor"):
        await sign_in.over(bridge, an, PASSWORD)
    assert (await sign_in.over(bridge, an, device(store, people))).app_password_id is not None
    # A scanner has no second factor to show; it only sends.
    assert not (await sign_in.over(bridge, str(people.scanner.address), PASSWORD)).reads


async def test_ten_thousand_guesses_from_everywhere_hold_no_known_network_up(
    bridge: Bridge, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authenticate, "matches", lambda password, _stored: password == PASSWORD)
    sign_in, an = signing(), str(people.an.address)
    await sign_in.over(bridge, an, PASSWORD, caller=HERE)
    waited = 0
    for number in range(10_000):
        stranger = Caller(f"10.{number >> 8 & 255}.{number & 255}.0/24")
        try:
            await sign_in.over(bridge, an, f"doan-{number}", caller=stranger)
        except TooManyGuesses:
            waited += 1
        except WrongCredentials:
            pass
        if number % 2_000 == 0:
            assert (await sign_in.over(bridge, an, PASSWORD, caller=HERE)).account_id == people.an.account_id
    assert waited > 9_800
    with pytest.raises(TooManyGuesses):
        await sign_in.over(bridge, an, PASSWORD, caller=ELSEWHERE)


async def test_a_device_password_is_let_in_whatever_strangers_do(
    bridge: Bridge, store: Store, people: People
) -> None:
    sign_in, an = signing(), str(people.an.address)
    text = device(store, people)
    for _ in range(40):
        with pytest.raises((WrongCredentials, TooManyGuesses)):
            await sign_in.over(bridge, an, "sai", caller=ELSEWHERE)
    found = await sign_in.over(bridge, an, text, caller=ELSEWHERE)
    assert found.app_password_id is not None
    with store.read() as db:
        (row,) = authenticate.look_up(db.conn, an).app_passwords
        assert row.last_used_at == NOW


async def test_a_password_for_one_box_reads_and_sends_for_that_box_only(
    bridge: Bridge, store: Store, people: People
) -> None:
    grant(store, people.vanthu, people.an, Right.READ | Right.SEND_AS)
    with store.write() as uow:
        new = new_app_password(scram_keys.salt_to_store(uow.conn, people.an.account_id, NOW))
        store_app_password(uow.conn, people.an.account_id, new, "Máy quét", NOW, people.vanthu)
    who = await signing().over(bridge, str(people.an.address), new.text)
    db = bridge.reader
    assert who.home == people.vanthu
    assert permissions.rights_in(db, who, people.an.account_id) == Right(0)
    assert permissions.rights_in(db, who, people.vanthu) == Right.READ | Right.SEND_AS
    assert [address.local for address in permissions.sending_addresses(db, who)] == ["vanthu"]
    with store.write() as uow:
        delegations.revoke(uow.conn, people.vanthu, people.an.account_id)
    assert permissions.rights_in(db, who, people.vanthu) == Right(0)
    assert permissions.sending_addresses(db, who) == []


async def test_a_main_password_typed_once_may_then_be_used_by_scram_where_the_province_wants_it(
    bridge: Bridge, store: Store, people: People
) -> None:
    an = people.an.account_id
    await signing().over(bridge, str(people.an.address), PASSWORD)
    with store.read() as db:
        assert not scram_keys.has_main_keys(db.conn, an)
    await signing(scram=True).over(bridge, str(people.an.address), PASSWORD)
    with store.read() as db:
        (kept,) = scram_keys.keys_of(db.conn, an)
        made = scram_keys.derive_keys(PASSWORD, scram_keys.salt_of(db.conn, an, ""))
    assert (kept.stored_key, kept.server_key) == (made.stored_key, made.server_key)
    with store.write() as uow:
        authenticate.store_password(uow.conn, an, NewPassword(hash_password("Khac-2")), NOW)
    with store.read() as db:
        assert scram_keys.keys_of(db.conn, an) == []


async def test_the_directory_server_is_asked_by_the_primary_address_and_its_silence_is_no_wrong_password(
    bridge: Bridge, store: Store, people: People
) -> None:
    asked: list[tuple[str, str]] = []

    def ldap(address: str, password: str) -> bool:
        asked.append((address, password))
        if password == "im lặng":
            raise SignInUnavailable
        return password == "o-tinh"

    with store.write() as uow:
        authenticate.set_password_check(uow.conn, people.an.account_id, PasswordCheck.LDAP)
    sign_in = signing(ldap=ldap)
    local = people.an.address.local
    assert (await sign_in.over(bridge, local.upper(), "o-tinh")).account_id == people.an.account_id
    assert asked == [(people.an.address.key, "o-tinh")]
    with pytest.raises(WrongCredentials):
        await sign_in.over(bridge, local, PASSWORD)  # the hash that is still here opens nothing
    with pytest.raises(SignInUnavailable):
        await sign_in.over(bridge, local, "im lặng")
    with pytest.raises(WrongCredentials):
        await signing().over(bridge, local, "o-tinh")  # no server in the settings


async def test_a_sign_in_ends_with_what_it_was_made_by(bridge: Bridge, store: Store, people: People) -> None:
    sign_in, an = signing(), people.an.account_id
    with store.write() as uow:
        token = tokens.issue_token(uow.conn, an, [TokenScope.MAIL], NOW + 60, at=NOW)
    by_password = await sign_in.over(bridge, str(people.an.address), PASSWORD)
    by_device = await sign_in.over(bridge, str(people.an.address), device(store, people))
    by_token = await sign_in.by_token(bridge, token, "", None)
    with store.write() as uow:
        end_sessions(uow.conn, an)
    with pytest.raises(WrongCredentials):
        still(bridge.reader, by_password)
    assert still(bridge.reader, by_device).app_password_id == by_device.app_password_id
    assert still(bridge.reader, by_token).token_id == by_token.token_id
    with store.write() as uow:
        revoke_everything(uow.conn, an, NOW)
    for who in (by_device, by_token):
        with pytest.raises(WrongCredentials):
            still(bridge.reader, who)


async def test_guesses_at_tokens_are_slowed_down(bridge: Bridge) -> None:
    sign_in = signing()
    outcomes = []
    for number in range(40):
        try:
            await sign_in.by_token(bridge, f"cvt_{number}", "", ELSEWHERE)
        except (WrongCredentials, TooManyGuesses) as error:
            outcomes.append(type(error))
    assert outcomes[0] is WrongCredentials
    assert outcomes[-1] is TooManyGuesses
