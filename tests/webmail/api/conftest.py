"""The API over a small province, asked by a program with a token."""

import pytest

from mailsvc.services.open_store import open_index
from tests.support.province import Province, make_province
from webmail.adapter import web_services
from webmail.app import create_app


class Program:
    """A client that has a token and no cookies."""

    def __init__(self, app, token: str = "") -> None:
        self.client = app.test_client(use_cookies=False)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method: str, path: str, body: object = None, **headers: str):
        more = {} if body is None else {"json": body}
        return self.client.open(f"/api/v1{path}", method=method, headers={**self.headers, **headers}, **more)


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
    return lambda local, *scopes: Program(app, province.token(local, *scopes))
