"""What a document points at is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("deploy/*.md")),
]
WRITTEN = [path for path in DOCUMENTS if path.name not in {"rfc-index.md", "settings.md", "cli.md"}]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_of_ours_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8"))
    broken = [target for target in targets if "://" not in target and not (document.parent / target).exists()]
    assert not broken


@pytest.mark.parametrize("document", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_source_file_that_is_named_exists(document: Path) -> None:
    named = re.findall(
        r"`((?:config|directory|search|mailsvc|webmail|bench|docs|tests)/[\w/.-]+\.\w+)`",
        document.read_text("utf-8"),
    )
    assert not [name for name in named if not (ROOT / name).exists()]
