"""Signing in by SCRAM and by tokens, with clients that we did not write."""

from collections.abc import Iterator
from pathlib import Path

import imapclient
import pytest

from config.settings import PasswordSettings
from directory import tokens
from directory.app_passwords import new_app_password, store_app_password
from directory.scram_keys import salt_to_store
from directory.tokens import TokenScope
from mailsvc.net.channel_binding import end_point
from tests.conformance.imap.test_clients import run
from tests.mailsvc.imap.player import ImapHouse
from tests.support.mail import DOMAIN, NOW
from tests.support.system import need

ALICE = f"alice@{DOMAIN}"


@pytest.fixture
def scram_house(tmp_path: Path) -> Iterator[ImapHouse]:
    house = ImapHouse(tmp_path / "data", password=PasswordSettings(scram=True))
    house.server.parts.sign_in.end_point = end_point(house.certificate)
    yield house
    house.close()


def app_password(house: ImapHouse) -> str:
    alice = house.people["alice"]
    with house.store.write() as uow:
        new = new_app_password(salt_to_store(uow.conn, alice, NOW))
        store_app_password(uow.conn, alice, new, "Máy tính", NOW)
    return new.text


def token(house: ImapHouse) -> str:
    with house.store.write() as uow:
        return tokens.issue_token(uow.conn, house.people["alice"], [TokenScope.MAIL], NOW + 3600, at=NOW)


@pytest.mark.peer
@pytest.mark.parametrize(
    ("mechanism", "binding"), [("SCRAM-SHA-256", ["--no-cb"]), ("SCRAM-SHA-256-PLUS", [])]
)
def test_gnu_sasl_signs_in_by_scram_under_tls(
    scram_house: ImapHouse, mechanism: str, binding: list[str]
) -> None:
    """GNU SASL binds by tls-exporter under TLS 1.3 (RFC 9266), and checks the server's own proof."""
    gsasl = need("gsasl", package="gsasl")
    words = (
        *("--imap", "--mechanism", mechanism, "--starttls"),
        f"--x509-ca-file={scram_house.certificate}",
        *("--authentication-id", ALICE, "--password", app_password(scram_house)),
        *(*binding, "--no-client-first", "--verbose", "--connect"),
    )
    said = run(gsasl, *words, f"localhost:{scram_house.port}", stdin="")
    assert f"AUTHENTICATE {mechanism}" in said
    assert "OK" in said.rpartition("AUTHENTICATE")[2]


@pytest.mark.peer
def test_mutt_takes_scram_where_it_is_offered(scram_house: ImapHouse, tmp_path: Path) -> None:
    mutt = need("mutt", package="mutt")
    scram_house.fill(2)
    config = tmp_path / "muttrc"
    config.write_text(
        f"""
set imap_user="{ALICE}" imap_pass="{app_password(scram_house)}" folder="imap://localhost:{scram_house.port}"
set spoolfile="+INBOX" ssl_starttls=no ssl_force_tls=no imap_authenticators="scram-sha-256" quit=yes
push "<quit>"
"""
    )
    command = f"{mutt} -n -d 2 -F {config}"
    run("script", "-qec", command, "/dev/null", cwd=tmp_path, HOME=str(tmp_path), TERM="xterm")
    log = (tmp_path / ".muttdebug0").read_text(errors="replace")
    assert "AUTHENTICATE SCRAM-SHA-256" in log
    assert "EXISTS" in log


@pytest.mark.peer
def test_curl_signs_in_by_a_token(house: ImapHouse) -> None:
    need("curl", package="curl")
    house.fill(2)
    said = run(
        *("curl", "-sv", "--ssl-reqd", "--cacert", str(house.certificate)),
        *("--user", ALICE, "--oauth2-bearer", token(house)),
        *(f"imap://localhost:{house.port}/INBOX;UID=1",),
    )
    assert "AUTHENTICATE OAUTHBEARER" in said
    assert "Subject:" in said


def test_imapclient_signs_in_by_a_token(house: ImapHouse) -> None:
    house.fill(1)
    with imapclient.IMAPClient("127.0.0.1", house.port, ssl=False) as client:
        client.oauthbearer_login(ALICE, token(house))
        assert client.select_folder("INBOX")[b"EXISTS"] == 1
