"""The language of the search box."""

import warnings
from datetime import UTC, date, datetime
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.fold import fold
from search.query import MAX_QUERY_CHARS, MAX_TERMS, Fault, QueryError, parse_query
from search.tree import NOTHING, And, Dates, Field, Not, Or, Phrase, Query, in_a_row, marked, phrases

TODAY = date(2026, 11, 22)


def word(
    *forms: str, fields: tuple[Field, ...] = tuple(Field), prefix: bool = False, quoted: bool = False
) -> Phrase:
    return Phrase(forms, tuple(fold(form) for form in forms), fields, prefix, quoted)


def midnight(day: int, month: int, year: int) -> int:
    """17:00 UTC of the day before."""
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) - 7 * 3600


def parse(text: str) -> Query:
    return parse_query(text, today=TODAY)


@pytest.mark.parametrize(
    ("typed", "tree"),
    [
        ("bão", word("bão")),
        ("bao so 5", And((word("bao"), word("so"), word("5")))),
        ("A an the", And((word("a"), word("an"), word("the")))),
        ('"bão số 5"', word("bão", "số", "5", quoted=True)),
        ("“bão số” 5", And((word("bão", "số", quoted=True), word("5")))),
        ("bão OR lũ", Or((word("bão"), word("lũ")))),
        ("họp NOT hoãn", And((word("họp"), Not(word("hoãn"))))),
        ("(bão OR lũ) Ròn", And((Or((word("bão"), word("lũ"))), word("ròn")))),
        ("công*", word("công", prefix=True)),
        ("th*", word("th")),
        ("(công* OR thư)", Or((word("công", prefix=True), word("thư")))),
        ("K'Brếp", word("k", "brếp")),
        ("HOÀ", word("hòa")),
        ("từ:an", word("an", fields=(Field.SENDER,))),
        ("Tu:an", word("an", fields=(Field.SENDER,))),
        ("bão từ:an", And((word("bão"), word("an", fields=(Field.SENDER,))))),
        ("đến:an", word("an", fields=(Field.RECIPIENTS,))),
        ('chủ đề:"bão số"', word("bão", "số", fields=(Field.SUBJECT,), quoted=True)),
        (
            "chude:(bão OR lũ)",
            Or((word("bão", fields=(Field.SUBJECT,)), word("lũ", fields=(Field.SUBJECT,)))),
        ),
        ("tệp:docx", word("docx", fields=(Field.FILES,))),
        ("nội dung:họp", word("họp", fields=(Field.BODY,))),
        ("people:an", word("an", fields=(Field.SENDER, Field.RECIPIENTS))),
        ("Số: 05", And((word("số"), word("05")))),
        ("V/v:họp", word("v", "v", "họp")),
        ("từ: an", And((word("từ"), word("an")))),
        ('"từ:an"', word("tu", "an", quoted=True)),
        ("[Khẩn] họp", And((word("khẩn"), word("họp")))),
        ("annv@lamdong.gov.vn", word("annv@lamdong.gov.vn", quoted=True)),
        ("@lamdong.gov.vn", word("lamdong", "gov", "vn")),
        ("05/QĐ-UBND", Or((word("5/qđ-ubnd", quoted=True), word("05", "qđ", "ubnd")))),
        ("05/11/2026", word("05", "11", "2026")),
    ],
)
def test_what_is_typed_is_understood(typed: str, tree: Query) -> None:
    assert parse(typed) == tree
    assert parse(normalize("NFD", typed)) == tree


@pytest.mark.parametrize(
    ("typed", "start", "end"),
    [
        ("ngày:05/11/2026", midnight(5, 11, 2026), midnight(6, 11, 2026)),
        ("ngay:5/11/2026", midnight(5, 11, 2026), midnight(6, 11, 2026)),
        ("date:2026-11-05", midnight(5, 11, 2026), midnight(6, 11, 2026)),
        ("ngày:5/11", midnight(5, 11, 2026), midnight(6, 11, 2026)),
        ("ngày:12/2026", midnight(1, 12, 2026), midnight(1, 1, 2027)),
        ("ngày:2026", midnight(1, 1, 2026), midnight(1, 1, 2027)),
        ("ngày:01/11/2026..05/11/2026", midnight(1, 11, 2026), midnight(6, 11, 2026)),
        ("ngày:01/11/2026..", midnight(1, 11, 2026), None),
        ("ngày:..05/11/2026", None, midnight(6, 11, 2026)),
        ("ngày:[01/11/2026 TO 05/11/2026]", midnight(1, 11, 2026), midnight(6, 11, 2026)),
        ("ngày:{01/11/2026 ĐẾN 05/11/2026}", midnight(2, 11, 2026), midnight(5, 11, 2026)),
        ("trước:05/11/2026", None, midnight(5, 11, 2026)),
        ("sau:11/2026", midnight(1, 12, 2026), None),
        ('ngày:"hôm nay"', midnight(22, 11, 2026), midnight(23, 11, 2026)),
        ("ngày:homqua", midnight(21, 11, 2026), midnight(22, 11, 2026)),
    ],
)
def test_days_are_read_as_they_are_written_in_vietnam(typed: str, start: int | None, end: int | None) -> None:
    assert parse(typed) == Dates(start, end)


@pytest.mark.parametrize(
    "typed",
    ["ngày:31/02/2026", "ngày:mai", "ngày:13/2026", "ngày:0001", "ngày:05/11/2026..01/11/2026", "sau:x", "ngày:..",
     "ngày:[05/11/2026 TO 01/11/2026]", "ngày:[x TO y]", "ngày:99999999999"],
)  # fmt: skip
def test_a_day_that_does_not_exist_is_said_to_be_so(typed: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(f"bão {typed}")
    assert caught.value.fault is Fault.BAD_DATE
    assert caught.value.culprit


@pytest.mark.parametrize(
    ("typed", "same_as"),
    [
        ('"bão số', "bão số"),
        ("(bão số", "bão số"),
        ("bão) số", "bão số"),
        ("bão ()", "bão"),
        ('bão ""', "bão"),
        ("từ: ", "từ"),
        ("* bão", "bão"),
        ("NOT NOT bão", "not not bão"),
    ],
)
def test_signs_without_a_partner_are_ignored(typed: str, same_as: str) -> None:
    assert parse(typed) == parse(same_as)


@pytest.mark.parametrize("typed", ["", "   ", '"', "()", '" "', "…", "*", "NOT ("])
def test_a_query_without_a_word_finds_nothing(typed: str) -> None:
    assert parse(typed) == NOTHING


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("a" * (MAX_QUERY_CHARS + 1), Fault.TOO_LONG),
        ("a " * (MAX_TERMS + 1), Fault.TOO_MANY_TERMS),
        ("a-" * (MAX_TERMS + 1), Fault.TOO_MANY_TERMS),
        ("(" * 400 + "a", Fault.TOO_DEEP),
    ],
)
def test_limits_are_named(typed: str, fault: Fault) -> None:
    with pytest.raises(QueryError) as caught:
        parse(typed)
    assert caught.value.fault is fault


def test_marks_in_any_word_make_a_marked_query() -> None:
    assert marked(parse("bão so 5"))
    assert not marked(parse("bao so 5"))
    assert not marked(parse("bao NOT lũ"))


def test_plain_neighbours_are_also_looked_for_in_a_row() -> None:
    assert in_a_row(parse("Nguyễn Văn An")) == word("nguyễn", "văn", "an")
    assert in_a_row(parse("từ:an họp khẩn")) == And((word("an", fields=(Field.SENDER,)), word("họp", "khẩn")))
    assert in_a_row(parse("công điệ*")) == word("công", "điệ", prefix=True)
    assert in_a_row(parse('"công điện" khẩn')) is None
    assert in_a_row(parse("bão OR lũ")) is None
    assert in_a_row(parse("bão")) is None


SIGNS = st.sampled_from(
    ["AND", "OR", "NOT", "(", ")", '"', "*", "từ:", "ngày:", "chủ đề:", "[", "]", "{", "}", " TO ", "~", "^", "'", ":",
     " ", " ", " ", "bão", "số 5", "05/11/2026", "..", "123/QĐ-UBND", "a@b.vn", "\\", "\x02f1:", "\x00", "?", "+", "-"]
)  # fmt: skip


@given(st.one_of(st.lists(SIGNS, max_size=25).map("".join), st.text(max_size=120)))
def test_whatever_is_typed_is_a_query_or_a_query_error(typed: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            tree = parse(typed)
        except QueryError:
            return
    for phrase in phrases(tree):
        assert phrase.exact
        assert len(phrase.exact) == len(phrase.folded)
        assert "\x02" not in "".join(phrase.exact)
