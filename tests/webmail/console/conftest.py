"""The console over a small province, read by a browser without scripts."""

import pytest

from mailsvc.services.open_store import open_index
from tests.support.mail import DOMAIN
from tests.support.province import PASSWORD, Province, make_province
from tests.webmail.conftest import Reader
from webmail.adapter import web_services
from webmail.app import create_app


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
def as_(app):
    """A reader who is signed in as somebody."""

    def reads(local: str) -> Reader:
        reader = Reader(app)
        assert reader.sign_in(f"{local}@{DOMAIN}", PASSWORD).status_code == 303
        reader.get("/quan-tri")
        return reader

    return reads
