from socket import socket
from typing import Any, Literal

NONE: str
SUBTREE: Literal["SUBTREE"]

class Tls:
    def __init__(self) -> None: ...
    def wrap_socket(self, connection: Connection, do_handshake: bool = ...) -> None: ...

class Server:
    host: str
    def __init__(
        self,
        host: str | None,
        port: int | None = ...,
        use_ssl: bool = ...,
        *,
        get_info: str = ...,
        tls: Tls | None = ...,
        connect_timeout: float | None = ...,
    ) -> None: ...

class Connection:
    server: Server
    socket: socket | None
    result: dict[str, Any]
    response: list[dict[str, Any]] | None
    def __init__(
        self,
        server: Server,
        user: str | None = ...,
        password: str | None = ...,
        *,
        auto_referrals: bool = ...,
        raise_exceptions: bool = ...,
        receive_timeout: int | None = ...,
    ) -> None: ...
    def open(self, *, read_server_info: bool = ...) -> None: ...
    def start_tls(self, read_server_info: bool = ...) -> bool: ...
    def bind(self, read_server_info: bool = ...) -> bool: ...
    def unbind(self) -> bool: ...
    def search(
        self,
        search_base: str,
        search_filter: str,
        search_scope: Literal["SUBTREE"] = ...,
        *,
        attributes: list[str] | None = ...,
        size_limit: int = ...,
        time_limit: int = ...,
    ) -> bool: ...
