"""Cấp tài khoản: a roster becomes a plan, the plan is shown, sealed and applied whole or not at all.

bytes → `read_…` → rows → `plan_…` (reads) → `seal` (hashes) → `apply_…` (writes).
"""

from directory.passwords import PasswordRule
from directory.provision.accounts import plan_accounts
from directory.provision.apply_accounts import apply_accounts
from directory.provision.apply_units import apply_units
from directory.provision.csv_rows import (
    AccountRow,
    Sheet,
    UnitRow,
    account_row,
    read_accounts,
    read_units,
    unit_row,
)
from directory.provision.faults import Fault, Remark
from directory.provision.known import ProvisionSettings
from directory.provision.plan import (
    AccountChange,
    AccountLock,
    AccountPlan,
    LocksUnconfirmedError,
    NewAccount,
    NewUnit,
    Plan,
    PlanDriftedError,
    PlanRefusedError,
    UnitChange,
    UnitPlan,
    plan_to_json,
)
from directory.provision.recording import ACCOUNT_TABLES, UNIT_TABLES, recording, recording_accounts
from directory.provision.seal import seal
from directory.provision.staging import PART, STAGED_FROM, Staged, drop, joined, left_behind, stage
from directory.provision.stored import (
    PlanState,
    StoredPlan,
    body_of,
    list_plans,
    mark_applied,
    show_plan,
    source_of,
    store_plan,
)
from directory.provision.undo import (
    Conflict,
    KeptBox,
    LettersIn,
    Undo,
    UndoFault,
    UndoRefusedError,
    carry_out_undo,
    confirm_undo,
    prepare_undo,
)
from directory.provision.units import plan_units

__all__ = [
    "ACCOUNT_TABLES",
    "PART",
    "STAGED_FROM",
    "UNIT_TABLES",
    "AccountChange",
    "AccountLock",
    "AccountPlan",
    "AccountRow",
    "Conflict",
    "Fault",
    "KeptBox",
    "LettersIn",
    "LocksUnconfirmedError",
    "NewAccount",
    "NewUnit",
    "PasswordRule",
    "Plan",
    "PlanDriftedError",
    "PlanRefusedError",
    "PlanState",
    "ProvisionSettings",
    "Remark",
    "Sheet",
    "Staged",
    "StoredPlan",
    "Undo",
    "UndoFault",
    "UndoRefusedError",
    "UnitChange",
    "UnitPlan",
    "UnitRow",
    "account_row",
    "apply_accounts",
    "apply_units",
    "body_of",
    "carry_out_undo",
    "confirm_undo",
    "drop",
    "joined",
    "left_behind",
    "list_plans",
    "mark_applied",
    "plan_accounts",
    "plan_to_json",
    "plan_units",
    "prepare_undo",
    "read_accounts",
    "read_units",
    "recording",
    "recording_accounts",
    "seal",
    "show_plan",
    "source_of",
    "stage",
    "store_plan",
    "unit_row",
]
