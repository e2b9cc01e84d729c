"""Mail programs set themselves up from an address alone."""

from xml.etree import ElementTree as ET

import pytest

from tests.webmail.fake import office
from webmail.app import create_app
from webmail.client_setup import ACCOUNT, ASKED, MAX_QUESTION, ClientServers

HOST = "mail.lamdong.example"


@pytest.fixture
def client():
    services = office().services(
        servers=ClientServers(HOST, 993, 465), public_url="https://thu.lamdong.example"
    )
    return create_app(services).test_client()


def question(address):
    return (
        f'<Autodiscover xmlns="{ASKED}"><Request><EMailAddress>{address}</EMailAddress>'
        f"<AcceptableResponseSchema>{ACCOUNT}</AcceptableResponseSchema></Request></Autodiscover>"
    )


@pytest.mark.parametrize(
    "path",
    ["/.well-known/autoconfig/mail/config-v1.1.xml", "/mail/config-v1.1.xml?emailaddress=an@lamdong.example"],
)
def test_thunderbird_is_told_where_to_read_and_to_send(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/xml")
    provider = ET.fromstring(answer.data).find("emailProvider")
    servers = {one.get("type"): one for one in provider if one.get("type") in {"imap", "smtp"}}
    for kind, port in (("imap", "993"), ("smtp", "465")):
        told = {child.tag: child.text for child in servers[kind]}
        assert told == {
            "hostname": HOST,
            "port": port,
            "socketType": "SSL",
            "authentication": "password-cleartext",
            "username": "%EMAILADDRESS%",
        }
    assert provider.find("addressBook/serverURL").text == "https://thu.lamdong.example/dav/"


@pytest.mark.parametrize("path", ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml"])
def test_outlook_is_told_the_same(client, path):
    answer = client.post(path, data=question("an@lamdong.example"), content_type="text/xml")
    account = ET.fromstring(answer.data).find(f".//{{{ACCOUNT}}}Account")
    told = [
        {
            name: protocol.find(f"{{{ACCOUNT}}}{name}").text
            for name in ("Type", "Server", "Port", "LoginName", "SSL")
        }
        for protocol in account.findall(f"{{{ACCOUNT}}}Protocol")
    ]
    assert told == [
        {"Type": "IMAP", "Server": HOST, "Port": "993", "LoginName": "an@lamdong.example", "SSL": "on"},
        {"Type": "SMTP", "Server": HOST, "Port": "465", "LoginName": "an@lamdong.example", "SSL": "on"},
    ]
    asked_first = client.get(
        "/autodiscover/autodiscover.json?Email=an@lamdong.example&Protocol=AutodiscoverV1"
    )
    assert asked_first.json["Url"].endswith("/autodiscover/autodiscover.xml")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<a",
        question(""),
        question("an"),
        question("a@" + "b" * 400),
        f'<!DOCTYPE a [<!ENTITY x "{"y" * 100}">]>' + question("&x;@b"),
        question("x@y") + " " * MAX_QUESTION,
    ],
)
def test_other_questions_are_refused(client, body):
    answer = client.post("/autodiscover/autodiscover.xml", data=body, content_type="text/xml")
    assert answer.status_code in {400, 413}


def test_every_address_gets_the_same_answer(client):
    first, second = (
        client.post("/autodiscover/autodiscover.xml", data=question(one), content_type="text/xml").get_data(
            as_text=True
        )
        for one in ("an@lamdong.example", "nobody@lamdong.example")
    )
    assert first.replace("an@", "nobody@") == second
    assert client.get("/autodiscover/other").status_code == 404
