"""`congvu serve`: start the processes, say `ready` when all accept, stop them together.

All are in one process group. A child dies with the supervisor, by whatever death (Linux's PR_SET_PDEATHSIG); when a
child dies by itself it is started again, and after five deaths in a minute the whole service stops.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

PR_SET_PDEATHSIG = 1
START_SECONDS = 60
STOP_SECONDS = 30
DEATHS, DEATH_WINDOW = 5, 60
MALLOC = {"MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "2"}
"""glibc gives back what a password's hash used (19 MiB), and an idle TLS connection holds 27 KiB instead of 49."""


@dataclass(slots=True)
class Child:
    """One process and the pipe by which it says that it is ready."""

    name: str
    process: subprocess.Popen[bytes]
    ready_fd: int
    is_ready: bool = False
    deaths: list[float] = field(default_factory=list)


def lock(data_dir: Path) -> int | None:
    """A descriptor that keeps every other service off this data directory; None if one runs already."""
    descriptor = os.open(data_dir / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def become(data_dir: Path, roles: tuple[str, ...], descriptor: int) -> NoReturn:
    """Turn this process into the supervisor, which needs none of the modules that the command line has loaded."""
    os.set_inheritable(descriptor, True)
    command = [sys.executable, "-m", "mailsvc.run.supervisor", str(data_dir), str(descriptor), *roles]
    os.execv(sys.executable, command)  # noqa: S606 - our own program, no shell


def serve(data_dir: Path, roles: tuple[str, ...]) -> int:
    """Run the service until SIGTERM or SIGINT; the exit code."""
    signals, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(wake)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    children = {role: _start(data_dir, role) for role in roles}
    try:
        return _watch(data_dir, children, signals)
    finally:
        _stop(children)


def _watch(data_dir: Path, children: dict[str, Child], signals: int) -> int:
    started, announced = time.monotonic(), False
    while True:
        waiting = [child.ready_fd for child in children.values() if not child.is_ready]
        readable, _, _ = select.select([signals, *waiting], [], [], 1.0)
        for child in children.values():
            if child.ready_fd in readable and not child.is_ready:
                child.is_ready = os.read(child.ready_fd, 1) == b"!"
        heard = set(os.read(signals, 512)) if signals in readable else set()
        if {signal.SIGTERM, signal.SIGINT} & heard:
            return 0
        if signal.SIGHUP in heard and "mail" in children:
            children["mail"].process.send_signal(signal.SIGHUP)  # it looks for new certificates
        if not announced and all(child.is_ready for child in children.values()):
            announced = True
            sys.stdout.write("ready\n")
            sys.stdout.flush()
        if not announced and time.monotonic() - started > START_SECONDS:
            return 1
        for role, child in children.items():
            code = child.process.poll()
            if code is None:
                continue
            if not announced:
                return code or 1
            deaths = [at for at in child.deaths if time.monotonic() - at < DEATH_WINDOW]
            if len(deaths) >= DEATHS:
                return 1
            os.close(child.ready_fd)
            children[role] = _start(data_dir, role)
            children[role].deaths = [*deaths, time.monotonic()]


def _start(data_dir: Path, role: str) -> Child:
    ready, told = os.pipe()
    os.set_inheritable(told, True)
    try:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [
                sys.executable,
                "-m",
                "mailsvc",
                "--data",
                str(data_dir),
                "run-process",
                role,
                "--ready-fd",
                str(told),
            ],
            pass_fds=(told,),
            stdin=subprocess.DEVNULL,
            env={**MALLOC, **os.environ},
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - one thread runs here
        )
    finally:
        os.close(told)
    return Child(role, process, ready)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _stop(children: dict[str, Child]) -> None:
    for child in children.values():
        child.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children.values():
        try:
            child.process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
        os.close(child.ready_fd)


if __name__ == "__main__":
    os.set_inheritable(int(sys.argv[2]), False)
    sys.exit(serve(Path(sys.argv[1]), tuple(sys.argv[3:])))
