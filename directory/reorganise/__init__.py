"""Sắp xếp đơn vị: merge, split, dissolve, rename, move; planned on a picture, written in one short transaction."""

from directory.reorganise.acts import (
    Act,
    Ending,
    Moving,
    PlaceEnding,
    Readdressing,
    Renaming,
    Verb,
    acts_of,
    read_acts,
    read_staff,
)
from directory.reorganise.apply import apply_reorganisation
from directory.reorganise.check import structure_faults
from directory.reorganise.plan import Reorganisation, plan_reorganisation, reorganisation_to_json
from directory.reorganise.source import acts_from_source, acts_to_source

__all__ = [
    "Act",
    "Ending",
    "Moving",
    "PlaceEnding",
    "Readdressing",
    "Renaming",
    "Reorganisation",
    "Verb",
    "acts_from_source",
    "acts_of",
    "acts_to_source",
    "apply_reorganisation",
    "plan_reorganisation",
    "read_acts",
    "read_staff",
    "reorganisation_to_json",
    "structure_faults",
]
