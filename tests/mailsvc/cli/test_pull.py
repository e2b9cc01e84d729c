"""`congvu letter find`, `withdraw`, `restore-withdrawn` and `congvu reading`, as somebody at the machine types them."""

import json

import pytest

from mailsvc.cli.root import run
from tests.support.mail import DOMAIN, deliver, letter
from tests.support.province import make_province


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONGVU_LOCALE", "en")
    province = make_province(tmp_path / "data")
    (tmp_path / "data" / "congvu.toml").write_text(f'domain = "{DOMAIN}"\n')
    deliver(province.store, letter(1), province.ids["an"], province.ids["binh"])
    province.close()

    def types(*words, code=0):
        capsys.readouterr()
        assert run(["--data", str(tmp_path / "data"), *words]) == code
        return capsys.readouterr().out

    return types


def test_a_letter_is_found_withdrawn_and_given_back(typed):
    (found,) = json.loads(typed("letter", "find", "--from", DOMAIN, "--days", "3650", "--json"))
    assert found["boxes"] == 2
    assert "Cong van" in typed("letter", "find", "--words", "công văn", "--days", "3650")
    number = str(found["id"])
    typed("letter", "withdraw", number, "--reason", "giả mạo Kho bạc")
    assert "2" in typed("letter", "find", "--from", DOMAIN, "--days", "3650")
    done = json.loads(typed("letter", "withdraw", number, "--reason", "giả mạo Kho bạc", "--yes", "--json"))
    assert done["letters"] == 2
    assert "giả mạo" in typed("letter", "withdrawn")
    back = json.loads(typed("letter", "restore-withdrawn", str(done["id"]), "--json"))
    assert (back["letters"], back["left"]) == (2, 0)
    typed("letter", "reports")
    typed("letter", "find", code=1)


def test_a_console_asks_for_reading_and_cannot_approve_it(typed):
    words = ("--reader", "quantri", "--reason", "Kiểm tra theo Quyết định 12", "--until", "2099-01-01")
    typed("reading", "request", "binh", *words, code=1)
    typed("reading", "list")
    typed("reading", "approve", "1", code=1)
