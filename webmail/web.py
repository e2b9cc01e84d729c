"""What every view needs at hand: the services, who asks, in which language."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, cast

from flask import abort, current_app, g, request

from webmail.i18n import Catalog, catalog

if TYPE_CHECKING:
    from webmail.ports import Session, Viewer, WebServices
    from webmail.security import Guard
    from webmail.static_files import StaticFiles
    from webmail.trusted import Trusted


@dataclass(frozen=True, slots=True)
class Web:
    """The application's parts."""

    services: WebServices
    guard: Guard
    trusted: Trusted
    static: StaticFiles


def web() -> Web:
    """The parts of the application that serves this request."""
    return cast("Web", current_app.extensions["congvu"])


def words() -> Catalog:
    """The words of the language that the reader chose."""
    return catalog(request.cookies.get("language"))


def session() -> Session | None:
    """The complete sign-in of this request, if there is one."""
    found: Session | None = g.get("session")
    return found


def visitor() -> Viewer | None:
    """Who is signed in, if anyone."""
    found = session()
    return found.viewer if found else None


def viewer() -> Viewer:
    """Who is signed in; 401 if nobody is."""
    found = visitor()
    if found is None:
        abort(401)
    return found


def threads_wanted() -> bool:
    """Whether the reader wants conversations rather than single letters."""
    return request.cookies.get("view") == "threads"


def wants_part() -> str:
    """Which fragment of the page a script asks for; empty for the whole page."""
    return request.args.get("part", "") if request.headers.get("HX-Request") else ""


def wants_json() -> bool:
    """Whether a script of ours asks, which reads JSON."""
    return request.headers.get("Accept", "").startswith("application/json")


def remote_address() -> str:
    """Where the request comes from; behind a proxy of a trusted network, what the proxy says (RFC 7239's forerunner)."""
    peer = request.remote_addr or ""
    said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return said if said and web().trusted.holds(peer) and _is_address(said) else peer


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def local_path(path: str) -> str:
    """A path of ours to go on to, or /mail: never another site."""
    if path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable():
        return path.rstrip("?")
    return "/mail"
