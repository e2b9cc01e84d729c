"""Our own SMTP client: one connection to one server, any number of letters, a result for each recipient."""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.smtp.wire import outgoing
from mailsvc.smtp.wire.outgoing import Extensions
from mailsvc.smtp.wire.reply import Reply, parse_reply
from mailsvc.smtp.wire.trace import header_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from directory.address import Address
    from mailsvc.smtp.wire.outgoing import Destination
    from mailsvc.smtp.wire.sasl import Credentials

    Proof = Callable[[ssl.SSLObject], str]

SMTPS_PORT = 465
"""TLS from the first octet (RFC 8314 §3.3)."""
_MAX_REPLY_LINE = 4096
_MAX_REPLY_LINES = 1000
_CHUNK = 256 * 1024
_CERTIFICATE_FAULTS = {10: "certificate-expired", 62: "certificate-host-mismatch"}
"""X509_V_ERR_* of OpenSSL."""
_RCPT_BATCH = 100
"""Recipients in one pipeline: replies are read before more is written, so no buffer fills on both sides."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds for each step (RFC 5321 §4.5.3.2)."""

    connect: float = 30.0
    greeting: float = 300.0
    command: float = 300.0
    data_block: float = 180.0
    after_data: float = 600.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server to hand mail to."""

    host: str
    """The name, for TLS."""
    address: str
    port: int
    is_secure: bool = False
    """DNSSEC vouches for its name and address."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent: envelope and octets."""

    reverse_path: Address | None
    content: bytes
    envelope_id: str | None = None
    return_full: bool | None = None
    require_tls: bool = False
    """Only to a server that promises the same for the rest of the way (RFC 8689 §4.2.1)."""


class Unreachable(Exception):
    """Nothing could be handed over; another server of the domain may do, or a later time."""

    def __init__(self, reply: Reply, *, is_final: bool = False) -> None:
        super().__init__(str(reply))
        self.reply = reply
        self.is_final = is_final


class TlsFailed(Unreachable):
    """No connection that is as safe as it must be; `kind` is the result type of RFC 8460 §4.3."""

    def __init__(self, reply: Reply, kind: str) -> None:
        super().__init__(reply)
        self.kind = kind


def _trouble(enhanced: str, text: str) -> Reply:
    return Reply(451, enhanced, text)


class SmtpClient:
    """An open connection, greeted and, if the server can, encrypted."""

    def __init__(
        self,
        server: Server,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        deadlines: Deadlines,
    ) -> None:
        self.server = server
        self.extensions = Extensions({})
        self.is_secure = False
        self.has_begun = False
        """Whether the last letter's octets were begun: before that, nothing of it can have arrived."""
        self._reader = reader
        self._writer = writer
        self._deadlines = deadlines

    @property
    def is_alive(self) -> bool:
        """False once the server has hung up, or said something that nobody asked for."""
        return not (self._reader.at_eof() or self._writer.is_closing() or self._reader._buffer)  # type: ignore[attr-defined]  # noqa: SLF001

    # -- opening

    async def set_up(
        self,
        our_name: str,
        *,
        tls: ssl.SSLContext | None,
        credentials: Credentials | None = None,
        must_encrypt: bool = False,
        proof: Proof | None = None,
    ) -> None:
        """Greet, STARTTLS if offered, AUTH if asked for. Raises Unreachable."""
        await self._greet(our_name)
        if tls is not None and not self.is_secure and "STARTTLS" in self.extensions:
            await self._start_tls(tls, our_name, proof)
        if must_encrypt and not self.is_secure:
            raise TlsFailed(_trouble("4.7.5", f"{self.server.host} offers no TLS"), "starttls-not-supported")
        if credentials is not None:
            await self._sign_in(credentials)

    async def _greet(self, our_name: str) -> None:
        greeting = await self._reply(self._deadlines.greeting)
        if greeting.code != 220:
            raise Unreachable(greeting, is_final=greeting.code == 554)  # RFC 5321 §3.1: no SMTP here at all
        await self._hello(our_name)

    async def _hello(self, our_name: str) -> None:
        reply = await self._ask(f"EHLO {our_name}\r\n".encode())
        if reply.is_positive:
            self.extensions = outgoing.parse_extensions(reply.text)
            return
        self.extensions = Extensions({})
        reply = await self._ask(f"HELO {our_name}\r\n".encode())  # RFC 5321 §3.2: an old server
        if not reply.is_positive:
            raise Unreachable(reply)

    async def _start_tls(self, context: ssl.SSLContext, our_name: str, proof: Proof | None) -> None:
        """RFC 3207 §4: what was said before TLS is asked again; a reply injected before it is dropped."""
        reply = await self._ask(b"STARTTLS\r\n")
        if reply.code != 220:
            return
        if self._reader._buffer:  # type: ignore[attr-defined]  # noqa: SLF001 - asyncio has no other way to look
            raise Unreachable(_trouble("4.7.5", f"{self.server.host} answered before TLS"))
        try:
            async with asyncio.timeout(self._deadlines.command):
                await self._writer.start_tls(context, server_hostname=self.server.host)
        except (OSError, TimeoutError) as error:
            raise _tls_failed(self.server, error) from error
        self._refuse_unproven(proof)
        self.is_secure = True
        await self._hello(our_name)

    def _refuse_unproven(self, proof: Proof | None) -> None:
        fault = proof(self._writer.get_extra_info("ssl_object")) if proof is not None else ""
        if fault:
            raise TlsFailed(_trouble("4.7.5", f"{self.server.host}: {fault}"), "tlsa-invalid")

    async def _sign_in(self, credentials: Credentials) -> None:
        mechanisms = self.extensions.auth_mechanisms
        if "PLAIN" in mechanisms:
            words = f"\0{credentials.login}\0{credentials.password}"
            reply = await self._ask(b"AUTH PLAIN " + _base64(words) + b"\r\n")
        elif "LOGIN" in mechanisms:
            reply = await self._ask(b"AUTH LOGIN\r\n")
            for words in (credentials.login, credentials.password):
                if reply.code == 334:
                    reply = await self._ask(_base64(words) + b"\r\n")
        else:
            reply = _trouble("4.7.0", f"{self.server.host} offers no AUTH that we know")
        if reply.code != 235:
            # The settings are wrong or stale: the letters are not at fault and wait.
            raise Unreachable(_trouble("4.7.0", f"{self.server.host} refuses our AUTH: {reply}"))

    # -- sending

    async def send(self, letter: Letter, recipients: Sequence[Destination]) -> list[Reply]:
        """Hand over one letter; the reply for each recipient, in order. Raises Unreachable if the line breaks.

        A line that breaks after the final dot is the one moment in which a letter may arrive twice: the server may
        have taken it, and nobody can know (RFC 1047).
        """
        self.has_begun = False
        refusal = self._cannot(letter)
        if refusal is not None:
            return [refusal] * len(recipients)
        header = header_of(letter.content)
        replies: list[Reply | None] = [
            outgoing.NO_SMTPUTF8_THERE
            if "SMTPUTF8" not in self.extensions
            and outgoing.needs_utf8(header, letter.reverse_path, recipient.path)
            else None
            for recipient in recipients
        ]
        wanted = [at for at, reply in enumerate(replies) if reply is None]
        if wanted:
            said = await self._transact(letter, [recipients[at] for at in wanted])
            for at, reply in zip(wanted, said, strict=True):
                replies[at] = reply
        return [reply for reply in replies if reply is not None]

    def _cannot(self, letter: Letter) -> Reply | None:
        if outgoing.is_smugglable(letter.content):
            return outgoing.SMUGGLED
        if letter.require_tls and not (self.is_secure and "REQUIRETLS" in self.extensions):
            return outgoing.NO_REQUIRETLS_THERE
        limit = self.extensions.max_octets
        if limit is not None and len(letter.content) > limit:
            return outgoing.TOO_LARGE_THERE
        return None

    async def _transact(self, letter: Letter, recipients: Sequence[Destination]) -> list[Reply]:
        utf8 = any(
            outgoing.needs_utf8(header_of(letter.content), letter.reverse_path, one.path)
            for one in recipients
        )
        mail = outgoing.mail_command(
            letter.reverse_path,
            self.extensions,
            octets=len(letter.content),
            eight_bit=not letter.content.isascii(),
            utf8=utf8,
            envelope_id=letter.envelope_id,
            return_full=letter.return_full,
            require_tls=letter.require_tls,
        )
        commands = [outgoing.rcpt_command(recipient, self.extensions) for recipient in recipients]
        pipelining = "PIPELINING" in self.extensions
        accepted = await self._ask(mail) if not pipelining else None
        replies: list[Reply] = []
        batch = _RCPT_BATCH if pipelining else 1
        for at in range(0, len(commands), batch):
            if accepted is not None and not accepted.is_positive:
                break
            part = commands[at : at + batch]
            self._writer.write((mail if accepted is None else b"") + b"".join(part))
            if accepted is None:
                accepted = await self._reply(self._deadlines.command)
            replies += [await self._reply(self._deadlines.command) for _ in part]
        assert accepted is not None
        if not accepted.is_positive:
            await self._reset()
            return [accepted] * len(recipients)
        if not any(reply.is_positive for reply in replies):
            await self._reset()
            return replies
        final = await self._data(letter)
        return [final if reply.is_positive else reply for reply in replies]

    async def _data(self, letter: Letter) -> Reply:
        go_ahead = await self._ask(b"DATA\r\n")
        if go_ahead.code != 354:
            if go_ahead.is_positive:
                raise Unreachable(_trouble("4.5.0", f"{self.server.host} said {go_ahead.code} to DATA"))
            await self._reset()
            return go_ahead
        self.has_begun = True
        octets = memoryview(outgoing.stuffed(letter.content))
        for at in range(0, len(octets), _CHUNK):
            self._writer.write(octets[at : at + _CHUNK])
            await self._drain(self._deadlines.data_block)
        return await self._reply(self._deadlines.after_data)

    async def _reset(self) -> None:
        await self._ask(b"RSET\r\n")

    # -- closing

    async def quit(self) -> None:
        """Say good-bye and close; what the server answers does not matter any more."""
        try:
            async with asyncio.timeout(5):
                self._writer.write(b"QUIT\r\n")
                await self._writer.drain()
                await self._reader.readline()
        except (OSError, TimeoutError, ValueError):
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        """Close at once."""
        self._writer.transport.abort()

    # -- lines

    async def _ask(self, command: bytes) -> Reply:
        self._writer.write(command)
        return await self._reply(self._deadlines.command)

    async def _drain(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._writer.drain()
        except (OSError, TimeoutError) as error:
            raise self._broken(error) from error

    async def _reply(self, seconds: float) -> Reply:
        lines: list[bytes] = []
        try:
            async with asyncio.timeout(seconds):
                await self._writer.drain()
                while True:
                    line = await self._reader.readuntil(b"\n")
                    lines.append(line.rstrip(b"\r\n"))
                    if line[3:4] != b"-" or len(lines) > _MAX_REPLY_LINES:
                        break
            reply = parse_reply(lines)
        except (OSError, TimeoutError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            raise self._broken(error) from error
        if reply.code == 421:  # RFC 5321 §3.8: it closes the connection
            raise Unreachable(reply)
        return reply

    def _broken(self, error: BaseException) -> Unreachable:
        return Unreachable(_trouble("4.4.2", f"{self.server.host}[{self.server.address}]: {_why(error)}"))


async def connect(
    server: Server,
    *,
    our_name: str,
    tls: ssl.SSLContext | None,
    credentials: Credentials | None = None,
    must_encrypt: bool = False,
    proof: Proof | None = None,
    deadlines: Deadlines | None = None,
) -> SmtpClient:
    """An open connection, ready for letters: greeted, encrypted if the server can, signed in if asked for.

    `proof` looks at the certificate after the handshake and says what is wrong with it. Raises Unreachable.
    """
    deadlines = deadlines or Deadlines()
    implicit = tls if server.port == SMTPS_PORT else None
    name = server.host if implicit is not None else None
    try:
        async with asyncio.timeout(deadlines.connect):
            reader, writer = await asyncio.open_connection(
                server.address, server.port, limit=_MAX_REPLY_LINE, ssl=implicit, server_hostname=name
            )
    except ssl.SSLError as error:
        raise _tls_failed(server, error) from error
    except (OSError, TimeoutError) as error:
        raise Unreachable(_trouble("4.4.1", f"{server.host}[{server.address}]: {_why(error)}")) from error
    client = SmtpClient(server, reader, writer, deadlines)
    client.is_secure = implicit is not None
    try:
        await client.set_up(
            our_name, tls=tls, credentials=credentials, must_encrypt=must_encrypt, proof=proof
        )
    except BaseException:
        client.abort()
        raise
    return client


def _tls_failed(server: Server, error: BaseException) -> TlsFailed:
    """What went wrong in a handshake, named for reports (RFC 8460 §4.3.2)."""
    kind = "validation-failure"
    if isinstance(error, ssl.SSLCertVerificationError):
        kind = _CERTIFICATE_FAULTS.get(error.verify_code, "certificate-not-trusted")
    return TlsFailed(_trouble("4.7.5", f"{server.host}: TLS failed: {_why(error)}"), kind)


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "time ran out"
    if isinstance(error, EOFError):
        return "the connection was closed"
    return str(error) or type(error).__name__


def _base64(words: str) -> bytes:
    return base64.b64encode(words.encode())
