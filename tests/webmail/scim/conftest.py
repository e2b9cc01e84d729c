"""SCIM over a small province, asked by the independent scim2-client."""

import pytest
from scim2_client.engines.wsgi import WSGISCIMClient

from directory.tokens import TokenScope
from mailsvc.services.open_store import open_index
from tests.support.province import Province, make_province
from webmail.adapter import web_services
from webmail.app import create_app

BASE = "http://localhost/scim/v2"


class Program:
    """A client that has a token and no cookies."""

    def __init__(self, app, token: str = "") -> None:
        self.client = app.test_client(use_cookies=False)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method: str, path: str, body: object = None, **headers: str):
        more = {} if body is None else {"json": body}
        return self.client.open(f"/scim/v2{path}", method=method, headers={**self.headers, **headers}, **more)


@pytest.fixture
def province(tmp_path):
    made = make_province(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def app(province: Province, tmp_path):
    engine = open_index(tmp_path / "data")
    yield create_app(web_services(province.store, engine, province.settings))
    engine.close()


@pytest.fixture
def as_(app, province: Province):
    """A program of somebody's."""
    return lambda local, *scopes: Program(app, province.token(local, *(scopes or (TokenScope.SCIM,))))


@pytest.fixture
def scim(app, province: Province):
    """The independent client as the province's administrator, with what the server says it can do."""
    headers = {"Authorization": f"Bearer {province.token('tinh', TokenScope.SCIM)}"}
    client = WSGISCIMClient(app.wsgi_app, BASE, headers=headers)
    client.discover()
    return client
