"""The address book over the real directory: what a client finds, what changed, and that nobody writes or sees too much."""

import base64
import xml.etree.ElementTree as ET

import pytest

from directory import authenticate, repository, upkeep
from directory.app_passwords import new_app_password, store_app_password
from directory.model import AccountState, Branch, vietnam_day
from directory.passwords import hash_password
from directory.policies import PolicyName, Where, set_policy
from directory.scope import SERVER
from mailsvc.services.open_store import open_index
from tests.mailsvc.services.statistics.conftest import Province
from tests.support.mail import DOMAIN
from webmail.adapter import web_services
from webmail.app import create_app

PASSWORD = "Dalat#2026"
D, C = "{DAV:}", "{urn:ietf:params:xml:ns:carddav}"
SYNC = """<d:sync-collection xmlns:d="DAV:"><d:sync-token>{token}</d:sync-token><d:sync-level>1</d:sync-level>
<d:prop><d:getetag/></d:prop></d:sync-collection>"""
QUERY = """<c:addressbook-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav">
<d:prop><d:getetag/><c:address-data {version}/></d:prop><c:filter>{filter}</c:filter>{limit}</c:addressbook-query>"""


class Phone:
    """A client that knows a name and a password."""

    def __init__(self, province, local="an", password=PASSWORD):
        self.client = province.app.test_client()
        self.id = province.id(local)
        self.book = f"/dav/books/{self.id}/danh-ba/"
        given = base64.b64encode(f"{local}@{DOMAIN}:{password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {given}"}

    def asks(self, method, path, body="", **headers):
        return self.client.open(path, method=method, data=body, headers={**self.headers, **headers})

    def tree(self, method, path, body="", **headers):
        answer = self.asks(method, path, body, **headers)
        assert answer.status_code == 207, answer.get_data(as_text=True)
        return ET.fromstring(answer.data)

    def sync(self, token="", **more):
        found = self.tree("REPORT", self.book, SYNC.format(token=token), **more)
        statuses = {
            one.findtext(D + "href"): one.findtext(D + "status") or one.findtext(f".//{D}status")
            for one in found.iter(D + "response")
        }
        return statuses, found.findtext(D + "sync-token")

    def finds(self, filter_, version="", limit=""):
        found = self.tree("REPORT", self.book, QUERY.format(filter=filter_, version=version, limit=limit))
        return "".join(one.text or "" for one in found.iter(C + "address-data"))


@pytest.fixture(scope="module")
def province(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book") / "data"
    one = Province(folder)
    with one.store.write() as uow:
        stored = authenticate.NewPassword(hash_password(PASSWORD))
        for local in ("an", "binh", "ha"):
            authenticate.store_password(uow.conn, one.id(local), stored, uow.clock(), must_change=False)
    engine = open_index(folder)
    one.app = create_app(web_services(one.store, engine, one.settings))
    yield one
    engine.close()
    one.store.close()


@pytest.fixture
def phone(province):
    return Phone(province)


def state(province, local, state):
    with province.store.write() as uow:
        found = repository.account_by_login(uow.conn, local)
        act = upkeep.lock if state is AccountState.LOCKED else upkeep.unlock
        act(uow.conn, SERVER, found, actor="t", at=uow.clock())


def test_a_client_finds_its_way_from_the_well_known_address(phone):
    moved = phone.asks("PROPFIND", "/.well-known/carddav")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/dav/")
    root = phone.tree("PROPFIND", "/dav/", Depth="0")
    principal = root.find(f".//{D}current-user-principal/{D}href").text
    body = (
        '<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><d:prop><c:addressbook-home-set/></d:prop>'
        "</d:propfind>"
    )
    home = phone.tree("PROPFIND", principal, body, Depth="0").find(f".//{C}addressbook-home-set/{D}href").text
    kinds = phone.tree("PROPFIND", home, Depth="1").findall(f".//{C}addressbook")
    assert len(kinds) == 1


def test_a_search_finds_with_or_without_marks_and_both_versions_of_cards(phone):
    by_name = '<c:prop-filter name="FN"><c:text-match>{0}</c:text-match></c:prop-filter>'
    for typed in ("trần", "TRAN"):
        assert "binh@" in phone.finds(by_name.format(typed))
    old, new = (phone.finds(by_name.format("binh"), f'version="{one}"') for one in ("3.0", "4.0"))
    assert "VERSION:3.0" in old
    assert "N:Trần;Bình;Văn;;" in old
    assert "VERSION:4.0" in new
    assert "KIND:individual" in new
    by_mail = '<c:prop-filter name="EMAIL"><c:text-match match-type="starts-with">{0}</c:text-match></c:prop-filter>'
    assert "binh@" in phone.finds(by_mail.format("bin"))
    assert "binh@" not in phone.finds(by_mail.format("inh"))


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ('<c:prop-filter name="TITLE"><c:is-not-defined/></c:prop-filter>', True),
        (
            '<c:prop-filter name="FN"><c:text-match negate-condition="yes">binh</c:text-match></c:prop-filter>',
            False,
        ),
        ('<c:prop-filter name="X-NONE"/>', False),
        ("", True),
    ],
)
def test_filters_are_obeyed(phone, filter_, found):
    assert ("binh@" in phone.finds(filter_)) is found


def test_only_the_properties_asked_for_are_sent(phone):
    body = QUERY.format(filter="", version="", limit="").replace(
        "<c:address-data />", '<c:address-data><c:prop name="EMAIL"/></c:address-data>'
    )
    cards = phone.tree("REPORT", phone.book, body).findtext(f".//{C}address-data")
    assert "EMAIL" in cards
    assert "FN" not in cards


def test_a_limit_cuts_a_query_and_says_so(phone):
    body = QUERY.format(filter="", version="", limit="<c:limit><c:nresults>1</c:nresults></c:limit>")
    found = phone.tree("REPORT", phone.book, body)
    assert "507" in [one.findtext(D + "status") for one in found.iter(D + "response")][-1]


def test_cards_are_fetched_by_name_and_what_is_not_there_is_told(phone):
    listed = phone.tree("PROPFIND", phone.book, Depth="1")
    paths = [one.text for one in listed.iter(D + "href") if one.text.endswith(".vcf")]
    body = (
        '<c:addressbook-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><d:prop><d:getetag/>'
        f"<c:address-data/></d:prop><d:href>{paths[0]}</d:href><d:href>{phone.book}999999.vcf</d:href>"
        "<d:href>/etc/passwd</d:href></c:addressbook-multiget>"
    )
    found = phone.tree("REPORT", phone.book, body)
    assert [one.findtext(f".//{D}status") for one in found.iter(D + "response")] == [
        "HTTP/1.1 200 OK",
        "HTTP/1.1 404 Not Found",
        "HTTP/1.1 404 Not Found",
    ]
    card = phone.asks("GET", paths[0])
    assert card.mimetype == "text/vcard"
    assert phone.asks("GET", paths[0], **{"If-None-Match": card.headers["ETag"]}).status_code == 304
    etag = found.findtext(f".//{D}getetag")
    assert etag == card.headers["ETag"]


def test_only_what_changed_is_fetched_again(province, phone):
    every, token = phone.sync()
    assert len(every) == 6
    assert phone.sync(token)[0] == {}
    state(province, "dung", AccountState.LOCKED)
    gone, after = phone.sync(token)
    assert gone == {f"{phone.book}{province.id('dung')}.vcf": "HTTP/1.1 404 Not Found"}
    state(province, "dung", AccountState.ACTIVE)
    back, _ = phone.sync(after)
    assert list(back.values()) == ["HTTP/1.1 200 OK"]
    assert phone.sync(token)[0].keys() == gone.keys()


def test_changes_come_in_portions_where_the_client_wants_them(phone):
    seen, token = set(), ""
    for _ in range(10):
        body = SYNC.format(token=token).replace(
            "<d:prop>", "<d:limit><d:nresults>2</d:nresults></d:limit><d:prop>"
        )
        found = phone.tree("REPORT", phone.book, body)
        seen |= {one.text for one in found.iter(D + "href") if one.text.endswith(".vcf")}
        token = found.findtext(D + "sync-token")
        if not any("507" in (one.findtext(D + "status") or "") for one in found.iter(D + "response")):
            break
    assert seen == set(phone.sync()[0])


@pytest.mark.parametrize("token", ["nonsense", "congvu:000000000000:1.1", "congvu:zz:99.1"])
def test_a_token_that_was_never_given_out_is_refused(phone, token):
    answer = phone.asks("REPORT", phone.book, SYNC.format(token=token))
    assert answer.status_code == 403
    assert b"valid-sync-token" in answer.data


def test_who_may_not_write_across_branches_does_not_see_them(province):
    state = Phone(province, "an")
    party_card = f"{state.book}{province.id('ha')}.vcf"
    every, token = state.sync()
    assert party_card in every
    with province.store.write() as uow:
        set_policy(
            uow.conn,
            SERVER,
            PolicyName.CROSS_BRANCH,
            Where(branch=Branch.STATE),
            {"to": ["council"]},
            on=vietnam_day(uow.clock()),
            actor="t",
            at=uow.clock(),
        )
    assert "ha@" not in state.finds("")
    assert state.asks("GET", party_card).status_code == 404
    assert (
        state.asks("REPORT", state.book, SYNC.format(token=token)).status_code == 403
    )  # another view: begin anew
    assert party_card not in state.sync()[0]
    assert "an@" in Phone(province, "ha").finds("")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "MKCOL", "PROPPATCH", "MOVE", "POST"])
def test_nobody_writes(phone, method):
    assert phone.asks(method, f"{phone.book}1.vcf").status_code == 403


def test_another_person_s_book_is_not_there(province, phone):
    other = province.id("binh")
    for path in (f"/dav/books/{other}/danh-ba/", f"/dav/principals/{other}/", "/dav/books/", "/dav/x"):
        assert phone.asks("PROPFIND", path, Depth="0").status_code == 404


def test_without_the_password_nothing_is_told(province):
    stranger = Phone(province, "an", "wrong")
    answer = stranger.asks("PROPFIND", "/dav/", Depth="0")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert Phone(province, "daron").asks("PROPFIND", "/dav/").status_code == 401
    assert Phone(province, "chi").asks("PROPFIND", "/dav/").status_code == 401


def test_a_first_password_opens_nothing(province):
    with province.store.write() as uow:
        stored = authenticate.NewPassword(hash_password(PASSWORD))
        authenticate.store_password(uow.conn, province.id("dung"), stored, uow.clock(), must_change=True)
    assert Phone(province, "dung").asks("PROPFIND", "/dav/", Depth="0").status_code == 401


def test_options_say_what_this_is(province):
    answer = province.app.test_client().open("/dav/", method="OPTIONS")
    assert "addressbook" in answer.headers["DAV"]
    assert "PUT" not in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("REPORT", "", 400),
        ("REPORT", "<x", 400),
        ("REPORT", '<!DOCTYPE a [<!ENTITY b "c">]><d:x xmlns:d="DAV:"/>', 400),
        ("REPORT", '<d:expand-property xmlns:d="DAV:"/>', 403),
        ("REPORT", QUERY.format(filter="", version='version="2.1"', limit=""), 403),
        (
            "REPORT",
            QUERY.format(
                filter='<c:prop-filter name="FN"><c:text-match collation="i;x">a</c:text-match></c:prop-filter>',
                version="",
                limit="",
            ),
            403,
        ),
        ("PROPFIND", "<a/>", 400),
        ("REPORT", "<a>" * 50, 400),
    ],
)
def test_what_is_no_request_is_refused_and_named(phone, method, body, status):
    assert phone.asks(method, phone.book, body, Depth="0").status_code == status


def test_everything_at_once_is_refused(phone):
    answer = phone.asks("PROPFIND", "/dav/")
    assert answer.status_code == 403
    assert b"propfind-finite-depth" in answer.data


def test_a_phone_has_a_password_of_its_own_and_one_for_a_single_box_opens_no_book(province):
    with province.store.write() as uow:
        whole, narrow = new_app_password(b"salt" * 4), new_app_password(b"salt" * 4)
        store_app_password(uow.conn, province.id("an"), whole, "điện thoại", uow.clock())
        store_app_password(
            uow.conn, province.id("an"), narrow, "máy quét", uow.clock(), scope=province.id("daron")
        )
    assert Phone(province, "an", whole.text).asks("PROPFIND", "/dav/", Depth="0").status_code == 207
    assert Phone(province, "an", narrow.text).asks("PROPFIND", "/dav/", Depth="0").status_code == 401
