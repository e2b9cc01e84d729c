"""How the letter itself comes: DATA or BDAT, and who answers for it then (RFC 5321 §4.1.1.4, RFC 3030, RFC 2033 §4.2)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from mailsvc.mime.binary import without_binary
from mailsvc.smtp import says
from mailsvc.smtp.connection import SmtpConnection
from mailsvc.smtp.rules import Language, Transaction
from mailsvc.smtp.wire.address import Body
from mailsvc.smtp.wire.body import BodyFault, ChunkedBody, DataBody
from mailsvc.smtp.wire.chunk import parse_bdat
from mailsvc.smtp.wire.outgoing import is_smugglable
from mailsvc.smtp.wire.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.smtp.wire.chunk import Chunk

log = structlog.get_logger("congvu.smtp")

_SLOW_OCTETS = 64 * 1024


class SmtpTransfer(SmtpConnection):
    """A connection with its transaction, and the commands that carry a letter."""

    _faults = 0.0

    def _create_envelope(self) -> Transaction[Any]:
        return Transaction()

    @property
    def _transaction(self) -> Transaction[Any]:
        transaction: Transaction[Any] = self.envelope
        return transaction

    def _is_idle(self) -> bool:
        return self._transaction.mail is None

    @property
    def _speaks_utf8(self) -> bool:
        mail = self._transaction.mail if self.envelope is not None else None
        return mail is not None and mail.smtputf8

    async def _refuse(self, reply: Reply, *, weight: float = 1.0) -> None:
        """Say no to something no honest client does often; a stranger may do so a few times."""
        await self.push(reply)
        self._faults += weight
        if self._faults > self._limits.faults and not self._client.is_trusted:
            await self._close(says.TOO_MANY_FAULTS)

    def _out_of_turn(self) -> Reply | None:
        """What to say of a command that comes before its time."""
        if not self._client.name:
            return says.NEED_HELLO
        if self._rules.requires_auth and self._client.account is None:
            return says.NEED_AUTH
        return None

    async def _is_out_of_turn(self) -> bool:
        """Answer a command that comes before its time; True if it was answered."""
        refusal = self._out_of_turn()
        if refusal is not None:
            await self._refuse(refusal)
        return refusal is not None

    def _no_transfer(self) -> Reply | None:
        """Why no letter can come now."""
        transaction = self._transaction
        if transaction.mail is None:
            return self._out_of_turn() or says.NEED_MAIL
        if not transaction.recipients:
            return says.NEED_RCPT
        return None

    # -- DATA

    async def _data(self, arg: str | None) -> None:
        """DATA: one reply, or in LMTP one for each recipient (RFC 5321 §4.1.1.4, RFC 2033 §4.2)."""
        if await self._is_out_of_turn():
            return
        transaction = self._transaction
        refusal = says.NO_ARGUMENT if arg else self._no_transfer()
        if refusal is None and transaction.chunks is not None:
            refusal = says.CHUNKS_BEGUN
        if refusal is None and transaction.mail is not None and transaction.mail.body is Body.BINARY:
            refusal = says.NEED_BDAT
        if refusal is not None:
            await self._refuse(refusal)
            return
        await self.push(says.GO_AHEAD)
        body = DataBody(max_octets=self._limits.message_octets, max_line_octets=self._limits.line_octets)
        seconds = self._limits.data_seconds
        self._reset_timeout(seconds + 60)
        try:
            async with asyncio.timeout(seconds):
                await self._input.read_body(body)
        except TimeoutError:
            await self._close(says.TOO_SLOW)
        self._reset_timeout()
        await self._finish(transaction, body)

    # -- BDAT

    async def _bdat(self, arg: str | None) -> None:
        """BDAT (RFC 3030 §2). Whatever is wrong, the octets of the chunk are no commands and are read."""
        chunk = parse_bdat(arg or "")
        if chunk is None:
            # Nobody can tell where the chunk ends: what follows must not be taken for commands.
            await self._close(says.BAD_CHUNK)
            return
        transaction = self._transaction
        refusal = self._no_transfer()
        body = self._chunks_of(transaction) if refusal is None else None
        await self._read_chunk(transaction, chunk, body)
        if refusal is None and transaction.chunks_failed:
            refusal = says.CHUNKS_FAILED
        if refusal is not None or body is None:
            await self._refuse(refusal or says.NEED_MAIL)
            return
        if chunk.is_last:
            body.end()
            await self._finish(transaction, body)
        elif body.fault is not None:
            transaction.chunks_failed = True
            await self.push(says.BODY_SAYS[body.fault])
        else:
            await self.push(Reply(250, "2.0.0", f"{chunk.octets} octets received"))

    def _chunks_of(self, transaction: Transaction[Any]) -> ChunkedBody:
        if transaction.chunks is None:
            assert transaction.mail is not None
            transaction.chunks = ChunkedBody(
                max_octets=self._limits.message_octets,
                max_line_octets=self._limits.line_octets,
                binary=transaction.mail.body is Body.BINARY,
            )
            transaction.body_ends_at = self.loop.time() + self._limits.data_seconds
        return transaction.chunks

    async def _read_chunk(
        self, transaction: Transaction[Any], chunk: Chunk, body: ChunkedBody | None
    ) -> None:
        """All chunks of a letter together have the time that DATA has: an absolute deadline."""
        ends_at = transaction.body_ends_at or self.loop.time() + self._limits.data_seconds
        self._reset_timeout(self._limits.data_seconds + 60)
        try:
            async with asyncio.timeout_at(ends_at):
                await self._input.read_octets(chunk.octets, body)
        except TimeoutError:
            await self._close(says.TOO_SLOW)
        self._reset_timeout()

    # -- both

    async def _finish(self, transaction: Transaction[Any], body: DataBody | ChunkedBody) -> None:
        for reply in await self._take(transaction, body):
            await self.push(reply)
        self._set_rset_state()
        if self._is_winding_up:
            await self._close(says.SHUTTING_DOWN)

    async def _take(self, transaction: Transaction[Any], body: DataBody | ChunkedBody) -> Sequence[Reply]:
        replies = 1 if self._rules.language is Language.SMTP else len(transaction.recipients)
        content = body.content
        fault = body.fault
        if fault is None and transaction.mail is not None and transaction.mail.body is Body.BINARY:
            content = await self._as_text(content)
            fault = BodyFault.BARE_NEWLINE if is_smugglable(content) else None
        if fault is not None:
            return [says.BODY_SAYS[fault]] * replies
        # Once begun, a letter is stored or refused as a whole, also when the client hangs up meanwhile.
        try:
            return await asyncio.shield(self._rules.data(self._client, transaction, content))
        except Exception:
            # LMTP owes each recipient a reply, whatever went wrong.
            log.exception("smtp_unexpected", conn=self._connection_id)
            return [says.LOCAL_ERROR] * replies

    async def _as_text(self, content: bytes) -> bytes:
        if len(content) < _SLOW_OCTETS:
            return without_binary(content)
        return await self.loop.run_in_executor(None, without_binary, content)
