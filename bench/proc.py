"""What a server costs, as /proc tells it: CPU seconds, memory as PSS, octets on disk."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> tuple[int, float] | None:
    """Parent and CPU seconds of a process, with those of its children that have ended."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), sum(int(value) for value in fields[11:15]) / TICKS


def tree(roots: list[int]) -> list[int]:
    """The processes and all that descend from them."""
    parents: dict[int, int] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))) is not None:
            parents[int(entry.name)] = stat[0]
    found = set(roots)
    while True:
        grown = found | {pid for pid, parent in parents.items() if parent in found}
        if grown == found:
            return sorted(found)
        found = grown


def cpu_seconds(roots: list[int]) -> float:
    """CPU of a process tree so far; what ended children used stays counted with their parents."""
    return sum(stat[1] for pid in tree(roots) if (stat := _stat(pid)) is not None)


def cpu_of_living(roots: list[int]) -> float:
    """CPU seconds of the threads that live now, to the nanosecond: for spans in which none ends."""
    total = 0
    for pid in tree(roots):
        for path in (PROC / str(pid) / "task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                total += int(path.read_text().split()[0])
    return total / 1e9


def pss_bytes(roots: list[int]) -> int:
    """Memory of a process tree, shared pages divided among those who share them."""
    total = 0
    for pid in tree(roots):
        try:
            lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def disk_bytes(folder: Path) -> int:
    """Blocks that a folder takes, a file with several names counted once."""
    seen: set[int] = set()
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                stat = (Path(base) / name).lstat()
            except OSError:
                continue
            if stat.st_ino not in seen:
                seen.add(stat.st_ino)
                total += stat.st_blocks * 512
    return total
