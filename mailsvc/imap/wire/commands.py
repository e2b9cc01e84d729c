"""Every command: its parser and the states it is allowed in (RFC 3501 §6)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mailsvc.imap.wire.acl import (
    parse_delete_acl,
    parse_get_acl,
    parse_list_rights,
    parse_my_rights,
    parse_set_acl,
)
from mailsvc.imap.wire.append import parse_append, parse_replace
from mailsvc.imap.wire.authenticate import Authenticate, SaslResponse, parse_authenticate
from mailsvc.imap.wire.command import Command, State
from mailsvc.imap.wire.copy import parse_copy, parse_move
from mailsvc.imap.wire.enable import parse_enable
from mailsvc.imap.wire.errors import MalformedError
from mailsvc.imap.wire.expunge import parse_expunge, parse_uid_expunge
from mailsvc.imap.wire.fetch import parse_fetch
from mailsvc.imap.wire.id import parse_id
from mailsvc.imap.wire.idle import parse_idle
from mailsvc.imap.wire.list import parse_list, parse_lsub
from mailsvc.imap.wire.login import Login, parse_login
from mailsvc.imap.wire.mailbox import (
    parse_create,
    parse_delete,
    parse_rename,
    parse_subscribe,
    parse_unsubscribe,
)
from mailsvc.imap.wire.metadata import parse_get_metadata, parse_set_metadata
from mailsvc.imap.wire.multisearch import parse_cancel_update, parse_multisearch
from mailsvc.imap.wire.notify import parse_notify
from mailsvc.imap.wire.quota import parse_getquota, parse_getquotaroot, parse_setquota
from mailsvc.imap.wire.search import parse_search
from mailsvc.imap.wire.select import Select, parse_select
from mailsvc.imap.wire.simple import (
    Capability,
    Check,
    Close,
    Logout,
    Namespace,
    Noop,
    StartTls,
    Unauthenticate,
    Unselect,
    parse_bare,
    parse_compress,
)
from mailsvc.imap.wire.sort import parse_sort, parse_thread
from mailsvc.imap.wire.status import parse_status
from mailsvc.imap.wire.store import parse_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.imap.wire.grammar import Cursor

    Parser = Callable[[bytes, Cursor], Command]

ANY = frozenset({State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED})
BEFORE_LOGIN = frozenset({State.NOT_AUTHENTICATED})
AFTER_LOGIN = frozenset({State.AUTHENTICATED, State.SELECTED})
IN_MAILBOX = frozenset({State.SELECTED})


@dataclass(frozen=True, slots=True)
class Grammar:
    """How a command reads, and when it may come."""

    parse: Parser
    states: frozenset[State]


COMMANDS: dict[bytes, Grammar] = {
    b"CAPABILITY": Grammar(parse_bare(Capability), ANY),
    b"NOOP": Grammar(parse_bare(Noop), ANY),
    b"LOGOUT": Grammar(parse_bare(Logout), ANY),
    b"ID": Grammar(parse_id, ANY),
    b"STARTTLS": Grammar(parse_bare(StartTls), BEFORE_LOGIN),
    b"AUTHENTICATE": Grammar(parse_authenticate, BEFORE_LOGIN),
    b"LOGIN": Grammar(parse_login, BEFORE_LOGIN),
    b"ENABLE": Grammar(parse_enable, AFTER_LOGIN),
    b"SELECT": Grammar(parse_select(read_only=False), AFTER_LOGIN),
    b"EXAMINE": Grammar(parse_select(read_only=True), AFTER_LOGIN),
    b"CREATE": Grammar(parse_create, AFTER_LOGIN),
    b"DELETE": Grammar(parse_delete, AFTER_LOGIN),
    b"RENAME": Grammar(parse_rename, AFTER_LOGIN),
    b"SUBSCRIBE": Grammar(parse_subscribe, AFTER_LOGIN),
    b"UNSUBSCRIBE": Grammar(parse_unsubscribe, AFTER_LOGIN),
    b"LIST": Grammar(parse_list, AFTER_LOGIN),
    b"LSUB": Grammar(parse_lsub, AFTER_LOGIN),
    b"NAMESPACE": Grammar(parse_bare(Namespace), AFTER_LOGIN),
    b"STATUS": Grammar(parse_status, AFTER_LOGIN),
    b"APPEND": Grammar(parse_append, AFTER_LOGIN),
    b"IDLE": Grammar(parse_idle, AFTER_LOGIN),
    b"GETQUOTA": Grammar(parse_getquota, AFTER_LOGIN),
    b"GETQUOTAROOT": Grammar(parse_getquotaroot, AFTER_LOGIN),
    b"SETQUOTA": Grammar(parse_setquota, AFTER_LOGIN),
    b"UNAUTHENTICATE": Grammar(parse_bare(Unauthenticate), AFTER_LOGIN),
    b"COMPRESS": Grammar(parse_compress, AFTER_LOGIN),
    b"GETACL": Grammar(parse_get_acl, AFTER_LOGIN),
    b"SETACL": Grammar(parse_set_acl, AFTER_LOGIN),
    b"DELETEACL": Grammar(parse_delete_acl, AFTER_LOGIN),
    b"LISTRIGHTS": Grammar(parse_list_rights, AFTER_LOGIN),
    b"MYRIGHTS": Grammar(parse_my_rights, AFTER_LOGIN),
    b"GETMETADATA": Grammar(parse_get_metadata, AFTER_LOGIN),
    b"SETMETADATA": Grammar(parse_set_metadata, AFTER_LOGIN),
    b"NOTIFY": Grammar(parse_notify, AFTER_LOGIN),
    b"CHECK": Grammar(parse_bare(Check), IN_MAILBOX),
    b"CLOSE": Grammar(parse_bare(Close), IN_MAILBOX),
    b"UNSELECT": Grammar(parse_bare(Unselect), IN_MAILBOX),
    b"EXPUNGE": Grammar(parse_expunge, IN_MAILBOX),
    b"SEARCH": Grammar(parse_search, IN_MAILBOX),
    b"ESEARCH": Grammar(parse_multisearch, AFTER_LOGIN),
    b"CANCELUPDATE": Grammar(parse_cancel_update, IN_MAILBOX),
    b"SORT": Grammar(parse_sort, IN_MAILBOX),
    b"THREAD": Grammar(parse_thread, IN_MAILBOX),
    b"REPLACE": Grammar(parse_replace, IN_MAILBOX),
    b"UID REPLACE": Grammar(partial(parse_replace, uid=True), IN_MAILBOX),
    b"FETCH": Grammar(parse_fetch, IN_MAILBOX),
    b"STORE": Grammar(parse_store, IN_MAILBOX),
    b"COPY": Grammar(parse_copy, IN_MAILBOX),
    b"MOVE": Grammar(parse_move, IN_MAILBOX),
    b"UID SEARCH": Grammar(partial(parse_search, uid=True), IN_MAILBOX),
    b"UID SORT": Grammar(partial(parse_sort, uid=True), IN_MAILBOX),
    b"UID THREAD": Grammar(partial(parse_thread, uid=True), IN_MAILBOX),
    b"UID FETCH": Grammar(partial(parse_fetch, uid=True), IN_MAILBOX),
    b"UID STORE": Grammar(partial(parse_store, uid=True), IN_MAILBOX),
    b"UID COPY": Grammar(partial(parse_copy, uid=True), IN_MAILBOX),
    b"UID MOVE": Grammar(partial(parse_move, uid=True), IN_MAILBOX),
    b"UID EXPUNGE": Grammar(parse_uid_expunge, IN_MAILBOX),
}

NEXT: dict[tuple[State, type[Command]], State] = {
    (State.NOT_AUTHENTICATED, Login): State.AUTHENTICATED,
    (State.NOT_AUTHENTICATED, Authenticate): State.AUTHENTICATED,
    (State.NOT_AUTHENTICATED, SaslResponse): State.AUTHENTICATED,
    (State.AUTHENTICATED, Select): State.SELECTED,
    (State.SELECTED, Select): State.SELECTED,
    (State.SELECTED, Close): State.AUTHENTICATED,
    (State.SELECTED, Unselect): State.AUTHENTICATED,
    (State.AUTHENTICATED, Unauthenticate): State.NOT_AUTHENTICATED,
    (State.SELECTED, Unauthenticate): State.NOT_AUTHENTICATED,
    (State.NOT_AUTHENTICATED, Logout): State.LOGOUT,
    (State.AUTHENTICATED, Logout): State.LOGOUT,
    (State.SELECTED, Logout): State.LOGOUT,
}
"""Where a command that ends in OK leads (RFC 3501 §3, the flow chart)."""

NEXT_ON_NO: dict[tuple[State, type[Command]], State] = {(State.SELECTED, Select): State.AUTHENTICATED}
"""A SELECT that fails leaves no mailbox selected (RFC 3501 §6.3.1)."""


def parse_command(tag: bytes, cursor: Cursor, state: State) -> Command:
    """The command after its tag, if it may come now."""
    name = cursor.keyword()
    if name == b"UID":
        cursor.space()
        name += b" " + cursor.keyword()
    grammar = COMMANDS.get(name)
    if grammar is None:
        raise MalformedError(f"Unknown command {name[:40].decode('ascii')}")
    if state not in grammar.states:
        raise MalformedError(f"{name.decode('ascii')} is not allowed now", code="CLIENTBUG")
    command = grammar.parse(tag, cursor)
    cursor.end()
    return command
