"""SCRAM-SHA-256, the server's side: the RFC's own exchange, channel binding, downgrade, and any octets."""

import base64
import contextlib
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.scram_keys import derive_keys, saslprep
from mailsvc.services.scram import Challenge, ScramError, ScramServer, unknown_challenge

SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
KEYS = derive_keys("pencil", SALT, 4096)
CLIENT_NONCE, SERVER_NONCE = "rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
BINDING = {"tls-exporter": b"\x01" * 32}


def server(**options: object) -> ScramServer:
    fields = {"nonce": SERVER_NONCE, "is_plus": False, "offers_plus": False} | options
    return ScramServer(lambda _login: Challenge(SALT, 4096, (KEYS,)), **fields)  # type: ignore[arg-type]


def answering(challenge: Challenge) -> ScramServer:
    return ScramServer(lambda _login: challenge, SERVER_NONCE, False, False)


def client_final(
    server_first: bytes, bare: str, password: str = "pencil", binding: bytes = b"n,,"
) -> tuple[bytes, bytes]:
    """What an honest client sends, and the server's proof that it expects."""
    fields = dict(part.split("=", 1) for part in server_first.decode().split(","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
    without_proof = f"c={base64.b64encode(binding).decode()},r={fields['r']}"
    message = f"{bare},{server_first.decode()},{without_proof}".encode()
    key = hmac.digest(salted, b"Client Key", "sha256")
    signature = hmac.digest(hashlib.sha256(key).digest(), message, "sha256")
    proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
    verifier = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
    return f"{without_proof},p={base64.b64encode(proof).decode()}".encode(), b"v=" + base64.b64encode(
        verifier
    )


def test_the_exchange_of_rfc_7677_section_3() -> None:
    exchange = server()
    assert exchange.first(f"n,,n=user,r={CLIENT_NONCE}".encode()) == (
        f"r={CLIENT_NONCE}{SERVER_NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".encode()
    )
    proven = exchange.final(
        f"c=biws,r={CLIENT_NONCE}{SERVER_NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=".encode()
    )
    assert proven.keys is KEYS
    assert proven.server_final == b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    assert exchange.login == "user"


def test_a_wrong_password_and_an_unknown_name_fail_alike() -> None:
    for challenge in (Challenge(SALT, 4096, (KEYS,)), unknown_challenge(SALT)):
        exchange = answering(challenge)
        message, _ = client_final(exchange.first(b"n,,n=user,r=abc"), "n=user,r=abc", "wrong")
        proven = exchange.final(message)
        assert proven.keys is None
        assert proven.server_final == b"e=invalid-proof"


def test_any_of_an_accounts_passwords_is_found() -> None:
    second = derive_keys("abcdef-ghjkmn-pqrstu-vwxyz2", SALT, 4096)
    exchange = answering(Challenge(SALT, 4096, (KEYS, second)))
    first = exchange.first(b"n,,n=user,r=abc")
    message, verifier = client_final(first, "n=user,r=abc", "abcdef-ghjkmn-pqrstu-vwxyz2")
    proven = exchange.final(message)
    assert proven.keys is second
    assert proven.server_final == verifier


def test_plus_binds_the_exchange_to_this_connection() -> None:
    head, bare = b"p=tls-exporter,,", "n=user,r=abc"
    exchange = server(is_plus=True, offers_plus=True, bindings=BINDING)
    first = exchange.first(head + bare.encode())
    message, _ = client_final(first, bare, binding=head + BINDING["tls-exporter"])
    assert exchange.final(message).keys is KEYS
    exchange = server(is_plus=True, offers_plus=True, bindings=BINDING)
    first = exchange.first(head + bare.encode())
    message, _ = client_final(
        first, bare, binding=head + b"\x02" * 32
    )  # somebody in the middle has two connections
    with pytest.raises(ScramError, match="channel-bindings-dont-match"):
        exchange.final(message)


def test_a_removed_offer_of_plus_is_noticed() -> None:  # RFC 5802 §6
    with pytest.raises(ScramError, match="server-does-support-channel-binding"):
        server(offers_plus=True, bindings=BINDING).first(b"y,,n=user,r=abc")
    assert server().first(b"y,,n=user,r=abc")  # we offered none: the client may say so


@pytest.mark.parametrize(
    ("message", "error", "is_plus"),
    [
        (b"p=tls-unique,,n=user,r=abc", "unsupported-channel-binding-type", True),
        (b"p=tls-exporter,,n=user,r=abc", "channel-binding-not-supported", False),
        (b"n,,n=user,r=abc", "other-error", True),
        (b"n,a=other,n=user,r=abc", "other-error", False),
        (b"n,,m=x,n=user,r=abc", "extensions-not-supported", False),
        (b"n,,n=us=er,r=abc", "invalid-username-encoding", False),
        (b"n,,n=user,r=", "other-error", False),
        (b"n,,n=user", "other-error", False),
        (b"n,,n=\xff,r=abc", "invalid-encoding", False),
        (b"n,,n=u\0,r=abc", "other-error", False),
        (b"", "other-error", False),
        (b"n,,n=" + b"x" * 5000 + b",r=abc", "other-error", False),
    ],
)
def test_what_is_no_first_message_is_refused(message: bytes, error: str, is_plus: bool) -> None:
    with pytest.raises(ScramError, match=error):
        server(is_plus=is_plus, offers_plus=is_plus, bindings=BINDING).first(message)


def test_a_name_with_a_comma_is_read_as_it_was_meant() -> None:
    exchange = server()
    exchange.first(b"n,a=a=2Cb=3Dc,n=a=2Cb=3Dc,r=abc")
    assert exchange.login == "a,b=c"


@given(st.binary(max_size=300))
def test_any_octets_are_an_answer_or_a_refusal(octets: bytes) -> None:
    exchange = server()
    for step in (exchange.first, exchange.final):
        try:
            step(octets)
        except ScramError:
            continue
    exchange = server()
    exchange.first(b"n,,n=user,r=abc")
    with contextlib.suppress(ScramError):
        assert exchange.final(octets).keys is None


def test_saslprep_as_rfc_4013_section_3() -> None:
    assert saslprep("I\u00adX") == "IX"
    assert saslprep("\u00aa") == "a"
    assert saslprep("\u2168") == "IX"
    assert saslprep("a\u00a0b") == "a b"
    for bad in ("\u0007", "\u0627\u0031", "\ue000"):
        with pytest.raises(ValueError, match=r"prohibited|mixed"):
            saslprep(bad)
