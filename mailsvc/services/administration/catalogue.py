"""Every administrative act there is. A door that offers an act takes it from here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mailsvc.services.administration import (
    accounts,
    administrators,
    calendar,
    credentials,
    groups,
    lives,
    log,
    people,
    plans,
    policies,
    pulls,
    readings,
    reorganising,
    roster_import,
    setup,
    slips,
    statistics,
    unit_plans,
    units,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailsvc.services.administration.act import Act

ACTS: Final[tuple[Act[Any, Any], ...]] = (
    *accounts.ACTS,
    *roster_import.ACTS,
    *credentials.ACTS,
    *people.ACTS,
    *lives.ACTS,
    *groups.ACTS,
    *units.ACTS,
    *unit_plans.ACTS,
    *reorganising.ACTS,
    *administrators.ACTS,
    *plans.ACTS,
    *setup.ACTS,
    *log.ACTS,
    *readings.ACTS,
    *pulls.ACTS,
    *policies.ACTS,
    *statistics.ACTS,
    *calendar.ACTS,
    *slips.ACTS,
)
BY_NAME: Final[Mapping[str, Act[Any, Any]]] = {act.name: act for act in ACTS}
