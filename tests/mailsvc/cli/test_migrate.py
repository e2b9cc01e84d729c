"""`congvu migrate imap`: from a list of accounts to a report."""

import json

import pytest

from tests.support.mail import letter
from tests.support.old_server import MASTER, MASTER_PASSWORD, PASSWORD, old_dovecot

PEOPLE = """address,full_name,unit,kind,password
an@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,Mat-khau-1
binh@lamdong.gov.vn,Trần Thị Bình,SYT,personal,Mat-khau-1
"""


@pytest.fixture
def people(province):
    ran = province("account", "import", "people.csv", "--yes", files={"people.csv": PEOPLE})
    assert ran.code == 0, ran.err
    return province


def test_a_list_of_accounts_comes_over_with_a_report(people, tmp_path):
    with old_dovecot() as old:
        old.put("an", "INBOX", letter(1))
        old.put("binh.cu", "INBOX", letter(2))
        rows = f"address,login,password\nan@lamdong.gov.vn,an,{PASSWORD}\nbinh@lamdong.gov.vn,binh.cu,{PASSWORD}\n"
        report = tmp_path / "report.json"
        where = f"127.0.0.1:{old.port}"
        ran = people(
            "migrate",
            "imap",
            where,
            "--plain",
            "--accounts",
            "moves.csv",
            "--report",
            str(report),
            files={"moves.csv": rows},
        )
        assert ran.code == 0, ran.err
        assert "2 boxes, 2 letters; 0 boxes not whole" in ran.out
        said = json.loads(report.read_text(encoding="utf-8"))
        assert [(one["address"], one["moved"], one["not_moved"]) for one in said] == [
            ("an@lamdong.gov.vn", 1, 0),
            ("binh@lamdong.gov.vn", 1, 0),
        ]
        old.put("an", "INBOX", letter(3))
        again = people(
            "migrate",
            "imap",
            where,
            "--plain",
            "--accounts",
            "master.csv",
            "--json",
            "--master-user",
            MASTER,
            "--password-stdin",
            stdin=MASTER_PASSWORD + "\n",
            files={"master.csv": "address,login\nan@lamdong.gov.vn,an\n"},
        )
        assert again.code == 0, again.err
        assert [one["moved"] for one in again.json] == [1]
        wrong = people(
            "migrate",
            "imap",
            where,
            "--plain",
            "--accounts",
            "wrong.csv",
            files={"wrong.csv": "address,login,password\nan@lamdong.gov.vn,an,sai\n"},
        )
        assert wrong.code == 1
        assert "AUTHENTICATIONFAILED" in wrong.err


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("name\nan\n", "line 1: a column address is needed"),
        ("address,login,password\nan@lamdong.gov.vn,an,\n", "line 2: password is missing"),
        ("address,login,password\n,an,x\n", "line 2: address is missing"),
        ("address,login,password\nan@lamdong.gov.vn,a\x01n,x\n", "line 2: control characters"),
    ],
)
def test_a_list_with_a_mistake_is_refused_with_its_line_before_anything_is_moved(people, rows, said):
    ran = people("migrate", "imap", "127.0.0.1:9", "--accounts", "moves.csv", files={"moves.csv": rows})
    assert ran.code == 1
    assert said in ran.err


def test_wrong_words_are_wrong_usage(people):
    files = {"moves.csv": "address\n"}
    assert people("migrate", "imap", "nowhere", "--accounts", "moves.csv", files=files).code == 2
    assert (
        people("migrate", "imap", "h:1", "--accounts", "moves.csv", "--master-user", "x", files=files).code
        == 2
    )
