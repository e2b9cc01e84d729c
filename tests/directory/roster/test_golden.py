"""Five ugly rosters as offices send them give exact plans; `GOLDEN=update` writes the plans anew, to be looked at in the diff."""

import json
import os
from pathlib import Path

import pytest
from sqlalchemy import Connection

from directory.provision import plan_to_json
from tests.directory.roster.province import plan, province

__all__ = ["province"]
GOLDEN = Path(__file__).parents[2] / "golden" / "rosters"
FILES = sorted(path.name for path in GOLDEN.glob("*") if path.suffix in {".xlsx", ".csv"})
OPTIONS = {"2-phong-chu-cu.xlsx": {"unit": "DAR"}}


def test_there_are_five() -> None:
    assert len(FILES) == 5


@pytest.mark.parametrize("name", FILES)
def test_an_ugly_roster_gives_the_exact_plan(province: Connection, name: str) -> None:
    found = plan(province, (GOLDEN / name).read_bytes(), **OPTIONS.get(name, {}))
    shown = plan_to_json(found.plan)
    people = {row.line: row for row in found.sheet.rows}
    for new in shown["details"]["create"]:
        row = people[new["line"]]
        new["title"], new["role"] = row.title, row.role.value if row.role else None
        new["birth_date"] = row.birth_date.isoformat() if row.birth_date else None
        new["identifier"], new["phone"] = row.identifier and ":".join(row.identifier), row.phone
    kept = GOLDEN / f"{name}.json"
    if os.environ.get("GOLDEN") == "update":
        kept.write_text(json.dumps(shown, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert shown == json.loads(kept.read_text(encoding="utf-8"))
