"""What a policy may say: one typed value for each kind of rule, checked once, with limits on every field.

A stored rule holds only the fields it names; the others come from the next wider rule, and at last from the settings.
"""

from enum import StrEnum
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from directory.model import PERSONAL_QUOTA, Branch, PostRole
from directory.passwords import PasswordRule
from directory.policies.pattern import check_pattern

MAX_QUOTA: Final = 1 << 50
_ALL_BRANCHES: Final = tuple(Branch)


class PolicyName(StrEnum):
    """Chính sách: what it rules."""

    ADDRESS = "address"  # quy tắc đặt địa chỉ
    QUOTA = "quota"  # hạng dung lượng
    PASSWORD = "password"  # noqa: S105 - the name of a rule, not a password
    SECOND_FACTOR = "second_factor"  # xác thực hai bước
    INACTIVITY = "inactivity"  # tài khoản không sử dụng
    FORWARDING = "forwarding"  # chuyển tiếp ra ngoài
    CROSS_BRANCH = "cross_branch"  # gửi thư liên khối
    SENDING = "sending"  # mức gửi thư
    KEEPING = "keeping"  # thời gian giữ hộp thư sau khi nghỉ


class Numbering(StrEnum):
    """How the second of two equal local parts is told apart."""

    PLAIN = "plain"  # annv, annv2, annv3
    TWO_DIGITS = "two_digits"  # huongvan01, huongvan02 (Thừa Thiên Huế QĐ 65/2018)


class Homographs(StrEnum):
    """What happens to two names that differ by marks only (Hương Văn, Hương Vân)."""

    NUMBER = "number"  # both are told apart by a number
    REFUSE = "refuse"  # a person has to choose an address


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AddressRule(_Rule):
    """How addresses of new boxes are made."""

    pattern: str = Field(
        "{given}{initials}",
        max_length=80,
        description="of people: given family middle initials full unit parent",
    )
    unit_pattern: str = Field("{unit}", max_length=80, description="of unit boxes: unit parent")
    numbering: Numbering = Field(Numbering.PLAIN, description="plain (annv2) or two_digits (annv02)")
    homographs: Homographs = Field(Homographs.NUMBER, description="number or refuse")

    @field_validator("pattern")
    @classmethod
    def _of_people(cls, text: str) -> str:
        return check_pattern(text, of_people=True)

    @field_validator("unit_pattern")
    @classmethod
    def _of_units(cls, text: str) -> str:
        return check_pattern(text, of_people=False)


class QuotaRule(_Rule):
    """Hạng dung lượng: a name for the screen, and the octets of a new box."""

    name: str = Field(PERSONAL_QUOTA.name, min_length=1, max_length=40, description="name of the class")
    octets: int = Field(PERSONAL_QUOTA.octets, ge=0, le=MAX_QUOTA, description="octets of a box")


class PasswordPolicy(_Rule):
    """Quy định mật khẩu (Hà Nội: 8 characters, 4 classes, not the last 3, 3 months; Bộ Tư pháp: 3 of 4 classes)."""

    min_length: int = Field(8, ge=6, le=128, description="characters")
    min_classes: int = Field(3, ge=1, le=4, description="of lower, upper, digit, other")
    history: int = Field(3, ge=0, le=24, description="former passwords that may not come back")
    max_age_days: int = Field(0, ge=0, le=3650, description="days until it must be changed; 0 is never")
    refuse_leaked: bool = Field(True, description="refuse passwords of the leaked list")

    @property
    def rule(self) -> PasswordRule:
        """The part that a new password alone is checked against."""
        return PasswordRule(self.min_length, self.min_classes, self.history, self.refuse_leaked)

    def with_stricter(self, other: Self) -> Self:
        """The stricter of two, field by field."""
        ages = [days for days in (self.max_age_days, other.max_age_days) if days]
        return self.model_copy(
            update={
                "min_length": max(self.min_length, other.min_length),
                "min_classes": max(self.min_classes, other.min_classes),
                "history": max(self.history, other.history),
                "max_age_days": min(ages, default=0),
                "refuse_leaked": self.refuse_leaked or other.refuse_leaked,
            }
        )


class SecondFactorRule(_Rule):
    """Whether a second factor is asked for."""

    required: bool = Field(False, description="sign-in to webmail and administration needs a second factor")

    def with_stricter(self, other: Self) -> Self:
        """Required where either requires it."""
        return self if self.required else other


class InactivityRule(_Rule):
    """Tài khoản không sử dụng (Lâm Đồng: taken back after 3 months; BHXH: locked after 90 days)."""

    notice_days: int = Field(
        60, ge=1, le=3650, description="days unused until the page and the clerk are told"
    )
    lock_days: int = Field(90, ge=0, le=3650, description="days unused until it is locked; 0 is never")

    def with_stricter(self, other: Self) -> Self:
        """The earlier notice and the earlier lock."""
        locks = [days for days in (self.lock_days, other.lock_days) if days]
        return self.model_copy(
            update={
                "notice_days": min(self.notice_days, other.notice_days),
                "lock_days": min(locks, default=0),
            }
        )


class ForwardingRule(_Rule):
    """Whether a box may forward to the outside by itself; forbidden unless said."""

    allowed: bool = Field(False, description="automatic forwarding to addresses outside")

    def with_stricter(self, other: Self) -> Self:
        """Forbidden where either forbids it."""
        return self if not self.allowed else other


class SendingRule(_Rule):
    """Mức gửi thư: how much one account may send; 0 is no bound."""

    letters_per_minute: int = Field(60, ge=0, le=100_000, description="letters in a minute")
    outside_per_day: int = Field(1000, ge=0, le=10_000_000, description="recipients outside in a day")
    burst_outside: int = Field(
        300, ge=0, le=1_000_000, description="recipients outside within an hour that stop the account"
    )

    def with_stricter(self, other: Self) -> Self:
        """The smaller bound of two, field by field."""
        bounds = {
            name: [bound for bound in (getattr(self, name), getattr(other, name)) if bound]
            for name in type(self).model_fields
        }
        return self.model_copy(update={name: min(found, default=0) for name, found in bounds.items()})


class CrossBranchRule(_Rule):
    """To which other branches people of a branch may write."""

    to: tuple[Branch, ...] = Field(
        _ALL_BRANCHES, max_length=len(_ALL_BRANCHES), description="branches, with commas"
    )

    def with_stricter(self, other: Self) -> Self:
        """Only what both allow."""
        return self.model_copy(update={"to": tuple(branch for branch in self.to if branch in other.to)})


class KeepingRule(_Rule):
    """How many months a box stays readable after its owner left, by rank (Bộ TT&TT QĐ 652/2016: 6, heads 12)."""

    head: int = Field(12, ge=0, le=120, description="months, of heads")
    acting: int = Field(12, ge=0, le=120, description="months, of acting heads")
    deputy: int = Field(6, ge=0, le=120, description="months, of deputies")
    specialist: int = Field(6, ge=0, le=120, description="months, of specialists")
    records_clerk: int = Field(6, ge=0, le=120, description="months, of records clerks")

    def months(self, role: PostRole) -> int:
        """How long the box of somebody of this rank is kept."""
        kept: dict[PostRole, int] = {
            PostRole.HEAD: self.head,
            PostRole.ACTING: self.acting,
            PostRole.DEPUTY: self.deputy,
            PostRole.SPECIALIST: self.specialist,
            PostRole.RECORDS_CLERK: self.records_clerk,
        }
        return kept[role]

    def with_stricter(self, other: Self) -> Self:
        """The longer time: what one of several offices has to keep is kept."""
        fields = type(self).model_fields
        return self.model_copy(
            update={name: max(getattr(self, name), getattr(other, name)) for name in fields}
        )


Rule = (
    AddressRule
    | QuotaRule
    | PasswordPolicy
    | SecondFactorRule
    | InactivityRule
    | ForwardingRule
    | CrossBranchRule
    | SendingRule
    | KeepingRule
)
RULES: Final[dict[PolicyName, type[Rule]]] = {
    PolicyName.ADDRESS: AddressRule,
    PolicyName.QUOTA: QuotaRule,
    PolicyName.PASSWORD: PasswordPolicy,
    PolicyName.SECOND_FACTOR: SecondFactorRule,
    PolicyName.INACTIVITY: InactivityRule,
    PolicyName.FORWARDING: ForwardingRule,
    PolicyName.CROSS_BRANCH: CrossBranchRule,
    PolicyName.SENDING: SendingRule,
    PolicyName.KEEPING: KeepingRule,
}
