import csv
import stat
from pathlib import Path

import pytest
from passlib import hash as handlers

from tests.mailsvc.cli.conftest import Congvu

HASH = handlers.md5_crypt.hash("Cũ-12345")
ROSTER = f"""address,full_name,unit,kind,password_hash
annv@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,{HASH}
,Trần Thị Bình,DAR,personal,
daron@lamdong.gov.vn,UBND xã Đạ Ròn,DAR,unit,
"""


def test_an_import_shows_a_plan_then_applies_it_once(province: Congvu) -> None:
    preview = province("account", "import", "a.csv", files={"a.csv": ROSTER})
    assert (preview.code, "create 3" in preview.out) == (0, True)
    assert province("account", "list", "--json").json == []
    applied = province("account", "import", "a.csv", "--yes", "--json").json
    assert (applied["create"], applied["applied"]) == (3, True)
    again = province("account", "import", "a.csv", "--yes", "--json").json
    assert (again["create"], again["unchanged"], again["applied"]) == (0, 3, False)
    listed = [item["address"] for item in province("account", "list", "--json").json]
    assert listed == ["annv@lamdong.gov.vn", "binhtt@lamdong.gov.vn", "daron@lamdong.gov.vn"]
    assert [plan["kind"] for plan in province("plan", "list", "--json").json] == ["account", "unit"]


def test_a_roster_with_two_faults_changes_nothing_until_it_is_mended(province: Congvu) -> None:
    bad = ROSTER.replace("Bình,DAR", "Bình,DRA").replace("annv@lamdong.gov.vn", "annv@lamdong.vn")
    ran = province("account", "import", "a.csv", "--yes", "--json", files={"a.csv": bad})
    assert ran.code == 1
    assert [item["line"] for item in ran.json["details"]["refused"]] == [2, 3]
    assert province("account", "list", "--json").json == []
    assert province("account", "import", "a.csv", "--yes", files={"a.csv": ROSTER}).code == 0


def test_first_passwords_go_to_a_file_that_only_its_owner_reads(province: Congvu, tmp_path: Path) -> None:
    ran = province(
        "account", "import", "a.csv", "--yes", "--first-passwords", "slips.csv", files={"a.csv": ROSTER}
    )
    assert ran.code == 0
    slips = tmp_path / "slips.csv"
    assert stat.S_IMODE(slips.stat().st_mode) == 0o600
    rows = list(csv.DictReader(slips.read_text(encoding="utf-8-sig").splitlines()))
    assert [row["address"] for row in rows] == ["binhtt@lamdong.gov.vn"]
    assert len(rows[0]["password"]) > 8
    assert rows[0]["password"] not in ran.out + ran.err


def test_a_file_of_first_passwords_is_never_overwritten(province: Congvu) -> None:
    files = {"a.csv": ROSTER, "slips.csv": "old"}
    ran = province("account", "import", "a.csv", "--yes", "--first-passwords", "slips.csv", files=files)
    assert ran.code == 1
    assert province("account", "list", "--json").json == []


def test_an_account_is_made_with_a_password_from_standard_input(province: Congvu) -> None:
    words = (
        "account",
        "create",
        "annv@lamdong.gov.vn",
        "--unit",
        "SYT",
        "--name",
        "Nguyễn Văn An",
        "--password-stdin",
    )
    made = province(*words, "--json", stdin="Abc-12345\n")
    assert made.code == 0
    assert "password" not in made.json
    assert province("account", "show", "annv", "--json").json["must_change_password"]
    again = province(*words, stdin="Abc-12345\n")
    assert (again.code, "congvu account show" in again.err) == (1, True)
    assert province(*words, stdin="").code == 2


def test_a_password_that_stays_must_keep_the_rule(province: Congvu) -> None:
    words = (
        "account",
        "create",
        "a@lamdong.gov.vn",
        "--unit",
        "SYT",
        "--name",
        "An",
        "--password-stdin",
        "--keep-password",
    )
    assert province(*words, stdin="yeu\n").code == 1
    assert province(*words, stdin="Mạnh-12345\n").code == 0
    assert not province("account", "show", "a", "--json").json["must_change_password"]


def test_without_a_password_one_is_made_and_shown_once(province: Congvu) -> None:
    words = ("account", "create", "a@lamdong.gov.vn", "--unit", "SYT", "--name", "An", "--json")
    assert len(province(*words).json["password"]) > 8
    assert len(province("account", "set-password", "a", "--json").json["password"]) > 8


@pytest.mark.parametrize("kind", ["unit", "post"])
def test_shared_boxes_have_no_password(province: Congvu, kind: str) -> None:
    words = ("account", "create", "box@lamdong.gov.vn", "--unit", "SYT", "--name", "Hộp", "--kind", kind)
    assert province(*words, "--password-stdin", stdin="Abc-12345\n").code == 1
    assert "password" not in province(*words, "--json").json
    assert province("account", "set-password", "box").code == 1


@pytest.mark.parametrize(
    "words",
    [
        ("create", "a@lamdong.gov.vn", "--unit", "KHONG", "--name", "An"),
        ("create", "a@gmail.com", "--unit", "SYT", "--name", "An"),
        ("create", "a b@lamdong.gov.vn", "--unit", "SYT", "--name", "An"),
        ("create", "hostmaster@lamdong.gov.vn", "--unit", "SYT", "--name", "An"),
        ("show", "khongco"),
        ("lock", "khongco"),
        ("set-password", "khongco"),
        ("add-alias", "khongco", "x"),
        ("grant", "khongco", "--to", "khongco"),
        ("list", "--unit", "KHONG"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_left(province: Congvu, words: tuple[str, ...]) -> None:
    ran = province("account", *words)
    assert ran.code == 1
    assert ran.err.strip()
    assert "Traceback" not in ran.err
    assert province("account", "list", "--json").json == []


def test_wrong_usage_is_told_apart_from_a_refusal(province: Congvu) -> None:
    assert province("account", "create").code == 2
    assert province("account", "create", "a@lamdong.gov.vn", "--name", "An", "--kind", "robot").code == 2
    assert province("account", "nonsense").code == 2


def test_a_box_is_shared_and_taken_back(province: Congvu) -> None:
    province("account", "import", "a.csv", "--yes", files={"a.csv": ROSTER})
    assert province("account", "grant", "daron", "--to", "binhtt", "--rights", "read,act").code == 0
    assert province("account", "show", "binhtt", "--json").json["reaches"] == [
        {"address": "daron@lamdong.gov.vn", "rights": "read,act"}
    ]
    assert province("account", "grant", "daron", "--to", "daron").code == 1
    assert province("account", "grant", "daron", "--to", "binhtt", "--rights", "own").code == 2
    assert province("account", "revoke", "daron", "--from", "binhtt").code == 0
    assert province("account", "revoke", "daron", "--from", "binhtt").code == 1


def test_aliases_are_given_once_and_never_again(province: Congvu) -> None:
    province("account", "import", "a.csv", "--yes", files={"a.csv": ROSTER})
    assert province("account", "add-alias", "annv", "giamdoc@lamdong.gov.vn").code == 0
    assert province("account", "add-alias", "binhtt", "giamdoc").code == 1
    assert province("account", "remove-alias", "annv", "giamdoc").code == 0
    ran = province("account", "add-alias", "binhtt", "giamdoc")
    assert (ran.code, "never given out again" in ran.err) == (1, True)


def test_locking_is_undone_by_unlocking(province: Congvu) -> None:
    province("account", "import", "a.csv", "--yes", files={"a.csv": ROSTER})
    assert province("account", "lock", "annv", "--reason", "nghỉ phép").code == 0
    assert province("account", "show", "annv", "--json").json["state"] == "locked"
    assert province("account", "unlock", "annv").code == 0
    assert province("account", "show", "annv", "--json").json["state"] == "active"
