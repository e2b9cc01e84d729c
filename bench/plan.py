"""What is measured, in which order, with which counts; and how a job is run beside a server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench import proc

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.side import Side


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of each."""

    accounts: int = 6041
    lmtp_letters: int = 5000
    smtp_letters: int = 3000
    big_mailbox: int = 10_000
    fan_out: tuple[int, ...] = (1000, 6041)
    large_octets: int = 5 * 1024 * 1024
    huge_octets: int = 18 * 1024 * 1024
    huge_letters: int = 8
    bodies: int = 3000
    busy_sessions: int = 50
    busy_seconds: float = 10.0
    idle_sessions: int = 1000
    notices: int = 40


FULL = Counts()
QUICK = Counts(
    accounts=200,
    lmtp_letters=500,
    smtp_letters=300,
    big_mailbox=1000,
    fan_out=(100,),
    huge_letters=2,
    bodies=300,
    busy_seconds=3.0,
    idle_sessions=100,
    notices=5,
)


@dataclass(slots=True)
class Report:
    """What one side did, by name of the figure; and what it could not do, with the reason."""

    side: str
    figures: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def user_names(counts: Counts) -> list[str]:
    """The users of every side."""
    return [f"u{number:04}" for number in range(1, counts.accounts + 1)]


class Measurement:
    """The jobs of one side, each in a process of its own beside the server."""

    def __init__(self, side: Side, counts: Counts) -> None:
        self.side = side
        self.counts = counts
        self.report = Report(side.name)
        users = user_names(counts)
        self.users = users
        self.big = users[0]
        self.busy_users = users[100 : 100 + counts.busy_sessions]
        self.idle_users = users[-counts.idle_sessions :]

    def job(self, name: str, **given: Any) -> dict[str, float]:
        """Run one job of bench/load.py; CPU of the server meanwhile as `cpu`."""
        before = proc.cpu_seconds(self.side.roots())
        figures = self._converse({"job": name, **given})
        figures["cpu"] = proc.cpu_seconds(self.side.roots()) - figures.get("cpu_begin", before)
        return figures

    def _converse(self, job: dict[str, Any]) -> dict[str, float]:
        seen: dict[str, float] = {}
        with subprocess.Popen(
            [sys.executable, "-m", "bench.load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            assert child.stderr is not None
            try:
                child.stdin.write(json.dumps(job) + "\n")
                child.stdin.flush()
                for line in child.stdout:
                    said = json.loads(line)
                    if "figures" in said:
                        found: dict[str, float] = said["figures"]
                        return found | seen
                    event, roots = said["event"], self.side.roots()
                    seen[f"cpu_{event}"] = proc.cpu_seconds(roots)
                    seen[f"living_{event}"] = proc.cpu_of_living(roots)
                    seen[f"pss_{event}"] = float(proc.pss_bytes(roots))
                    child.stdin.write("\n")
                    child.stdin.flush()
                raise RuntimeError(child.stderr.read()[-1500:])
            finally:
                if child.poll() is None:
                    child.terminate()

    def step(self, name: str, work: Callable[[], None]) -> None:
        """One step; its failure is written down and the rest goes on."""
        began = time.monotonic()
        try:
            work()
        except Exception as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            self.report.failures[name] = lines[-1][:300]
            sys.stderr.write(f"{self.side.name}: {name} FAILED: {error}\n")
        sys.stderr.write(f"{self.side.name}: {name} took {time.monotonic() - began:.1f} s\n")

    def steps(self, *, storage_only: bool = False) -> dict[str, Callable[[], None]]:
        """All steps in order; for the peer's second format only those in which the format matters."""
        steps: dict[str, Callable[[], None]] = {
            "mailboxes": self.make_mailboxes,
            "LMTP": self.lmtp,
            "SMTP": self.smtp,
            "large mailbox": self.fill_big,
            "first view": self.first_view,
            "reading": self.reading,
            "writing": self.writing,
            "searching": self.searching,
            "busy": self.busy,
            "idle": self.idle,
            "one letter to many": self.fan_out,
            "large letters": self.large,
        }
        if not storage_only:
            return steps
        steps["one letter to many"] = lambda: self._fan_out_to("lmtp", self.counts.fan_out[0])
        return {
            name: steps[name]
            for name in ("mailboxes", "LMTP", "large mailbox", "writing", "one letter to many")
        }

    def make_mailboxes(self) -> None:
        """A letter for everyone, so that mailboxes exist before anything is measured."""
        self.job("fan_out", protocol="lmtp", port=self.side.lmtp, users=self.users, octets=0, seed=1)

    def _deliver(
        self, protocol: str, port: int, letters: int, users: list[str], seed: int
    ) -> dict[str, float]:
        return self.job(
            "deliver",
            protocol=protocol,
            port=port,
            imap=self.side.imap,
            users=users,
            letters=letters,
            seed=seed,
            connections=10,
        )

    def lmtp(self) -> None:
        """LMTP, ten connections."""
        found = self._deliver("lmtp", self.side.lmtp, self.counts.lmtp_letters, self.busy_users, 2)
        self._note("lmtp", found, "per_second", "p50", "p99")
        self.report.figures["lmtp_cpu"] = found["cpu"] / self.counts.lmtp_letters * 1000

    def smtp(self) -> None:
        """SMTP until in the mailbox, ten connections."""
        if self.side.smtp is None:
            raise RuntimeError("no SMTP server here: Postfix needs root")
        found = self._deliver("smtp", self.side.smtp, self.counts.smtp_letters, self.busy_users, 3)
        self._note("smtp", found, "per_second", "accepted_per_second", "p50", "p99")
        self.report.figures["smtp_cpu"] = found["cpu"] / self.counts.smtp_letters * 1000

    def large(self) -> None:
        """Letters of 25 MB, and how long others wait meanwhile."""
        if self.side.smtp is None:
            raise RuntimeError("no SMTP server here: Postfix needs root")
        counts = self.counts
        found = self.job(
            "large",
            port=self.side.smtp,
            user=self.big,
            octets=counts.huge_octets,
            letters=counts.huge_letters,
            seed=25,
        )
        self.side.rest(900)
        self.report.figures["large_rate"] = found["octets"] / found["seconds"] / 1e6
        self.report.figures["large_core_rate"] = found["octets"] / found["cpu"] / 1e6
        self._note("large", found, "wait_max", "wait_p99")

    def fill_big(self) -> None:
        """All letters into one mailbox."""
        found = self._deliver("lmtp", self.side.lmtp, self.counts.big_mailbox, [self.big], 4)
        self._note("one_mailbox", found, "per_second")

    def first_view(self) -> None:
        """What a client asks first."""
        self._note(
            "", self.job("first_view", imap=self.side.imap, user=self.big, messages=self._big(), times=30)
        )

    def reading(self) -> None:
        """FETCH of flags, envelopes, bodies."""
        given = {
            "imap": self.side.imap,
            "user": self.big,
            "messages": self._big(),
            "bodies": self.counts.bodies,
        }
        found = self.job("reading", **given)
        names = ("envelope", "structure", "flags")
        for name in names:
            spent = found[f"living_after_{name}"] - found[f"living_before_{name}"]
            self.report.figures[f"{name}_cpu"] = spent / found[f"{name}_times"] * 1000
        self._note("", found, *names, "envelope_first", "structure_first", "noop", "bodies_per_second")

    def writing(self) -> None:
        """STORE, COPY, MOVE."""
        self._note("", self.job("writing", imap=self.side.imap, user=self.big, messages=self._big()))

    def searching(self) -> None:
        """SEARCH."""
        self._note("", self.job("searching", imap=self.side.imap, user=self.big))

    def busy(self) -> None:
        """Sessions that never rest."""
        found = self.job("busy", imap=self.side.imap, users=self.busy_users, seconds=self.counts.busy_seconds)
        self._note("busy", found, "per_second", "p50", "p99")
        self.report.figures["busy_cpu"] = found["cpu"] / found["commands"] * 1000

    def idle(self) -> None:
        """Sessions in IDLE."""
        given = {"imap": self.side.imap, "lmtp": self.side.lmtp, "notices": self.counts.notices}
        found = self.job("idle", users=self.idle_users, **given)
        self._note("", found, "notice_p50", "notice_p99")
        self.report.figures["idle_pss"] = (
            (found["pss_idle"] - found["pss_before"]) / len(self.idle_users) / 1024
        )
        self.report.figures["server_pss"] = found["pss_before"] / 1024 / 1024

    def fan_out(self) -> None:
        """One large letter to many existing mailboxes."""
        for recipients in self.counts.fan_out:
            self._fan_out_to("lmtp", recipients)
            if self.side.smtp is not None:
                self._fan_out_to("smtp", recipients)

    def _fan_out_to(self, protocol: str, recipients: int) -> None:
        users = self.users[:recipients]
        sample = users[:: max(1, recipients // 20)]
        port = self.side.lmtp if protocol == "lmtp" else self.side.smtp
        had = self.job("counts", imap=self.side.imap, users=sample)["messages"]
        disk = proc.disk_bytes(self.side.data)
        seed = recipients + (protocol == "smtp")
        octets = self.counts.large_octets
        cpu = proc.cpu_seconds(self.side.roots())
        found = self.job("fan_out", protocol=protocol, port=port, users=users, octets=octets, seed=seed)
        arrived = found["seconds"] + self.side.rest(900)
        cpu = proc.cpu_seconds(self.side.roots()) - cpu
        have = self.job("counts", imap=self.side.imap, users=sample)["messages"]
        if have != had + len(sample):
            raise RuntimeError(
                f"{protocol} to {recipients}: {have - had:.0f} of {len(sample)} looked at have it"
            )
        key = f"fan_out_{protocol}_{recipients}"
        self.report.figures[key] = arrived
        self.report.figures[f"{key}_disk"] = (proc.disk_bytes(self.side.data) - disk) / found["octets"]
        self.report.figures[f"{key}_cpu"] = cpu

    def _big(self) -> int:
        return self.counts.big_mailbox + 1

    def _note(self, prefix: str, found: dict[str, float], *names: str) -> None:
        for name in names or tuple(found):
            self.report.figures[f"{prefix}_{name}" if prefix else name] = found[name]
