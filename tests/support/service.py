"""A real Congvu of the test's own: `congvu init` and `congvu serve` on free loopback ports, stopped by its pid."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

LISTENERS = {
    "smtp": "CONGVU_SMTP__LISTEN",
    "submission": "CONGVU_SUBMISSION__LISTEN",
    "submission_tls": "CONGVU_SUBMISSION__LISTEN_TLS",
    "lmtp": "CONGVU_LMTP__LISTEN",
    "imap": "CONGVU_IMAP__LISTEN",
    "imap_tls": "CONGVU_IMAP__LISTEN_TLS",
    "managesieve": "CONGVU_MANAGESIEVE__LISTEN",
    "web": "CONGVU_WEB__LISTEN",
    "metrics": "CONGVU_METRICS__LISTEN",
}
START_SECONDS = 60


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody has, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Service:
    """One installation in a folder; `start` and `stop` as often as the test likes, on the same ports."""

    def __init__(
        self, data: Path, domain: str = "lamdong.example", *, web: bool = True, **environ: str
    ) -> None:
        self.data = data
        self.domain = domain
        self.ports = dict(zip(LISTENERS, free_ports(len(LISTENERS)), strict=True))
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CONGVU_")},
            **{LISTENERS[name]: f"127.0.0.1:{port}" for name, port in self.ports.items()},
            "CONGVU_LOCALE": "en",
            **environ,
        }
        if not web:
            self.environ[LISTENERS["web"]] = ""
        self.log = data.with_name(data.name + ".log")
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run one `congvu` command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "mailsvc", "--data", str(self.data), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environ,
            timeout=110,
        )

    def must(self, *arguments: str, stdin: str = "") -> str:
        """Run a command that has to succeed; what it printed."""
        done = self.command(*arguments, stdin=stdin)
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def init(self) -> "Service":
        """A new, empty installation."""
        self.must("init", "--domain", self.domain)
        return self

    def add_people(self, names: Sequence[str], password: str = "Mat-khau-1") -> None:
        """One unit, and personal accounts in it who need not change their password."""
        from directory.passwords import hash_password

        units, people = self.data / "units.csv", self.data / "people.csv"
        units.write_text("code,name,parent,tier,branch\nUBND,UBND tỉnh,,province,state\n", encoding="utf-8")
        hashed = hash_password(password)
        rows = [f'{name}@{self.domain},{name.title()},UBND,personal,"{hashed}"' for name in names]
        people.write_text(
            "\n".join(["address,full_name,unit,kind,password_hash", *rows, ""]), encoding="utf-8"
        )
        self.must("unit", "import", str(units), "--yes")
        self.must("account", "import", str(people), "--yes")

    def start(self) -> "Service":
        """Serve; returns once `ready` was printed."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mailsvc", "--data", str(self.data), "serve"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self.environ,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        deadline = time.monotonic() + START_SECONDS
        said = b""
        while b"ready\n" not in said:
            readable, _, _ = select.select([self.process.stdout], [], [], max(deadline - time.monotonic(), 0))
            octets = os.read(self.process.stdout.fileno(), 4096) if readable else b""
            if not octets:
                self.kill()
                raise AssertionError(f"not ready: {said!r}\n{self.log.read_text()[-4000:]}")
            said += octets
        return self

    def stop(self) -> int:
        """SIGTERM, and wait; the exit code."""
        assert self.process is not None
        self.process.terminate()
        code = self.process.wait(40)
        self._forget()
        return code

    def kill(self) -> None:
        """kill -9 of every process at once."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(20)
            self._forget()

    def _forget(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def address(self, name: str) -> tuple[str, int]:
        """Where a listener is."""
        return "127.0.0.1", self.ports[name]

    def url(self, path: str = "/") -> str:
        """A page of the webmail."""
        return f"http://127.0.0.1:{self.ports['web']}{path}"
