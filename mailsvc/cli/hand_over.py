"""The road of a hand-over: the report first, then with --yes the box passes to the newcomer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.services import hand_over, hand_over_sheet
from mailsvc.services.hand_over import HandOverRefused

if TYPE_CHECKING:
    from pathlib import Path

    from mailsvc.cli.context import CliContext
    from mailsvc.services.hand_over import Report
    from mailsvc.storage.open_letters import OpenLetter

SAYS = {
    "unknown_box": (
        "Không có hộp thư {}. Xem: congvu account list",
        "There is no box {}. See: congvu account list",
    ),
    "personal_box": (
        "{} là hộp thư cá nhân, đi theo người dùng; chỉ bàn giao hộp thư đơn vị và chức danh.",
        "{} is a person's own box and follows the person; unit and post boxes are handed over.",
    ),
    "not_a_person": (
        "{} không phải tài khoản cá nhân. Xem: congvu account list --kind personal",
        "{} is not a person's account. See: congvu account list --kind personal",
    ),
    "same_person": ("{} vừa giao vừa nhận. Chọn hai người khác nhau.", "{} cannot give to themselves."),
    "not_the_holder": (
        "{} không giữ hộp thư này. Hộp thư chức danh: điều chuyển trước (congvu person transfer).",
        "{} does not hold this box. For a post box transfer first (congvu person transfer).",
    ),
}


def run(ctx: CliContext, box: str, taker: str, giver: str, xlsx: Path | None, *, yes: bool) -> None:
    """Report, write it as a workbook where asked, and with `yes` hand over."""
    if yes and not taker:
        raise click.UsageError("--yes cần --to / --yes needs --to")
    try:
        with ctx.store.read() as db:
            made = hand_over.report(db, SERVER, box, giver)
        if yes:
            with ctx.store.write() as uow:
                made = hand_over.hand_over(uow, SERVER, box, taker, giver=giver, actor=plan_view.actor())
    except HandOverRefused as refused:
        vietnamese, english = SAYS[refused.reason]
        ctx.refuse(vietnamese.format(refused.what), english.format(refused.what), reason=refused.reason)
    if xlsx is not None:
        _write(ctx, xlsx, made)
    _show(ctx, made, done=yes)


def _write(ctx: CliContext, path: Path, made: Report) -> None:
    try:
        with path.open("xb") as file:
            file.write(hand_over_sheet.workbook(made))
    except OSError as error:
        ctx.refuse(f"Không tạo được {path}: {error.strerror}", f"Cannot make {path}: {error.strerror}")


def _show(ctx: CliContext, made: Report, *, done: bool) -> None:
    if ctx.json:
        ctx.give(
            {
                "box": str(made.box.address),
                "done": done,
                "counts": made.counts,
                "letters": [{"mailbox": item.mailbox, **_letter(item.letter)} for item in made.letters],
                "drafts": [_letter(item) for item in made.drafts],
                "queued": [
                    {"to": address, "subject": subject, "since": since}
                    for address, subject, since in made.queued
                ],
            }
        )
        return
    counts = made.counts
    table = Table(
        ctx.text("Ngày", "Date"),
        ctx.text("Người gửi", "From"),
        ctx.text("Trích yếu", "Subject"),
        title=ctx.text(
            "{unread} chưa đọc · {unanswered} chưa trả lời · {flagged} đánh dấu · {drafts} nháp · {queued} chờ gửi",
            "{unread} unread · {unanswered} unanswered · {flagged} flagged · {drafts} drafts · {queued} queued",
        ).format_map(counts),
        title_justify="left",
    )
    for item in made.letters[: plan_view.SHOWN]:
        letter = item.letter
        when = datetime.fromtimestamp(letter.internal_date, UTC).astimezone().strftime("%d/%m/%Y")
        table.add_row(when, letter.from_name or letter.from_address, letter.subject)
    if len(made.letters) > plan_view.SHOWN:
        table.add_row("…", "", ctx.text("xem đủ bằng --json hoặc --xlsx", "see all with --json or --xlsx"))
    Console().print(table)
    ctx.say(
        f"{counts['done']} thư khác được nhận như đã đọc.",
        f"{counts['done']} other letters are inherited as read.",
    )
    if done:
        ctx.say(f"Đã bàn giao {made.box.address}.", f"{made.box.address} is handed over.")


def _letter(letter: OpenLetter) -> dict[str, Any]:
    return {
        "uid": letter.uid,
        "at": letter.internal_date,
        "from": letter.from_address,
        "to": letter.to_line,
        "subject": letter.subject,
        "unread": letter.unread,
        "flagged": letter.flagged,
        "answered": letter.answered,
    }
