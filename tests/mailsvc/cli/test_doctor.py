"""`congvu doctor`: well when all is well; else the fault is named, with the remedy."""

import datetime as dt

import pytest

from config.settings import StorageSettings
from mailsvc.net.tls import make_certificate
from mailsvc.storage.pieces import PreparedPiece
from mailsvc.storage.store import Store
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


def test_a_lost_database_is_wrong_and_no_empty_one_is_made_in_its_place(congvu, data):
    (data / "congvu.db").unlink()
    ran = congvu("doctor", "--json")
    assert (ran.code, findings(ran)["schema"]) == (1, "wrong")
    assert not (data / "congvu.db").exists()


def test_what_is_no_database_is_wrong(congvu, data):
    (data / "congvu.db").write_bytes(b"no database" * 1000)
    ran = congvu("doctor", "--json")
    assert (ran.code, findings(ran)["schema"]) == (1, "wrong")


def test_a_segment_cut_short_is_wrong(congvu, data):
    store = Store(data, StorageSettings())
    with store.write() as uow:
        uow.put_piece(PreparedPiece(bytes(32), 3, 0, b"abc"), is_large=False)
    path = store.pieces.segment_path(1)
    store.close()
    assert findings(congvu("doctor", "--json"))["segments"] == "ok"
    path.write_bytes(path.read_bytes()[:-1])
    assert findings(congvu("doctor", "--json"))["segments"] == "wrong"


def test_the_age_of_the_last_backup_is_told(congvu, tmp_path):
    assert findings(congvu("doctor", "--json"))["backup"] == "note"
    assert congvu("backup", str(tmp_path / "copies")).code == 0
    assert findings(congvu("doctor", "--json"))["backup"] == "ok"


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
