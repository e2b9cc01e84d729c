"""Passwords: the schemes we read, the one we write, the rule for new ones and the first ones we make."""

import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from passlib import hash as _handlers
from passlib.context import CryptContext
from passlib.exc import MissingBackendError

from directory.common_passwords import is_common

MAX_PASSWORD: Final = 1024  # characters; longer ones are wrong without being hashed
# Written: argon2id, 19 MiB, t=2, p=1 (18 ms, frees the GIL; design §3). Read: whatever old systems hand over.
_ACCEPTED: Final = (
    "argon2",
    "bcrypt",
    "bcrypt_sha256",
    "scrypt",
    "sha512_crypt",
    "sha256_crypt",
    "sha1_crypt",
    "md5_crypt",
    "apr_md5_crypt",
    "pbkdf2_sha512",
    "pbkdf2_sha256",
    "pbkdf2_sha1",
    "ldap_pbkdf2_sha512",
    "ldap_pbkdf2_sha256",
    "ldap_pbkdf2_sha1",
    "ldap_salted_sha512",
    "ldap_salted_sha256",
    "ldap_salted_sha1",
    "ldap_salted_md5",
    "ldap_sha512_crypt",
    "ldap_sha256_crypt",
    "ldap_sha1_crypt",
    "ldap_md5_crypt",
    "ldap_bcrypt",
    "ldap_sha1",
    "ldap_md5",
    "django_pbkdf2_sha256",
    "django_pbkdf2_sha1",
    "django_salted_sha1",
    "phpass",
    "atlassian_pbkdf2_sha1",
    "grub_pbkdf2_sha512",
    "cta_pbkdf2_sha1",
    "fshp",
    "des_crypt",
    "bsdi_crypt",
    "mysql41",
    "hex_sha512",
    "hex_sha256",
    "hex_sha1",
    "hex_md5",
)
# Dovecot names the scheme in braces before a crypt(3) text; passlib reads that text without them.
_CRYPT_PREFIXES: Final = (
    "{SHA512-CRYPT}",
    "{SHA256-CRYPT}",
    "{MD5-CRYPT}",
    "{BLF-CRYPT}",
    "{ARGON2ID}",
    "{ARGON2I}",
    "{DES-CRYPT}",
)

_BCRYPT: Final = ("$2a$", "$2b$", "$2x$", "$2y$", "{CRYPT}$2")

_CONSONANTS: Final = "bcdghkmnprstvx"
_VOWELS: Final = "aeiou"
_DIGITS: Final = "23456789"  # neither 0 nor 1: read over the phone they are taken for letters


def _is_usable(scheme: str) -> bool:
    """Whether the library behind a scheme is installed; a hash that we cannot check is refused at import."""
    handler = getattr(_handlers, scheme)
    try:
        return not hasattr(handler, "get_backend") or bool(handler.get_backend())
    except MissingBackendError:
        return False


context: Final = CryptContext(
    schemes=[scheme for scheme in _ACCEPTED if _is_usable(scheme)],
    default="argon2",
    deprecated="auto",
    argon2__type="ID",
    argon2__memory_cost=19 * 1024,  # KiB
    argon2__time_cost=2,
    argon2__parallelism=1,
)


class PasswordFault(StrEnum):
    """What a new password lacks."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_FEW_CLASSES = "too_few_classes"
    CONTAINS_NAME = "contains_name"
    USED_BEFORE = "used_before"
    CONTROL_CHARACTER = "control_character"
    LEAKED = "leaked"


class PasswordRefused(ValueError):
    """A new password that the rule does not allow; `fault` says why."""

    def __init__(self, fault: PasswordFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class PasswordRule:
    """Quy định mật khẩu (Bộ Tư pháp: 8 characters, 3 of 4 classes; Hà Nội: not the last 3)."""

    min_length: int = 8
    min_classes: int = 3
    history: int = 3
    refuse_leaked: bool = False


def normalize(password: str) -> str:
    """A password as it is hashed: NFC, so that each keyboard gives the same octets (RFC 8265 §4.2.1)."""
    return password if password.isascii() else unicodedata.normalize("NFC", password)


def check_rule(password: str, rule: PasswordRule, *, names: Sequence[str] = ()) -> None:
    """PasswordRefused unless the password is long and varied enough and does not hold one of `names`."""
    password = normalize(password)
    if len(password) > MAX_PASSWORD:
        raise PasswordRefused(PasswordFault.TOO_LONG)
    if any(unicodedata.category(character) == "Cc" for character in password):
        raise PasswordRefused(PasswordFault.CONTROL_CHARACTER)
    if len(password) < rule.min_length:
        raise PasswordRefused(PasswordFault.TOO_SHORT)
    if _classes(password) < rule.min_classes:
        raise PasswordRefused(PasswordFault.TOO_FEW_CLASSES)
    lowered = password.lower()
    if any(len(name) >= 4 and name.lower() in lowered for name in names):
        raise PasswordRefused(PasswordFault.CONTAINS_NAME)
    if rule.refuse_leaked and is_common(password):
        raise PasswordRefused(PasswordFault.LEAKED)


def hash_password(password: str) -> str:
    """Slow (18 ms): for a thread, never inside a transaction."""
    return str(context.hash(normalize(password)))


def read_hash(text: str) -> str | None:
    """A given hash as we keep it, or None if it is of no scheme that we can check."""
    candidate = text.strip()
    upper = candidate[:16].upper()
    for prefix in _CRYPT_PREFIXES:
        if upper.startswith(prefix):
            candidate = candidate[len(prefix) :]
            break
    scheme = context.identify(candidate)
    if scheme is None:
        return None
    handler = context.handler(scheme)
    try:
        # A hash that is cut off still names its scheme.
        if hasattr(handler, "from_string") and not getattr(handler.from_string(candidate), "checksum", True):
            return None
    except (ValueError, TypeError):
        return None
    return candidate


def matches(password: str, stored: str) -> bool:
    """Slow: whether this is the password of `stored`, of any accepted scheme."""
    if len(password) > MAX_PASSWORD or "\0" in password:
        return False
    try:
        octets = normalize(password).encode()
        if stored.startswith(
            _BCRYPT
        ):  # bcrypt never read further, and its library now raises where it once cut
            octets = octets[:72]
        return bool(context.verify(octets, stored))
    except (ValueError, TypeError):
        return False


def needs_upgrade(stored: str) -> bool:
    """Whether the hash is of an old scheme or of weaker parameters than today's."""
    return bool(context.needs_update(stored))


def is_argon2(stored: str) -> bool:
    """Whether checking it takes as long as the hash of nobody does."""
    return stored.startswith("$argon2")


def first_password() -> str:
    """A first password that can be read over the phone: `Bado-kime-4729` (some 42 bits, changed at first use)."""
    words = ["".join(_syllable() + _syllable()) for _ in range(2)]
    extra = _syllable()
    number = "".join(secrets.choice(_DIGITS) for _ in range(4))
    return f"{words[0].capitalize()}-{words[1]}{extra}-{number}"


def _syllable() -> str:
    return secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS)


def _classes(password: str) -> int:
    return (
        any(character.islower() for character in password)
        + any(character.isupper() for character in password)
        + any(character.isdigit() for character in password)
        + any(not character.isalnum() for character in password)
    )
