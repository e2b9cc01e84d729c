"""The public suites of RFC 7208 and RFC 8617, where they have been laid beside the project."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

_BESIDE = Path(__file__).resolve().parents[4] / "shared" / "suites"
FOLDER = Path(os.environ.get("CONGVU_SUITES", _BESIDE))


def scenarios(name: str) -> list[dict[str, Any]]:
    """All documents of a suite; none where the suite is absent."""
    file = FOLDER / name
    if not file.is_file():
        return []
    return [document for document in yaml.safe_load_all(file.read_text(encoding="utf-8")) if document]


def cases(name: str) -> list[Any]:
    """One parameter for each test of a suite, or one that is skipped and says which suite is missing."""
    found = [
        pytest.param(scenario, test, id=f"{scenario['description'].strip()}: {key}")
        for scenario in scenarios(name)
        for key, test in scenario["tests"].items()
    ]
    missing = pytest.mark.skip(reason=f"suite {name} is not beside the project")
    return found or [pytest.param({}, {}, id=name, marks=missing)]
