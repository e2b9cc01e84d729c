"""CSV files and commands that cannot be carried out: exit code 1, the line and the remedy named, nothing half-written."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.service import Service

UNITS = "code,name,parent,tier,branch\n"
ACCOUNTS = "address,full_name,unit,kind,password\n"
GOOD_UNIT = "A1,Sở A,UBND,province,state\n"
GOOD_ACCOUNT = "moi1@lamdong.example,Người Mới,UBND,personal,Mat-khau-9\n"


def state(service: Service) -> tuple[str, str]:
    return service.must("--json", "unit", "list"), service.must("--json", "account", "list")


@pytest.fixture(scope="module", autouse=True)
def nothing_half_written(service: Service) -> Iterator[None]:
    before = state(service)
    yield
    assert state(service) == before


def refused_lines(service: Service, tmp_path: Path, noun: str, text: str) -> set[int]:
    """Lines that `import --yes` refuses, each with its reason and what to do."""
    file = tmp_path / "roster.csv"
    file.write_text(text, encoding="utf-8")
    done = service.command("--json", noun, "import", str(file), "--yes")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "Mat-khau-9" not in done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["applied"] is False
    remarks = told["details"]["refused"]
    assert all(remark["message"] and remark["remedy"] for remark in remarks)
    return {remark["line"] for remark in remarks}


def test_every_bad_line_of_a_unit_file_is_named_and_the_good_ones_wait(
    service: Service, tmp_path: Path
) -> None:
    bad = [
        "A2,x",
        "A3,x,UBND,province,state,y,z",
        "A1,Sở khác,UBND,province,state",  # the code of line 2
        "A4,Sở B,KHONGCO,province,state",
        "A5,Sở B,A5,province,state",
        "A6,Sở B,UBND,empire,state",
        "A7,Sở B,UBND,province,church",
        "\"=cmd|'/c calc'!A1\",Sở B,UBND,province,state",
        'A8,"=HYPERLINK(""http://x"")",UBND,province,state',
        "A9," + "x" * 10_000 + ",UBND,province,state",
        "A10,,UBND,province,state",
        "A11,S\x07B,UBND,province,state",
        "C1,a,C2,province,state",  # a circle of three
        "C2,b,C3,province,state",
        "C3,c,C1,province,state",
    ]
    lines = refused_lines(service, tmp_path, "unit", UNITS + GOOD_UNIT + "\n".join(bad) + "\n")
    circle = {len(bad), len(bad) + 1, len(bad) + 2}
    assert lines - circle == set(range(3, 3 + len(bad))) - circle
    assert lines & circle


def test_every_bad_line_of_a_roster_is_named_and_the_good_ones_wait(service: Service, tmp_path: Path) -> None:
    bad = [
        "moi1@lamdong.example,Người Khác,UBND,personal,Mat-khau-9",  # the address of line 2
        "moi2@lamdong.example,x y,KHONGCO,personal,Mat-khau-9",
        "moi3@world.example,x y,UBND,personal,Mat-khau-9",
        "moi4@lamdong.example,x y,UBND,king,Mat-khau-9",
        "moi 5@@lamdong.example,x y,UBND,personal,Mat-khau-9",
        "moi7@lamdong.example,x y,UBND,unit,Mat-khau-9",
        "moi8@lamdong.example,=1+1,UBND,personal,Mat-khau-9",
        "moi9@lamdong.example," + "x" * 5000 + ",UBND,personal,Mat-khau-9",
        "m" * 65 + "@lamdong.example,x y,UBND,personal,Mat-khau-9",
        "moi10@lamdong.example,x y",
    ]
    lines = refused_lines(service, tmp_path, "account", ACCOUNTS + GOOD_ACCOUNT + "\n".join(bad) + "\n")
    assert lines == set(range(3, 3 + len(bad)))


@pytest.mark.parametrize(
    ("noun", "text", "line"),
    [
        ("unit", "A2,x,,province,state\n", 1),
        ("unit", "code,name,parent,tier\nA1,Sở A,UBND,province\n", 1),
        ("unit", "code,code,name,parent,tier,branch\nA1,A1,Sở A,UBND,province,state\n", 1),
        ("account", "address,full_name,unit\nmoi1@lamdong.example,Người Mới,UBND\n", 1),
        ("unit", UNITS + "UBND,UBND tỉnh,A1,province,state\nA1,a,UBND,province,state\n", 2),
        ("unit", UNITS + GOOD_UNIT + 'A2,"Sở B,UBND,province,state\n', 3),
    ],
    ids=["no header", "a column missing", "a column twice", "no kind", "a circle with what is there", "an open quote"],
)  # fmt: skip
def test_a_file_of_the_wrong_shape_is_refused(
    service: Service, tmp_path: Path, noun: str, text: str, line: int
) -> None:
    assert line in refused_lines(service, tmp_path, noun, text)


@pytest.mark.parametrize(
    "content",
    [b"", (UNITS + GOOD_UNIT).encode("utf-16"), UNITS.encode() + b"A1,S\xf4 A,UBND,province,state\n", b"PK\x03\x04" + bytes(1000)],
    ids=["empty", "UTF-16", "not UTF-8", "a spreadsheet"],
)  # fmt: skip
def test_what_is_no_csv_is_refused_in_words(service: Service, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "roster.csv"
    file.write_bytes(content)
    done = service.command("unit", "import", str(file), "--yes")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stdout + done.stderr) > 50


def test_a_refusal_names_the_line_in_vietnamese_too(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    file.write_text(UNITS + GOOD_UNIT + "A2,Sở B,KHONGCO,province,state\n", encoding="utf-8")
    kept = service.environ["CONGVU_LOCALE"]
    service.environ["CONGVU_LOCALE"] = "vi"
    try:
        done = service.command("unit", "import", str(file), "--yes")
    finally:
        service.environ["CONGVU_LOCALE"] = kept
    assert done.returncode == 1
    told = done.stdout + done.stderr
    assert "Từ chối" in told
    assert "3" in told
    assert "KHONGCO" in told


@pytest.mark.parametrize(
    ("code", "command"),
    [
        (1, "unit remove UBND"),  # it has accounts
        (1, "unit remove KHONGCO"),
        (1, "unit create A1 --name x --parent A1 --tier province --branch state"),
        (1, "account show nobody@lamdong.example"),
        (1, "account create an@lamdong.example --unit UBND --name x"),
        (1, "account create x@world.example --unit UBND --name x"),
        (1, "account grant an@lamdong.example --to nobody@lamdong.example"),
        (1, "domain add lamdong.example"),
        (2, "unit import /nirgendwo.csv"),
        (2, "xyzzy"),
        (2, "account create a@lamdong.example --kind king --name x"),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_so(service: Service, code: int, command: str) -> None:
    done = service.command(*command.split())
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout + done.stderr
