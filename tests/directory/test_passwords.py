import re

import pytest
from passlib import hash as handlers

from directory import passwords
from directory.passwords import (
    PasswordFault,
    PasswordRefused,
    PasswordRule,
    check_rule,
    first_password,
    matches,
    read_hash,
)

OLD = [
    handlers.sha512_crypt.using(rounds=1000).hash("Mật khẩu 1"),
    handlers.md5_crypt.hash("Mật khẩu 1"),
    handlers.ldap_salted_sha1.hash("Mật khẩu 1"),
    handlers.pbkdf2_sha256.using(rounds=10).hash("Mật khẩu 1"),
    "{SHA512-CRYPT}" + handlers.sha512_crypt.using(rounds=1000).hash("Mật khẩu 1"),  # as Dovecot writes it
    "{CRYPT}" + handlers.sha256_crypt.using(rounds=1000).hash("Mật khẩu 1"),
]


@pytest.mark.parametrize("given", OLD, ids=range(len(OLD)))
def test_hashes_of_old_systems_are_read_and_marked_for_upgrade(given: str) -> None:
    stored = read_hash(given)
    assert stored is not None
    assert matches("Mật khẩu 1", stored)
    assert not matches("Mật khẩu 2", stored)
    assert passwords.needs_upgrade(stored)


def test_new_hashes_are_argon2id_with_the_measured_parameters() -> None:
    stored = passwords.hash_password("Mật khẩu 1")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert matches("Mật khẩu 1", stored)
    assert not passwords.needs_upgrade(stored)


def test_the_same_password_in_nfd_is_the_same_password() -> None:
    assert matches("Ma\u0323\u0302t kha\u0302\u0309u 1", passwords.hash_password("Mật khẩu 1"))


@pytest.mark.skipif("bcrypt" not in passwords.context.schemes(), reason="bcrypt is not installed")
def test_bcrypt_reads_no_further_than_its_72_octets() -> None:
    stored = read_hash("{BLF-CRYPT}" + handlers.bcrypt.using(rounds=4).hash("a" * 72))
    assert stored is not None
    assert matches("a" * 80, stored)
    assert not matches("a" * 71, stored)


@pytest.mark.parametrize("given", ["", "plain text", "{PLAIN}secret", "$6$", "$argon2id$broken", "x" * 500])
def test_what_is_no_hash_is_refused(given: str) -> None:
    assert read_hash(given) is None


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("Ab1-xyz", PasswordFault.TOO_SHORT),
        ("abcdefgh1", PasswordFault.TOO_FEW_CLASSES),
        ("Annv-2026", PasswordFault.CONTAINS_NAME),
        ("Abc-1234\x07", PasswordFault.CONTROL_CHARACTER),
        ("Ab1-" * 300, PasswordFault.TOO_LONG),
    ],
)
def test_the_rule_names_what_a_password_lacks(password: str, fault: PasswordFault) -> None:
    with pytest.raises(PasswordRefused) as refused:
        check_rule(password, PasswordRule(), names=("annv",))
    assert refused.value.fault is fault


def test_first_passwords_keep_the_rule_and_can_be_read_out() -> None:
    made = {first_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        check_rule(password, PasswordRule())
        assert re.fullmatch(r"[A-Z][a-z]{3}-[a-z]{6}-[2-9]{4}", password)


@pytest.mark.parametrize(
    "password",
    [
        "Password1!",
        "P@ssw0rd",
        "Matkhau@123",
        "Mật khẩu 123",
        "Vietnam2026!",
        "12345678",
        "Aa@123456",
        "Admin@2025",
        "ubnd@1234",
        "QWERTYUIOP",
        "Qwerty123!@#",
    ],
)
def test_what_everybody_guesses_first_is_refused(password: str) -> None:
    rule = PasswordRule(min_length=6, min_classes=1, refuse_leaked=True)
    with pytest.raises(PasswordRefused) as refused:
        check_rule(password, rule)
    assert refused.value.fault is PasswordFault.LEAKED
    check_rule(password, PasswordRule(min_length=6, min_classes=1))  # where the province does not mind


@pytest.mark.parametrize(
    "password",
    [
        "Langbiang#27",
        "Đúng-1234-rồi",
        "Bado-kime-4729",
        "tám con chim sẻ",
        "Dalat-sang-nay-mua",
        "x7K-pQ2-mmZ",
    ],
)
def test_what_nobody_guesses_first_is_not(password: str) -> None:
    check_rule(password, PasswordRule(min_length=8, min_classes=1, refuse_leaked=True))
