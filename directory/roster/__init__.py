"""Danh sách cán bộ as offices export it: CSV or XLSX in, an exact plan of boxes out.

octets → `read_roster` (grid, header, people) → `plan_roster` (units and people of the directory) → directory.provision.
"""

from directory.roster.plan import RosterPlan, plan_roster
from directory.roster.read import Roster, is_machine_format, read_roster

__all__ = ["Roster", "RosterPlan", "is_machine_format", "plan_roster", "read_roster"]
