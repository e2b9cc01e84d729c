"""Write bench/results.md: where, when, which commit, and both sides with their ratio."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.plan import Counts, Report

RESULTS = Path(__file__).resolve().parent / "results.md"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    figure: str
    label: str
    unit: str
    more_is_better: bool = False


def rows(counts: Counts) -> list[tuple[str, list[Row]]]:
    """Every line, by heading."""
    many = [
        row
        for recipients in counts.fan_out
        for protocol in ("lmtp", "smtp")
        for key in [f"fan_out_{protocol}_{recipients}"]
        for row in (
            Row(key, f"{protocol.upper()} to {recipients:,} mailboxes", "s"),
            Row(f"{key}_disk", "its disk", "copies"),
            Row(f"{key}_cpu", "its CPU", "s"),
        )
    ]
    sessions = f"{counts.busy_sessions} sessions"
    big = f"{counts.big_mailbox:,}"
    return [
        (
            "Delivery, letters of 4 KB, 10 connections",
            [
                Row("lmtp_per_second", "LMTP", "letters/s", more_is_better=True),
                Row("lmtp_p50", "LMTP, median", "ms"),
                Row("lmtp_p99", "LMTP, p99", "ms"),
                Row("lmtp_cpu", "LMTP, CPU a letter", "ms"),
                Row("one_mailbox_per_second", "LMTP, all into one mailbox", "letters/s", more_is_better=True),
                Row("smtp_per_second", "SMTP until in the mailbox", "letters/s", more_is_better=True),
                Row("smtp_accepted_per_second", "SMTP until the 250", "letters/s", more_is_better=True),
                Row("smtp_p50", "SMTP to the 250, median", "ms"),
                Row("smtp_cpu", "SMTP until in the mailbox, CPU a letter", "ms"),
            ],
        ),
        (f"One letter with {counts.large_octets / 2**20:g} MB attached, until in the last mailbox", many),
        (
            f"Letters of {counts.huge_octets * 1.37 / 2**20:.0f} MB by SMTP, one connection",
            [
                Row("large_rate", "until the 250", "MB/s", more_is_better=True),
                Row("large_core_rate", "by CPU: one core would take", "MB/s", more_is_better=True),
                Row("large_wait_p99", "NOOP of another connection meanwhile, p99", "ms"),
                Row("large_wait_max", "the longest", "ms"),
            ],
        ),
        (
            f"A mailbox of {big} letters",
            [
                Row("login", "connect and LOGIN", "ms"),
                Row("select", "SELECT", "ms"),
                Row("last_50", "FETCH last 50 with structure", "ms"),
                Row("first_view", "all of this", "ms"),
                Row("flags", "FETCH 1:* FLAGS", "ms"),
                Row("flags_cpu", "its CPU", "ms"),
                Row("envelope_first", "FETCH 1:* ENVELOPE, first", "ms"),
                Row("envelope", "FETCH 1:* ENVELOPE, again", "ms"),
                Row("envelope_cpu", "its CPU", "ms"),
                Row("structure_first", "FETCH 1:* BODYSTRUCTURE, first", "ms"),
                Row("structure", "FETCH 1:* BODYSTRUCTURE, again", "ms"),
                Row("structure_cpu", "its CPU", "ms"),
                Row("bodies_per_second", "single bodies", "fetches/s", more_is_better=True),
                Row("noop", "NOOP", "ms"),
                Row("store_one", "STORE one", "ms"),
                Row("store_1000", "STORE 1,000", "ms"),
                Row("store_all", "STORE all", "ms"),
                Row("store_all_silent", "STORE all, silent", "ms"),
                Row("copy", "COPY 1,000", "ms"),
                Row("move", "MOVE 1,000", "ms"),
                Row("search_from_first", "SEARCH FROM, first", "ms"),
                Row("search_from", "SEARCH FROM, again", "ms"),
                Row("search_body_first", "SEARCH BODY, first", "ms"),
                Row("search_body", "SEARCH BODY, again", "ms"),
                Row("search_text", "SEARCH TEXT, again", "ms"),
                Row("search_unseen", "SEARCH UNSEEN", "ms"),
            ],
        ),
        (
            "Sessions",
            [
                Row("busy_per_second", f"{sessions}, mixed commands", "commands/s", more_is_better=True),
                Row("busy_p50", f"{sessions}, median", "ms"),
                Row("busy_p99", f"{sessions}, p99", "ms"),
                Row("busy_cpu", f"{sessions}, CPU a command", "ms"),
                Row("idle_pss", f"{counts.idle_sessions:,} in IDLE, memory each (PSS)", "KiB"),
                Row("notice_p50", "notice of a letter after its 250 (0: no later), median", "ms"),
                Row("notice_p99", "the same, p99", "ms"),
                Row("server_pss", "the whole server before they came (PSS)", "MiB"),
            ],
        ),
    ]


def _said(words: list[str]) -> str:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip()


def machine() -> str:
    cpu = next(
        (
            x.partition(":")[2].strip()
            for x in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in x
        ),
        "",
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = next(
        (
            x.partition("=")[2].strip('"')
            for x in Path("/etc/os-release").read_text().splitlines()
            if x[:11] == "PRETTY_NAME"
        ),
        platform.system(),
    )
    kind = _said(["findmnt", "-n", "-o", "FSTYPE", "-T", str(RESULTS.parent)])
    return f"{os.cpu_count()} cores {cpu}, {memory:.0f} GiB, {kind}, {system}, Linux {platform.release()}"


def _commit() -> str:
    commit = _said(["git", "-C", str(RESULTS.parent), "rev-parse", "--short=12", "HEAD"])
    changed = _said(["git", "-C", str(RESULTS.parent), "status", "--porcelain", "--untracked-files=no"])
    return commit + (" with changes not committed" if changed else "")


def number(value: float | None) -> str:
    """A figure with three digits that mean something."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def ratio(row: Row, ours: float | None, peer: float | None) -> str:
    """How many times better we are; below 1 the peer is."""
    if ours is None or not peer:
        return "–"
    if ours == 0:
        return "–" if row.more_is_better else "∞"
    times = ours / peer if row.more_is_better else peer / ours
    return f"{times:.2f}×" if times < 10 else f"{times:,.0f}×"


def render(counts: Counts, ours: Report | None, peers: list[Report], *, quick: bool) -> str:
    """The whole text."""
    empty: dict[str, float] = {}
    first = peers[0].figures if peers else empty
    second = peers[1].figures if len(peers) > 1 else empty
    mine = ours.figures if ours else empty
    small = " with small counts (`--quick`): not figures to quote" if quick else ""
    postfix = _said(["/usr/sbin/postconf", "-d", "-h", "mail_version"])
    lines = [
        f"""# Beside Debian's Dovecot and Postfix

Made by `make bench`{small}. Both sides in one run, step by step in turn, on loopback without TLS, the same
load generator in a process of its own on the same cores. The ratio says how many times better Congvu is than
Dovecot sdbox (with Postfix before it for SMTP): above 1 we win. CPU is the server's alone, by /proc; memory is
PSS, all processes. Import of {counts.accounts:,} accounts with hashes given: {number(mine.get("import_seconds"))} s.

- machine: {machine()}
- Python {platform.python_version()}; Dovecot {_said(["/usr/sbin/dovecot", "--version"])}; Postfix {postfix}
- commit {_commit()}, {time.strftime("%Y-%m-%d %H:%M", time.gmtime())} UTC; load average at the end
  {os.getloadavg()[2]:.1f} (15 minutes; about 1.5 is the bench itself, more is other work on the same cores)
- Dovecot has passwords in clear, we have argon2id and our cache; each letter of 4 KB is different; Postfix's
  `in_flow_delay` and inotify are as Debian sets them, so the notices go to the first hundred of the idle sessions
  (Dovecot's others, past 128 inotify instances, would look every 30 s)
- memory in IDLE is what a thousand sessions add to a server that has worked before: freed heap is used again
- neither's STORE is on disk when it is answered (ADR 0009; Dovecot's default `mail_fsync = optimized`); our COPY
  and MOVE are
- what takes too long for every run has commands of its own: `python -m bench.bench_capacity` (5 million letters
  stored, a mailbox of a million) and `python -m bench.bench_disk` (real letters and forwarded attachments)
""",
    ]
    for heading, group in rows(counts):
        lines.append(f"\n## {heading}\n\n| work | unit | Congvu | Dovecot sdbox | mdbox | ratio |\n")
        lines.append("|---|---|---:|---:|---:|---:|\n")
        for row in group:
            own, theirs, other = (figures.get(row.figure) for figures in (mine, first, second))
            cells = " | ".join((number(own), number(theirs), number(other), ratio(row, own, theirs)))
            lines.append(f"| {row.label} | {row.unit} | {cells} |\n")
    reports = [report for report in (ours, *peers) if report]
    hits = [
        f"{report.side} {report.figures['search_from_hits']:.0f} / {report.figures['search_body_hits']:.0f}"
        for report in reports
        if "search_body_hits" in report.figures
    ]
    if hits:
        lines.append(f"\nLetters found by SEARCH FROM / BODY: {'; '.join(hits)}.\n")
    failed = [
        f"- {report.side}: {name}: {why}\n" for report in reports for name, why in report.failures.items()
    ]
    if failed:
        lines += ["\n## Not measured\n\n", *failed]
    return "".join(lines)
