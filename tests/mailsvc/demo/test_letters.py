"""The demo's letters: believable in number, time and address, and not in the way of the walk."""

import io
import unicodedata
import zipfile

import pytest

from mailsvc.demo.attachments import Format, render
from mailsvc.demo.letters import demo_letters
from mailsvc.demo.model import DemoLetter, Urgency, local_time
from mailsvc.demo.province import demo_province
from mailsvc.demo.walk import DA_RON_UNIT_BOX, STORM_SUBJECT, STORM_TEXT
from search.fold import fold, tokens

DOMAIN = "lamdong.example"
PROVINCE = demo_province(DOMAIN)
NOW = 1_795_000_000  # a Wednesday morning of November 2026
DAY = 86_400
Letters = tuple[DemoLetter, ...]


@pytest.fixture(scope="module")
def letters() -> Letters:
    return demo_letters(PROVINCE, NOW)


def _words(letter: DemoLetter) -> set[str]:
    people = [f"{who.name} {who.address}" for who in (letter.from_, *letter.to, *letter.cc)]
    files = [attachment.filename for attachment in letter.attachments]
    text = "\n".join((letter.subject, letter.text, letter.html or "", *people, *files))
    return {fold(token.text) for token in tokens(text)}


def test_about_three_hundred_letters_of_the_last_sixty_days(letters: Letters) -> None:
    assert 280 <= len(letters) <= 330
    assert all(NOW - 62 * DAY < letter.sent_at < NOW for letter in letters)
    assert sum(1 for letter in letters if letter.sent_at > NOW - 7 * DAY) > 20
    assert len({letter.key for letter in letters}) == len(letters)


def test_the_same_moment_gives_the_same_letters(letters: Letters) -> None:
    assert demo_letters(PROVINCE, NOW) == letters


def test_letters_go_to_boxes_that_exist(letters: Letters) -> None:
    known = set(PROVINCE.person_by_address) | set(PROVINCE.box_by_address)
    for letter in letters:
        assert letter.to
        for who in (letter.from_, *letter.to, *letter.cc):
            assert who.address in known or not who.address.endswith(f"@{DOMAIN}")


def test_an_answer_follows_its_letter_and_quotes_it(letters: Letters) -> None:
    by_key = {letter.key: letter for letter in letters}
    answers = [letter for letter in letters if letter.subject.startswith("Re: ")]
    assert len(answers) > 100
    for letter in answers:
        first = by_key[letter.in_reply_to or ""]
        assert first.sent_at < letter.sent_at
        assert letter.references[-1] == first.key
        assert "\n> " in letter.text


def test_readers_may_read_what_they_have_read(letters: Letters) -> None:
    for letter in letters:
        boxes = {who.address for who in (*letter.to, *letter.cc)}
        may = boxes | {reader for box in boxes for reader in PROVINCE.delegates(box)}
        assert may >= {*letter.seen_by, *letter.flagged_by}


@pytest.mark.parametrize("month", range(12))
def test_only_the_letter_of_the_walk_is_found_by_da_ron_bao_so_5(month: int) -> None:
    wanted = {"da", "ron", "bao", "so", "5"}
    for letter in demo_letters(PROVINCE, NOW + 30 * DAY * month):
        assert not wanted <= _words(letter), letter.subject
    box = PROVINCE.box_by_address[f"{DA_RON_UNIT_BOX}@{DOMAIN}"]
    assert wanted <= {fold(token.text) for token in tokens(f"{STORM_SUBJECT} {STORM_TEXT} {box.name}")}


def test_urgent_letters_begin_with_their_stamp(letters: Letters) -> None:
    stamps = {letter.subject.partition(":")[0] for letter in letters if letter.urgency is not Urgency.NORMAL}
    assert {"HỎA TỐC", "THƯỢNG KHẨN", "KHẨN"} <= stamps


@pytest.mark.parametrize("hour", range(0, 24 * 7, 11))
def test_all_is_written_in_office_hours_whenever_the_demo_is_made(hour: int) -> None:
    now = NOW + hour * 3600
    for letter in demo_letters(PROVINCE, now):
        at = local_time(letter.sent_at)
        assert letter.sent_at < now
        assert 7 <= at.hour < 19, letter.subject
        assert at.weekday() < 5, letter.subject


def test_all_text_is_filled_in_and_nfc(letters: Letters) -> None:
    for letter in letters:
        told = letter.subject + letter.text + (letter.html or "")
        assert not {"{", "}"} & set(told), letter.subject
        assert unicodedata.is_normalized("NFC", told), letter.subject


def test_some_seventy_letters_carry_files_of_three_formats(letters: Letters) -> None:
    files = [attachment for letter in letters for attachment in letter.attachments]
    assert 55 <= len(files) <= 90
    assert {file.format for file in files} == set(Format)
    one_of_each = {file.format: file for file in files}
    assert render(one_of_each[Format.PDF]).startswith(b"%PDF-")
    for file_format in (Format.DOCX, Format.XLSX):
        octets = render(one_of_each[file_format])
        assert zipfile.ZipFile(io.BytesIO(octets)).testzip() is None
        assert one_of_each[file_format].filename.endswith(file_format.value)
