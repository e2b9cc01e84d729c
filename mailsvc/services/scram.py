"""The server's side of SCRAM-SHA-256 and -PLUS, sans-IO (RFC 5802, RFC 7677).

One object an exchange: `first` answers the client's first message, `final` its proof. An account that does not exist
is given a salt like any other and fails at the proof, as a wrong password does (RFC 5802 §9).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from directory.scram_keys import ITERATIONS, saslprep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from directory.scram_keys import ScramKeys

MAX_MESSAGE = 2048
"""Octets of one message of a client."""


class ScramError(Exception):
    """A message that is no SCRAM, or asks for what we do not do; `args[0]` is the server-error-value (§7)."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the server sends after the name is known: the same for all keys of an account."""

    salt: bytes
    iterations: int
    keys: Sequence[ScramKeys]


@dataclass(frozen=True, slots=True)
class Proven:
    """Whose password the client knows, and the server's own proof that goes back."""

    keys: ScramKeys | None
    """None: the proof was wrong."""
    server_final: bytes


@dataclass(slots=True)
class ScramServer:
    """One exchange. `bindings` holds the octets of each channel binding type this connection has (RFC 5056)."""

    look_up: Callable[[str], Challenge]
    nonce: str
    """At least 18 random characters, printable and without a comma."""
    is_plus: bool
    """Whether the client chose the -PLUS mechanism."""
    offers_plus: bool
    """Whether -PLUS was advertised to it."""
    bindings: Mapping[str, bytes] = field(default_factory=dict)
    login: str = ""
    _gs2_header: bytes = b""
    _binding: bytes = b""
    _bare: bytes = b""
    _server_first: bytes = b""
    _full_nonce: str = ""
    _challenge: Challenge | None = None

    def first(self, message: bytes) -> bytes:
        """server-first-message; ScramError (RFC 5802 §5.1, §7)."""
        text = _text(message)
        flag, comma, rest = text.partition(",")
        authzid, second, bare = rest.partition(",")
        if not (comma and second):
            raise ScramError("other-error")
        self._binding = self._choose_binding(flag)
        self._gs2_header = f"{flag},{authzid},".encode()
        fields = _fields(bare)
        if fields and fields[0][0] == "m":
            raise ScramError("extensions-not-supported")
        if len(fields) < 2 or [name for name, _ in fields[:2]] != ["n", "r"] or not fields[1][1]:
            raise ScramError("other-error")
        self.login = _saslname(fields[0][1])
        if authzid and (not authzid.startswith("a=") or _saslname(authzid[2:]) != self.login):
            raise ScramError("other-error")  # nobody signs in for somebody else
        self._bare = bare.encode()
        self._full_nonce = fields[1][1] + self.nonce
        self._challenge = self.look_up(self.login)
        salt = base64.b64encode(self._challenge.salt).decode()
        self._server_first = f"r={self._full_nonce},s={salt},i={self._challenge.iterations}".encode()
        return self._server_first

    def final(self, message: bytes) -> Proven:
        """Whether the client knows a password of the account; ScramError for what is not a final message."""
        challenge = self._challenge
        if challenge is None:
            raise ScramError("other-error")
        text = _text(message)
        without_proof, found, proof_text = text.rpartition(",p=")
        fields = _fields(without_proof)
        if not found or len(fields) < 2 or [name for name, _ in fields[:2]] != ["c", "r"]:
            raise ScramError("other-error")
        if not hmac.compare_digest(_base64(fields[0][1]), self._gs2_header + self._binding):
            raise ScramError("channel-bindings-dont-match")
        if not hmac.compare_digest(fields[1][1].encode(), self._full_nonce.encode()):
            raise ScramError("other-error")
        proof = _base64(proof_text)
        auth_message = b",".join((self._bare, self._server_first, without_proof.encode()))
        for keys in challenge.keys:
            if keys.iterations == challenge.iterations and _proves(proof, keys, auth_message):
                signature = hmac.digest(keys.server_key, auth_message, "sha256")
                return Proven(keys, b"v=" + base64.b64encode(signature))
        return Proven(None, b"e=invalid-proof")

    def _choose_binding(self, flag: str) -> bytes:
        """RFC 5802 §6: what the client says of channel binding must fit the mechanism and what was offered."""
        if flag == "n" and not self.is_plus:
            return b""
        if flag == "y" and not self.is_plus:
            if self.offers_plus:  # somebody on the way removed -PLUS from what we offered
                raise ScramError("server-does-support-channel-binding")
            return b""
        if flag.startswith("p=") and self.is_plus:
            octets = self.bindings.get(flag[2:])
            if octets is None:
                raise ScramError("unsupported-channel-binding-type")
            return octets
        raise ScramError("other-error" if not flag.startswith("p=") else "channel-binding-not-supported")


def unknown_challenge(salt: bytes) -> Challenge:
    """For a name that nobody has."""
    return Challenge(salt, ITERATIONS, ())


def _proves(proof: bytes, keys: ScramKeys, auth_message: bytes) -> bool:
    """ClientKey = ClientProof XOR ClientSignature, and H(ClientKey) is what is stored (RFC 5802 §3)."""
    signature = hmac.digest(keys.stored_key, auth_message, "sha256")
    if len(proof) != len(signature):
        return False
    client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    return hmac.compare_digest(hashlib.sha256(client_key).digest(), keys.stored_key)


def _text(message: bytes) -> str:
    if len(message) > MAX_MESSAGE:
        raise ScramError("other-error")
    try:
        text = message.decode()
    except UnicodeDecodeError:
        raise ScramError("invalid-encoding") from None
    if "\0" in text:
        raise ScramError("other-error")
    return text


def _fields(text: str) -> list[tuple[str, str]]:
    """`n=…,r=…`; each attribute is one letter (RFC 5802 §5.1)."""
    fields = [(part[:1], part[2:]) for part in text.split(",") if part[1:2] == "="]
    if len(fields) != text.count(",") + 1:
        raise ScramError("other-error")
    return fields


def _saslname(text: str) -> str:
    """A name with `=2C` for a comma and `=3D` for an equals sign (RFC 5802 §5.1), prepared by SASLprep."""
    if "=" in text.replace("=2C", "").replace("=3D", ""):
        raise ScramError("invalid-username-encoding")
    try:
        return saslprep(text.replace("=2C", ",").replace("=3D", "="))
    except ValueError:
        raise ScramError("invalid-username-encoding") from None


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ScramError("invalid-encoding") from None
