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
from bench.plan import FULL, QUICK, Measurement, Report, user_names
from bench.side import raise_open_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.side import Side


def started(make: Callable[[], Side], sides: list[Side]) -> Side:
    """A side that serves, noted so that it will be stopped."""
    side = make()
    sides.append(side)
    side.start()
    return side


def take_turns(measurements: list[tuple[Measurement, bool]]) -> None:
    """Each step by each side in turn, so that whatever else the machine does falls on all of them."""
    planned = [(measurement, measurement.steps(storage_only=only)) for measurement, only in measurements]
    names = [name for measurement, steps in planned for name in steps]
    for name in dict.fromkeys(names):
        for measurement, steps in planned:
            if name in steps:
                measurement.step(name, steps[name])


def main() -> int:
    """Measure and write; 1 when something of ours could not be measured."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small counts: does the ruler work?")
    parser.add_argument("--only", choices=("ours", "peers"), help="one side, without the comparison")
    parser.add_argument(
        "--data", type=Path, default=Path("var/bench"), help="where all sides keep their mail"
    )
    parser.add_argument("--out", type=Path, default=results.RESULTS, help="where the table goes")
    given = parser.parse_args()
    counts = QUICK if given.quick else FULL
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are stopped on the way out
    raise_open_files()
    base: Path = given.data.resolve()
    shutil.rmtree(base, ignore_errors=True)
    users = user_names(counts)
    sides: list[Side] = []
    mine: Report | None = None
    peers: list[Report] = []
    measurements: list[tuple[Measurement, bool]] = []
    try:
        if given.only != "ours":
            sdbox = Measurement(
                started(lambda: Peer("sdbox", base / "sdbox", users, with_postfix=True), sides), counts
            )
            mdbox = Measurement(
                started(lambda: Peer("mdbox", base / "mdbox", users, with_postfix=False), sides), counts
            )
            measurements += [(sdbox, False), (mdbox, True)]
            peers = [sdbox.report, mdbox.report]
        if given.only != "peers":
            mine = Report("Congvu")
            try:
                made = Congvu(base / "congvu", users)
                ours = Measurement(started(lambda: made, sides), counts)
            except (OSError, RuntimeError, TimeoutError) as error:
                sys.stderr.write(f"Congvu: {error}\n")
                mine.failures["start"] = str(error).strip().splitlines()[-1][:300]
            else:
                mine = ours.report
                mine.figures["import_seconds"] = made.import_seconds
                measurements.insert(0, (ours, False))
        take_turns(measurements)
    finally:
        for side in sides:
            side.stop()
    text = results.render(counts, mine, peers, quick=given.quick)
    given.out.write_text(text, encoding="utf-8")
    raw = {report.side: report.figures for report in (mine, *peers) if report}
    (base / "figures.json").write_text(json.dumps(raw, indent=1), encoding="utf-8")
    sys.stdout.write(text)
    return 1 if mine is not None and mine.failures else 0


if __name__ == "__main__":
    sys.exit(main())
