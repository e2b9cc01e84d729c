"""What mailsvc.smtp uses of aiosmtpd 1.4.6, with its types."""

import asyncio
import ssl
from typing import Any

class Session:
    peer: Any
    ssl: dict[str, Any] | None
    host_name: str | None
    extended_smtp: bool
    loop: asyncio.AbstractEventLoop
    authenticated: bool | None
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None: ...

class SMTP(asyncio.StreamReaderProtocol):
    command_size_limit: int
    command_size_limits: dict[str, int]
    loop: asyncio.AbstractEventLoop
    hostname: str
    enable_SMTPUTF8: bool
    session: Any
    envelope: Any
    transport: Any
    tls_context: ssl.SSLContext | None
    _reader: Any
    _writer: asyncio.StreamWriter
    _tls_protocol: Any
    _timeout_duration: float
    _timeout_handle: asyncio.TimerHandle | None
    _handler_coroutine: asyncio.Task[None] | None
    def __init__(
        self,
        handler: Any,
        *,
        data_size_limit: int | None = ...,
        enable_SMTPUTF8: bool = ...,
        hostname: str | None = ...,
        ident: str | None = ...,
        tls_context: ssl.SSLContext | None = ...,
        timeout: float = ...,
        loop: asyncio.AbstractEventLoop | None = ...,
    ) -> None: ...
    def _create_session(self) -> Any: ...
    def _create_envelope(self) -> Any: ...
    def _set_rset_state(self) -> None: ...
    def _reset_timeout(self, duration: float | None = ...) -> None: ...
    def _timeout_cb(self) -> None: ...
    def _cb_client_connected(self, reader: Any, writer: asyncio.StreamWriter) -> None: ...
    def connection_lost(self, error: Exception | None) -> None: ...
    def eof_received(self) -> bool | None: ...
    async def push(self, status: Any) -> None: ...
    async def handle_exception(self, error: Exception) -> Any: ...
    async def _handle_client(self) -> None: ...
