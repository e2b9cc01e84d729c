"""At most one of 200 innocent letters is stopped, none of 50 marked ones passes."""

import pytest

from mailsvc.services.secrecy.marks import Degree, in_subject, in_text
from tests.mailsvc.services.secrecy.texts import INNOCENT, MARKED


def test_the_numbers() -> None:
    assert (len(INNOCENT), len(MARKED)) == (200, 50)
    passed = [one for one in MARKED if in_subject(one[0]) is None and in_text(one[1]) is None]
    stopped = [one for one in INNOCENT if in_subject(one[0]) or in_text(one[1])]
    assert passed == []
    assert len(stopped) <= 1, stopped


@pytest.mark.parametrize(
    ("text", "degree"),
    [
        ("TUYỆT MẬT\nMẬT", Degree.TOP),
        ("Độ mật: Tối mật", Degree.HIGH),
        ("MẬT", Degree.PLAIN),
        ("> MẬT", None),
        ("không phải TỐI MẬT", None),
        ("phim “TUYỆT MẬT”", None),
        ("x\n" * 100 + "MẬT", None),
    ],
)
def test_the_highest_mark_counts_and_only_at_the_head(text: str, degree: Degree | None) -> None:
    assert in_text(text) is degree
