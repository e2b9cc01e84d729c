"""Danh sách cán bộ as offices export it: CSV or XLSX in, an exact plan of boxes out.

octets → `read_roster` (grid, header, people) → `plan_roster` (units and people of the directory) → directory.provision.
"""

from directory.roster.file import FilePlan, RosterOptions, RosterSource, plan_file
from directory.roster.grid import RosterFileError
from directory.roster.machine import table_octets
from directory.roster.plan import RosterPlan, plan_roster
from directory.roster.read import Roster, is_machine_format, read_roster
from directory.roster.refused_list import refused_list

__all__ = [
    "FilePlan",
    "Roster",
    "RosterFileError",
    "RosterOptions",
    "RosterPlan",
    "RosterSource",
    "is_machine_format",
    "plan_file",
    "plan_roster",
    "read_roster",
    "refused_list",
    "table_octets",
]
