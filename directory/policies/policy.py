"""The policy that holds for one account: every rule together, the strictest of a person's posts."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from config.settings import SendingSettings, Settings
from directory.model import PERSONAL_QUOTA, UNIT_QUOTA, AccountKind, Branch
from directory.policies.rules import (
    AddressRule,
    CrossBranchRule,
    ForwardingRule,
    InactivityRule,
    KeepingRule,
    PasswordPolicy,
    PolicyName,
    QuotaRule,
    Rule,
    SecondFactorRule,
    SendingRule,
)


@dataclass(frozen=True, slots=True)
class Policy:
    """Every rule that holds for one account on one day."""

    address: AddressRule = field(default_factory=AddressRule)
    quota: QuotaRule = field(default_factory=QuotaRule)
    password: PasswordPolicy = field(default_factory=PasswordPolicy)
    second_factor: SecondFactorRule = field(default_factory=SecondFactorRule)
    inactivity: InactivityRule = field(default_factory=InactivityRule)
    forwarding: ForwardingRule = field(default_factory=ForwardingRule)
    cross_branch: CrossBranchRule = field(default_factory=CrossBranchRule)
    sending: SendingRule = field(default_factory=SendingRule)
    keeping: KeepingRule = field(default_factory=KeepingRule)

    def rule(self, name: PolicyName) -> Rule:
        """One of its rules by name."""
        found: Rule = getattr(self, name.value)
        return found

    def with_rule(self, name: PolicyName, rule: Rule) -> Self:
        """The same but for one rule."""
        changed: dict[str, Any] = {name.value: rule}
        return replace(self, **changed)

    def with_stricter(self, other: Self) -> Self:
        """Strictest wins; address and quota are this one's, so begin with the primary post (design §6)."""
        return replace(
            self,
            password=self.password.with_stricter(other.password),
            second_factor=self.second_factor.with_stricter(other.second_factor),
            inactivity=self.inactivity.with_stricter(other.inactivity),
            forwarding=self.forwarding.with_stricter(other.forwarding),
            cross_branch=self.cross_branch.with_stricter(other.cross_branch),
            sending=self.sending.with_stricter(other.sending),
            keeping=self.keeping.with_stricter(other.keeping),
        )

    def may_write_to(self, own: Branch | None, other: Branch | None) -> bool:
        """Whether a box of the branch `own` may write to one of `other`; inside a branch, always."""
        return own is None or other is None or own == other or other in self.cross_branch.to


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where no policy says anything: the settings."""

    password: PasswordPolicy = field(default_factory=PasswordPolicy)
    inactivity: InactivityRule = field(default_factory=InactivityRule)
    sending: SendingRule = field(default_factory=SendingRule)
    personal_quota: int = PERSONAL_QUOTA.octets
    unit_quota: int = UNIT_QUOTA.octets

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The defaults of this installation."""
        given = settings.password
        return cls(
            password=PasswordPolicy(
                min_length=given.min_length,
                min_classes=given.min_classes,
                history=given.history,
                max_age_days=given.max_age_days,
                refuse_leaked=given.refuse_leaked,
            ),
            inactivity=InactivityRule(
                notice_days=settings.life.unused_notice_days, lock_days=settings.life.unused_lock_days
            ),
            sending=sending_rule(settings.sending),
            personal_quota=settings.quota.personal,
            unit_quota=settings.quota.unit,
        )

    def of(self, kind: AccountKind) -> Policy:
        """The policy of a box of this kind before any rule was set."""
        shared = kind is AccountKind.UNIT
        quota = QuotaRule(
            name=UNIT_QUOTA.name if shared else PERSONAL_QUOTA.name,
            octets=self.unit_quota if shared else self.personal_quota,
        )
        return Policy(quota=quota, password=self.password, inactivity=self.inactivity, sending=self.sending)


def sending_rule(settings: SendingSettings) -> SendingRule:
    """What the settings say of one account."""
    return SendingRule(
        letters_per_minute=settings.letters_per_minute,
        outside_per_day=settings.outside_per_day,
        burst_outside=settings.burst_outside,
    )


def strictest(policies: Iterable[Policy]) -> Policy | None:
    """One of many; None of none."""
    found: Policy | None = None
    for policy in policies:
        found = policy if found is None else found.with_stricter(policy)
    return found
