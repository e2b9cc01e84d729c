"""A letter that waits on the server goes once, although the service is killed before, at and after its time."""

import imaplib
import re
import time
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

import pytest

from tests.support.service import Service

PASSWORD = "Mat-khau-1"
CSRF = re.compile(r'name="csrf" (?:content|value)="([^"]+)"')
END_SECONDS = 60


class Browser:
    """A browser without scripts, over HTTP."""

    def __init__(self, service):
        self.service = service
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.token = ""

    def get(self, path):
        with self.opener.open(self.service.url(path)) as answer:
            return self._read(answer)

    def post(self, path, **values):
        body = urllib.parse.urlencode({"csrf": self.token, **values}).encode()
        origin = self.service.url("/").rstrip("/")
        asked = urllib.request.Request(self.service.url(path), body, {"Origin": origin})
        with self.opener.open(asked) as answer:
            return self._read(answer)

    def _read(self, answer):
        page = answer.read().decode()
        found = CSRF.search(page)
        self.token = found[1] if found else self.token
        return page


def letters(service, who, mailbox):
    with imaplib.IMAP4(*service.address("imap")) as client:
        client.starttls()
        client.login(f"{who}@{service.domain}", PASSWORD)
        return int(client.select(mailbox, readonly=True)[1][0])


@pytest.mark.long
def test_killed_before_at_and_after_its_time_it_goes_once(tmp_path):
    service = Service(tmp_path / "data", CONGVU_WEB__UNDO_SEND_SECONDS="2").init()
    service.add_people(["an", "huong"], PASSWORD)
    with service.start():
        browser = Browser(service)
        browser.get("/")
        browser.post("/sign-in", address=f"an@{service.domain}", password=PASSWORD)
        page = browser.get("/compose")
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        fields.pop("csrf")
        told = browser.post(
            "/compose", **fields, to=f"huong@{service.domain}", subject="Một lần", text="x", do="send"
        )
        assert "Một lần" in told
        ends = time.monotonic() + END_SECONDS
        for _ in range(4):  # before its time, and around it
            service.kill()
            service.start()
        while letters(service, "huong", "INBOX") == 0:
            assert time.monotonic() < ends, "it did not go"
        service.kill()
        service.start()
        assert letters(service, "huong", "INBOX") == 1
        assert letters(service, "an", "Sent") == 1
        assert letters(service, "an", "Drafts") == 0
