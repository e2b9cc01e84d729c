"""Acts on the audit log: page through it, verify it, and take its anchor away to be kept elsewhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import StringConstraints

from directory import administer
from directory import audit as log
from directory.scope import Deed
from mailsvc.services.administration.act import Act, Limit, Number, Touches

if TYPE_CHECKING:
    from mailsvc.services.administration.desk import Desk


@dataclass(frozen=True, slots=True)
class LogLine:
    """One act: who did what to whom, when."""

    sequence: int
    at: int
    actor: str
    act: str
    subject: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines, the newest first; `next_before` asks for older ones."""

    lines: list[LogLine]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class ReadLog:
    """Which lines: older than a number, about one address or code."""

    about: Annotated[str, StringConstraints(max_length=320)] = ""
    before: Number | None = None
    limit: Limit = 50


@dataclass(frozen=True, slots=True)
class Verify:
    """What an earlier check said, kept elsewhere: a log cut off or rewritten since then shows by it."""

    lines: Number = 0
    head: Annotated[str, StringConstraints(pattern=r"^([0-9a-fA-F]{64})?$")] = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """How many lines hold together, the hash of the last one, and the first line that does not."""

    lines: int
    head: str
    clean: bool
    fault_at: int | None
    fault: str


def _list(desk: Desk, asked: ReadLog) -> LogPage:
    with desk.read() as db:
        found = administer.visible_log(
            db.conn, desk.scope(db), asked.limit + 1, before=asked.before, about=asked.about or None
        )
    page = found[: asked.limit]
    lines = [
        LogLine(line.sequence, line.at, line.actor, line.act, line.subject, json.loads(line.detail))
        for line in page
    ]
    return LogPage(lines, page[-1].sequence if len(found) > len(page) else None)


def _verify(desk: Desk, asked: Verify) -> Verified:
    expected = bytes.fromhex(asked.head) if asked.head else None
    with desk.read() as db:
        report = log.verify(db.conn, expected_lines=asked.lines, expected_head=expected)
    return Verified(report.lines, report.head.hex(), report.clean, report.fault_at, report.fault)


LIST = Act(
    "audit.list", Deed.READ_LOG, Touches.LOG, "GET", "/audit",
    "Nhật ký, mới nhất trước", "The audit log, the newest first", ReadLog, LogPage, _list,
)  # fmt: skip
VERIFY = Act(
    "audit.verify", Deed.READ_LOG, Touches.LOG, "GET", "/audit/verification",
    "Kiểm tra chuỗi nhật ký", "Verify the chain of the log", Verify, Verified, _verify,
)  # fmt: skip
ACTS = (LIST, VERIFY)
