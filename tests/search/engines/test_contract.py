"""What every engine promises; each test runs on fts5, postgres and whoosh."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from unicodedata import normalize

import pytest

from search.engine import MANY, MANY_OWNERS, MAX_FIELD_CHARS, Document, Engine, Hit, Rank
from search.query import parse_query

AN, BINH, CUC = 5, 50, 7
DAY = 86_400
NOW = 1_795_000_000  # 18/11/2026, 18:06 in Vietnam
TODAY = date(2026, 11, 18)


def letter(
    id_: int, subject: str = "", *, owners: tuple[int, ...] = (AN,), when: int | None = None, **fields: str
) -> Document:
    return Document(id_, NOW + id_ * 60 if when is None else when, owners, subject, **fields)


STORM = letter(
    1,
    "HỎA TỐC: Công điện ứng phó bão số 5",
    sender="Văn phòng UBND tỉnh <vanphong@lamdong.gov.vn>",
    recipients="UBND xã Đạ Ròn <daron@lamdong.gov.vn>",
    body="Số: 05 /CĐ-UBND\nKính gửi Ủy ban nhân dân xã Đạ Ròn. Thực hiện Công điện số 123/QĐ-UBND ngày 05/11/2026.",
    files="cong_dien_bao_so_5.pdf\nDanh sách trực.xlsx",
)
MEETING = letter(
    2, "Giấy mời họp", sender="Nguyễn Văn An <annv@lamdong.gov.vn>", body="Hoà giải viên dự họp."
)
ASCII = letter(3, "Giay moi hop", sender="Nguyen Van An", body="hoa giai, bao cao so 5")
SCATTERED = letter(4, "An ninh", sender="Trần Nguyễn Hòa", body="văn bản; bảo vệ; sơ đồ 5 hộp")
LETTERS = (STORM, MEETING, ASCII, SCATTERED)


def find(engine: Engine, typed: str, *owners: int, limit: int = 50, before: Hit | None = None) -> list[Hit]:
    return engine.search(
        parse_query(typed, today=TODAY), frozenset(owners or (AN,)), limit=limit, before=before
    )


def found(engine: Engine, typed: str, *owners: int) -> list[int]:
    return [hit.id for hit in find(engine, typed, *owners)]


@pytest.fixture
def office(engine: Engine) -> Engine:
    engine.index(LETTERS, watermark=4)
    return engine


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("da ron bao so 5", [1]),
        ("đạ ròn bão số 5", [1]),
        (normalize("NFD", "Đạ Ròn bão số 5"), [1]),
        ("DA RON", [1]),
        ('"bão số 5"', [1]),
        ('"so bao"', []),
        ('"bao so 5"', [1]),
        ("hòa giải", [2, 3]),
        ("hoa giai", [3, 2]),
        ("giấy mời", [2, 3]),
        ("123/QĐ-UBND", [1]),
        ("123/qd-ubnd", [1]),
        ("123/QĐ*", [1]),
        ("5/CĐ-UBND", [1]),
        ("05/CĐ-UBND", [1]),
        ("05/11/2026", [1]),
        ("23/QĐ-UBND", []),
        ("annv@lamdong.gov.vn", [2]),
        ("nnv@lamdong.gov.vn", []),
        ("@lamdong.gov.vn", [2, 1]),
        ("từ:vanphong", [1]),
        ("đến:vanphong", []),
        ("to:daron", [1]),
        ("người:lamdong", [2, 1]),
        ('from:"nguyen van an"', [3, 2]),
        ("subject:họp", [2, 3]),
        ("nội dung:giải", [2, 3]),
        ("tệp:cong tệp:pdf", [1]),
        ("file:xlsx", [1]),
        ("body:pdf", []),
        ("công*", [1]),
        ("giấy OR bão", [2, 1, 4, 3]),
        ("so NOT bão", [4, 3]),
        ("so NOT bao", []),
        ("(giay OR ninh) NOT body:giai", [4]),
        ("NOT so", [2]),
        ("số OR NOT 5", [2, 1, 4, 3]),
        ("NOT (NOT bão)", [4, 3, 1]),
        ("zzz", []),
        ("", []),
    ],
)
def test_letters_are_found_by_what_is_typed(office: Engine, typed: str, ids: list[int]) -> None:
    assert found(office, typed) == ids


def test_spelt_as_typed_comes_before_other_marks_and_in_a_row_before_scattered(office: Engine) -> None:
    assert [(hit.id, hit.rank) for hit in find(office, "Nguyễn Văn An")] == [
        (2, Rank.EXACT_IN_A_ROW),
        (4, Rank.EXACT),
        (3, Rank.FOLDED_IN_A_ROW),
    ]
    assert [hit.exact for hit in find(office, "Nguyễn Văn An")] == [True, True, False]


def test_without_marks_all_are_as_typed_and_newest_first(office: Engine) -> None:
    assert [(hit.id, hit.exact) for hit in find(office, "nguyen")] == [(4, True), (3, True), (2, True)]
    assert [hit.date for hit in find(office, "nguyen")] == [SCATTERED.date, ASCII.date, MEETING.date]


def test_days_narrow_a_search(engine: Engine) -> None:
    midnight = 1_794_934_800  # 18/11/2026 00:00 in Vietnam
    engine.index(
        [
            letter(1, "họp", when=midnight - 1),
            letter(2, "họp", when=midnight),
            letter(3, "họp", when=midnight + DAY),
        ]
    )
    assert found(engine, "họp ngày:18/11/2026") == [2]
    assert found(engine, "ngày:homnay") == [2]
    assert found(engine, "họp trước:18/11/2026") == [1]
    assert found(engine, "họp sau:18/11/2026") == [3]
    assert found(engine, "họp NOT ngày:18/11/2026") == [3, 1]
    assert found(engine, "ngày:17/11/2026 OR ngày:19/11/2026") == [3, 1]
    assert found(engine, "ngày:11/2026") == [3, 2, 1]
    assert found(engine, "ngày:2025 OR sau:17/11/2026") == [3, 2]


def test_dates_decide_the_order_not_ids(engine: Engine) -> None:
    engine.index([letter(1, "họp", when=NOW), letter(2, "họp", when=NOW - DAY), letter(3, "họp", when=-5)])
    assert found(engine, "họp") == [1, 2, 3]


def test_only_owners_find_a_letter(engine: Engine) -> None:
    engine.index(
        [letter(1, "họp", owners=(AN, CUC)), letter(2, "họp", owners=(BINH,)), letter(3, "họp", owners=())]
    )
    assert found(engine, "họp", AN) == [1]
    assert found(engine, "họp", BINH) == [2]
    assert found(engine, "họp", BINH, CUC) == [2, 1]
    assert found(engine, "họp", 6) == []
    assert engine.search(parse_query("họp"), frozenset(), limit=9) == []
    assert not any(hit.shared for hit in find(engine, "họp", AN))


def test_letters_to_many_are_found_by_all_and_said_to_be_shared(engine: Engine) -> None:
    crowd = tuple(range(1, MANY_OWNERS + 2))
    engine.index(
        [
            letter(1, "họp", owners=crowd),
            replace(letter(2, "họp"), owners=MANY),
            letter(3, "họp", owners=crowd[1:]),
        ]
    )
    assert [(hit.id, hit.shared) for hit in find(engine, "họp", 9_999)] == [(2, True), (1, True)]
    assert [(hit.id, hit.shared) for hit in find(engine, "họp", 9)] == [(3, False), (2, True), (1, True)]


def test_owners_come_and_go(office: Engine) -> None:
    office.set_owners({1: (AN, BINH)})
    assert found(office, "bao so 5", BINH) == [1]
    assert found(office, "bao so 5", AN, BINH)[0] == 1
    assert found(office, "bao so 5", AN, BINH).count(1) == 1
    office.set_owners({1: (BINH,)})
    assert 1 not in found(office, "bao so 5", AN)
    office.set_owners({1: MANY})
    assert [(hit.id, hit.shared) for hit in find(office, "ròn", CUC)] == [(1, True)]
    office.set_owners({1: (CUC,)})
    assert [(hit.id, hit.shared) for hit in find(office, "ròn", CUC)] == [(1, False)]
    assert found(office, "ròn", AN, BINH) == []
    office.set_owners({999: (AN,)})  # unknown: nothing happens


def test_letters_whose_owners_changed_can_be_indexed_again(office: Engine) -> None:
    office.set_owners({1: (AN, BINH)})
    assert office.stale(10) in ([], [1])
    office.index([replace(STORM, owners=(AN, BINH))])
    assert office.stale(10) == []
    assert found(office, "ròn", BINH) == [1]


def test_indexing_again_replaces(office: Engine) -> None:
    office.index([letter(1, "Lịch trực Tết", when=NOW + DAY)])
    assert found(office, "bão số 5") == [4, 3]
    assert found(office, "lịch") == [1]
    assert find(office, "lịch")[0].date == NOW + DAY
    office.index([letter(1, "một"), letter(1, "hai")])
    assert found(office, "một") == []
    assert found(office, "hai") == [1]


def test_deleted_letters_are_gone(office: Engine) -> None:
    office.set_owners({1: (AN, BINH)})
    office.delete([1, 999])
    assert found(office, "ròn", AN, BINH) == []
    office.index([STORM])
    assert found(office, "ròn") == [1]
    assert found(office, "ròn", BINH) == []


def test_the_watermark_moves_with_the_documents(engine: Engine) -> None:
    assert engine.watermark() == 0
    engine.index([STORM], watermark=17)
    assert engine.watermark() == 17
    engine.index([MEETING])
    assert engine.watermark() == 17
    engine.index([], watermark=18)
    assert engine.watermark() == 18


def test_a_failed_batch_leaves_nothing(office: Engine) -> None:
    def broken() -> Iterator[Document]:
        yield letter(9, "chín")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        office.index(broken(), watermark=9)
    assert found(office, "chín") == []
    assert office.watermark() == 4


def test_pages_follow_one_another_through_all_ranks(engine: Engine) -> None:
    spellings = ["bão số 5", "bao so 5", "số 5 bão", "so 5 bao", "bảo sổ 5"]
    engine.index([letter(number, spellings[number % 5]) for number in range(1, 31)])
    whole = find(engine, "bão số 5")
    assert len(whole) == 30
    assert [hit.rank for hit in whole] == [
        Rank(rank) for rank, times in ((0, 6), (1, 6), (2, 12), (3, 6)) for _ in range(times)
    ]
    paged: list[Hit] = []
    while page := find(engine, "bão số 5", limit=7, before=paged[-1] if paged else None):
        paged += page
    assert paged == whole


def test_many_letters_of_one_second_are_all_kept(engine: Engine) -> None:
    engine.index([letter(number, "báo cáo", when=NOW) for number in range(1, 1_501)])
    hits = find(engine, "bao", limit=2_000)
    assert sorted(hit.id for hit in hits) == list(range(1, 1_501))
    assert {hit.date for hit in hits} == {NOW}


@pytest.mark.parametrize(
    "typed",
    [
        'a" OR x:b',
        "{keys} : omany",
        "o50",
        "all",
        "d20261118",
        "'; DROP TABLE words; --",
        "a:* & !b",
        "NEAR(a b)",
        "^a",
        "a\\",
    ],
)
def test_signs_of_the_engine_are_only_text(office: Engine, typed: str) -> None:
    office.index([letter(8, "thư của người khác", owners=(BINH,))])
    assert 8 not in found(office, typed)


def test_odd_text_is_indexed(engine: Engine) -> None:
    odd = "\x00 '\" \\ \ud800 \U0001f300 ﷺ İ ß " + "x" * 5_000 + " cuối"
    engine.index([letter(1, odd, body=odd, sender="'\"\\"), letter(2, "")])
    assert found(engine, "cuối") == [1]
    assert found(engine, "ss") == [1]


def test_a_huge_body_is_indexed_as_far_as_its_limit(engine: Engine) -> None:
    engine.index(
        [letter(1, "đầu", body=" ".join(f"từ{number}" for number in range(30_000)), files="cuối.pdf")]
    )
    assert found(engine, "đầu từ10") == [1]
    assert len(Document(1, 0, (), body="x" * (MAX_FIELD_CHARS + 9)).streams()) == 5


def test_optimising_ends_and_loses_nothing(office: Engine) -> None:
    for number in range(10, 40):
        office.index([letter(number, f"báo cáo {number}")])
    office.delete(range(10, 20))
    steps = 0
    while office.optimise():
        steps += 1
        assert steps < 1_000
    assert found(office, "da ron") == [1]
    assert len(found(office, "bao cao")) == 21
