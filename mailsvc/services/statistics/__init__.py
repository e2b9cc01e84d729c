"""Thống kê sử dụng: how far official mail is used, by unit, tier, branch and month."""

from mailsvc.services.statistics.figures import Figures, Measure, Ratio
from mailsvc.services.statistics.keep import Books, due, forget_some, keep
from mailsvc.services.statistics.month import Month, month_of, parse_month
from mailsvc.services.statistics.report import (
    Asked,
    By,
    Line,
    MonthAhead,
    Rank,
    Report,
    adoption,
    ranking,
)

__all__ = [
    "Asked",
    "Books",
    "By",
    "Figures",
    "Line",
    "Measure",
    "Month",
    "MonthAhead",
    "Rank",
    "Ratio",
    "Report",
    "adoption",
    "due",
    "forget_some",
    "keep",
    "month_of",
    "parse_month",
    "ranking",
]
