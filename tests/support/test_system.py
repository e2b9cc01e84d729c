"""What a test can rely on when it asks for a program of the system."""

import pytest

from tests.support.system import find, need


def test_a_program_that_is_there_is_given_by_its_path() -> None:
    assert need("sh", package="dash").endswith("/sh")


def test_a_missing_program_is_a_skip_that_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install nowhere"):
        need("no-such-program-anywhere", package="nowhere")


def test_a_missing_program_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install nowhere"):
        need("no-such-program-anywhere", package="nowhere")


def test_nothing_is_found_under_an_unknown_name() -> None:
    assert find("no-such-program-anywhere") is None
