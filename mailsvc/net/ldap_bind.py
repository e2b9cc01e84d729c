"""Asking the province's directory server whether a password is right, by a bind (RFC 4511 §4.2, RFC 4513 §5.1.3).

Slow: for a thread. Every wait has a deadline, TLS is checked, and an empty password never reaches the server: a bind
without one is "unauthenticated", and succeeds (RFC 4513 §5.1.2).
"""

from __future__ import annotations

import math
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import structlog
from ldap3 import NONE, SUBTREE, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException
from ldap3.core.results import RESULT_INVALID_CREDENTIALS, RESULT_SUCCESS
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from mailsvc.model.errors import SignInUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from config.settings import LdapSettings

log = structlog.get_logger("congvu.ldap")
LDAPS_PORT: Final = 636
LDAP_PORT: Final = 389


class LdapMisconfiguredError(ValueError):
    """Settings that would send passwords in clear, or that name nobody to ask."""


class _CheckedTls(Tls):
    """TLS whose names OpenSSL checks, with SNI; ldap3's own looks at the name after the handshake, and leaves the socket."""

    def __init__(self, ca_file: Path | None) -> None:
        super().__init__()
        self._context = ssl.create_default_context(cafile=ca_file)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2

    def wrap_socket(self, connection: Connection, do_handshake: bool = False) -> None:
        """Shake hands; ldap3 calls it with and without StartTLS."""
        del do_handshake
        assert connection.socket is not None
        connection.socket = self._context.wrap_socket(
            connection.socket, server_hostname=connection.server.host
        )


@dataclass(frozen=True, slots=True)
class LdapBind:
    """Checks passwords by binding as their owner; call it with an address and a password."""

    settings: LdapSettings

    def __post_init__(self) -> None:
        settings = self.settings
        parts = urlsplit(settings.url)
        if parts.scheme == "ldap" and not settings.start_tls and not _is_loopback(parts.hostname or ""):
            raise LdapMisconfiguredError(
                "[ldap] url: ldap:// cần start_tls = true, hoặc dùng ldaps:// / ldap:// needs start_tls = true, or use ldaps://"
            )
        if not settings.user_dn and not settings.search_base:
            raise LdapMisconfiguredError(
                "[ldap] cần user_dn hoặc search_base / user_dn or search_base is needed"
            )

    def __call__(self, address: str, password: str) -> bool:
        """Whether the server lets this person in; SignInUnavailable when it cannot be asked."""
        if not password or "\0" in password:
            return False
        try:
            name = self._dn_of(address)
            return name is not None and self._binds(name, password)
        except (LDAPException, OSError, ssl.SSLError) as error:
            log.warning("ldap_failed", error=type(error).__name__)
            raise SignInUnavailable("ldap") from error

    def _dn_of(self, address: str) -> str | None:
        settings = self.settings
        if settings.user_dn:
            return _filled(settings.user_dn, address, escape_rdn)
        with self._connected(settings.bind_dn, settings.bind_password) as connection:
            if settings.bind_dn and not connection.bind():
                raise LDAPException("the searching account was refused")
            connection.search(
                settings.search_base,
                _filled(settings.search_filter, address, escape_filter_chars),
                search_scope=SUBTREE,
                attributes=None,
                size_limit=2,
                time_limit=max(int(settings.timeout), 1),
            )
            found = [
                entry["dn"] for entry in connection.response or () if entry.get("type") == "searchResEntry"
            ]
        return found[0] if len(found) == 1 and found[0] else None  # two people are nobody; no DN is anonymous

    def _binds(self, name: str, password: str) -> bool:
        with self._connected(name, password) as connection:
            if connection.bind():
                return True
            code = connection.result["result"]
            if code not in {RESULT_INVALID_CREDENTIALS, RESULT_SUCCESS}:
                raise LDAPException(connection.result["description"])
            return False

    @contextmanager
    def _connected(self, name: str, password: str) -> Iterator[Connection]:
        """A connection under TLS that nobody has bound yet."""
        settings = self.settings
        parts = urlsplit(settings.url)
        tls = _CheckedTls(settings.ca_file)
        is_tls = parts.scheme == "ldaps"
        server = Server(
            parts.hostname,
            port=parts.port or (LDAPS_PORT if is_tls else LDAP_PORT),
            use_ssl=is_tls,
            tls=tls,
            get_info=NONE,
            connect_timeout=settings.timeout,
        )
        connection = Connection(
            server,
            user=name or None,
            password=password or None,
            receive_timeout=math.ceil(settings.timeout),
            auto_referrals=False,  # nobody else is told the password
            raise_exceptions=False,
        )
        try:
            connection.open(read_server_info=False)
            if not is_tls and settings.start_tls and not connection.start_tls(read_server_info=False):
                raise LDAPException("StartTLS was refused")
            yield connection
        finally:
            connection.unbind()
            if connection.socket is not None:  # ldap3 leaves one that could not connect open
                connection.socket.close()


def _filled(template: str, address: str, escape: Callable[[str], str]) -> str:
    local, _, domain = address.rpartition("@")
    values = {"login": address, "local": local, "domain": domain}
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", escape(value))
    return template


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
