"""A roster of an office through the command line: preview, mend, keep for a signature, wait for its day."""

from pathlib import Path

import pytest
from openpyxl import load_workbook

from config.load import load
from config.settings import StorageSettings
from directory.model import vietnam_day
from mailsvc.services.due_plans import apply_due
from mailsvc.storage.store import Store
from tests.mailsvc.cli.conftest import Congvu

ROSTER = "STT,Họ và tên,Ngày sinh,Đơn vị,Chức vụ\n1,Nguyễn Văn An,5/9/1985,Sở Y tế,Giám đốc\n2,Lê Bình,,SYT,Lái xe\n"
DAY = 86_400


@pytest.fixture
def later(tmp_path: Path):
    """The store of the installation, days from now."""
    opened: list[Store] = []

    def at(days: int) -> Store:
        store = Store(tmp_path / "data", StorageSettings())
        now = store.clock()
        store.clock = lambda: now + days * DAY
        opened.append(store)
        return store

    yield at
    for store in opened:
        store.close()


def day(store: Store, days: int = 0) -> str:
    return vietnam_day(store.clock() + days * DAY).isoformat()


def test_a_roster_is_shown_applied_and_a_second_run_changes_nothing(province: Congvu) -> None:
    preview = province("account", "import", "ds.csv", "--json", files={"ds.csv": ROSTER}).json
    assert (preview["create"], preview["applied"], preview["plan"]) == (2, False, None)
    done = province("account", "import", "ds.csv", "--yes", "--json").json
    assert done["applied"] is True
    again = province("account", "import", "ds.csv", "--yes", "--json").json
    assert (again["create"], again["unchanged"], again["applied"]) == (0, 2, False)
    shown = province("account", "import", "ds.csv")
    assert "unchanged 2" in shown.out


def test_the_refused_lines_are_written_to_be_mended_and_go_in_by_the_same_command(
    province: Congvu, tmp_path: Path
) -> None:
    bad = ROSTER.replace("Sở Y tế", "Sở Y tá")
    ran = province(
        "account", "import", "ds.csv", "--yes", "--refused", "sua.xlsx", "--json", files={"ds.csv": bad}
    )
    assert (ran.code, ran.json["refused"], ran.json["applied"]) == (1, 1, False)
    book = load_workbook(tmp_path / "sua.xlsx")
    assert book.active is not None
    assert [cell.value for cell in book.active[2]][:4] == ["1", "Nguyễn Văn An", "5/9/1985", "Sở Y tá"]
    book.active.cell(2, 4).value = "Sở Y tế"
    book.save(tmp_path / "da-sua.xlsx")
    assert province("account", "import", "da-sua.xlsx", "--yes", "--json").json["create"] == 1
    over = province("account", "import", "ds.csv", "--refused", "sua.xlsx")
    assert over.code == 1


def test_locking_many_asks_for_the_number(province: Congvu) -> None:
    assert province("account", "import", "ds.csv", "--yes", files={"ds.csv": ROSTER}).code == 0
    one = ROSTER.splitlines()[0] + "\n1,Nguyễn Văn An,5/9/1985,Sở Y tế,Giám đốc\n"
    asked = province(
        "account", "import", "it.csv", "--lock-missing", "--yes", "--json", files={"it.csv": one}
    )
    assert (asked.code, asked.json["locks"], asked.json["of"]) == (1, 1, 2)
    done = province(
        "account", "import", "it.csv", "--lock-missing", "--yes", "--confirm-locks", "1", "--json"
    ).json
    assert (done["lock"], done["applied"]) == (1, True)
    states = {item["address"]: item["state"] for item in province("account", "list", "--json").json}
    assert states == {"annv@lamdong.gov.vn": "active", "binhl@lamdong.gov.vn": "locked"}


def test_a_plan_for_a_day_to_come_is_applied_on_that_day(province: Congvu, later, tmp_path: Path) -> None:
    store = later(0)
    ran = province(
        "account",
        "import",
        "ds.csv",
        "--yes",
        "--effective",
        day(store, 3),
        "--json",
        files={"ds.csv": ROSTER},
    ).json
    assert ran["applied"] is False
    (kept,) = [plan for plan in province("plan", "list", "--json").json if plan["id"] == ran["plan"]]
    assert kept["state"] == "scheduled"
    settings = load(tmp_path / "data", {})
    assert apply_due(later(2), settings) == 0
    assert apply_due(later(3), settings) == 1
    assert apply_due(later(3), settings) == 0
    assert province("plan", "show", str(ran["plan"]), "--json").json["state"] == "applied"
    assert len(province("account", "list", "--json").json) == 2
    assert province("plan", "undo", str(ran["plan"])).code == 0


def test_a_plan_that_is_no_longer_what_was_shown_is_not_applied_and_the_log_says_why(
    province: Congvu, later, tmp_path: Path
) -> None:
    store = later(0)
    ran = province(
        "account",
        "import",
        "ds.csv",
        "--yes",
        "--effective",
        day(store, 3),
        "--json",
        files={"ds.csv": ROSTER},
    ).json
    assert province("account", "create", "annv", "--unit", "SYT", "--name", "Người Khác").code == 0
    assert apply_due(later(3), load(tmp_path / "data", {})) == 0
    assert province("plan", "show", str(ran["plan"]), "--json").json["state"] == "drifted"
    (line,) = [line for line in province("audit", "list", "--json").json if line["act"] == "plan.drifted"]
    assert "annv2@lamdong.gov.vn" in str(line)


def test_units_wait_for_their_day_too(province: Congvu, later, tmp_path: Path) -> None:
    text = "code,name,parent,tier,branch\nSYT2,Chi cục,SYT,province,state\n"
    effective = day(later(0), 2)
    kept = province(
        "unit", "import", "u.csv", "--yes", "--effective", effective, "--json", files={"u.csv": text}
    ).json
    assert (kept["applied"], province("unit", "show", "SYT2").code) == (False, 1)
    assert apply_due(later(2), load(tmp_path / "data", {})) == 1
    assert province("plan", "show", str(kept["plan"]), "--json").json["state"] == "applied"


def test_passwords_are_not_kept_with_a_plan(province: Congvu, later) -> None:
    text = "address,full_name,unit,kind,password\nannv,Nguyễn An,SYT,personal,Matkhau-123\n"
    for words in (("--keep",), ("--yes", "--effective", day(later(0), 3))):
        ran = province("account", "import", "t.csv", *words, "--json", files={"t.csv": text})
        assert (ran.code, ran.json["details"]["refused"][0]["reason"]) == (1, "kept_with_plan")
        assert "Matkhau" not in ran.out


def test_units_and_accounts_of_the_design_come_as_workbooks_too(province: Congvu, tmp_path: Path) -> None:
    from tests.directory.roster.workbooks import xlsx

    head = ["code", "name", "parent", "tier", "branch"]
    (tmp_path / "u.xlsx").write_bytes(xlsx(head, ["STC", "Sở Tài chính", "UBND", "province", "state"]))
    assert province("unit", "import", "u.xlsx", "--yes", "--json").json["create"] == 1
    columns = ["address", "full_name", "unit", "kind"]
    (tmp_path / "a.xlsx").write_bytes(
        xlsx(columns, ["stc", "", "STC", "unit"], ["binh", "Lê Bình", "STC", "personal"])
    )
    assert province("account", "import", "a.xlsx", "--yes", "--json").json["create"] == 2
    assert province("account", "show", "stc", "--json").json["kind"] == "unit"


def test_a_kept_plan_is_exported_for_a_signature_and_applied_after(province: Congvu, tmp_path: Path) -> None:
    under = ROSTER.replace("Sở Y tế", "").replace("SYT", "")
    words = ("account", "import", "ds.csv", "--unit", "SYT", "--keep")
    assert province(*words, "--first-passwords", "p.csv", files={"ds.csv": under}).code == 2
    kept = province(*words, "--json").json
    assert (kept["applied"], province("account", "list", "--json").json) == (False, [])
    number = str(kept["plan"])
    ran = province("plan", "export", number, "--xlsx", "ky.xlsx", "--issuer", "=SỞ Y TẾ", "--place", "Đà Lạt")
    assert ran.code == 0
    page = load_workbook(tmp_path / "ky.xlsx").active
    assert page is not None
    texts = [str(cell.value) for row in page.iter_rows() for cell in row if cell.value is not None]
    assert "'=SỞ Y TẾ" in texts
    assert all(cell.data_type != "f" for row in page.iter_rows() for cell in row)
    for said in (
        "CỘNG HÒA XÃ HỘI",
        "KẾ HOẠCH",
        "Căn cứ Nghị định số 30/2020/NĐ-CP",
        "tạo mới: 2",
        "annv@",
        "THỦ TRƯỞNG",
    ):
        assert any(said in text for text in texts), said
    assert province("plan", "export", number, "--xlsx", "ky.xlsx").code == 1
    assert province("plan", "apply", number).code == 0
    assert len(province("account", "list", "--json").json) == 2
