"""The commands of SMTP and LMTP: their grammar, their order, and the rules that decide (RFC 5321, RFC 2033)."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import structlog

from mailsvc.smtp import says
from mailsvc.smtp.rules import Language
from mailsvc.smtp.transfer import SmtpTransfer
from mailsvc.smtp.wire.address import PathError, parse_mail, parse_rcpt
from mailsvc.smtp.wire.reply import Reply
from mailsvc.smtp.wire.sasl import Credentials, SaslError, decode_response, parse_login, parse_plain

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import Awaitable, Callable

    from mailsvc.net.limits import IpAddress, TrustedNetworks
    from mailsvc.services.sasl import Exchange
    from mailsvc.smtp.rules import Rules

log = structlog.get_logger("congvu.smtp")

_UNKNOWN_RECIPIENT_WEIGHT = 0.1
"""Of a fault: a list with some dead addresses is no attack, two hundred guesses are."""

_TOO_MANY_WEIGHT = 0.005
"""An honest client learns its lesson within a pipeline; thousands more are a flood."""


class SmtpSession(SmtpTransfer):
    """One session: from the greeting to QUIT, any number of letters."""

    def __init__(
        self,
        rules: Rules,
        *,
        connection_id: str,
        trusted: TrustedNetworks,
        tls: ssl.SSLContext | None,
        loop: asyncio.AbstractEventLoop,
        sessions: set[Any],
        peer: IpAddress | None = None,
    ) -> None:
        super().__init__(
            rules,
            connection_id=connection_id,
            trusted=trusted,
            tls=tls,
            loop=loop,
            sessions=sessions,
            peer=peer,
        )
        self._failed_logins = 0
        # aiosmtpd dispatches by this table; what is not in it is not recognised.
        self._smtp_methods: dict[str, Callable[[str | None], Awaitable[None]]] = {
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "BDAT": self._bdat,
            "RSET": self._rset,
            "NOOP": self._noop,
            "QUIT": self._quit,
            "VRFY": self._vrfy,
            "HELP": self._help,
        }
        if rules.language is Language.LMTP:
            self._smtp_methods["LHLO"] = self._extended_hello  # RFC 2033 §4.1: instead of HELO and EHLO
        else:
            self._smtp_methods |= {"HELO": self._hello, "EHLO": self._extended_hello}
        if tls is not None:
            self._smtp_methods["STARTTLS"] = self._starttls
        if rules.offers_auth:
            self._smtp_methods["AUTH"] = self._auth

    # -- greeting

    async def _hello(self, arg: str | None) -> None:
        """HELO (RFC 5321 §4.1.1.1)."""
        if await self._is_greeted(arg):
            await self.push(Reply(250, "", self.hostname))

    async def _extended_hello(self, arg: str | None) -> None:
        """EHLO (RFC 5321 §4.1.1.1) and LHLO (RFC 2033 §4.1) with what this server can do."""
        if not await self._is_greeted(arg):
            return
        self._client.is_extended = True
        words = [
            self.hostname,
            "PIPELINING",  # RFC 2920
            f"SIZE {self._limits.message_octets}",  # RFC 1870
            "8BITMIME",  # RFC 6152
            "SMTPUTF8",  # RFC 6531
            "ENHANCEDSTATUSCODES",  # RFC 2034
            "CHUNKING",  # RFC 3030
            "BINARYMIME",  # RFC 3030
        ]
        if self._rules.language is Language.SMTP:
            words.append("DSN")  # RFC 3461
            if self._client.is_secure:
                words.append("REQUIRETLS")  # RFC 8689 §2: only where it can be kept
        if self._tls is not None and not self._client.is_secure:
            words.append("STARTTLS")  # RFC 3207
        if self._may_sign_in:
            words.append(" ".join(("AUTH PLAIN LOGIN", *self._rules.mechanisms(self._client))))  # RFC 4954
        await self.push(Reply(250, "", "\n".join(words)))

    async def _is_greeted(self, arg: str | None) -> bool:
        if not arg or not arg.isprintable() or len(arg) > 255:
            await self._refuse(says.NEED_NAME)
            return False
        self._set_rset_state()
        self._client.name = arg
        self._client.is_extended = False
        return True

    async def _starttls(self, arg: str | None) -> None:
        """STARTTLS (RFC 3207 §4)."""
        assert self._tls is not None
        if arg:
            await self._refuse(says.NO_ARGUMENT)
        elif self._client.is_secure:
            await self._refuse(says.SECURE_ALREADY)
        else:
            await self.push(says.READY_FOR_TLS)
            await self._go_secure(self._tls)

    # -- who it is

    @property
    def _may_sign_in(self) -> bool:
        return self._rules.offers_auth and (self._client.is_secure or self._client.is_trusted)

    async def _auth(self, arg: str | None) -> None:
        """AUTH (RFC 4954 §4)."""
        if not self._client.name:
            await self._refuse(says.NEED_HELLO)
        elif not self._may_sign_in:
            await self._refuse(says.NEED_TLS)
        elif self._client.account is not None:
            await self._refuse(says.KNOWN_ALREADY)
        elif self._transaction.mail is not None:
            await self._refuse(says.NESTED_MAIL)
        else:
            await self._authenticate((arg or "").split())

    async def _authenticate(self, words: list[str]) -> None:
        mechanism = words[0].upper() if words else ""
        exchange = self._rules.begin(self._client, mechanism)
        if (exchange is None and mechanism not in {"PLAIN", "LOGIN"}) or len(words) > 2:
            await self._refuse(says.NO_SUCH_MECHANISM)
            return
        initial = words[1].encode("utf-8", "surrogateescape") if len(words) == 2 else None
        try:
            if exchange is None:
                reply = await self._rules.sign_in(self._client, await self._credentials(mechanism, initial))
            else:
                reply = await self._converse(exchange, initial)
        except SaslError as error:
            await self._refuse(Reply(501, "5.5.2", f"AUTH failed: {error}"))
            return
        await self.push(reply)
        if reply.is_positive:
            return
        log.info("smtp_login_refused", conn=self._connection_id, address=str(self._client.address))
        self._failed_logins += 1
        if self._failed_logins >= self._limits.failed_logins:
            await self._close(says.TOO_MANY_FAULTS)

    async def _converse(self, exchange: Exchange, initial: bytes | None) -> Reply:
        """Challenge and answer until the mechanism has decided."""
        octets = await self._answer("", initial)
        while isinstance(reply := await self._rules.step(self._client, exchange, octets), bytes):
            octets = await self._answer(b64encode(reply).decode(), None)
        return reply

    async def _credentials(self, mechanism: str, initial: bytes | None) -> Credentials:
        if mechanism == "PLAIN":
            return parse_plain(await self._answer("", initial))
        name = await self._answer("VXNlcm5hbWU6", initial)  # "Username:"
        return parse_login(name, await self._answer("UGFzc3dvcmQ6", None))  # "Password:"

    async def _answer(self, challenge: str, given: bytes | None) -> bytes:
        if given is None:
            await self.push(Reply(334, "", challenge))
            given = await self._input.readuntil()
            if given == b"*":  # RFC 4954 §4: the client gives up
                raise SaslError("cancelled")
        return decode_response(given)

    # -- the transaction

    async def _mail(self, arg: str | None) -> None:
        """MAIL (RFC 5321 §4.1.1.2)."""
        if await self._is_out_of_turn():
            return
        if self._transaction.mail is not None:
            await self._refuse(says.NESTED_MAIL)
            return
        try:
            mail = parse_mail(arg or "")
        except PathError as error:
            await self._refuse(says.bad_path(error, path_code="5.1.7"))
            return
        if mail.require_tls and not self._client.is_secure:
            await self._refuse(says.NEED_TLS_FOR_REQUIRETLS)
        elif mail.reverse_path is not None and not mail.smtputf8 and not mail.reverse_path.is_ascii:
            await self._refuse(says.NEED_SMTPUTF8)
        elif mail.size is not None and mail.size > self._limits.message_octets:
            await self.push(says.TOO_LARGE)
        else:
            reply = await self._rules.mail(self._client, mail)
            if reply.is_positive:
                self._transaction.mail = mail
            await self.push(reply)

    async def _rcpt(self, arg: str | None) -> None:
        """RCPT, and those that follow in the pipeline: aiosmtpd's dispatch of one costs more than the command."""
        await self._recipient(arg)
        while (line := self._input.next_of_pipeline(b"RCPT ")) is not None:
            await self._recipient(line[5:].strip().decode("utf-8", "surrogateescape"))

    async def _recipient(self, arg: str | None) -> None:
        """One RCPT (RFC 5321 §4.1.1.3)."""
        if await self._is_out_of_turn():
            return
        transaction = self._transaction
        if transaction.mail is None:
            await self._refuse(says.NEED_MAIL)
            return
        if transaction.chunks is not None:
            await self._refuse(says.CHUNKS_BEGUN)
            return
        if len(transaction.recipients) >= self._limits.recipients:
            await self._refuse(says.TOO_MANY_RECIPIENTS, weight=_TOO_MANY_WEIGHT)
            return
        try:
            rcpt = parse_rcpt(arg or "", home=self._rules.home)
        except PathError as error:
            await self._refuse(says.bad_path(error, path_code="5.1.3"))
            return
        if not transaction.mail.smtputf8 and not rcpt.forward_path.is_ascii:
            await self._refuse(says.NEED_SMTPUTF8)
            return
        reply = await self._rules.rcpt(self._client, transaction, rcpt)
        if reply.is_positive:
            await self.push(reply)
        else:
            await self._refuse(reply, weight=_UNKNOWN_RECIPIENT_WEIGHT)

    # -- the rest

    async def _rset(self, arg: str | None) -> None:
        """RSET (RFC 5321 §4.1.1.5)."""
        if arg:
            await self._refuse(says.NO_ARGUMENT)
            return
        self._set_rset_state()
        await self.push(says.OK)

    async def _noop(self, _arg: str | None) -> None:
        """NOOP (RFC 5321 §4.1.1.9)."""
        await self.push(says.OK)

    async def _quit(self, arg: str | None) -> None:
        """QUIT (RFC 5321 §4.1.1.10)."""
        if arg:
            await self._refuse(says.NO_ARGUMENT)
            return
        await self._close(says.BYE)

    async def _vrfy(self, _arg: str | None) -> None:
        """VRFY tells nobody who exists (RFC 5321 §7.3)."""
        await self.push(says.CANNOT_VERIFY)

    async def _help(self, _arg: str | None) -> None:
        """HELP (RFC 5321 §4.1.1.8)."""
        await self.push(says.HELP)
