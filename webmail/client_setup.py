"""What mail programs ask in order to set themselves up from an address alone.

Thunderbird's autoconfig 1.1 and Outlook's autodiscover (POX, and the JSON question that leads to it). The answers say
where the servers are and nothing of accounts: every address gets the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from werkzeug.exceptions import BadRequest, HTTPException, NotFound, RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from webmail.carddav.xml_in import BadXml, parse

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

MAX_QUESTION: Final = 16 * 1024
MAX_ADDRESS: Final = 320
ASKED: Final = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
ANSWERED: Final = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
ACCOUNT: Final = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"


@dataclass(frozen=True, slots=True)
class ClientServers:
    """Where mail programs find us, always with TLS from the first octet (RFC 8314 §3)."""

    host: str = "localhost"
    imap_port: int = 993
    submission_port: int = 465


def create_client_setup(
    servers: ClientServers, *, product: str, domain: str, public_url: str
) -> WSGIApplication:
    """The answers, to be mounted at /.well-known/autoconfig, /mail and /autodiscover."""

    @Request.application
    def answer(request: Request) -> Response:
        path = (request.root_path + request.path).rstrip("/").lower()
        try:
            if path in {"/.well-known/autoconfig/mail/config-v1.1.xml", "/mail/config-v1.1.xml"}:
                return _xml(_autoconfig(servers, product, domain, public_url))
            if path == "/autodiscover/autodiscover.xml" and request.method == "POST":
                return _xml(_autodiscover(servers, _asked_for(request)))
            if path == "/autodiscover/autodiscover.json":
                return _where_to_ask(request)
        except HTTPException as refused:
            return Response(refused.description, status=refused.code, mimetype="text/plain")
        return Response("", status=NotFound.code)

    return answer


def _autoconfig(servers: ClientServers, product: str, domain: str, public_url: str) -> ET.Element:
    """Mozilla's format, version 1.1: https://wiki.mozilla.org/Thunderbird:Autoconfiguration:ConfigFileFormat."""
    root = ET.Element("clientConfig", version="1.1")
    provider = ET.SubElement(root, "emailProvider", id=domain)
    _put(provider, domain=domain, displayName=f"{product} {domain}", displayShortName=product)
    for tag, kind, port in (
        ("incomingServer", "imap", servers.imap_port),
        ("outgoingServer", "smtp", servers.submission_port),
    ):
        server = ET.SubElement(provider, tag, type=kind)
        _put(
            server,
            hostname=servers.host,
            port=str(port),
            socketType="SSL",
            authentication="password-cleartext",
            username="%EMAILADDRESS%",
        )
    if urlsplit(public_url).scheme == "https":
        book = ET.SubElement(provider, "addressBook", type="carddav")
        _put(
            book,
            username="%EMAILADDRESS%",
            authentication="http-basic",
            serverURL=f"{public_url.rstrip('/')}/dav/",
        )
    return root


def _autodiscover(servers: ClientServers, address: str) -> ET.Element:
    """Outlook's format, MS-OXDSCLI §2.2.4."""
    root = ET.Element("Autodiscover", xmlns=ANSWERED)
    account = ET.SubElement(ET.SubElement(root, "Response", xmlns=ACCOUNT), "Account")
    _put(account, AccountType="email", Action="settings")
    for kind, port in (("IMAP", servers.imap_port), ("SMTP", servers.submission_port)):
        _put(
            ET.SubElement(account, "Protocol"),
            Type=kind,
            Server=servers.host,
            Port=str(port),
            DomainRequired="off",
            LoginName=address,
            SPA="off",
            SSL="on",
            AuthRequired="on",
        )
    return root


def _asked_for(request: Request) -> str:
    if (request.content_length or 0) > MAX_QUESTION:
        raise RequestEntityTooLarge
    try:
        root = parse(request.stream.read(MAX_QUESTION))
    except BadXml:
        raise BadRequest("Không phải XML / not XML") from None
    question = root.first((ASKED, "Request"))
    named = question.first((ASKED, "EMailAddress")) if question is not None else None
    address = named.text.strip() if named is not None else ""
    if not 3 <= len(address) <= MAX_ADDRESS or "@" not in address or not address.isprintable():
        raise BadRequest("Thiếu địa chỉ thư / no mail address")
    return address


def _where_to_ask(request: Request) -> Response:
    """Newer programs first ask which question to ask."""
    url = f"https://{request.host}/autodiscover/autodiscover.xml"
    return Response(json.dumps({"Protocol": "AutodiscoverV1", "Url": url}), mimetype="application/json")


def _put(parent: ET.Element, **children: str) -> None:
    for name, text in children.items():
        ET.SubElement(parent, name).text = text


def _xml(root: ET.Element) -> Response:
    octets = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    response = Response(octets, mimetype="application/xml")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
