"""AUTHENTICATE by mechanisms of several steps: SCRAM-SHA-256 (RFC 5802, 7677) and OAUTHBEARER (RFC 7628)."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import PasswordSettings
from directory import tokens
from directory.app_passwords import new_app_password, revoke_app_password, store_app_password
from directory.model import Right
from directory.revoke import revoke_everything
from directory.scram_keys import salt_to_store
from directory.tokens import TokenScope
from mailsvc.model.changes import DirectoryChanged
from tests.mailsvc.imap.player import Client, ImapHouse
from tests.mailsvc.services.test_scram import client_final
from tests.support.mail import DOMAIN, NOW

ALICE = f"alice@{DOMAIN}"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[ImapHouse]:
    house = ImapHouse(tmp_path / "data", password=PasswordSettings(scram=True))
    yield house
    house.close()


def app_password(house: ImapHouse, *, only: str = "") -> tuple[str, int]:
    """A device's password of alice's."""
    alice = house.people["alice"]
    with house.store.write() as uow:
        new = new_app_password(salt_to_store(uow.conn, alice, NOW))
        scope = house.people[only] if only else None
        return new.text, store_app_password(uow.conn, alice, new, "Điện thoại", NOW, scope)


def token(house: ImapHouse, *scopes: TokenScope) -> str:
    with house.store.write() as uow:
        return tokens.issue_token(uow.conn, house.people["alice"], scopes, NOW + 3600, at=NOW)


def bearer(text: str, login: str = ALICE) -> str:
    return base64.b64encode(
        f"n,a={login},\1host=localhost\1port=143\1auth=Bearer {text}\1\1".encode()
    ).decode()


def word(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def challenge(client: Client) -> bytes:
    line = client.line()
    assert line.startswith(b"+ ")
    return base64.b64decode(line[2:])


def scram(client: Client, password: str, login: str = ALICE) -> tuple[bytes, bytes]:
    """Everything up to the proof; what the server said last, and the proof of its own that it owes."""
    bare = f"n={login},r=clientnonce"
    client.sends(f"a AUTHENTICATE SCRAM-SHA-256 {word(b'n,,' + bare.encode())}")
    message, verifier = client_final(challenge(client), bare, password)
    client.sends(word(message))
    return client.line(), verifier


def test_an_app_password_signs_in_by_scram_and_the_server_proves_itself(house: ImapHouse) -> None:
    text, _ = app_password(house)
    for typed in (text, text.replace("-", "")):
        client = house.client()
        said, verifier = scram(client, typed)
        assert base64.b64decode(said[2:]) == verifier
        client.sends("").gets("a OK ...")
        client.sends("b SELECT INBOX")
        assert b"FLAGS" in client.line()
        client.close()


def test_a_wrong_proof_and_an_unknown_name_fail_alike(house: ImapHouse) -> None:
    app_password(house)
    said = set()
    for login in (ALICE, f"nobody@{DOMAIN}", f"daron@{DOMAIN}"):
        client = house.client()
        said.add(scram(client, "wrong", login)[0])
        client.close()
    assert said == {b"a NO [AUTHENTICATIONFAILED] Wrong name or password"}


def test_the_salt_of_nobody_stays_the_same_and_is_as_long_as_any(house: ImapHouse) -> None:
    app_password(house)
    firsts = []
    for login in ("alice", "nobody", "nobody", "nobody2"):
        client = house.client()
        client.sends(f"a AUTHENTICATE SCRAM-SHA-256 {word(f'n,,n={login}@{DOMAIN},r=x'.encode())}")
        firsts.append(challenge(client).split(b",")[1:])
        client.close()
    assert firsts[1] == firsts[2] != firsts[3]
    assert {(len(salt), rounds) for salt, rounds in firsts} == {(len(firsts[0][0]), firsts[0][1])}


def test_scram_is_offered_and_plus_only_under_tls(house: ImapHouse) -> None:
    plain, secure = house.client(), house.client(tls=True)
    assert b" AUTH=SCRAM-SHA-256 " in plain.greeting
    assert b"-PLUS" not in plain.greeting
    assert b" AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256 AUTH=OAUTHBEARER]" in secure.greeting
    # Somebody in the middle removed -PLUS: the client says that it would have taken it (RFC 5802 §6).
    secure.sends(f"a AUTHENTICATE SCRAM-SHA-256 {word(b'y,,n=x,r=y')}").gets(
        "a NO [AUTHENTICATIONFAILED] ..."
    )
    secure.close()
    plain.sends("b AUTHENTICATE SCRAM-SHA-256-PLUS").gets("b NO [CANNOT] ...")
    plain.sends("c AUTHENTICATE SCRAM-SHA-256").gets("+ ").sends("*").gets("c BAD ...")
    plain.close()


def test_a_token_for_mail_signs_in_by_oauthbearer(house: ImapHouse) -> None:
    text = token(house, TokenScope.MAIL)
    for login in (ALICE, ""):
        client = house.client()
        words = bearer(text, login) if login else word(f"n,,\1auth=Bearer {text}\1\1".encode())
        client.sends(f"a AUTHENTICATE OAUTHBEARER {words}").gets("a OK ...")
        client.close()


def test_a_refused_token_is_explained_before_the_no(house: ImapHouse) -> None:  # RFC 7628 §3.2.2
    for words in (
        bearer(token(house, TokenScope.ADMIN)),
        bearer(token(house, TokenScope.MAIL), f"bob@{DOMAIN}"),
        bearer("cvt_unknown"),
    ):
        client = house.client()
        client.sends(f"a AUTHENTICATE OAUTHBEARER {words}")
        assert b'"status": "invalid_token"' in challenge(client)
        client.sends("AQ==").gets("a NO [AUTHENTICATIONFAILED] ...")
        client.close()


@pytest.mark.parametrize(
    "message", [b"", b"n,,\1\1", b"n,,\1auth=Basic x\1\1", b"\xff", b"n,a=x\1", b"x" * 6000]
)
def test_what_is_no_bearer_message_is_refused(house: ImapHouse, message: bytes) -> None:
    client = house.client()
    client.sends("a AUTHENTICATE OAUTHBEARER").gets("+ ")
    client.sends(word(message)).gets("a NO [AUTHENTICATIONFAILED] ...")
    client.close()


def test_a_scoped_app_password_opens_its_unit_box_as_if_it_were_the_own(house: ImapHouse) -> None:
    house.share(Right.READ | Right.ACT)
    house.deliver(b"Subject: x\r\n\r\nto the unit\r\n", to="unit")
    house.deliver(b"Subject: y\r\n\r\nto alice\r\n", b"Subject: z\r\n\r\nto alice\r\n")
    text, _ = app_password(house, only="unit")
    client = house.client()
    client.sends(f"a LOGIN {ALICE} {text}").gets("a OK ...")
    client.sends("b STATUS INBOX (MESSAGES)").gets('* STATUS "INBOX" (MESSAGES 1)', "b OK ...")
    client.sends('c LIST "" *')
    names = []
    while not (line := client.line()).startswith(b"c "):
        names.append(line)
    assert names
    assert not any("Đơn vị".encode() in name or b"&ARAA" in name for name in names)
    house.revoke()
    client.sends("d STATUS INBOX (MESSAGES)").gets("d NO [NONEXISTENT] ...")
    client.close()


@pytest.mark.parametrize("how", ["device", "everything", "password"])
def test_what_is_taken_back_ends_a_running_session_at_once(house: ImapHouse, how: str) -> None:
    text, made = app_password(house)
    client = house.client("alice") if how == "password" else house.client()
    if how != "password":
        client.sends(f"a LOGIN {ALICE} {text}").gets("a OK ...")
    client.sends("b SELECT INBOX")
    while not client.line().startswith(b"b OK"):
        pass
    client.sends("c IDLE").gets("+ idling")
    alice = house.people["alice"]
    with house.store.write() as uow:
        if how == "device":
            revoke_app_password(uow.conn, alice, made, NOW)
        else:
            revoke_everything(uow.conn, alice, NOW)
        uow.record(DirectoryChanged())
    house.tell_news()
    client.gets("* BYE ...").ends()
    client.close()
