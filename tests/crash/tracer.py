"""A child under strace: its system calls counted, one of them killed or made to fail, or all of them recorded."""

import os
import re
import socket
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support.system import need

CALLS = (
    "fsync",
    "fdatasync",
    "write",
    "pwrite64",
    "rename",
    "unlink",
    "ftruncate",
    "truncate",
    "mkdir",
    "utimensat",
)
"""What changes files or puts them on disk."""
SEEN = ("openat", "close", "sendto")
"""What a recording needs besides: which file is which, and what was acknowledged by then."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Point:
    """The n-th call of a name."""

    call: str
    number: int

    def __str__(self) -> str:
        return f"{self.call} {self.number}"


@dataclass
class Ran:
    """What became of a child."""

    said: list[str]
    """Lines of its ledger, as far as it came."""
    status: int
    """Its exit code; minus the signal that ended it."""


def run(work: Callable[[Tell], None], *options: str) -> Ran:
    """Do the work in a forked child under strace with these options; what it told, and how it ended.

    The ledger goes through a socket: it is outside of what is hurt, and `sendto` is no call that we hurt.
    """
    strace = need("strace", package="strace")
    go_read, go_write = os.pipe()
    ours, theirs = socket.socketpair()
    child = os.fork()
    if not child:
        _child(work, go_read, theirs)
    os.close(go_read)
    theirs.close()
    # Not -f: the child has one thread, and counting is by thread.
    tracer = subprocess.Popen(
        [strace, "-p", str(child), *options], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        assert tracer.stderr is not None
        told = tracer.stderr.readline()
        assert b"attached" in told, told
        os.write(go_write, b"!")
        said = b""
        while octets := ours.recv(1 << 16):
            said += octets
    finally:
        os.close(go_write)
        ours.close()
        _, status = os.waitpid(child, 0)
        tracer.communicate(timeout=60)
    whole = said[: said.rfind(b"\n") + 1]
    return Ran(whole.decode().splitlines(), os.waitstatus_to_exitcode(status))


def _child(work: Callable[[Tell], None], go: int, told: socket.socket) -> None:
    try:
        os.read(go, 1)
        work(lambda line: told.sendall(line.encode() + b"\n"))
        os._exit(0)
    finally:
        traceback.print_exc(file=sys.stderr)
        sys.stderr.flush()
        os._exit(3)


def points(work: Callable[[Tell], None], log: Path) -> tuple[list[Point], Ran]:
    """Every call that the work makes, in order, as points to hurt it at."""
    ran = run(work, "-e", f"trace={','.join(CALLS)}", "-e", "signal=none", "-o", str(log))
    assert ran.status == 0, ran
    counts: Counter[str] = Counter()
    found = []
    for name in re.findall(r"^(?:\d+ +)?(\w+)\(", log.read_text(), re.MULTILINE):
        counts[name] += 1
        found.append(Point(name, counts[name]))
    return found, ran


def killed(work: Callable[[Tell], None], point: Point) -> Ran:
    """The work, ended by SIGKILL on entry to a call."""
    return run(
        work,
        "-e",
        f"trace={point.call}",
        "-e",
        f"inject={point.call}:signal=KILL:when={point.number}",
        "-o",
        "/dev/null",
    )


def failing(work: Callable[[Tell], None], call: str, error: str, when: str) -> Ran:
    """The work, with calls of a name that fail: `when` is strace's, `3` the third only, `3+` all from it on."""
    return run(
        work, "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}", "-o", "/dev/null"
    )


def recorded(work: Callable[[Tell], None], log: Path) -> Ran:
    """The work, with every call and its octets written down for `power.Recording`."""
    return run(
        work,
        *("-y", "-xx", "-s", str(1 << 24)),
        *("-e", f"trace={','.join((*CALLS, *SEEN))}"),
        *("-e", "signal=none"),
        *("-o", str(log)),
    )
