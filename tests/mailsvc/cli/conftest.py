"""The command line, run in this process on an installation of its own."""

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailsvc.cli.root import run


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Congvu = Callable[..., Ran]


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `congvu init` makes, made once."""
    folder = tmp_path_factory.mktemp("congvu") / "data"
    assert run(["--data", str(folder), "init", "--domain", "lamdong.gov.vn"]) == 0
    return folder


@pytest.fixture
def congvu(
    fresh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Congvu:
    """Run `congvu` with these words on a copy of a fresh installation."""
    folder = tmp_path / "data"
    shutil.copytree(fresh, folder)
    monkeypatch.setenv("CONGVU_LOCALE", "en")
    monkeypatch.chdir(tmp_path)

    def runs(*words: str, stdin: str = "", files: dict[str, str] | None = None) -> Ran:
        for name, text in (files or {}).items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = run(["--data", str(folder), *words])
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return runs


@pytest.fixture
def province(congvu: Congvu) -> Congvu:
    """An installation with three units."""
    ran = congvu("unit", "import", "units.csv", "--yes", files={"units.csv": UNITS})
    assert ran.code == 0, ran.err
    return congvu


UNITS = """code,name,parent,tier,branch,short_name
UBND,Ủy ban nhân dân tỉnh,,province,state,ubnd
SYT,Sở Y tế,UBND,province,state,syt
DAR,UBND xã Đạ Ròn,UBND,commune,state,daron
"""
