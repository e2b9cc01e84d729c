"""From a command to its handler, and from what services refuse to what IMAP says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from mailsvc.imap.handlers.acl import change_acl, get_acl, list_rights, my_rights
from mailsvc.imap.handlers.append import append, replace
from mailsvc.imap.handlers.capability import (
    capability,
    check,
    compress,
    enable,
    identify,
    logout,
    namespace,
    noop,
    unauthenticate,
)
from mailsvc.imap.handlers.context import RefusedError
from mailsvc.imap.handlers.copy import copy, move
from mailsvc.imap.handlers.expunge import expunge
from mailsvc.imap.handlers.fetch import fetch
from mailsvc.imap.handlers.idle import idle, idle_done
from mailsvc.imap.handlers.list import list_mailboxes, list_subscribed
from mailsvc.imap.handlers.login import authenticate, login, sasl_response, start_tls
from mailsvc.imap.handlers.mailbox import create, delete, rename, subscribe, unsubscribe
from mailsvc.imap.handlers.metadata import get_metadata, set_metadata
from mailsvc.imap.handlers.news import news
from mailsvc.imap.handlers.notify import notify
from mailsvc.imap.handlers.quota import get_quota, get_quota_root, set_quota
from mailsvc.imap.handlers.search import cancel_update, multi_search, search
from mailsvc.imap.handlers.select import close, select, unselect
from mailsvc.imap.handlers.sort import sort, thread
from mailsvc.imap.handlers.status import status
from mailsvc.imap.handlers.store import store
from mailsvc.imap.wire import replies
from mailsvc.imap.wire.acl import ChangeAcl, GetAcl, ListRights, MyRights
from mailsvc.imap.wire.append import Append, Replace
from mailsvc.imap.wire.authenticate import Authenticate, SaslResponse
from mailsvc.imap.wire.copy import Copy, Move
from mailsvc.imap.wire.enable import Enable
from mailsvc.imap.wire.expunge import Expunge
from mailsvc.imap.wire.fetch import Fetch
from mailsvc.imap.wire.id import Id
from mailsvc.imap.wire.idle import Idle, IdleDone
from mailsvc.imap.wire.list import ListMailboxes, ListSubscribed
from mailsvc.imap.wire.login import Login
from mailsvc.imap.wire.mailbox import Create, Delete, Rename, Subscribe, Unsubscribe
from mailsvc.imap.wire.metadata import GetMetadata, SetMetadata
from mailsvc.imap.wire.multisearch import CancelUpdate, MultiSearch
from mailsvc.imap.wire.notify import Notify
from mailsvc.imap.wire.quota import GetQuota, GetQuotaRoot, SetQuota
from mailsvc.imap.wire.search import Search
from mailsvc.imap.wire.select import Select
from mailsvc.imap.wire.simple import (
    Capability,
    Check,
    Close,
    Compress,
    Logout,
    Namespace,
    Noop,
    StartTls,
    Unauthenticate,
    Unselect,
)
from mailsvc.imap.wire.sort import Sort, Thread
from mailsvc.imap.wire.status import Status
from mailsvc.imap.wire.store import Store
from mailsvc.model.errors import (
    AccountLocked,
    BadName,
    Conflict,
    LetterMissing,
    MailboxExists,
    MailboxHasChildren,
    MailboxMissing,
    MailboxProtected,
    NoSuchRecipient,
    NotPermitted,
    OverQuota,
    ServiceError,
    SignInUnavailable,
    StoreUnavailable,
    TooLarge,
    TooMany,
    TooManyGuesses,
    WrongCredentials,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mailsvc.imap.handlers.context import Context, Done
    from mailsvc.imap.wire.command import Command

log = structlog.get_logger("congvu.imap")

HANDLERS: dict[type[Command], Callable[[Any, Context], Awaitable[Done | None]]] = {
    Append: append,
    Authenticate: authenticate,
    CancelUpdate: cancel_update,
    Capability: capability,
    ChangeAcl: change_acl,
    Check: check,
    Close: close,
    Compress: compress,
    Copy: copy,
    Create: create,
    Delete: delete,
    Enable: enable,
    Expunge: expunge,
    Fetch: fetch,
    GetAcl: get_acl,
    GetMetadata: get_metadata,
    GetQuota: get_quota,
    GetQuotaRoot: get_quota_root,
    Id: identify,
    Idle: idle,
    IdleDone: idle_done,
    ListMailboxes: list_mailboxes,
    ListRights: list_rights,
    ListSubscribed: list_subscribed,
    Login: login,
    Logout: logout,
    Move: move,
    MultiSearch: multi_search,
    MyRights: my_rights,
    Namespace: namespace,
    Noop: noop,
    Notify: notify,
    Rename: rename,
    Replace: replace,
    SaslResponse: sasl_response,
    Search: search,
    Select: select,
    Sort: sort,
    Thread: thread,
    SetMetadata: set_metadata,
    SetQuota: set_quota,
    StartTls: start_tls,
    Status: status,
    Store: store,
    Subscribe: subscribe,
    Unauthenticate: unauthenticate,
    Unselect: unselect,
    Unsubscribe: unsubscribe,
}

IMAP_SAYS: dict[type[ServiceError], tuple[str, str]] = {
    AccountLocked: ("AUTHORIZATIONFAILED", "This account may not be used"),
    BadName: ("CANNOT", "No mailbox can have this name"),
    Conflict: ("INUSE", "Somebody else has changed it meanwhile"),
    LetterMissing: ("EXPUNGEISSUED", "The letter is gone"),
    MailboxHasChildren: ("HASCHILDREN", "There are mailboxes below it"),  # RFC 9051 §7.1
    MailboxExists: ("ALREADYEXISTS", "There is a mailbox of this name"),
    MailboxMissing: ("NONEXISTENT", "No such mailbox"),
    MailboxProtected: ("CANNOT", "This mailbox must stay"),
    NoSuchRecipient: ("NONEXISTENT", "No such recipient"),
    NotPermitted: ("NOPERM", "You may not do that here"),
    OverQuota: ("OVERQUOTA", "The box is full; delete something first"),
    SignInUnavailable: ("UNAVAILABLE", "Nobody can sign in now; try again later"),
    StoreUnavailable: ("UNAVAILABLE", "Nothing can be changed now; try again later"),
    TooLarge: ("TOOBIG", "The letter is too large"),
    TooMany: ("LIMIT", "Too many of these"),
    TooManyGuesses: ("LIMIT", "Too many wrong passwords; try again later"),
    WrongCredentials: ("AUTHENTICATIONFAILED", "Wrong name or password"),
}
"""Response codes of RFC 5530 §3, RFC 9051 §7.1 and RFC 9208 §4.3, by what a service refuses."""


class MailboxGoneError(Exception):
    """The open mailbox was deleted, or may not be seen any more: the session ends (RFC 2180 §3.3)."""

    def __init__(self, text: str = "The mailbox is gone") -> None:
        super().__init__(text)


async def carry_out(command: Command, ctx: Context) -> bytes:
    """All replies that are still to be sent, the tagged one last; empty if the command goes on (IDLE)."""
    tag = command.tag
    try:
        done = await HANDLERS[type(command)](command, ctx)
    except RefusedError as refused:
        ctx.session.completed(command, succeeded=False)
        tagged = replies.tagged(tag, refused.condition, refused.text, refused.code)
        return _news(ctx, expunges=_may_tell_expunges(command)) + tagged
    except ServiceError as refused:
        ctx.session.completed(command, succeeded=False)
        code, text = IMAP_SAYS.get(type(refused)) or _inherited(refused)
        return _news(ctx, expunges=_may_tell_expunges(command)) + replies.tagged(tag, "NO", text, code)
    except Exception:
        ctx.session.completed(command, succeeded=False)
        log.exception("imap_bug", conn=ctx.connection_id, command=type(command).__name__)
        return replies.tagged(tag, "NO", "Something went wrong here; it was noted", "SERVERBUG")
    if done is None:
        return b""
    ctx.session.completed(command, succeeded=True)
    news = _news(ctx, expunges=done.expunges)
    return b"".join((done.untagged, news, replies.tagged(tag, "OK", done.text, done.code)))


def _news(ctx: Context, *, expunges: bool) -> bytes:
    try:
        return news(ctx, expunges=expunges)
    except MailboxMissing:
        raise MailboxGoneError from None


def _may_tell_expunges(command: Command) -> bool:
    """RFC 3501 §7.4.1: not while FETCH, STORE or SEARCH by message number is in progress."""
    if isinstance(command, Sort | Thread) or (isinstance(command, Search) and command.names_numbers):
        return False
    return not isinstance(command, Fetch | Store | Search) or command.uid


def _inherited(refused: ServiceError) -> tuple[str, str]:
    for kind in type(refused).__mro__:
        if kind in IMAP_SAYS:
            return IMAP_SAYS[kind]
    return ("CANNOT", "That cannot be done")
