"""Make docs/rfc-index.md from the citations in the code, or check that the two agree.

`python -m docs.rfc_index --write | --check`. A citation is `RFC 9051 §6.4.4` in any source file; more
sections may follow (`§7.1, §7.2 and §9`). Without a section the whole document is meant. A departure is
said right after the citation: `RFC 5321 §2.3.8, stricter: bare LF is refused`.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INDEX = ROOT / "docs" / "rfc-index.md"
SOURCES = ("config", "directory", "search", "mailsvc", "webmail")
SUFFIXES = {".py", ".ts", ".html"}
SKIPPED = {"node_modules", "static"}
WHOLE = "(whole)"
CITATION = re.compile(
    r"RFC (\d{3,5})((?:(?:,| and| to|;)? ?§ ?[A-Z]?\d*(?:\.\d+)*)*)(\)?[,;]? (?:stricter|wider|partly|not served yet))?"
)
SECTION = re.compile(r"§ ?([A-Z]?\d*(?:\.\d+)*)")
STATUS = {"stricter": "stricter", "wider": "wider", "partly": "in part", "not served yet": "not yet"}

HEAD = """# Where each RFC is obeyed

Made from the citations in the code by `make build`; `make check` fails when it is stale. Status: **kept**, or how
the code departs and says so beside the citation: **stricter** (refuses more), **wider** (accepts more),
**in part**, **not yet**.

| RFC | section | status | file |
|---|---|---|---|
"""

Citation = tuple[int, str]


def source_files() -> list[Path]:
    """Every source file that may cite."""
    paths = (path for folder in SOURCES for path in (ROOT / folder).rglob("*"))
    return sorted(path for path in paths if path.suffix in SUFFIXES and not SKIPPED & set(path.parts))


def citations(text: str) -> list[tuple[Citation, str]]:
    """Each ((RFC, section), status) that a text cites."""
    found: list[tuple[Citation, str]] = []
    joined = re.sub(r"\s*\n\s*(?:#+ ?|\* |// ?)?", " ", text)  # a citation may run over a line's end
    for match in CITATION.finditer(joined):
        sections = [section.rstrip(".") for section in SECTION.findall(match[2]) if section] or [WHOLE]
        status = STATUS[match[3].strip("),; ")] if match[3] else "kept"
        found += [((int(match[1]), section), status) for section in sections]
    return found


def collect() -> dict[Citation, tuple[set[str], set[str]]]:
    """Statuses and files of every citation in the code."""
    index: dict[Citation, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for path in source_files():
        for citation, status in citations(path.read_text(encoding="utf-8")):
            statuses, files = index[citation]
            statuses.add(status)
            files.add(str(path.relative_to(ROOT)))
    return index


def _order(citation: Citation) -> tuple[int, list[tuple[int, int | str]]]:
    parts = citation[1].split(".")
    return citation[0], [(0, int(part)) if part.isdigit() else (1, part) for part in parts]


def render() -> str:
    """The whole text of docs/rfc-index.md."""
    index = collect()
    rows = []
    for citation in sorted(index, key=_order):
        statuses, files = index[citation]
        status = ", ".join(sorted(statuses - {"kept"})) or "kept"
        number, section = citation
        rows.append(
            f"| {number} | {section} | {status} | {' '.join(f'`{name}`' for name in sorted(files))} |\n"
        )
    return HEAD + "".join(rows)


def indexed(text: str) -> dict[Citation, set[str]]:
    """What docs/rfc-index.md says: the files of each (RFC, section)."""
    rows = re.findall(r"^\| (\d+) \| (\S+) \| [^|]* \| (.*) \|$", text, re.MULTILINE)
    return {(int(number), section): set(re.findall(r"`([^`]+)`", files)) for number, section, files in rows}


def main() -> int:
    """Write the index, or say what is stale in it."""
    if sys.argv[1:] == ["--write"]:
        INDEX.write_text(render(), encoding="utf-8")
        return 0
    if INDEX.exists() and INDEX.read_text(encoding="utf-8") == render():
        return 0
    sys.stderr.write("docs/rfc-index.md is stale: make build\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
