"""rspamd as Debian ships it judges a letter; an answer that is none judges nothing."""

import asyncio
import json

import pytest

from mailsvc.net.filters.beside import UnavailableError
from mailsvc.net.filters.rspamd import Judgement, Question, Rspamd, judgement, request, spam_fields
from tests.support.filters import GREY_WORD, GTUBE, JUNK_WORD, rspamd


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with rspamd(tmp_path_factory.mktemp("rspamd")) as address:
        yield address


def question(text):
    content = f"From: a@b.example\r\nTo: an@x.vn\r\nSubject: s\r\nMessage-ID: <1@b.example>\r\n\r\n{text}\r\n".encode()
    return Question(content, "192.0.2.1", "b.example", "a@b.example", ("an@x.vn",), "id-1")


@pytest.mark.parametrize(
    ("text", "action"),
    [("hi", "no action"), (GREY_WORD, "greylist"), (JUNK_WORD, "add header"), (GTUBE, "reject")],
)
def test_a_real_rspamd_judges(address, text, action):
    async def ask():
        return await Rspamd(address, password="", seconds=20, connections=2).judge(question(text))

    found = asyncio.run(ask())
    assert found.action == action
    assert found.required == 15


def test_what_strangers_call_themselves_makes_no_field():
    asked = Question(b"x", "192.0.2.1", "a\r\nPassword: y", "b\r\n\r\nz@x", (), "1")
    head = b"".join(request(asked)).partition(b"\r\n\r\n")[0]
    assert b"Helo: a??Password: y" in head
    assert b"From: b????z@x" in head


def reply(**said):
    return b"HTTP/1.0 200 OK\r\n\r\n" + json.dumps(said).encode()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.0 403 no\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\n\r\n[]",
        b"HTTP/1.0 200 OK\r\n\r\n" + b"[" * 100_000,
        reply(action="dance", score=1, required_score=2),
        reply(action="reject", score="x", required_score=2),
        reply(action="reject", score=float("nan"), required_score=2),
        reply(action="reject"),
    ],
)
def test_an_answer_that_is_no_verdict_judges_nothing(answer):
    with pytest.raises(UnavailableError):
        judgement(answer)


def test_names_of_rules_cannot_break_out_of_the_field():
    found = judgement(
        reply(action="add header", score=7.25, required_score=15, symbols={"GOOD_1": {}, "x\r\nBcc: y": {}})
    )
    assert found == Judgement(7.25, 15, "add header", ("GOOD_1",))
    fields = spam_fields(found, is_junk=True)
    assert fields.startswith(
        b"X-Spam-Flag: YES\r\nX-Spam-Score: 7.25\r\nX-Spam-Status: Yes, score=7.25 required=15.00\r\n"
    )
    assert b"Bcc" not in fields
    assert fields.endswith(b"\r\n\tGOOD_1\r\n")
