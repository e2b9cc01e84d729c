import json
import sqlite3
from pathlib import Path

import pysqlite3

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


def test_lines_cut_off_at_the_end_show_by_the_anchor_that_was_kept(province: Congvu, tmp_path: Path) -> None:
    """What is left is a shorter chain that holds together: only what was kept elsewhere tells (docs/administration.md)."""
    anchor = tmp_path / "elsewhere.json"
    assert province("audit", "verify", "--anchor", str(anchor)).code == 0
    province("unit", "remove", "SYT", "--yes")
    assert province("audit", "verify", "--anchor", str(anchor)).code == 0
    kept = json.loads(anchor.read_text())
    database = pysqlite3.connect(str(tmp_path / "data" / "congvu.db"))
    database.execute("DELETE FROM audit WHERE sequence = (SELECT max(sequence) FROM audit)")
    database.commit()
    database.close()
    assert province("audit", "verify").code == 0
    cut = province("audit", "verify", "--anchor", str(anchor), "--json")
    assert (cut.code, cut.json["fault"], cut.json["fault_at"]) == (1, "cut off", kept["lines"])
    assert json.loads(anchor.read_text()) == kept
    anchor.write_text("[]")
    assert province("audit", "verify", "--anchor", str(anchor)).code == 2
