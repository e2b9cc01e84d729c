from mailsvc.model.ids import MessageId
from mailsvc.services import scan
from mailsvc.services.scan import Texts
from search.fold import fold


def test_a_text_is_read_once_for_each_way_of_folding() -> None:
    texts, read = Texts(), []

    def text() -> str:
        read.append(1)
        return "Đạ Ròn"

    for _ in range(3):
        assert texts.of(MessageId(1), "body", fold, text) == "da ron"
        assert texts.of(MessageId(1), "body", str.casefold, text) == "đạ ròn"
    assert len(read) == 2


def test_that_a_letter_has_no_such_field_is_kept_too() -> None:
    texts = Texts()
    assert texts.of(MessageId(1), "x:", fold, lambda: None) is None
    assert texts.of(MessageId(1), "x:", fold, lambda: "never asked") is None


def test_kept_texts_stay_within_their_room() -> None:
    texts = Texts(room=100_000)
    for number in range(1_000):
        texts.of(MessageId(number), "body", fold, lambda: "x" * 1_000)
    assert len(texts._kept) == 100_000 // (2 * 1_000 + scan._COST)
    texts.of(MessageId(5_000), "body", fold, lambda: "y" * (scan.SMALL + 1))
    assert all(key[0] != MessageId(5_000) for key in texts._kept)  # large ones are read again


def test_uids_that_are_near_each_other_come_with_one_query() -> None:
    assert [*scan._near([1, 2, 5, 9])] == [[1, 2, 5, 9]]
    assert [*scan._near([1, 2, 5_000, 5_001])] == [[1, 2], [5_000, 5_001]]
    assert [*scan._near([])] == []
