"""The words and the HTTP status for what services refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailsvc.model import errors

if TYPE_CHECKING:
    from webmail.i18n import Catalog

WEB_SAYS: Final[dict[type[errors.ServiceError], tuple[int, str]]] = {
    errors.MailboxMissing: (404, "mailbox_gone"),
    errors.MailboxExists: (409, "folder_exists"),
    errors.MailboxProtected: (409, "folder_protected"),
    errors.BadName: (422, "bad_folder_name"),
    errors.LetterMissing: (404, "letter_gone"),
    errors.NotPermitted: (403, "not_permitted"),
    errors.ListForbidden: (403, "list_forbidden"),
    errors.ForwardingForbidden: (403, "forwarding_forbidden"),
    errors.CrossBranchForbidden: (403, "cross_branch_forbidden"),
    errors.WideListNeedsConfirmation: (409, "wide_list"),
    errors.OverQuota: (409, "box_full"),
    errors.TooLarge: (413, "too_large"),
    errors.TooMany: (409, "too_many"),
    errors.NoSuchRecipient: (422, "unknown_recipients"),
    errors.WrongCredentials: (403, "wrong_sign_in"),
    errors.AccountLocked: (403, "account_locked"),
    errors.Conflict: (409, "conflict"),
    errors.AlreadyScheduled: (409, "already_scheduled"),
    errors.BadTime: (422, "bad_time"),
    errors.BadLetter: (422, "bad_letter"),
    errors.SendingTooFast: (429, "too_fast"),
    errors.SendingStopped: (403, "sending_stopped"),
    errors.TooManyGuesses: (429, "too_many"),
    errors.SignInUnavailable: (503, "store_unavailable"),
    errors.StateSecret: (422, "state_secret"),
    errors.Infected: (422, "infected"),
    errors.ForbiddenFile: (422, "forbidden_file"),
    errors.ScannerUnavailable: (503, "scanner_unavailable"),
    errors.StoreUnavailable: (503, "store_unavailable"),
}


def say(refusal: errors.ServiceError, catalog: Catalog) -> tuple[int, str]:
    """Status and words for a refusal; one that no table knows is a plain 409."""
    for kind in type(refusal).__mro__:
        if kind in WEB_SAYS:
            status, key = WEB_SAYS[kind]
            who = (
                ", ".join(str(argument) for argument in refusal.args) if "{who}" in catalog.words[key] else ""
            )
            return status, catalog(key, who=who) if who else catalog(key).replace("{who}", "")
    return 409, catalog("not_permitted")
