"""Six thousand letters as they came, many of them broken: each is shown, quoted and taken apart without an error."""

import pytest

from mailsvc.model.message import Entry, ListedLetter
from tests.support.corpus import real_letters
from tests.webmail.test_sanitise import Dangers
from webmail.adapter.reading import body_of, letter_of, part_of
from webmail.i18n import catalog
from webmail.plain_text import show_text
from webmail.quoting import answer_fields
from webmail.sanitise import sanitise_letter

pytestmark = pytest.mark.long


def test_every_real_letter_is_shown_and_can_be_answered():
    letters = real_letters()
    assert len(letters) > 6_000
    for number, octets in enumerate(letters):
        content = octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        held = Entry(1, 1, 0, 1, 1_700_000_000, b"", len(content))
        letter = letter_of(ListedLetter(1, held, "", "a@b.example", "", "s", "", None, False, 1, ()), content)
        body = body_of(content)
        safe = sanitise_letter(body.text) if body.kind == "html" else show_text(body.text)
        assert Dangers(safe.html).found == [], number
        for mode in ("reply_all", "forward"):
            answer_fields(mode, letter, body, catalog("vi"), "hôm qua", {"a@b.example"})
        for file in letter.attachments:
            part_of(content, file.section)
