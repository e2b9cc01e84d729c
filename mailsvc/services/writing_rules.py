"""Who may write to whom: groups choose their senders, wide lists are confirmed, and policy rules between branches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from directory.model import Branch, vietnam_day
from directory.policies import PolicyName, effective_policy
from directory.repository import groups
from directory.repository.groups import Part, Senders
from directory.repository.rows import chunks
from directory.repository.units import IN_FORCE
from directory.tables import accounts, policies, unit_versions
from mailsvc.model.errors import CrossBranchForbidden, ListForbidden, WideListNeedsConfirmation
from mailsvc.storage import frozen_lists, messages
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from directory.model import AccountId
    from mailsvc.model.ids import MessageId
    from mailsvc.services.permissions import Principal
    from mailsvc.services.receive import Recipient
    from mailsvc.storage.frozen_lists import FrozenList
    from mailsvc.storage.unit_of_work import Reader

WIDE_LIST: Final = 50
_RULED: Final = Statement(
    select(policies.c.id).where(policies.c.name == PolicyName.CROSS_BRANCH.value).limit(1)
)
"""Most provinces rule nothing between branches; every letter that is sent asks this first."""


@dataclass(frozen=True, slots=True)
class Writing:
    """Under which rule a letter is sent."""

    wide_list: int = WIDE_LIST
    """Members above which a list asks for the right and a confirmation (`groups.wide_list`)."""
    confirmed: bool = False
    """The sender was told how many it reaches, and said yes."""


USUAL: Final = Writing()


def check(
    db: Reader,
    principal: Principal,
    sender: AccountId,
    recipients: Iterable[Recipient],
    writing: Writing = USUAL,
) -> None:
    """ListForbidden, CrossBranchForbidden or WideListNeedsConfirmation; else this box may write to all of them."""
    everybody = list(recipients)
    for recipient in everybody:
        if recipient.group is not None:
            check_list(db, principal, sender, recipient, writing)
    _check_branches(db, sender, everybody)


def check_stranger(recipient: Recipient) -> None:
    """ListForbidden: groups are for those inside."""
    if recipient.group is not None:
        raise ListForbidden(str(recipient.address))


def check_list(
    db: Reader, principal: Principal, sender: AccountId, recipient: Recipient, writing: Writing = USUAL
) -> None:
    """Whether this box may write to this group now; a wide list also wants a named right and a confirmation."""
    assert recipient.group is not None
    facts = groups.facts(db.conn, recipient.group)
    if facts is None:
        raise ListForbidden(str(recipient.address))
    own = {sender, principal.account_id}
    parts = groups.people_of(db.conn, recipient.group)
    named = {part for account in own for part in parts.get(account, set())}
    count = len(recipient.accounts)
    allowed = {
        Senders.INSIDE: True,
        Senders.MEMBERS: not own.isdisjoint(recipient.accounts),
        Senders.NAMED: False,
        Senders.OWNERS: False,
    }[facts.senders]
    if Part.OWNER in named or (Part.SENDER in named and facts.senders is not Senders.OWNERS):
        allowed = True
    if not allowed or (count > writing.wide_list and not named):
        raise ListForbidden(str(recipient.address))
    if count > writing.wide_list and not writing.confirmed:
        raise WideListNeedsConfirmation(str(recipient.address), count)


def members_at_sending(db: Reader, message: MessageId) -> list[FrozenList]:
    """To whom a letter went by way of groups, as they were then."""
    row = db.one(messages.FACTS, {"message": message})
    return [] if row is None else frozen_lists.of_letter(db, bytes(row[2]))


def _check_branches(db: Reader, sender: AccountId, recipients: list[Recipient]) -> None:
    if db.one(_RULED, {}) is None:
        return
    day = vietnam_day(db.clock())
    policy = effective_policy(db.conn, sender, day)
    if set(policy.cross_branch.to) == set(Branch):
        return
    own = _branches(db, [sender]).get(sender)
    branches = _branches(db, [account for recipient in recipients for account in recipient.accounts])
    for recipient in recipients:
        for account in recipient.accounts:
            if not policy.may_write_to(own, branches.get(account)):
                raise CrossBranchForbidden(str(recipient.address))


def _branches(db: Reader, account_ids: list[AccountId]) -> dict[AccountId, Branch]:
    """The branch of each box's unit today; boxes of no unit are left out."""
    found: dict[AccountId, Branch] = {}
    on = vietnam_day(db.clock()).isoformat()
    for some in chunks(account_ids):
        query = (
            select(accounts.c.id, unit_versions.c.branch)
            .join(unit_versions, (unit_versions.c.unit_id == accounts.c.unit_id) & IN_FORCE)
            .where(accounts.c.id.in_(list(some)))
        )
        found |= {row[0]: Branch(row[1]) for row in db.conn.execute(query, {"on": on})}
    return found
