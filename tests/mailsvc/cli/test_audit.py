import sqlite3
from pathlib import Path

from tests.mailsvc.cli.conftest import Congvu


def test_a_whole_log_is_whole_and_a_change_is_found(province: Congvu, tmp_path: Path) -> None:
    report = province("audit", "verify", "--json").json
    assert report["clean"]
    assert report["lines"] == len(province("audit", "list", "--json").json)
    kept = ("--lines", str(report["lines"]), "--head", report["head"])
    assert province("audit", "verify", *kept).code == 0
    with sqlite3.connect(tmp_path / "data" / "congvu.db") as raw:
        raw.execute("UPDATE audit SET actor = 'ai đó' WHERE sequence = 1")
    raw.close()
    broken = province("audit", "verify", "--json")
    assert (broken.code, broken.json["fault_at"], broken.json["fault"]) == (1, 1, "changed")
    assert "1" in province("audit", "list", "--about", "plan").out


def test_a_malformed_head_is_wrong_usage(province: Congvu) -> None:
    assert province("audit", "verify", "--head", "xyz").code == 2
