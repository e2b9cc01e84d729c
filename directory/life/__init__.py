"""Vòng đời: transfer, second post, leaving, retiring, being dismissed, coming back, being away; each a plan with a day."""

from directory.life.acts import (
    Absence,
    AbsenceKind,
    Departure,
    EndPost,
    LifeAct,
    Reason,
    Return,
    SecondPost,
    Transfer,
    name_of,
)
from directory.life.apply import apply_life
from directory.life.departing import add_months
from directory.life.keeping import Departed, archive_due, departure_of, is_absent
from directory.life.plan import LifePlan, life_to_json, plan_life
from directory.life.source import SourceError, from_source, to_source
from directory.life.unused import Unused, lock_unused, note_listed, unused_accounts, unused_state

__all__ = [
    "Absence",
    "AbsenceKind",
    "Departed",
    "Departure",
    "EndPost",
    "LifeAct",
    "LifePlan",
    "Reason",
    "Return",
    "SecondPost",
    "SourceError",
    "Transfer",
    "Unused",
    "add_months",
    "apply_life",
    "archive_due",
    "departure_of",
    "from_source",
    "is_absent",
    "life_to_json",
    "lock_unused",
    "name_of",
    "note_listed",
    "plan_life",
    "to_source",
    "unused_accounts",
    "unused_state",
]
