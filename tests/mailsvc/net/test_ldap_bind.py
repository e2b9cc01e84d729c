"""Passwords that Debian's slapd knows: asked by a bind under TLS, with deadlines, and never without a password."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import LdapSettings
from mailsvc.model.errors import SignInUnavailable
from mailsvc.net.ldap_bind import LdapBind, LdapMisconfiguredError
from tests.support.slapd import BASE, SEARCHER, SEARCHER_PASSWORD, Slapd, slapd

pytestmark = pytest.mark.peer
AN, PASSWORD = "annv@lamdong.example", "Đà-Lạt-2026"
BY_DN = {"user_dn": f"uid={{local}},ou=people,{BASE}"}
BY_SEARCH = {"search_base": BASE, "bind_dn": SEARCHER, "bind_password": SEARCHER_PASSWORD}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with slapd(tmp_path_factory.mktemp("slapd"), {"annv": PASSWORD, "binhtt": "khac-1"}) as running:
        yield running


def asking(server: Slapd, url: str = "", **settings: object) -> LdapBind:
    fields = {"url": url or server.ldap, "ca_file": server.certificate, "timeout": 5.0} | settings
    return LdapBind(LdapSettings(**fields))


@pytest.mark.parametrize("how", [BY_DN, BY_SEARCH])
@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_person_binds_under_tls_by_template_or_by_search(
    server: Slapd, how: dict[str, str], scheme: str
) -> None:
    check = asking(server, getattr(server, scheme), **how)
    assert check(AN, PASSWORD)
    assert not check(AN, "sai")
    assert not check("khongco@lamdong.example", PASSWORD)


def test_an_empty_password_never_reaches_the_server(server: Slapd) -> None:
    """This slapd lets a bind without a password pass, as many do (RFC 4513 §5.1.2)."""
    for how in (BY_DN, BY_SEARCH):
        assert not asking(server, **how)(AN, "")
        assert not asking(server, **how)(AN, "\0")


@pytest.mark.parametrize(
    "name",
    ["*@lamdong.example", "annv)(uid=*@lamdong.example", "annv,ou=people@x", 'x"+cn=y@x', "\\2a@x", "(@x"],
)
def test_a_name_is_never_a_filter_or_a_dn(server: Slapd, name: str) -> None:
    assert not asking(server, **BY_SEARCH)(name, PASSWORD)
    assert not asking(server, **BY_DN)(name, PASSWORD)


def test_two_people_found_are_nobody(server: Slapd) -> None:
    assert not asking(server, **BY_SEARCH, search_filter="(objectClass=inetOrgPerson)")(AN, PASSWORD)


def test_a_server_with_another_certificate_is_told_nothing(server: Slapd, tmp_path: Path) -> None:
    with pytest.raises(SignInUnavailable):
        asking(server, **BY_DN, ca_file=None)(AN, PASSWORD)
    with pytest.raises(SignInUnavailable):
        asking(server, server.ldaps.replace("localhost", "127.0.0.1"), **BY_DN)(AN, PASSWORD)


def test_a_wrong_searching_account_is_trouble_and_no_wrong_password(server: Slapd) -> None:
    with pytest.raises(SignInUnavailable):
        asking(server, **(BY_SEARCH | {"bind_password": "khac"}))(AN, PASSWORD)


def test_a_server_that_is_gone_or_silent_is_waited_for_only_so_long(server: Slapd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(SignInUnavailable):
            asking(server, f"ldap://localhost:{port}", **BY_DN, timeout=0.5)(AN, PASSWORD)
    with pytest.raises(SignInUnavailable):
        asking(server, f"ldap://localhost:{port}", **BY_DN, timeout=0.5)(AN, PASSWORD)


def test_settings_that_would_send_passwords_in_clear_are_refused(server: Slapd) -> None:
    with pytest.raises(LdapMisconfiguredError, match="ldaps://"):
        asking(server, "ldap://ldap.lamdong.example", **BY_DN, start_tls=False)
    with pytest.raises(LdapMisconfiguredError, match="search_base"):
        asking(server)
