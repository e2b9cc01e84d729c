"""`congvu doctor`: well when all is well; else the fault is named, with the remedy."""

import datetime as dt

import pytest

from mailsvc.net.tls import make_certificate
from tests.support.service import Service


def findings(ran):
    return {one["check"]: one["state"] for one in ran.json}


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def test_a_fresh_installation_is_well(congvu):
    ran = congvu("doctor", "--json")
    assert {name for name, state in findings(ran).items() if state == "wrong"} <= {"disk"}, ran.out
    assert {"sqlite", "permissions", "certificate", "schema", "disk", "clock", "queue"} <= findings(
        ran
    ).keys()


def test_a_data_directory_open_to_others_is_wrong_and_the_remedy_is_said(congvu, data):
    data.chmod(0o755)
    ran = congvu("doctor")
    assert ran.code == 1
    assert "chmod 700" in ran.out


def test_a_certificate_that_ended_is_wrong(congvu, data):
    old = dt.datetime.now(dt.UTC) - dt.timedelta(days=4000)
    make_certificate(data / "tls" / "cert.pem", data / "tls" / "key.pem", ["mail.example"], now=old)
    ran = congvu("doctor", "--json")
    assert (ran.code, findings(ran)["certificate"]) == (1, "wrong")


def test_an_empty_place_is_wrong_and_stays_empty(congvu, data, tmp_path):
    data.rename(tmp_path / "elsewhere")
    data.mkdir()
    ran = congvu("doctor", "--json")
    assert (ran.code, findings(ran)["data"]) == (1, "wrong")
    assert not list(data.iterdir())


def test_all_listeners_of_a_running_service_answer(tmp_path):
    with Service(tmp_path / "served").init() as service:
        service.start()
        told = service.must("doctor")
        for name in ("smtp", "submission", "submission_tls", "lmtp", "imap", "imap_tls", "web"):
            assert f"listener {name}" in told
        assert service.stop() == 0
