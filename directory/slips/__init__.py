"""Phiếu bàn giao mật khẩu ban đầu: drawn, printed, handed over, and locked when nobody changes the password in time."""

from directory.slips.keep import (
    IssuedSlip,
    Outcome,
    Slip,
    draw,
    hand_over,
    issue,
    list_slips,
    settle_due,
)
from directory.slips.pdf import slips_pdf, unit_lists_pdf
from directory.slips.words import Occasion
from directory.slips.xlsx import slips_xlsx

__all__ = [
    "IssuedSlip",
    "Occasion",
    "Outcome",
    "Slip",
    "draw",
    "hand_over",
    "issue",
    "list_slips",
    "settle_due",
    "slips_pdf",
    "slips_xlsx",
    "unit_lists_pdf",
]
