"""Channel binding: what ties a sign-in to this TLS connection and no other (RFC 5056).

`tls-server-end-point` is the hash of our certificate (RFC 5929 §4), `tls-unique` the first Finished message and sound
up to TLS 1.2 only (§3), `tls-exporter` a key exported from the connection (RFC 9266), which clients expect under TLS 1.3.
Python's ssl has no call for the last; it is taken from the OpenSSL that ssl itself uses, after checking that the object
is laid out as we think, and is not offered where it is not.
"""

from __future__ import annotations

import ctypes
import hashlib
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from pathlib import Path

_LABEL = b"EXPORTER-Channel-Binding"  # RFC 9266 §2: no context, 32 octets
_EXPORTED = 32
_WEAK = frozenset({"md5", "sha1"})
_POINTER = ctypes.sizeof(ctypes.c_void_p)


def bindings(tls: ssl.SSLObject | None, end_point: bytes) -> Mapping[str, bytes]:
    """The binding types that this connection has, with their octets; none without TLS.

    A client that prefers -PLUS takes it when it is offered, so under TLS 1.3 nothing is offered without tls-exporter
    (RFC 9266 §3: the default there).
    """
    if tls is None:
        return {}
    found = {"tls-server-end-point": end_point} if end_point else {}
    if tls.version() == "TLSv1.3":
        exported = _export(tls)
        return found | {"tls-exporter": exported} if exported is not None else {}
    unique = tls.get_channel_binding("tls-unique")
    return found | {"tls-unique": unique} if unique else found


def end_point(certificate: Path) -> bytes:
    """The hash of a server's certificate by the hash of its signature; SHA-256 in place of MD5 and SHA-1 (RFC 5929 §4.1)."""
    chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    used = chain[0].signature_hash_algorithm
    name = "sha256" if used is None or used.name in _WEAK else used.name.replace("-", "_")
    return hashlib.new(name, chain[0].public_bytes(Encoding.DER)).digest()


def _export(tls: ssl.SSLObject) -> bytes | None:
    export = _exporter()
    pointer = _ssl_pointer(tls)
    if export is None or pointer is None:
        return None
    out = ctypes.create_string_buffer(_EXPORTED)
    done = export(pointer, out, _EXPORTED, _LABEL, len(_LABEL), None, 0, 0)
    return out.raw if done == 1 else None


def _ssl_pointer(tls: ssl.SSLObject) -> int | None:
    """The `SSL *` inside CPython's object: `{PyObject_HEAD; PyObject *Socket; SSL *ssl; PySSLContext *ctx; …}`.

    The field behind it has to be the very context that the object says it has; else the layout is another one.
    """
    inner: Any = getattr(tls, "_sslobj", None)
    if inner is None or sys.implementation.name != "cpython":
        return None
    head = object.__basicsize__
    if inner.__sizeof__() < head + 3 * _POINTER:
        return None
    fields = (ctypes.c_void_p * 3).from_address(id(inner) + head)
    return fields[1] if fields[2] == id(inner.context) else None


@cache
def _exporter() -> Callable[..., int] | None:
    """SSL_export_keying_material of the library that Python's ssl is linked with."""
    import _ssl  # its file names the library

    path = getattr(_ssl, "__file__", None)
    try:
        function = ctypes.CDLL(path).SSL_export_keying_material
    except (OSError, AttributeError):
        return None
    function.restype = ctypes.c_int
    function.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_int,
    ]
    return function
