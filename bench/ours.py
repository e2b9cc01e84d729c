"""Congvu as anyone else drives it: by its command line, its settings in the environment and its ports."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from bench.side import DOMAIN, PASSWORD_HASH, free_port, stop_process

COMMAND = str(Path(sys.executable).parent / "congvu")


class Congvu:
    """This service in a folder of its own."""

    name = "Congvu"

    def __init__(self, folder: Path, users: list[str]) -> None:
        self.data = folder / "data"
        self.lmtp, self.imap = free_port(), free_port()
        self.smtp: int | None = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        listen = {
            "SMTP__LISTEN": self.smtp,
            "LMTP__LISTEN": self.lmtp,
            "IMAP__LISTEN": self.imap,
            "IMAP__LISTEN_TLS": free_port(),
            "SUBMISSION__LISTEN": free_port(),
            "SUBMISSION__LISTEN_TLS": free_port(),
            "MANAGESIEVE__LISTEN": free_port(),
            "WEB__LISTEN": free_port(),
            "METRICS__LISTEN": free_port(),
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CONGVU_")}
        self._environment = inherited | {
            f"CONGVU_{name}": f"127.0.0.1:{port}" for name, port in listen.items()
        }
        self._provision(users)

    def _command(self, *words: str) -> None:
        done = subprocess.run(
            [COMMAND, "--data", str(self.data), *words],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(
                f"congvu {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}"[-3000:]
            )

    def _provision(self, users: list[str]) -> None:
        self._folder.mkdir(parents=True)
        units, accounts = self._folder / "units.csv", self._folder / "accounts.csv"
        units.write_text("code,name,parent,tier,branch\nBENCH,Đơn vị đo,,province,state\n", encoding="utf-8")
        rows = (f"{user}@{DOMAIN},Nguyễn Văn {user},BENCH,personal,{PASSWORD_HASH}\n" for user in users)
        accounts.write_text(
            "address,full_name,unit,kind,password_hash\n" + "".join(f"{_quoted(row)}" for row in rows),
            encoding="utf-8",
        )
        self._command("init", "--domain", DOMAIN)
        self._command("unit", "import", str(units), "--yes")
        began = time.perf_counter()
        self._command("account", "import", str(accounts), "--yes")
        self.import_seconds = time.perf_counter() - began

    def start(self) -> None:
        """Begin to serve; return after `ready`."""
        output = self._folder / "output.log"
        with output.open("wb") as log:
            self._process = subprocess.Popen(
                [COMMAND, "--data", str(self.data), "serve"],
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        ends = time.monotonic() + 60
        while b"ready" not in output.read_bytes().splitlines():
            if self._process.poll() is not None or time.monotonic() > ends:
                tail = output.read_text(errors="replace")[-2000:]
                self.stop()
                raise RuntimeError(f"congvu serve did not become ready:\n{tail}")
            time.sleep(0.05)

    def stop(self) -> None:
        """SIGTERM to the one process that was started; its children end with it."""
        stop_process(self._process)

    def roots(self) -> list[int]:
        """The process that was started."""
        return [self._process.pid] if self._process is not None else []

    def rest(self, limit: float) -> float:
        """Nothing waits: a local letter is in its mailbox when it is accepted."""
        del limit
        return 0.0


def _quoted(row: str) -> str:
    """A CSV row whose last field, a hash, holds commas."""
    head, separator, tail = row.rstrip("\n").partition("$argon2")
    return f'{head}"{separator}{tail}"\n'
