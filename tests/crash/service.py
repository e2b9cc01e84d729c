"""A whole `congvu serve` under faults, with clients that note in a book what was acknowledged to them."""

import contextlib
import imaplib
import random
import re
import signal
import smtplib
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.crash.book import Book, letter
from tests.support.service import Service
from tests.support.system import need

PASSWORD = "Mat-khau-1"
PERMANENT = re.compile(r"\b5\d\d\b")


class Clients:
    """Deliveries by SMTP and LMTP, and one IMAP client that appends, moves and expunges, until told to stop.

    Each goes on after a lost connection; `gap` is the longest that one had to wait for the service to be back.
    """

    def __init__(self, service: Service, names: tuple[str, str, str], seed: int, book: Book) -> None:
        self.service = service
        self.book = book
        self.gap = 0.0
        self.refused: list[tuple[str, str]] = []
        """(act, what was said) of everything that was refused."""
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._numbers = iter(range(seed * 100_000, (seed + 1) * 100_000))
        by_smtp, by_lmtp, by_imap = names
        works = [
            (self._deliver, (smtplib.SMTP, "smtp", by_smtp)),
            (self._deliver, (smtplib.LMTP, "lmtp", by_lmtp)),
            (self._use_imap, (by_imap, random.Random(seed))),
        ]
        self._threads = [
            threading.Thread(target=self._again_and_again, args=work, daemon=True) for work in works
        ]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def wait_for(self, acknowledged: int, seconds: float = 30) -> None:
        """Until so many acts were acknowledged."""
        deadline = time.monotonic() + seconds
        while self.book.acknowledged < acknowledged:
            assert time.monotonic() < deadline, (self.book.acknowledged, acknowledged, self.refused[-5:])
            time.sleep(0.005)

    def _again_and_again(self, work, arguments) -> None:
        lost_at = None
        while not self._stop.is_set():
            try:
                for _ in work(*arguments):
                    if lost_at is not None:
                        self.gap = max(self.gap, time.monotonic() - lost_at)
                        lost_at = None
                    if self._stop.is_set():
                        return
            except (OSError, smtplib.SMTPException, imaplib.IMAP4.abort, EOFError):
                lost_at = lost_at or time.monotonic()
                time.sleep(0.02)

    def _number(self) -> int:
        with self._lock:
            return next(self._numbers)

    def _note(self, act: str, key: tuple[int, str], state: str, to: str = "") -> None:
        with self._lock:
            self.book.note({"act": act, "letters": [key], "to": to, "state": state})

    def _refuse(self, act: str, said: str) -> None:
        self.refused.append((act, said))
        time.sleep(0.02)

    def _deliver(self, kind, listener: str, name: str) -> Iterator[None]:
        with kind(*self.service.address(listener), timeout=30) as client:
            client.ehlo()
            yield
            while True:
                number = self._number()
                key = (number, name.title())
                self._note("put", key, "begin", "INBOX")
                client.mail("gui@example.org")
                code, said = client.rcpt(f"{name}@{self.service.domain}")
                if code == 250:
                    code, said = client.data(letter(number))
                if code == 250:
                    self._note("put", key, "done", "INBOX")
                else:
                    self._refuse(listener, f"{code} {said.decode()}")
                    client.rset()
                yield

    def _use_imap(self, name: str, dice: random.Random) -> Iterator[None]:
        imap = imaplib.IMAP4(*self.service.address("imap"), timeout=30)
        try:
            imap.login(f"{name}@{self.service.domain}", PASSWORD)
            imap.select("Archive")
            yield
            while True:
                act = dice.choice([self._append, self._append, self._move, self._expunge])
                act(imap, name, dice)
                yield
        finally:
            imap.shutdown()

    def _append(self, imap: imaplib.IMAP4, name: str, _dice: random.Random) -> None:
        number = self._number()
        key = (number, name.title())
        self._note("put", key, "begin", "Archive")
        kind, said = imap.append("Archive", None, None, letter(number))
        if kind == "OK":
            self._note("put", key, "done", "Archive")
        else:
            self._refuse("APPEND", said[0].decode())

    def _some(
        self, imap: imaplib.IMAP4, name: str, dice: random.Random
    ) -> tuple[tuple[int, str], bytes] | None:
        """A letter that is surely in Archive, and its UID there."""
        with self._lock:
            held = [
                key
                for key, one in self.book.letters.items()
                if key[1] == name.title()
                and one.places == {"Archive"}
                and one.is_sure
                and not one.may_be_gone
            ]
        if not held:
            return None
        key = dice.choice(sorted(held))
        _, found = imap.uid("SEARCH", "HEADER", "Message-ID", f"<{key[0]}@example.org>")
        return (key, found[0]) if found[0] else None

    def _move(self, imap: imaplib.IMAP4, name: str, dice: random.Random) -> None:
        some = self._some(imap, name, dice)
        if some is not None:
            key, uid = some
            self._note("move", key, "begin", "Trash")
            kind, said = imap.uid("MOVE", uid.decode(), "Trash")
            if kind == "OK":
                self._note("move", key, "done", "Trash")
            else:
                self._refuse("MOVE", said[0].decode())

    def _expunge(self, imap: imaplib.IMAP4, name: str, dice: random.Random) -> None:
        some = self._some(imap, name, dice)
        if some is not None:
            key, uid = some
            kind, said = imap.uid("STORE", uid.decode(), "+FLAGS", "(\\Deleted)")
            if kind == "OK":
                self._note("expunge", key, "begin")
                kind, said = imap.uid("EXPUNGE", uid.decode())
            if kind == "OK":
                self._note("expunge", key, "done")
            else:
                self._refuse("EXPUNGE", said[0].decode())


def mail_process(service: Service) -> int:
    """The pid of the mail process of a service."""
    assert service.process is not None
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError):
                words = (place / "cmdline").read_bytes().split(b"\0")
                group = int((place / "stat").read_text().rpartition(")")[2].split()[2])
                if group == service.process.pid and b"run-process" in words and b"mail" in words:
                    return int(place.name)
        time.sleep(0.02)
    raise AssertionError("no mail process")


@contextmanager
def injected(pid: int, what: str) -> Iterator[subprocess.Popen[bytes]]:
    """Faults in a running process, by strace: `fdatasync:error=EIO`, `pwrite64:signal=KILL:when=9`."""
    call = what.partition(":")[0]
    tracer = subprocess.Popen(
        [
            need("strace", package="strace"),
            *("-f", "-p", str(pid), "-e", f"trace={call}", "-e", f"inject={what}", "-o", "/dev/null"),
        ],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        assert tracer.stderr is not None
        assert b"attached" in tracer.stderr.readline()
        yield tracer
    finally:
        tracer.send_signal(signal.SIGINT)  # it lets go of the process, which runs on
        tracer.communicate(timeout=30)
