"""Real letters in the real service: each is listed, opened and found in webmail, without one error of the server."""

import asyncio
import http.cookiejar
import re
import urllib.parse
import urllib.request

import pytest

from mailsvc.mime.parse import parse
from mailsvc.mime.summary import summarise
from tests.conformance.test_real_letters import as_sent, by_lmtp, has_bare_cr
from tests.support.corpus import real_letters
from tests.support.service import Service

PASSWORD = "Mat-khau-1"
SECRECY = {"Sec-Fetch-Dest": "iframe"}


class Browser:
    """A browser without JavaScript."""

    def __init__(self, service):
        self.service = service
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )

    def get(self, path, headers=None):
        """The page; any answer but 200 fails the test."""
        request = urllib.request.Request(self.service.url(path), headers=headers or {})
        with self.opener.open(request, timeout=60) as answer:
            return answer.read().decode("utf-8", "replace")

    def sign_in(self, address):
        page = self.get("/sign-in")
        form = {
            "csrf": re.search(r'name="csrf" value="([^"]+)"', page)[1],
            "next": "",
            "address": address,
            "password": PASSWORD,
        }
        request = urllib.request.Request(
            self.service.url("/sign-in"),
            urllib.parse.urlencode(form).encode(),
            {"Origin": self.service.url("").rstrip("/")},
        )
        with self.opener.open(request) as answer:
            assert "/mail" in answer.url


def look_at(tmp_path, letters):
    """Deliver the letters, page through all of them, open each, and find those with a telling subject."""
    with Service(tmp_path / "data", CONGVU_LOG__LEVEL="warning").init() as service:
        service.add_people(["an"], PASSWORD)
        service.start()
        assert set(asyncio.run(by_lmtp(service, letters))) == {250}
        browser = Browser(service)
        browser.sign_in(f"an@{service.domain}")
        page = browser.get("/mail")
        keys = []
        while True:
            keys += re.findall(r'data-key="(\d+-\d+)"', page)
            more = re.search(r'<li class="more"><a href="([^"]+)"', page)
            if more is None:
                break
            page = browser.get(more[1].replace("&amp;", "&"))
        listed = set(keys)
        assert len(listed) >= len(letters) * 0.5  # replies stand in one line with what they answer
        box = next(iter(listed)).split("-")[0]
        for uid in range(1, len(letters) + 1):
            assert 'id="reader"' in browser.get(f"/mail/{box}/{uid}")
            browser.get(f"/mail/{box}/{uid}/body", SECRECY)
        found = missed = 0
        for number in range(0, len(letters), 25):
            subject = summarise(letters[number], parse(letters[number])).subject
            words = re.findall(r"\b[A-Za-z]{4,20}\b", subject)[:4]
            if len(words) >= 2:
                answer = browser.get(
                    "/search?" + urllib.parse.urlencode({"q": "subject:" + " subject:".join(words)})
                )
                hit = "data-key=" in answer
                found, missed = found + hit, missed + (not hit)
        service.must("verify")
        log = service.log.read_text()
        assert "Traceback" not in log, log[-3000:]
        assert missed == 0
        print(f"{len(letters)} letters listed and opened, {found} searched for and found")
        assert service.stop() == 0


def deliverable(step):
    return [as_sent(letter) for letter in real_letters()[::step] if not has_bare_cr(letter)]


def test_one_in_eighty_of_the_real_letters_is_listed_opened_and_found(tmp_path):
    look_at(tmp_path, deliverable(80))


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_every_real_letter_is_listed_opened_and_found(tmp_path):
    look_at(tmp_path, deliverable(1))
