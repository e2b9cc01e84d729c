"""Signing in at Debian's OpenID Connect provider, and every answer of a provider that is not believed."""

import base64
import hmac
import json
import re
import time
import urllib.parse

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from config.settings import OidcSettings, Settings
from directory.audit import lines
from directory.model import AccountState
from directory.repository import boxes
from mailsvc.model.errors import SignInUnavailable
from mailsvc.services.oidc import BadProviderAnswer, Provider
from tests.support.glewlwyd import CLIENT, CLIENT_SECRET, glewlwyd
from tests.support.mail import DOMAIN, NOW
from tests.webmail.conftest import Reader
from tests.webmail.test_services import Office, text
from webmail.adapter import web_services
from webmail.app import create_app

RETURN = "http://localhost/sign-in/provider/return"
PEOPLE = {
    "an": (f"an@{DOMAIN}", True),
    "huong": (f"huong@{DOMAIN}", False),  # says so, and nobody has checked it
    "khach": ("khach@elsewhere.example", True),
    "donvi": (f"daron@{DOMAIN}", True),
}


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    with glewlwyd(tmp_path_factory.mktemp("glewlwyd") / "it", PEOPLE, RETURN) as running:
        yield running


@pytest.fixture
def office(tmp_path, there):
    office = Office(tmp_path / "data")
    oidc = OidcSettings(issuer=there.issuer, client_id=CLIENT, client_secret=CLIENT_SECRET, label="Tỉnh")
    office.app = create_app(web_services(office.store, office.engine, Settings(domain=DOMAIN, oidc=oidc)))
    yield office
    office.close()


def departs(office, goal=""):
    reader = Reader(office.app)
    page = text(reader.get("/"))
    assert "Đăng nhập qua Tỉnh" in page
    answer = reader.get(f"/sign-in/provider{goal}")
    assert answer.status_code == 303
    return reader, answer.headers["Location"]


def path_of(url):
    parts = urllib.parse.urlsplit(url)
    return f"{parts.path}?{parts.query}"


@pytest.mark.peer
def test_a_person_of_the_province_signs_in_and_is_known_again_by_subject(office, there):
    reader, url = departs(office, "?next=/compose")
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
    assert query["code_challenge_method"] == ["S256"]
    back = there.signs_in("an", url)
    answer = reader.get(path_of(back))
    assert answer.headers["Location"] == "/compose"
    assert reader.get("/mail").headers["Location"].startswith("/mail/")
    with office.store.read() as db:
        assert "identity.link" in [line.act for line in lines(db.conn, subject=f"an@{DOMAIN}")]
    # The same code, state and cookie again open nothing.
    assert Reader(office.app).get(path_of(back)).status_code == 403
    assert reader.get(path_of(back)).status_code == 403
    # The second time he is known by his subject.
    reader, url = departs(office)
    assert reader.get(path_of(there.signs_in("an", url))).headers["Location"] == "/mail"


@pytest.mark.peer
def test_being_remembered_there_is_no_proof_here(office, there):
    """glewlwyd 2.7.5 dates every sign-in with 0: what is not dated after we asked proves nothing."""
    reader, url = departs(office)
    assert reader.get(path_of(there.signs_in("an", url))).status_code == 303
    assert reader.get("/security").headers["Location"] == "/security/confirm?next=/security"
    assert "/sign-in/provider?afresh=1" in text(reader.get("/security/confirm?next=/security"))
    url = reader.get("/sign-in/provider?afresh=1&next=/security").headers["Location"]
    assert "prompt=login" in url
    assert reader.get(path_of(there.signs_in("an", url))).status_code == 403
    assert reader.get("/security").headers["Location"].startswith("/security/confirm")


@pytest.mark.peer
@pytest.mark.parametrize("name", ["huong", "khach", "donvi"])
def test_nobody_comes_in_by_an_address_that_is_unverified_foreign_or_shared(office, there, name):
    reader, url = departs(office)
    answer = reader.get(path_of(there.signs_in(name, url)))
    assert answer.status_code == 403
    assert "chưa gắn với hộp thư nào" in text(answer)
    assert reader.get("/mail").headers["Location"] == "/sign-in"


@pytest.mark.peer
def test_the_way_back_belongs_to_the_browser_that_departed(office, there):
    _, url = departs(office)
    back = there.signs_in("an", url)
    stranger = Reader(office.app)
    assert stranger.get(path_of(back)).status_code == 403
    other, _ = departs(office)
    assert other.get(path_of(back)).status_code == 403  # a cookie, but of another departure


@pytest.mark.peer
def test_a_locked_account_stays_out(office, there):
    with office.store.write() as uow:
        boxes.set_state(uow.conn, office.ids["an"], AccountState.LOCKED, NOW)
    reader, url = departs(office)
    assert reader.get(path_of(there.signs_in("an", url))).status_code == 403


# -- answers that are not believed ------------------------------------------------------------------

KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
ISSUER = "https://id.lamdong.example"


class Faked(Provider):
    """A provider whose answers the test writes: what comes over the network is the attacker's."""

    def __init__(self, token="", discovery=None):
        super().__init__(OidcSettings(issuer=ISSUER, client_id=CLIENT), lambda: 0.0)
        self.token, self.fetched = token, []
        self.discovery = discovery or {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/auth",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/jwks",
        }

    def _fetch(self, url, body=None, headers=None):
        self.fetched.append(url)
        if url.endswith("configuration"):
            return 200, self.discovery
        if url.endswith("jwks"):
            return 200, {"keys": [KEY.as_dict(private=False)]}
        return 200, {"id_token": self.token}


def claims(**changes):
    now = int(time.time())
    plain = {"iss": ISSUER, "aud": CLIENT, "sub": "s1", "nonce": "n1", "iat": now, "exp": now + 300}
    return {name: value for name, value in (plain | changes).items() if value is not None}


def signed(key=KEY, algorithm="RS256", **changes):
    return jwt.encode({"alg": algorithm, "kid": "k1"}, claims(**changes), key, algorithms=[algorithm])


def by_hand(algorithm, key=b""):
    """A token that no library would make."""

    def part(octets):
        return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()

    head = part(json.dumps({"alg": algorithm, "kid": "k1"}).encode())
    body = part(json.dumps(claims()).encode())
    mark = hmac.digest(key, f"{head}.{body}".encode(), "sha256") if key else b""
    return f"{head}.{body}.{part(mark)}"


def test_a_good_token_is_believed_and_keys_are_kept():
    provider = Faked(signed(email="an@x.vn", email_verified=True))
    for _ in range(3):
        found = provider.identity("code", RETURN, {"verifier": "v", "nonce": "n1"})
        assert (found.subject, found.email) == ("s1", "an@x.vn")
    assert sum(url.endswith("jwks") for url in provider.fetched) == 1
    assert sum(url.endswith("configuration") for url in provider.fetched) == 1


@pytest.mark.parametrize("verified", [None, False, "true", 1])
def test_an_address_counts_only_if_the_provider_says_that_it_is_verified(verified):
    provider = Faked(signed(email="an@x.vn", email_verified=verified))
    assert provider.identity("code", RETURN, {"verifier": "v", "nonce": "n1"}).email == ""


@pytest.mark.parametrize(
    "token",
    [
        signed(nonce="other"),
        signed(nonce=None),
        signed(iss="https://evil.example"),
        signed(aud="another"),
        signed(aud=[CLIENT, "another"]),
        signed(exp=1),
        signed(exp=None),
        signed(iat=4_000_000_000),
        signed(sub=None),
        signed(sub=""),
        signed(sub="x" * 300),
        signed(sub=7),
        signed(key=RSAKey.generate_key(2048)),
        by_hand("HS256", KEY.as_pem(private=False)),  # the public key as a secret
        by_hand("none"),
        signed()[:-8] + "AAAAAAAA",
        "x.y.z",
        "",
        "a" * 5_000,
    ],
)
def test_no_other_token_is(token):
    with pytest.raises(BadProviderAnswer):
        Faked(token).identity("code", RETURN, {"verifier": "v", "nonce": "n1"})


@pytest.mark.parametrize("auth_time", [None, 1, "now", True])
def test_a_fresh_proof_is_one_that_the_provider_dates(auth_time):
    kept = {"verifier": "v", "nonce": "n1", "afresh": "1"}
    with pytest.raises(BadProviderAnswer):
        Faked(signed(auth_time=auth_time)).identity("code", RETURN, kept)
    assert Faked(signed(auth_time=int(time.time()))).identity("code", RETURN, kept).subject == "s1"


def test_a_provider_that_calls_itself_another_is_not_asked():
    provider = Faked(discovery={"issuer": "https://evil.example"})
    with pytest.raises(SignInUnavailable):
        provider.facts()


def test_an_unreachable_provider_is_said_so_and_the_password_still_works(tmp_path):
    office = Office(tmp_path / "data")
    oidc = OidcSettings(issuer="http://localhost:1", client_id=CLIENT, timeout=0.5)
    office.app = create_app(web_services(office.store, office.engine, Settings(domain=DOMAIN, oidc=oidc)))
    answer = Reader(office.app).get("/sign-in/provider")
    assert answer.status_code == 503
    assert re.search("Chưa đăng nhập được qua localhost", text(answer))
    assert office.reader().get("/mail").status_code == 302
    office.close()
