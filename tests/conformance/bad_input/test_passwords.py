"""Unknown names and wrong passwords: the same words, and no quicker for the unknown (RFC 4954 §6, RFC 3501 §11.2)."""

import base64
from collections.abc import Callable

import pytest

from tests.conformance.bad_input.conftest import work
from tests.conformance.bad_input.wire import Imap, Smtp, plain
from tests.support.service import Service

TRIES = 8
NAMES = {
    "unknown": "nobody",
    "unknown with domain": "nobody@lamdong.example",
    "elsewhere": "an@world.example",
}


def by_imap_login(service: Service, name: str) -> bytes:
    with Imap(service.address("imap")) as imap:
        return imap.asks(f"LOGIN {name} sai-mat-khau".encode())


def by_imap_plain(service: Service, name: str) -> bytes:
    with Imap(service.address("imap")) as imap:
        return imap.asks(b"AUTHENTICATE PLAIN " + plain(name, "sai-mat-khau"))


def by_smtp_plain(service: Service, name: str) -> bytes:
    with Smtp(service.address("submission")) as smtp:
        return smtp.asks(b"AUTH PLAIN " + plain(name, "sai-mat-khau"))


def by_smtp_login(service: Service, name: str) -> bytes:
    with Smtp(service.address("submission")) as smtp:
        assert smtp.asks(b"AUTH LOGIN").startswith(b"334")
        assert smtp.asks(base64.b64encode(name.encode())).startswith(b"334")
        return smtp.asks(base64.b64encode(b"sai-mat-khau"))


DOORS = {
    by_imap_login: b"a NO [AUTHENTICATIONFAILED]",
    by_imap_plain: b"a NO [AUTHENTICATIONFAILED]",
    by_smtp_plain: b"535 5.7.8",
    by_smtp_login: b"535 5.7.8",
}


def cost(door: Callable[..., bytes], service: Service, name: str) -> float:
    """Seconds of the server's processor for some tries; the clock on the wall would measure the machine's other work."""
    before = work(service)
    for _ in range(TRIES):
        door(service, name)
    return work(service) - before


@pytest.mark.parametrize("door", DOORS)
def test_unknown_names_and_wrong_passwords_sound_alike(service: Service, door: Callable[..., bytes]) -> None:
    wrong = door(service, "an@lamdong.example")
    assert wrong.startswith(DOORS[door])
    assert {door(service, name) for name in NAMES.values()} == {wrong}


@pytest.mark.parametrize("door", DOORS)
def test_an_unknown_name_costs_as_much_as_a_wrong_password(
    service: Service, door: Callable[..., bytes]
) -> None:
    wrong = cost(door, service, "an@lamdong.example")
    assert wrong > 0
    for name in NAMES.values():
        assert cost(door, service, name) >= wrong / 2


@pytest.mark.parametrize(
    "name", ["", " ", "@", "a@", "x" * 1000, "an\x7f", "an@lamdong.example ", "AN@LAMDONG.EXAMPLE@"]
)
def test_strange_names_are_wrong_credentials_too(service: Service, name: str) -> None:
    with Smtp(service.address("submission")) as smtp:
        assert smtp.asks(b"AUTH PLAIN " + plain(name, "x"))[:3] in {b"535", b"501"}
    with Imap(service.address("imap")) as imap:
        assert imap.asks(b"AUTHENTICATE PLAIN " + plain(name, "x")).startswith((b"a NO", b"a BAD"))


@pytest.mark.parametrize("password", ["x" * 900, "x" * 5000, "mật khẩu", "\x01", ""])
def test_strange_passwords_are_wrong_ones(service: Service, password: str) -> None:
    with Smtp(service.address("submission")) as smtp:
        assert smtp.asks(b"AUTH PLAIN " + plain("an", password))[:3] in {b"535", b"501"}
    with Imap(service.address("imap")) as imap:
        assert imap.asks(b"AUTHENTICATE PLAIN " + plain("an", password)).startswith((b"a NO", b"a BAD"))


@pytest.mark.parametrize(
    "response",
    [b"!!!!", b"AA", b"AAA=", b"=", b"*", b"", base64.b64encode(b"\0an"), base64.b64encode(b"\0\xff\0\xfe"), base64.b64encode(b"an\0binh\0Mat-khau-1"), base64.b64encode(b"\0an\0Mat-khau-1\0")],
)  # fmt: skip
def test_a_broken_response_signs_nobody_in(service: Service, response: bytes) -> None:
    with Smtp(service.address("submission")) as smtp:
        assert smtp.asks(b"AUTH PLAIN").startswith(b"334")
        assert smtp.asks(response)[:3] in {b"501", b"535"}
        assert smtp.asks(b"MAIL FROM:<an@lamdong.example>").startswith(b"530")
    with Imap(service.address("imap")) as imap:
        imap.say(b"a AUTHENTICATE PLAIN\r\n")
        assert imap.line().startswith(b"+")
        imap.say(response + b"\r\n")
        assert imap.until()[1].startswith((b"a NO", b"a BAD"))
        assert imap.asks(b"SELECT INBOX").startswith(b"a BAD")


def test_guessing_on_one_connection_ends_it(service: Service) -> None:
    with Imap(service.address("imap")) as imap:
        for _ in range(5):
            assert imap.asks(b"LOGIN an sai").startswith(b"a NO")
        assert imap.line().startswith(b"* BYE")
        assert imap.is_closed()
    with Smtp(service.address("submission")) as smtp:
        replies = [b"535"]
        while replies[-1] == b"535" and len(replies) < 10:
            replies.append(smtp.asks(b"AUTH PLAIN " + plain("an", "sai"))[:3])
        assert replies[-1] == b"421"
        assert smtp.is_closed()


def test_a_lock_ends_what_is_open(service: Service) -> None:
    """A stolen password: the sessions that it opened neither read nor send once the account is locked."""
    with Imap(service.address("imap"), "p8") as imap, Smtp(service.address("submission")) as smtp:
        assert smtp.asks(b"AUTH PLAIN " + plain("p8", "Mat-khau-1")).startswith(b"235")
        service.must("account", "lock", "p8@lamdong.example")
        replies = [b"a OK"]
        while replies[-1].startswith(b"a OK") and len(replies) < 10_000:  # told by another process
            imap.say(b"a NOOP\r\n")
            replies.append(imap.line())
        assert replies[-1].startswith(b"* BYE")
        assert smtp.asks(b"MAIL FROM:<p8@lamdong.example>").startswith(b"530 5.7.0")
