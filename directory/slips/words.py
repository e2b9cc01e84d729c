"""What stands on a slip, the same on paper and in a workbook."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from directory.slips.keep import Slip

TITLE: Final = "PHIẾU BÀN GIAO MẬT KHẨU BAN ĐẦU"
HEADS: Final = ("STT", "Họ và tên", "Địa chỉ thư công vụ", "Mật khẩu ban đầu", "Ký nhận")
_RULES: Final = (
    "Đăng nhập và đổi mật khẩu ngay khi nhận phiếu. Sau {hours} giờ làm việc kể từ lúc bàn giao mà chưa đổi, tài khoản bị khóa.",
    "Không cho người khác biết mật khẩu, kể cả cán bộ kỹ thuật; không ai được hỏi mật khẩu của bạn.",
    "Đổi xong, hủy phiếu này.",
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is the same on every slip."""

    url: str
    hours: int

    @property
    def rules(self) -> list[str]:
        """What whoever gets it has to know."""
        where = [f"Trang thư: {self.url}"] if self.url else []
        return where + [rule.format(hours=self.hours) for rule in _RULES]


def by_unit(slips: Iterable[Slip]) -> list[tuple[str, list[Slip]]]:
    """The slips of each unit, under its name, in the order in which they came."""
    ordered = sorted(slips, key=lambda slip: (slip.unit_name, slip.unit))
    return [
        (f"{name} ({code})" if code else name, list(some))
        for (name, code), some in groupby(ordered, key=lambda slip: (slip.unit_name, slip.unit))
    ]
