"""The real case on a real service: 6,041 accounts, one spreadsheet, dry run first, letters all the while."""

from pathlib import Path

import pytest

from bench import reorganisation
from bench.province_2025 import COMMUNES, DISTRICTS, REMAINING


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_reform_of_july_2025_takes_less_than_a_minute_and_no_letter_waits_a_second(
    tmp_path: Path,
) -> None:
    figures = reorganisation.measure(tmp_path / "province")
    assert figures.ended == DISTRICTS + COMMUNES - REMAINING
    assert figures.moved > 900
    assert figures.dry_run + figures.apply < 60
    assert max(figures.longest_dry_run, figures.longest_apply, figures.longest_undo) < 1
    assert (figures.refused, figures.letters > 600) == (0, True)
