"""AUTH by SCRAM and by tokens, with clients that we did not write."""

import smtplib
import subprocess

import pytest

from config.settings import PasswordSettings
from directory import tokens
from directory.app_passwords import new_app_password, store_app_password
from directory.revoke import revoke_everything
from directory.scram_keys import salt_to_store
from directory.tokens import TokenScope
from tests.mailsvc.smtp.service import PASSWORD, service
from tests.support.mail import DOMAIN, NOW
from tests.support.system import need

AN, BO = f"an@{DOMAIN}", f"bo@{DOMAIN}"


@pytest.fixture
def offering(tmp_path):
    with service(tmp_path, password=PasswordSettings(scram=True)) as running:
        yield running


def app_password(running):
    an = running.boxes["an"]
    with running.store.write() as uow:
        new = new_app_password(salt_to_store(uow.conn, an, NOW))
        store_app_password(uow.conn, an, new, "Máy quét", NOW)
    return new.text


def token(running):
    with running.store.write() as uow:
        return tokens.issue_token(uow.conn, running.boxes["an"], [TokenScope.MAIL], NOW + 3600, at=NOW)


@pytest.mark.peer
@pytest.mark.parametrize(
    ("mechanism", "binding"), [("SCRAM-SHA-256", ["--no-cb"]), ("SCRAM-SHA-256-PLUS", [])]
)
def test_gnu_sasl_signs_in_by_scram(offering, mechanism, binding):
    gsasl = need("gsasl", package="gsasl")
    words = (
        *("--smtp", "--mechanism", mechanism, "--starttls", "--x509-ca-file=", *binding),
        *("--authentication-id", AN, "--password", app_password(offering), "--verbose", "--connect"),
        f"localhost:{offering.ports['submission.listen']}",
    )
    done = subprocess.run([gsasl, *words], input="", capture_output=True, text=True, timeout=60, check=False)
    assert f"AUTH {mechanism}" in done.stdout
    assert "235 2.7.0" in done.stdout


@pytest.mark.peer
def test_curl_sends_by_a_token(offering, tmp_path):
    need("curl", package="curl")
    (tmp_path / "letter").write_bytes(b"From: " + AN.encode() + b"\r\nSubject: x\r\n\r\nhi\r\n")
    words = (
        *("curl", "-sv", "--ssl-reqd", "-k", "--mail-from", AN, "--mail-rcpt", BO),
        *("--user", AN, "--oauth2-bearer", token(offering), "-T", str(tmp_path / "letter")),
        f"smtp://localhost:{offering.ports['submission.listen']}",
    )
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "AUTH OAUTHBEARER" in done.stderr
    assert len(offering.letters("bo")) == 1


def test_who_lost_the_right_sends_no_more_on_an_open_connection(offering):

    with smtplib.SMTP("localhost", offering.ports["submission.listen"]) as client:
        client.ehlo()
        assert "SCRAM-SHA-256 OAUTHBEARER" in client.esmtp_features["auth"]
        client.login(AN, PASSWORD)
        assert client.mail(AN)[0] == 250
        client.rset()
        with offering.store.write() as uow:
            revoke_everything(uow.conn, offering.boxes["an"], NOW)
        assert client.mail(AN)[0] == 530
