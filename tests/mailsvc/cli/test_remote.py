"""The same commands on the server and from elsewhere: same output, same exit codes."""

import json
import ssl
import threading
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook
from werkzeug.serving import make_server

from mailsvc.cli.root import run
from mailsvc.net.tls import make_certificate
from mailsvc.services.administration.office import Office, TokenScope
from tests.support.mail import DOMAIN
from tests.support.province import Province, make_province
from webmail.api.app import create_api


class Site:
    """The API behind TLS, as a proxy would serve it."""

    def __init__(self, folder, province: Province) -> None:
        self.ca = folder / "cert.pem"
        make_certificate(self.ca, folder / "key.pem", ("localhost", "127.0.0.1"), now=datetime.now(UTC))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, folder / "key.pem")
        app = create_api(Office(province.store, province.settings))
        mounted = {"SCRIPT_NAME": "/api/v1"}

        def under_prefix(environ, start_response):
            environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(mounted["SCRIPT_NAME"])
            return app.wsgi_app({**environ, **mounted}, start_response)

        self.server = make_server("127.0.0.1", 0, under_prefix, ssl_context=context)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        self.url = f"https://localhost:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def province(tmp_path):
    made = make_province(tmp_path / "data")
    (tmp_path / "data" / "congvu.toml").write_text(f'domain = "{DOMAIN}"\n', encoding="utf-8")
    yield made
    made.close()


@pytest.fixture
def site(tmp_path, province):
    site = Site(tmp_path, province)
    yield site
    site.close()


@pytest.fixture
def congvu(tmp_path, province, site, capsys, monkeypatch):
    """Run a command from elsewhere as somebody, or here with `on_server`."""
    monkeypatch.setenv("CONGVU_LOCALE", "en")
    monkeypatch.setattr("werkzeug.serving.WSGIRequestHandler.log_request", lambda *_: None)

    def runs(local: str, *words: str, on_server: bool = False):
        if on_server:
            code = run(["--data", str(tmp_path / "data"), *words])
        else:
            token = tmp_path / f"token-{local}"
            token.write_text(province.token(local, TokenScope.ADMIN))
            token.chmod(0o600)
            code = run(["--server", site.url, "--token-file", str(token), "--ca", str(site.ca), *words])
        out, err = capsys.readouterr()
        return code, out, err

    return runs


@pytest.mark.parametrize(
    "words",
    [
        ("account", "list", "--unit", "SYT"),
        ("account", "list", "--unit", "SYT", "--json"),
        ("account", "list", "--find", "tran binh", "--json"),
        ("account", "show", "an"),
        ("account", "show", "an", "--json"),
        ("account", "show", "khong"),
        ("account", "show", "khong", "--json"),
        ("unit", "show", "SYT"),
        ("unit", "show", "PK", "--json"),
        ("unit", "show", "KHONG"),
        ("plan", "list"),
        ("plan", "show", "77"),
        ("audit", "verify"),
        ("audit", "verify", "--lines", "999", "--json"),
        ("audit", "verify", "--head", "xyz"),
        ("account", "remove-alias", "an", "khac"),
        ("account", "create", "an", "--unit", "SYT", "--name", "Nguyễn Văn An"),
        ("account", "create", "an@khac.vn", "--unit", "SYT", "--name", "Nguyễn Văn An", "--json"),
        ("account", "grant", "syt", "--to", "an"),
        ("account", "list", "--kind", "wurst"),
        ("unit", "coverage", "--xlsx", "/no/such/folder/x.xlsx"),
        ("template", "list"),
        ("template", "list", "--json"),
        ("template", "show", "commune"),
        ("template", "show", "khong", "--json"),
        ("domain", "list", "--json"),
        ("person", "show", "an"),
        ("person", "show", "syt", "--json"),
        ("person", "transfer", "an", "--unit", "PK", "--on", "2990-01-01"),
        ("person", "transfer", "an", "--unit", "KHONG", "--json"),
        ("person", "retire", "an", "--on", "2990-01-01", "--json"),
        ("person", "end-post", "an", "--unit", "SYT"),
        ("person", "return", "an", "--unit", "SYT", "--json"),
        ("person", "away", "an", "--back-on", "2026-01-01", "--json"),
        ("person", "join", "--name", "Vũ Văn Mới", "--unit", "SYT"),
        ("policy", "list"),
        ("policy", "show", "an", "--json"),
        ("policy", "set", "password", "min_length=rat-dai", "--branch", "state", "--json"),
        ("policy", "end", "password", "--branch", "state"),
        ("policy", "preview", "{given}{family}", "--name", "Vũ Văn Mới"),
        ("statistics", "adoption", "--under", "SYT"),
        ("statistics", "adoption", "--under", "SYT", "--by", "month", "--json"),
        ("statistics", "ranking", "activated", "--under", "SYT"),
        ("statistics", "ranking", "activated", "--month", "2090-01"),
        ("calendar", "show", "2026", "--json"),
        ("group", "list"),
        ("slip", "list"),
    ],
)
def test_a_command_says_the_same_here_and_there(congvu, words) -> None:
    assert congvu("tinh", *words) == congvu("tinh", *words, on_server=True)


FILES = {
    "people.csv": "STT,Họ và tên,Ngày sinh,Đơn vị,Chức vụ\n1,Vũ Văn Mới,5/9/1985,SYT,Lái xe\n2,Lê Sai,,Sở Y tá,\n",
    "good.csv": "address,full_name,unit,kind\n,Vũ Văn Mới,SYT,personal\n",
    "empty.csv": "",
    "staff.csv": "address,unit\nan,STC\n",
    "acts.csv": "action,code,into,name\nmerge,PK,SYT,\nđập,SYT,,\n",
    "secret.csv": "address,full_name,unit,kind,password\nmoi,Vũ Văn Mới,SYT,personal,Matkhau-123\n",
    "units.csv": "code,name,parent,tier,branch\nSYT9,Chi cục,SYT,province,state\nPK9,Phòng,KHONG,province,state\n",
}


@pytest.mark.parametrize(
    "words",
    [
        "account import people.csv",
        "account import people.csv --json --effective 2026-12-31",
        "account import good.csv",
        "account import good.csv --keep --first-passwords new.csv",
        "account import empty.csv --json --effective 2026-12-31",
        "account import secret.csv --keep --json --effective 2026-12-31",
        "unit import units.csv --yes",
        "unit import units.csv --strict-branches --json --effective 2026-12-31",
        "unit import empty.csv --yes",
        "unit create SYT --name Khac --parent UB --tier province --branch state --json",
        "unit create S!! --name Khac --tier province --branch state --json",
        "unit merge PK --into SYT",
        "unit merge PK KHONG --into SYT --json --effective 2026-12-31",
        "unit merge P!! --into SYT --yes --json",
        "unit rename SYT --name Khac --effective 2026-12-31 --json",
        "unit move SYT --under PK --yes",
        "unit split SYT --into PK --into STC --staff staff.csv",
        "unit dissolve PK --into SYT --custodian an",
        "unit reorganise acts.csv --yes",
        "unit create MOI --name Khac --parent KHONG --tier province --branch state",
    ],
)
def test_a_plan_is_shown_and_refused_the_same_here_and_there(congvu, tmp_path, monkeypatch, words) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert congvu("tinh", *words.split()) == congvu("tinh", *words.split(), on_server=True)


def test_a_roster_goes_in_from_elsewhere_and_its_first_passwords_come_back_into_a_private_file(
    congvu, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.csv").write_text(FILES["good.csv"], encoding="utf-8")
    asked = ("account", "import", "good.csv", "--yes", "--first-passwords", "p.csv", "--json")
    code, out, err = congvu("quantri", *asked)
    assert (code, json.loads(out)["applied"]) == (0, True), err
    assert (tmp_path / "p.csv").stat().st_mode & 0o777 == 0o600
    (line,) = (tmp_path / "p.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    assert line.startswith("moivv@")
    assert line.split(",")[3] not in out + err
    assert congvu("quantri", *asked)[0] == 1  # never over a file that is there
    assert json.loads(congvu("quantri", "account", "import", "good.csv", "--json")[1])["unchanged"] == 1
    plan = str(json.loads(out)["plan"])
    assert congvu("quantri", "plan", "undo", plan)[0] == 0


def test_the_refused_lines_come_back_to_be_mended(congvu, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text(FILES["people.csv"], encoding="utf-8")
    assert congvu("quantri", "account", "import", "people.csv", "--yes", "--refused", "sua.xlsx")[0] == 1
    book = load_workbook(tmp_path / "sua.xlsx")
    assert [cell.value for cell in book.active[2]][:2] == ["2", "Lê Sai"]


def test_units_go_in_from_elsewhere_with_the_name_of_who_did_it(congvu, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "u.csv").write_text("\n".join(FILES["units.csv"].splitlines()[:2]) + "\n", encoding="utf-8")
    code, out, err = congvu("tinh", "unit", "import", "u.csv", "--yes", "--json")
    assert (code, json.loads(out)["applied"]) == (0, True), err
    words = ("unit", "create", "SYT8", "--name", "Phòng", "--parent", "SYT9", "--tier", "province")
    assert congvu("tinh", *words, "--branch", "state")[0] == 0
    made = {
        item["id"]: item["created_by"] for item in json.loads(congvu("tinh", "plan", "list", "--json")[1])
    }
    assert set(made.values()) == {f"tinh@{DOMAIN}"}
    for plan in sorted(made, reverse=True):
        assert congvu("tinh", "plan", "undo", str(plan))[0] == 0
    assert congvu("tinh", "unit", "show", "SYT9")[0] == 1


def test_units_are_merged_from_elsewhere_and_given_back(congvu) -> None:
    code, out, err = congvu("tinh", "unit", "merge", "PK", "--into", "SYT", "--yes", "--json")
    assert (code, json.loads(out)["applied"]) == (0, True), err
    left = {item["code"] for item in json.loads(congvu("tinh", "unit", "list", "--json")[1])}
    assert left == {"UB", "STC", "SYT"}
    assert congvu("tinh", "plan", "undo", str(json.loads(out)["plan"]), on_server=True)[0] == 0
    assert congvu("quantri", "unit", "merge", "PK", "--into", "SYT", "--yes")[0] == 1
    assert (
        "outside of what you administer"
        in congvu("tinh", "unit", "merge", "VPTU", "--into", "SYT", "--yes")[2]
    )


def test_what_changes_there_is_written_down_with_the_name_of_who_did_it(congvu) -> None:
    code, out, _ = congvu("quantri", "account", "set-password", "an")
    assert (code, "First password: " in out) == (0, True)
    assert congvu("quantri", "account", "lock", "an", "--reason", "nghỉ")[0] == 0
    assert f"quantri@{DOMAIN}" in congvu("quantri", "audit", "list", "--json", on_server=True)[1]


def test_outside_of_the_scope_the_command_is_refused(congvu) -> None:
    code, _, err = congvu("quantri", "account", "lock", "chi")
    assert (code, "no account chi" in err) == (1, True)
    code, _, err = congvu("an", "account", "list")
    assert (code, "outside of what you administer" in err) == (1, True)


def test_a_command_that_needs_the_machine_says_so(congvu) -> None:
    for words in (("verify",), ("backup", "x"), ("domain", "records", "x")):
        code, _, err = congvu("tinh", *words)
        assert (code, "on the server itself" in err) == (1, True), words


def test_a_certificate_that_is_not_trusted_ends_it(congvu, site, tmp_path, capsys) -> None:
    assert congvu("tinh", "account", "list")[0] == 0
    words = ["--server", site.url, "--token-file", str(tmp_path / "token-tinh"), "account", "list"]
    assert run(words) == 1
    assert "certificate of localhost cannot be trusted" in capsys.readouterr().err


def test_a_wrong_server_or_token_is_told(site, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("CONGVU_LOCALE", "en")
    token = tmp_path / "token"
    token.write_text("cvt_wrong")
    token.chmod(0o644)

    def told(server: str) -> str:
        words = ["--server", server, "--token-file", str(token), "--ca", str(site.ca), "account", "list"]
        assert run(words) == 1
        return capsys.readouterr().err

    assert "chmod 600" in told(site.url)
    token.chmod(0o600)
    assert "does not take this token" in told(site.url)
    assert "takes https://" in told(site.url.replace("https", "http"))
    assert "Cannot connect" in told("https://127.0.0.1:1")
    assert run(["--server", site.url, "account", "list"]) == 1
    assert "--token-file FILE" in capsys.readouterr().err


def test_without_a_locale_it_speaks_vietnamese(congvu, monkeypatch) -> None:
    monkeypatch.setenv("CONGVU_LOCALE", "vi")
    assert "Không có tài khoản" in congvu("tinh", "account", "show", "khong")[2]
