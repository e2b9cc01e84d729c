"""A place that cannot be served: refused with what to do, and nothing in it is touched (issue 4, bad input)."""

import hashlib
import random
import shutil

import pysqlite3
import pytest

from mailsvc.services.verify import verify
from tests.crash.acts import Acts, make_base, open_store
from tests.support.service import Service


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Service(tmp_path_factory.mktemp("places") / "data", web=False).init()


@pytest.fixture
def service(made, tmp_path):
    shutil.copytree(made.data, tmp_path / "data")
    return Service(tmp_path / "data", web=False)


def fingerprint(place):
    """Every octet of a data directory; the lock files that looking leaves are no data."""
    return {
        str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(place.rglob("*"))
        if path.is_file() and path.suffix != ".lock" and not path.name.endswith(("-shm", "-wal"))
    }


def refused(service, *said, command="serve"):
    before = fingerprint(service.data)
    ran = service.command(command)
    assert ran.returncode == 1, ran
    for words in said:
        assert words in ran.stderr, ran.stderr
    assert "Traceback" not in ran.stderr
    assert fingerprint(service.data) == before


def test_a_database_of_a_newer_version_is_refused(service):
    with pysqlite3.connect(service.data / "congvu.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    refused(service, "9999", "install a newer Congvu")


def test_a_database_that_was_never_migrated_to_its_end_is_refused(service):
    with pysqlite3.connect(service.data / "congvu.db") as db:
        db.execute("DROP TABLE alembic_version")
    db.close()
    refused(service, "congvu upgrade")


def test_a_file_that_is_no_database_is_refused(service):
    for name in ("congvu.db-wal", "congvu.db-shm"):
        (service.data / name).unlink(missing_ok=True)
    (service.data / "congvu.db").write_bytes(b"khong phai co so du lieu\n" * 200)
    refused(service, "congvu restore")


def test_a_place_without_its_database_is_refused_and_not_filled_with_an_empty_one(service):
    for name in ("congvu.db", "congvu.db-wal", "congvu.db-shm"):
        (service.data / name).unlink(missing_ok=True)
    refused(service, "congvu restore")
    assert not (service.data / "congvu.db").exists()


def test_a_truncated_segment_is_named_and_all_other_letters_are_served(tmp_path):
    book = make_base(tmp_path / "data")
    store = open_store(tmp_path / "data")
    paths = sorted(store.pieces.segments_dir.glob("*.seg"))
    octets = paths[-1].read_bytes()
    paths[-1].write_bytes(octets[: len(octets) // 2])

    with store.read() as db:
        faults = verify(db).faults
    assert paths[-1].name in faults[0]
    assert "restore this file from a backup" in faults[0]
    Acts(store, random.Random(1), book.note, book).run(["put"])
    store.close()
