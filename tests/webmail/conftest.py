"""A signed-in reader over the mail system in memory."""

import re

import pytest

from tests.webmail.fake import AN, PASSWORD, office
from webmail.app import create_app

CSRF = re.compile(r'name="csrf" (?:content|value)="([^"]+)"')


class Reader:
    """A browser without scripts: cookies, forms with their token, and what comes back."""

    def __init__(self, app):
        self.client = app.test_client()
        self.token = ""

    def get(self, path, **headers):
        answer = self.client.get(path, headers=headers)
        found = CSRF.search(answer.get_data(as_text=True)) if answer.mimetype == "text/html" else None
        if found:
            self.token = found[1]
        return answer

    def part(self, path):
        return self.get(path, **{"HX-Request": "true"})

    def post(self, path, data=None, headers=None, **more):
        values = {"csrf": self.token, **(data or {})}
        return self.client.post(
            path, data=values, headers={"Origin": "http://localhost", **(headers or {})}, **more
        )

    def post_json(self, path, data, **more):
        return self.post(path, data, headers={"Accept": "application/json"}, **more)

    def sign_in(self, address=AN.address, password=PASSWORD):
        self.get("/")
        answer = self.post("/sign-in", {"address": address, "password": password})
        if answer.status_code == 303:
            self.get("/mail/10")
        return answer


@pytest.fixture
def world():
    return office()


@pytest.fixture
def app(world):
    return create_app(world.services(trusted_networks=("127.0.0.0/8",)))


@pytest.fixture
def visitor(app):
    return Reader(app)


@pytest.fixture
def reader(visitor):
    assert visitor.sign_in().status_code == 303
    return visitor
