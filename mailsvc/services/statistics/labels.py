"""What the measures are called, and what is planned of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.services.statistics.figures import Measure
from mailsvc.services.statistics.report import By

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.settings import StatisticsSettings

LABELS: Mapping[Measure, tuple[str, str]] = {
    Measure.PROVISIONED: ("Đã cấp / biên chế", "Provisioned / headcount"),
    Measure.ACTIVATED: ("Đã kích hoạt / đã cấp", "Activated / provisioned"),
    Measure.REGULAR: ("Dùng thường xuyên / phải dùng", "Regular use / expected"),
    Measure.OPENED: ("Thư đơn vị đã mở / đã đến", "Unit letters opened / received"),
    Measure.PROMPT: ("Thư đơn vị mở kịp thời / đã đến", "Unit letters opened in time / received"),
    Measure.ANSWERED: ("Thư đơn vị đã trả lời / đã đến", "Unit letters answered / received"),
    Measure.INSIDE: ("Thư nội bộ / đã gửi", "Letters inside / sent"),
    Measure.DORMANT: ("Hộp thư không dùng / hộp thư", "Dormant boxes / boxes"),
    Measure.QUOTA: ("Dung lượng đã dùng / đã cấp", "Quota used / promised"),
}
BY: Mapping[By, tuple[str, str]] = {
    By.UNIT: ("Đơn vị", "Unit"),
    By.TIER: ("Cấp", "Tier"),
    By.BRANCH: ("Khối", "Branch"),
    By.MONTH: ("Tháng", "Month"),
}
KEYS: Mapping[str, tuple[str, str]] = {
    "province": ("Cấp tỉnh", "Province"),
    "district": ("Cấp huyện", "District"),
    "commune": ("Cấp xã", "Commune"),
    "party": ("Khối Đảng", "Party"),
    "assembly": ("Đoàn đại biểu Quốc hội", "National Assembly delegation"),
    "council": ("Hội đồng nhân dân", "People's Councils"),
    "state": ("Khối Nhà nước", "State agencies"),
    "mass": ("Mặt trận và đoàn thể", "Mass organisations"),
}
"""Names of tiers and branches."""


def label(measure: Measure, language: str = "vi") -> str:
    """What a measure is called: numerator and denominator, always."""
    return LABELS[measure][0 if language == "vi" else 1]


def key_name(key: str, name: str, language: str = "vi") -> str:
    """The name of a line: of a tier or branch its word, of a unit its own."""
    words = KEYS.get(key)
    return name if words is None else words[0 if language == "vi" else 1]


def plan_of(settings: StatisticsSettings, measure: Measure) -> int | None:
    """Planned per cent of a measure; None where nothing is planned."""
    plans = {
        Measure.PROVISIONED: settings.plan_provisioned,
        Measure.ACTIVATED: settings.plan_activated,
        Measure.REGULAR: settings.plan_regular,
        Measure.OPENED: settings.plan_opened,
        Measure.INSIDE: settings.plan_inside,
    }
    return plans.get(measure)
