"""Somebody leaves while a phone and a browser are signed in: both are out at once, and the page reads on afterwards.

A real service; the phone is imapclient, the browser urllib's.
"""

import os
import smtplib
import ssl
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import imapclient
import pytest
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from config.load import load
from directory import repository
from directory.app_passwords import new_app_password, store_app_password
from directory.scram_keys import salt_to_store
from mailsvc.services.open_store import open_store
from tests.support.service import Service
from tests.webmail.test_real_letters_served import PASSWORD, Browser


def app_password(service: Service, login: str) -> str:
    store = open_store(service.data, load(service.data, os.environ))
    with store.write() as uow:
        account = repository.account_by_login(uow.conn, login)
        assert account is not None
        new = new_app_password(salt_to_store(uow.conn, account.id, uow.clock()))
        store_app_password(uow.conn, account.id, new, "điện thoại", uow.clock())
    store.close()
    return new.text


@contextmanager
def connected(service: Service, login: str, password: str) -> Iterator[imapclient.IMAPClient]:
    client = imapclient.IMAPClient(*service.address("imap"), ssl=False, timeout=20)
    try:
        client.login(login, password)
        yield client
    finally:
        client.shutdown()


def is_over(client: imapclient.IMAPClient) -> bool:
    """Whether the connection does nothing any more for who signed in."""
    try:
        client.noop()
        client.select_folder("INBOX")
    except (IMAPClientError, IMAPClientAbortError, OSError):
        return True
    return False


@pytest.mark.long
@pytest.mark.timeout(400)
def test_every_sign_in_of_a_leaver_ends_at_once_and_the_page_reads_on(tmp_path: Path) -> None:
    with Service(tmp_path / "data").init() as service:
        service.add_people(["an", "binh"], PASSWORD)
        device = app_password(service, "an")
        service.start()
        with smtplib.LMTP(*service.address("lmtp")) as lmtp:
            letter = b"Subject: Truoc khi nghi\r\n\r\nNoi dung\r\n"
            assert lmtp.sendmail("ai@example.org", [f"an@{service.domain}"], letter) == {}
        browser = Browser(service)
        browser.sign_in(f"an@{service.domain}")
        assert "Truoc khi nghi" in browser.get("/mail")
        with (
            connected(service, "an", device) as phone,
            connected(service, "an", PASSWORD) as desk,
            connected(service, "binh", PASSWORD) as colleague,
        ):
            service.must("person", "retire", "an", "--yes")
            assert is_over(phone)
            assert is_over(desk)
            assert not is_over(colleague)
        for password in (device, PASSWORD):
            with pytest.raises(LoginError), connected(service, "an", password):
                pass
        assert "Truoc khi nghi" not in browser.get("/mail")  # the page asks to sign in
        again = Browser(service)
        again.sign_in(f"an@{service.domain}")
        assert "Truoc khi nghi" in again.get("/mail")
        with smtplib.SMTP(*service.address("submission")) as smtp:
            smtp.starttls(context=ssl._create_unverified_context())
            with pytest.raises(smtplib.SMTPAuthenticationError):
                smtp.login(f"an@{service.domain}", PASSWORD)
        with smtplib.LMTP(*service.address("lmtp")) as lmtp:  # the box still receives while it is kept
            assert lmtp.sendmail("ai@example.org", [f"an@{service.domain}"], letter) == {}
        service.must("person", "return", "an", "--unit", "UBND", "--yes")
        with connected(service, "an", PASSWORD) as back:
            assert not is_over(back)
        with pytest.raises(LoginError), connected(service, "an", device):
            pass
        service.must("person", "dismiss", "an", "--yes")
        with pytest.raises((urllib.error.HTTPError, AssertionError)):
            Browser(service).sign_in(f"an@{service.domain}")
        service.must("verify")
