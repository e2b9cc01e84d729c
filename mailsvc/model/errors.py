"""What services refuse, as facts. Each protocol has one table that says them in its own words."""

from __future__ import annotations


class ServiceError(Exception):
    """A request that a service refuses; nothing was changed."""


class MailboxMissing(ServiceError):
    """No such mailbox, or the reader may not know of it."""


class MailboxExists(ServiceError):
    """A mailbox of that name is there already."""


class MailboxProtected(ServiceError):
    """INBOX and mailboxes with children are not deleted, special mailboxes are not renamed away."""


class MailboxHasChildren(MailboxProtected):
    """A mailbox that is not deleted because there are others below it."""


class BadName(ServiceError):
    """A mailbox name or keyword that cannot be kept: too long, too deep, or with control characters."""


class NoSuchRecipient(ServiceError):
    """No address of ours has this name."""


class NotPermitted(ServiceError):
    """The person has no right to do this here."""


class ListForbidden(NotPermitted):
    """The group takes no letters from this sender; `args[0]` is its address."""


class CrossBranchForbidden(NotPermitted):
    """Policy does not let this sender write to that branch; `args[0]` is the recipient."""


class ForwardingForbidden(NotPermitted):
    """Policy lets no rule of this box send letters on to the outside; `args[0]` is where."""


class WideListNeedsConfirmation(ServiceError):
    """A letter to very many: the sender has to confirm it; `args[0]` is the address, `count` how many it reaches."""

    def __init__(self, address: str, count: int) -> None:
        super().__init__(address)
        self.count = count


class BadLetter(ServiceError):
    """The letter breaks a rule that it must keep; `args[0]` names the field."""


class SendingTooFast(ServiceError):
    """More letters or recipients than the account or its unit may send in this time; later it may again."""


class SendingStopped(NotPermitted):
    """The account wrote to too many outside at once and waits for an administrator."""


class OverQuota(ServiceError):
    """The box is full; deleting still works."""


class TooLarge(ServiceError):
    """More octets than one letter may have."""


class TooMany(ServiceError):
    """More of something (keywords, mailboxes, recipients) than a limit in the settings allows."""


class LetterMissing(ServiceError):
    """The letter is gone, or the reader may not see it."""


class WrongCredentials(ServiceError):
    """Unknown name or wrong password; which of them is never said."""


class AccountLocked(ServiceError):
    """The password is right, but the account may not be used; `args[0]` says why."""


class TooManyGuesses(ServiceError):
    """Too many wrong passwords from there; `args[0]` is after how many seconds another is heard."""


class SignInUnavailable(ServiceError):
    """The province's directory server, which knows the password, does not answer."""


class Conflict(ServiceError):
    """Somebody else changed it meanwhile: a draft of a newer revision, a plan that drifted."""


class BadTime(ServiceError):
    """A time that has passed, or that is too far ahead."""


class AlreadyScheduled(Conflict):
    """The draft waits to be sent at its time; who wants to change it takes it back first."""


class StoreUnavailable(ServiceError):
    """The store cannot take a change now (disk full, failed sync). Nothing was acknowledged."""


class StoreBusy(StoreUnavailable):
    """Somebody else holds the store for longer than a change may wait."""


class TransactionLost(StoreUnavailable):
    """The database undid the whole transaction; no unit of it may be acknowledged."""


class StateSecret(ServiceError):
    """The letter bears a mark of a state secret; `args` are its degree (độ mật) and where it stands."""


class Infected(ServiceError):
    """The virus scanner found something in the letter; `args[0]` is its name."""


class ForbiddenFile(ServiceError):
    """An attachment runs, or has macros, and the rules forbid it; `args[0]` is its name."""


class ScannerUnavailable(ServiceError):
    """The virus scanner cannot look at the letter now, and no letter goes without it."""
