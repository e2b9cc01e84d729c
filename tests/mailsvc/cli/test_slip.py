"""Slips for first passwords: printed once, handed over, locked when nobody changes them in time."""

from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import select

from config.settings import StorageSettings
from directory import slips
from directory.passwords import matches
from directory.tables import accounts, audit, password_slips, plans
from mailsvc.services.slips import lock_unchanged
from mailsvc.storage.store import Store
from tests.mailsvc.cli.conftest import Congvu

STAFF = """address,full_name,unit,kind
annv,Nguyễn Văn An,SYT,personal
binh,K'Brếp Bình,SYT,personal
chi,Lê Thị Chi,DAR,personal
syt,,SYT,unit
"""


@pytest.fixture
def staffed(province: Congvu) -> Congvu:
    assert province("account", "import", "s.csv", "--yes", files={"s.csv": STAFF}).code == 0
    return province


@pytest.fixture
def store(tmp_path: Path):
    made = Store(tmp_path / "data", StorageSettings())
    yield made
    made.close()


def stored_hash(store: Store, name: str) -> str:
    with store.read() as db:
        query = select(accounts.c.password_hash).where(accounts.c.display_name == name)
        return str(db.conn.execute(query).scalar_one())


def passwords(path: Path) -> dict[str, str]:
    found = {}
    for page in load_workbook(path):
        found |= {row[2].value: row[3].value for row in page.iter_rows(min_row=5) if row[3].value}
    return found


def test_a_unit_gets_its_slips_on_paper_and_as_a_workbook_and_the_passwords_work(
    staffed: Congvu, store: Store, tmp_path: Path
) -> None:
    ran = staffed(
        "slip", "issue", "--unit", "UBND", "--pdf", "p.pdf", "--xlsx", "p.xlsx", "--per", "unit", "--json"
    )
    assert sorted(ran.json["issued"]) == [f"{local}@lamdong.gov.vn" for local in ("annv", "binh", "chi")]
    given = passwords(tmp_path / "p.xlsx")
    text = "".join(page.extract_text() for page in PdfReader(tmp_path / "p.pdf").pages)
    for password in given.values():
        assert password in text
    assert "PHIẾU BÀN GIAO MẬT KHẨU BAN ĐẦU" in text
    assert "K'Brếp Bình" in text
    assert matches(given["binh@lamdong.gov.vn"], stored_hash(store, "K'Brếp Bình"))
    assert stored_hash(store, "K'Brếp Bình").startswith("$argon2id$")
    assert (tmp_path / "p.pdf").stat().st_mode & 0o777 == 0o600
    assert load_workbook(tmp_path / "p.xlsx").sheetnames[0].startswith("1. ")


def test_the_people_of_a_plan_get_theirs(staffed: Congvu, tmp_path: Path) -> None:
    more = "address,full_name,unit,kind\nem,Vũ Em,SYT,personal\n"
    made = staffed("account", "import", "m.csv", "--yes", "--json", files={"m.csv": more}).json
    ran = staffed("slip", "issue", "--plan", str(made["plan"]), "--xlsx", "p.xlsx", "--json")
    assert ran.json["issued"] == ["em@lamdong.gov.vn"]
    assert staffed("slip", "issue", "--plan", "99", "--xlsx", "q.xlsx").code == 1


def test_each_person_has_a_slip_of_their_own(staffed: Congvu, tmp_path: Path) -> None:
    assert staffed("slip", "issue", "annv", "binh", "--pdf", "p.pdf").code == 0
    (page,) = PdfReader(tmp_path / "p.pdf").pages
    assert page.extract_text().count("PHIẾU BÀN GIAO") == 2


def test_the_password_is_kept_nowhere_and_told_to_nobody(
    staffed: Congvu, store: Store, tmp_path: Path
) -> None:
    ran = staffed("slip", "issue", "annv", "--xlsx", "p.xlsx")
    (password,) = passwords(tmp_path / "p.xlsx").values()
    listed = staffed("slip", "list", "--json")
    with store.read() as db:
        kept = [
            str(row)
            for table in (audit, plans, password_slips)
            for row in db.conn.execute(select(table)).all()
        ]
    assert all(password not in text for text in (ran.out, ran.err, listed.out, *kept))
    assert password not in repr(slips.Slip(1, "a", "b", "c", "d", password))
    for file in (tmp_path / "data").rglob("*"):
        if file.is_file():
            assert password.encode() not in file.read_bytes(), file


def test_an_unchanged_password_locks_six_working_hours_after_the_hand_over(
    staffed: Congvu, store: Store
) -> None:
    assert staffed("slip", "issue", "--unit", "UBND", "--xlsx", "p.xlsx").code == 0
    assert staffed("slip", "hand-over", "annv", "binh", "--json").json["handed_over"] == 2
    assert staffed("slip", "hand-over", "annv", "--json").json["handed_over"] == 0
    listed = {item["address"].split("@")[0]: item for item in staffed("slip", "list", "--json").json}
    due = listed["annv"]["due_at"]
    assert due >= listed["annv"]["handed_over_at"] + 6 * 3600
    assert listed["chi"]["due_at"] is None
    staffed(
        "account", "set-password", "binh", "--password-stdin", "--keep-password", stdin="Da-doi-roi-2026\n"
    )

    now = store.clock()
    store.clock = lambda: due - 1
    with store.write() as uow:
        assert lock_unchanged(uow) == 0
    store.clock = lambda: due
    with store.write() as uow:
        assert lock_unchanged(uow) == 1
    with store.write() as uow:
        assert lock_unchanged(uow) == 0
    store.clock = lambda: now
    states = {
        item["address"].split("@")[0]: item["state"] for item in staffed("account", "list", "--json").json
    }
    assert (states["annv"], states["binh"], states["chi"]) == ("locked", "active", "active")
    outcomes = {
        item["address"].split("@")[0]: item["outcome"] for item in staffed("slip", "list", "--json").json
    }
    assert (outcomes["annv"], outcomes["binh"], outcomes["chi"]) == ("locked", "changed", "")
    lines = staffed("audit", "list", "--json").json
    assert {"slip.issue", "slip.hand_over", "account.locked"} <= {line["act"] for line in lines}


def test_a_later_slip_replaces_the_first(staffed: Congvu) -> None:
    assert staffed("slip", "issue", "annv", "--xlsx", "1.xlsx").code == 0
    assert staffed("slip", "issue", "annv", "--xlsx", "2.xlsx").code == 0
    assert [item["outcome"] for item in staffed("slip", "list", "--json").json] == ["", "replaced"]


def test_slips_need_somebody_a_file_and_never_overwrite_one(staffed: Congvu, tmp_path: Path) -> None:
    assert staffed("slip", "issue", "annv").code == 2
    assert staffed("slip", "issue", "--pdf", "p.pdf").code == 2
    assert staffed("slip", "issue", "khong.co", "--pdf", "p.pdf").code == 1
    assert staffed("slip", "issue", "syt", "--pdf", "p.pdf").code == 1
    (tmp_path / "p.pdf").write_text("x")
    assert staffed("slip", "issue", "annv", "--pdf", "p.pdf").code == 1
    assert staffed("slip", "list", "--json").json == []
    assert not list(tmp_path.glob("*.xlsx"))


def test_the_workbook_holds_no_formula(staffed: Congvu) -> None:
    made = slips.slips_xlsx(
        [slips.Slip(1, "=1+1", "a@b", "U", "=x", "-Bado-kime-4729")], slips.Occasion("", 6), per_unit=True
    )
    cells = [cell for page in load_workbook(BytesIO(made)) for row in page.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
