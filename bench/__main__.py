"""`make bench`: this service beside Debian's Dovecot and Postfix, in one run; writes bench/results.md."""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench import results
from bench.ours import Congvu
from bench.peer import Peer
from bench.plan import FULL, QUICK, Counts, Measurement, Report, user_names
from bench.side import raise_open_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.side import Side


def measure(make: Callable[[], Side], counts: Counts, *, storage_only: bool = False) -> Report:
    """Start one side, measure it, stop it."""
    side = make()
    try:
        side.start()
        measurement = Measurement(side, counts)
        return measurement.storage_only() if storage_only else measurement.everything()
    finally:
        side.stop()


def ours(folder: Path, counts: Counts) -> Report:
    """Our side; what keeps it from starting is a failure in the report, not the end of the run."""
    try:
        made = Congvu(folder, user_names(counts))
        report = measure(lambda: made, counts)
    except (OSError, RuntimeError) as error:
        sys.stderr.write(f"Congvu: {error}\n")
        return Report("Congvu", failures={"start": str(error).strip().splitlines()[-1][:300]})
    report.figures["import_seconds"] = made.import_seconds
    return report


def main() -> int:
    """Measure and write; 1 when something of ours could not be measured."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small counts: does the ruler work?")
    parser.add_argument("--only", choices=("ours", "peers"), help="one side, without the comparison")
    parser.add_argument(
        "--data", type=Path, default=Path("var/bench"), help="where both sides keep their mail"
    )
    parser.add_argument("--out", type=Path, default=results.RESULTS, help="where the table goes")
    given = parser.parse_args()
    counts = QUICK if given.quick else FULL
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are stopped on the way out
    raise_open_files()
    base: Path = given.data.resolve()
    shutil.rmtree(base, ignore_errors=True)
    users = user_names(counts)
    peers: list[Report] = []
    if given.only != "ours":
        peers.append(measure(lambda: Peer("sdbox", base / "sdbox", users, with_postfix=True), counts))
        shutil.rmtree(base / "sdbox", ignore_errors=True)
        mdbox = Peer("mdbox", base / "mdbox", users, with_postfix=False)
        peers.append(measure(lambda: mdbox, counts, storage_only=True))
        shutil.rmtree(base / "mdbox", ignore_errors=True)
    mine = ours(base / "congvu", counts) if given.only != "peers" else None
    text = results.render(counts, mine, peers, quick=given.quick)
    given.out.write_text(text, encoding="utf-8")
    raw = {report.side: report.figures for report in (mine, *peers) if report}
    (base / "figures.json").write_text(json.dumps(raw, indent=1), encoding="utf-8")
    sys.stdout.write(text)
    return 1 if mine is not None and mine.failures else 0


if __name__ == "__main__":
    sys.exit(main())
