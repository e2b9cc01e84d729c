"""/.well-known/carddav: where a client that knows only our name finds the address book (RFC 6764 §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.utils import redirect

from webmail.carddav.resources import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def well_known(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """301 to the root of the address book, whatever the method: most clients begin with PROPFIND."""
    return redirect(ROOT, 301)(environ, start_response)
