"""One connection: who has signed in, which box's rules, and what each command does (RFC 5804 §2)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final

import structlog

from directory.address import AddressError, parse_address
from directory.repository import boxes as directory_boxes
from mailsvc.managesieve.wire.command import BadCommandError, Command, reply, string
from mailsvc.model.errors import (
    AccountLocked,
    BadName,
    Conflict,
    LetterMissing,
    NotPermitted,
    ServiceError,
    StoreUnavailable,
    TooLarge,
    TooMany,
    WrongCredentials,
)
from mailsvc.services import sasl
from mailsvc.services.rules import keeping
from mailsvc.sieve.lexer import MAX_SCRIPT_OCTETS
from mailsvc.sieve.run import MAX_REDIRECTS
from mailsvc.sieve.words import EXTENSIONS
from mailsvc.storage import scripts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mailsvc.net.bridge import Bridge
    from mailsvc.services.permissions import Principal
    from mailsvc.services.sasl import Channel, Exchange
    from mailsvc.services.sign_in import SignIn
    from mailsvc.storage.scripts import Owner

log = structlog.get_logger("congvu.managesieve")
MAX_FAILED: Final = 5
SAYS: Final[dict[type[ServiceError], tuple[str, str]]] = {
    keeping.BadScript: ("", "Quy tắc viết chưa đúng / The script cannot be read"),
    keeping.ScriptIsActive: ("ACTIVE", "Quy tắc đang dùng / The script is active"),
    LetterMissing: ("NONEXISTENT", "Không có quy tắc này / There is no such script"),
    Conflict: ("ALREADYEXISTS", "Đã có quy tắc tên này / There is a script of this name"),
    TooMany: ("QUOTA/MAXSCRIPTS", "Quá nhiều quy tắc / Too many scripts"),
    TooLarge: ("QUOTA/MAXSIZE", "Quy tắc quá dài / The script is too long"),
    BadName: ("", "Tên không dùng được / No script can have this name"),
    NotPermitted: ("", "Không được phép ở hộp thư này / Not permitted in this box"),
    StoreUnavailable: ("TRYLATER", "Hãy thử lại sau / Try again later"),
}
"""Response codes of RFC 5804 §1.3, by what a service refuses."""


class Session:
    """The commands of one connection; the server does the octets and TLS."""

    def __init__(
        self, bridge: Bridge, sign_in: SignIn, channel: Channel, *, offers_tls: bool, is_private: bool
    ) -> None:
        """`is_private`: passwords may come now, under TLS or from a trusted network."""
        self._bridge = bridge
        self._sign_in = sign_in
        self.channel = channel
        self.offers_tls = offers_tls
        self.is_private = is_private
        self._user: Principal | None = None
        self._owner: Owner | None = None
        self._exchange: Exchange | None = None
        self.is_asked = False
        """The next line answers a challenge of AUTHENTICATE."""
        self.failed = 0
        self.is_over = False
        self.wants_tls = False

    @property
    def signed_in(self) -> bool:
        """Whether more than a few octets may be said."""
        return self._user is not None

    def capabilities(self, text: str = "Congvu") -> bytes:
        """What is offered now (RFC 5804 §1.7)."""
        mechanisms = ("PLAIN", *sasl.mechanisms(self._sign_in, self.channel)) if self.is_private else ()
        told = {
            "IMPLEMENTATION": "Congvu",
            "SASL": " ".join(mechanisms),
            "SIEVE": " ".join(sorted(EXTENSIONS)),
            "NOTIFY": "mailto",
            "MAXREDIRECTS": str(MAX_REDIRECTS),
            "VERSION": "1.0",
        }
        if self._user is not None:
            told["OWNER"] = str(self._user.address)
        lines = [
            b"%b %b\r\n" % (string(name.encode()), string(value.encode())) for name, value in told.items()
        ]
        if self.offers_tls:
            lines.append(b'"STARTTLS"\r\n')
        lines.append(b'"UNAUTHENTICATE"\r\n')
        return b"".join(lines) + reply("OK", text)

    async def carry_out(self, command: Command) -> bytes:
        """The reply to a command."""
        handler = _ANY_TIME.get(command.name)
        if handler is None:
            handler = (_SIGNED_IN if self._user is not None else _BEFORE).get(command.name)
        if handler is None:
            known = command.name in _SIGNED_IN or command.name in _BEFORE
            return reply("NO", "Not now" if known else "Unknown command")
        try:
            return await handler(self, command)
        except BadCommandError as error:
            return reply("NO", str(error))
        except ServiceError as refused:
            return _refusal(refused)

    # -- signing in

    async def authenticate(self, command: Command) -> bytes:
        """AUTHENTICATE with or without a first response (RFC 5804 §2.1)."""
        if not self.is_private:
            return reply("NO", "Use TLS first", "ENCRYPT-NEEDED")
        mechanism = command.text(0).upper()
        self._exchange = None
        if mechanism != "PLAIN":
            self._exchange = sasl.begin(mechanism, self._sign_in, self._bridge, self.channel)
            if self._exchange is None:
                return reply("NO", "Unknown mechanism")
        if len(command.arguments) > 1:
            return await self._answered(command.arguments[1])
        self.is_asked = True
        return b'""\r\n'

    async def answered(self, encoded: bytes) -> bytes:
        """The client's answer to a challenge."""
        self.is_asked = False
        if encoded == b"*":
            self._exchange = None
            return reply("NO", "Given up")
        try:
            return await self._answered(encoded)
        except ServiceError as refused:
            return _refusal(refused)

    async def _answered(self, encoded: bytes) -> bytes:
        try:
            octets = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            return reply("NO", "Invalid base64")
        try:
            if self._exchange is None:
                return await self._plain(octets)
            told = await self._exchange.step(octets)
        except (WrongCredentials, AccountLocked, sasl.BadExchange) as refused:
            self._exchange = None
            self.failed += 1
            log.info("managesieve_login_refused", why=type(refused).__name__)
            return reply("NO", "Wrong name or password")
        if isinstance(told, sasl.Ask):
            self.is_asked = True
            return string(base64.b64encode(told.octets)) + b"\r\n"
        return self._welcome(told, "")

    async def _plain(self, octets: bytes) -> bytes:
        """Authzid NUL authcid NUL password (RFC 4616 §2); authzid names another box whose rules are meant."""
        try:
            box, name, password = octets.decode().split("\0")
        except ValueError:
            return reply("NO", "Not a PLAIN message")
        principal = await self._sign_in.over(self._bridge, name, password, caller=self.channel.caller)
        return self._welcome(principal, "" if box == name else box)

    def _welcome(self, principal: Principal, box: str) -> bytes:
        reader = self._bridge.reader
        account = principal.account_id
        if box:
            try:
                held = directory_boxes.account_by_address(reader.conn, parse_address(box).key)
            except AddressError:
                held = None
            if held is None:
                return reply("NO", "Wrong name or password")
            account = held.id
        self._owner = keeping.owner_of(reader, principal, account)
        self._user = principal
        log.info("managesieve_login", account=int(principal.account_id), box=int(account))
        return reply("OK", "Signed in")

    async def unauthenticate(self, _command: Command) -> bytes:
        """UNAUTHENTICATE (RFC 5804 §2.14.1)."""
        self._user = self._owner = None
        return reply("OK", "Nobody is signed in")

    async def start_tls(self, _command: Command) -> bytes:
        """STARTTLS; the server shakes hands after the reply (RFC 5804 §2.2)."""
        if not self.offers_tls:
            return reply("NO", "TLS is not offered")
        self.wants_tls = True
        return reply("OK", "Begin TLS now")

    # -- scripts

    @property
    def _mine(self) -> Owner:
        assert self._owner is not None
        return self._owner

    async def have_space(self, command: Command) -> bytes:
        """HAVESPACE name size (RFC 5804 §2.5)."""
        size = command.text(1)
        if not size.isdigit():
            raise BadCommandError("not a number")
        if int(size[:12]) > MAX_SCRIPT_OCTETS:
            return _refusal(TooLarge(size))
        held = scripts.of_owner(self._bridge.reader, self._mine)
        if len(held) >= keeping.MAX_SCRIPTS and all(one.name != command.text(0) for one in held):
            return _refusal(TooMany())
        return reply("OK", "There is room")

    async def put(self, command: Command) -> bytes:
        """PUTSCRIPT; what cannot be read is not kept (RFC 5804 §2.6)."""
        await self._bridge.write(keeping.put, self._mine, command.text(0), self._script(command, 1))
        return reply("OK", "Script kept")

    async def check(self, command: Command) -> bytes:
        """CHECKSCRIPT (RFC 5804 §2.12)."""
        keeping.check(self._script(command, 0))
        return reply("OK", "Script can be read")

    def _script(self, command: Command, number: int) -> bytes:
        if len(command.arguments) <= number:
            raise BadCommandError(f"{command.name} needs a script")
        return command.arguments[number]

    async def list_scripts(self, _command: Command) -> bytes:
        """LISTSCRIPTS (RFC 5804 §2.7)."""
        lines = [
            string(one.name.encode()) + (b" ACTIVE" if one.is_active else b"") + b"\r\n"
            for one in scripts.of_owner(self._bridge.reader, self._mine)
        ]
        return b"".join(lines) + reply("OK", "Scripts told")

    async def get(self, command: Command) -> bytes:
        """GETSCRIPT (RFC 5804 §2.9)."""
        held = keeping.get(self._bridge.reader, self._mine, command.text(0))
        return b"{%d}\r\n%b\r\n" % (len(held.octets), held.octets) + reply("OK", "Script told")

    async def set_active(self, command: Command) -> bytes:
        """SETACTIVE; no name means that none is (RFC 5804 §2.8)."""
        await self._bridge.write(keeping.activate, self._mine, command.text(0) or None)
        return reply("OK", "Done")

    async def delete(self, command: Command) -> bytes:
        """DELETESCRIPT (RFC 5804 §2.10)."""
        await self._bridge.write(keeping.remove, self._mine, command.text(0))
        return reply("OK", "Script deleted")

    async def rename(self, command: Command) -> bytes:
        """RENAMESCRIPT (RFC 5804 §2.11.1)."""
        await self._bridge.write(keeping.rename, self._mine, command.text(0), command.text(1))
        return reply("OK", "Script renamed")

    # -- at any time

    async def capability(self, _command: Command) -> bytes:
        """CAPABILITY (RFC 5804 §2.4)."""
        return self.capabilities("Capabilities told")

    async def noop(self, command: Command) -> bytes:
        """NOOP; a word of the client comes back (RFC 5804 §2.13)."""
        tag = f"TAG {string(command.arguments[0]).decode('utf-8', 'replace')}" if command.arguments else ""
        return reply("OK", "Nothing done", tag)

    async def logout(self, _command: Command) -> bytes:
        """LOGOUT (RFC 5804 §2.3)."""
        self.is_over = True
        return reply("OK", "Goodbye")


def _refusal(refused: ServiceError) -> bytes:
    for kind in type(refused).__mro__:
        if kind in SAYS:
            code, text = SAYS[kind]
            detail = f": {refused.args[0]}" if kind is keeping.BadScript and refused.args else ""
            return reply("NO", text + detail, code)
    return reply("NO", "That cannot be done")


_ANY_TIME: Final[dict[str, Callable[[Session, Command], Awaitable[bytes]]]] = {
    "CAPABILITY": Session.capability,
    "LOGOUT": Session.logout,
    "NOOP": Session.noop,
}
_BEFORE: Final[dict[str, Callable[[Session, Command], Awaitable[bytes]]]] = {
    "AUTHENTICATE": Session.authenticate,
    "STARTTLS": Session.start_tls,
}
_SIGNED_IN: Final[dict[str, Callable[[Session, Command], Awaitable[bytes]]]] = {
    "CHECKSCRIPT": Session.check,
    "DELETESCRIPT": Session.delete,
    "GETSCRIPT": Session.get,
    "HAVESPACE": Session.have_space,
    "LISTSCRIPTS": Session.list_scripts,
    "PUTSCRIPT": Session.put,
    "RENAMESCRIPT": Session.rename,
    "SETACTIVE": Session.set_active,
    "UNAUTHENTICATE": Session.unauthenticate,
}
