"""What a backup promises: whole or not there, incremental, and a store that clients can trust after its restore."""

import hashlib
import resource
import threading

import pytest

from config.settings import StorageSettings
from mailsvc.services import backup as backups
from mailsvc.services.verify import verify
from mailsvc.storage import mailboxes, messages
from mailsvc.storage.backup_files import BackupRefused
from mailsvc.storage.backup_folder import BackupFolder
from mailsvc.storage.store import Store
from mailsvc.storage.vault import Plain
from tests.support.mail import NOW, Clock, add_account, deliver, letter, make_store


@pytest.fixture
def store(tmp_path):
    store = make_store(tmp_path / "data", segment_bytes=1 << 20, large_piece_bytes=1 << 16)
    (store.data_dir / "congvu.toml").write_text('domain = "lamdong.example"\n')
    (store.data_dir / "tls").mkdir()
    key = store.data_dir / "tls" / "key.pem"
    key.write_bytes(b"secret")
    key.chmod(0o600)
    yield store
    store.close()


@pytest.fixture
def box(store):
    with store.write() as uow:
        return add_account(uow, "an")


def opened(data_dir):
    return Store(data_dir, StorageSettings(), clock=Clock())


def contents(store):
    with store.read() as db:
        ids = [row[0] for row in db.conn.exec_driver_sql("SELECT message_id FROM entries")]
        return sorted(hashlib.sha256(messages.content(db, message)).hexdigest() for message in ids)


def noise(octets, seed=b"x"):
    """Octets that no compression makes smaller, in lines."""
    out = b""
    while len(out) < octets:
        seed = hashlib.sha512(seed).digest()
        out += seed.hex().encode() + b"\r\n"
    return out


def test_a_restored_store_has_every_letter_octet_for_octet_and_verifies_clean(store, box, tmp_path):
    for number in range(20):
        deliver(store, letter(number), box)
    deliver(store, letter(99, body=noise(400_000)), box)
    backups.take(store, tmp_path / "copies")
    restored = backups.restore(tmp_path / "copies", tmp_path / "back", "test")
    assert not restored.faults
    assert (restored.entries, restored.manifest.large_files) == (21, 1)
    again = opened(tmp_path / "back")
    assert contents(again) == contents(store)
    with again.read() as db:
        assert not verify(db).faults
    again.close()
    key = tmp_path / "back" / "tls" / "key.pem"
    assert (key.read_bytes(), key.stat().st_mode & 0o777) == (b"secret", 0o600)


def test_a_second_backup_copies_only_what_is_new(store, box, tmp_path):
    for number in range(200):
        deliver(store, letter(number, body=noise(2_000, str(number).encode())), box)
    first = backups.take(store, tmp_path / "copies")
    deliver(store, letter(1000), box)
    second = backups.take(store, tmp_path / "copies")
    assert second.manifest.entries == first.manifest.entries + 1
    assert second.new_octets < first.new_octets / 2
    third = backups.take(store, tmp_path / "copies")
    assert third.new_octets < 50_000  # its index


def test_an_earlier_backup_can_be_restored_after_later_ones(store, box, tmp_path):
    deliver(store, letter(1), box)
    backups.take(store, tmp_path / "copies")
    then = contents(store)
    deliver(store, letter(2), box)
    backups.take(store, tmp_path / "copies")
    backups.restore(tmp_path / "copies", tmp_path / "back", "test", number=1)
    again = opened(tmp_path / "back")
    assert contents(again) == then
    with again.read() as db:
        assert not verify(db).faults
    again.close()


def test_old_backups_go_and_the_kept_ones_stay_whole(store, box, tmp_path):
    for number in range(6):
        deliver(store, letter(number), box)
        backups.take(store, tmp_path / "copies", keep=2, keep_days=0)
    assert [one.number for one in backups.backups(tmp_path / "copies")] == [5, 6]
    assert backups.restore(tmp_path / "copies", tmp_path / "back", "test", number=5).entries == 5
    assert not list((tmp_path / "copies" / "database").glob("*.part"))


def test_of_the_days_before_the_last_backup_of_each_day_stays(store, box, tmp_path):
    for _day in range(4):
        for _ in range(3):
            backups.take(store, tmp_path / "copies", keep=2, keep_days=3)
        store.clock.now += 86_400
    assert [one.number for one in backups.backups(tmp_path / "copies")] == [6, 9, 10, 11, 12]


def test_a_backup_that_was_interrupted_is_not_there(store, box, tmp_path, monkeypatch):
    deliver(store, letter(1), box)
    backups.take(store, tmp_path / "copies")
    deliver(store, letter(2), box)

    def power_cut(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr("mailsvc.storage.backup.write_manifest", power_cut)
        with pytest.raises(KeyboardInterrupt):
            backups.take(store, tmp_path / "copies")
    assert [one.number for one in backups.backups(tmp_path / "copies")] == [1]
    assert backups.restore(tmp_path / "copies", tmp_path / "one", "test").entries == 1
    assert backups.take(store, tmp_path / "copies").manifest.entries == 2
    assert backups.restore(tmp_path / "copies", tmp_path / "two", "test").entries == 2


def test_every_uid_validity_is_above_all_that_the_box_had_also_after_the_backup(store, box, tmp_path):
    backups.take(store, tmp_path / "copies")
    with store.write() as uow:
        late = mailboxes.create(uow, box, "Sau khi sao luu")
        before = {one.name: one.uid_validity for one in mailboxes.of_account(uow, box)}
    backups.restore(tmp_path / "copies", tmp_path / "back", "test")
    again = opened(tmp_path / "back")
    with again.write() as uow:
        after = [one.uid_validity for one in mailboxes.of_account(uow, box)]
        new = mailboxes.create(uow, box, late.name).uid_validity
    again.close()
    assert min(after) > max(before.values())
    assert len({*after, new}) == len(after) + 1
    assert new < 2**32


def test_a_restored_store_ends_web_sessions_and_feeds_the_index_with_every_letter(store, box, tmp_path):
    for number in range(3):
        deliver(store, letter(number), box)
    with store.write() as uow:
        uow.conn.exec_driver_sql("DELETE FROM index_feed")
        uow.conn.exec_driver_sql(
            f"INSERT INTO web_sessions (id_hash, account_id, csrf, created_at, seen_at) VALUES (x'00', {box}, '', {NOW}, {NOW})"
        )
    backups.take(store, tmp_path / "copies")
    backups.restore(tmp_path / "copies", tmp_path / "back", "test")
    again = opened(tmp_path / "back")
    with again.read() as db:
        assert db.conn.exec_driver_sql("SELECT COUNT(*) FROM index_feed").scalar() == 3
        assert db.conn.exec_driver_sql("SELECT COUNT(*) FROM web_sessions").scalar() == 0
    again.close()


def test_a_backup_ends_while_others_write_and_holds_all_that_was_acknowledged_before_it(store, box, tmp_path):
    stop = threading.Event()
    acknowledged = []

    def traffic():
        number = 0
        while not stop.is_set():
            deliver(store, letter(number, body=noise(3_000, str(number).encode())), box)
            acknowledged.append(number)
            number += 1

    writer = threading.Thread(target=traffic)
    writer.start()
    try:
        counts = []
        for _ in range(3):
            before = len(acknowledged)
            counts.append((before, backups.take(store, tmp_path / "copies").manifest.entries))
    finally:
        stop.set()
        writer.join()
    assert all(before <= entries for before, entries in counts)
    restored = backups.restore(tmp_path / "copies", tmp_path / "back", "test")
    again = opened(tmp_path / "back")
    with again.read() as db:
        assert not verify(db).faults
    assert set(contents(again)) <= set(contents(store))
    assert restored.entries == counts[-1][1]
    again.close()


def test_a_restore_into_a_place_with_something_in_it_is_refused_and_touches_nothing(store, box, tmp_path):
    backups.take(store, tmp_path / "copies")
    place = tmp_path / "place"
    place.mkdir()
    (place / "mine.txt").write_text("mine")
    with pytest.raises(BackupRefused):
        backups.restore(tmp_path / "copies", place, "test")
    assert [path.name for path in place.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("lost", ["database/000001.pack", "database/000001.index", "segments/00000001.seg"])
def test_a_restore_of_a_backup_that_lacks_something_is_refused_and_touches_nothing(
    store, box, tmp_path, lost
):
    deliver(store, letter(1), box)
    backups.take(store, tmp_path / "copies")
    path = tmp_path / "copies" / lost
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BackupRefused):
        backups.restore(tmp_path / "copies", tmp_path / "back", "test")
    assert not (tmp_path / "back").exists()


def test_a_damaged_chunk_is_noticed(store, box, tmp_path):
    backups.take(store, tmp_path / "copies")
    path = BackupFolder(tmp_path / "copies", Plain()).pack(1)
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 1
    path.write_bytes(octets)
    with pytest.raises(BackupRefused):
        backups.restore(tmp_path / "copies", tmp_path / "back", "test")
    assert not (tmp_path / "back" / "congvu.toml").exists()


def test_a_backup_of_a_newer_schema_is_refused(store, box, tmp_path):
    with store.write() as uow:
        uow.conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    backups.take(store, tmp_path / "copies")
    with pytest.raises(BackupRefused, match="9999"):
        backups.restore(tmp_path / "copies", tmp_path / "back", "test")
    assert not (tmp_path / "back").exists()


def test_two_stores_never_share_a_folder_of_backups_nor_a_store_and_its_restored_self(store, box, tmp_path):
    deliver(store, letter(1), box)
    backups.take(store, tmp_path / "copies")
    backups.restore(tmp_path / "copies", tmp_path / "back", "test")
    again = opened(tmp_path / "back")
    with pytest.raises(BackupRefused, match="another store"):
        backups.take(again, tmp_path / "copies")
    again.close()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo.jpg").write_bytes(b"")
    with pytest.raises(BackupRefused):
        backups.take(store, tmp_path / "mine")
    with pytest.raises(BackupRefused):
        backups.take(store, store.data_dir / "copies")


def test_a_store_that_lost_a_segment_is_backed_up_and_the_loss_is_said(store, box, tmp_path):
    deliver(store, letter(1), box)
    store.pieces.segment_path(1).unlink()
    taken = backups.take(store, tmp_path / "copies")
    assert taken.manifest.missing == ("segments/00000001.seg",)
    assert backups.restore(tmp_path / "copies", tmp_path / "back", "test").entries == 1


def test_a_full_backup_disk_is_said_and_the_earlier_backups_stay_whole(store, box, tmp_path):
    deliver(store, letter(1), box)
    backups.take(store, tmp_path / "copies")
    deliver(store, letter(2, body=noise(300_000)), box)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(BackupRefused, match="are whole"):
            backups.take(store, tmp_path / "copies")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert backups.restore(tmp_path / "copies", tmp_path / "one", "test").entries == 1
    assert backups.take(store, tmp_path / "copies").manifest.entries == 2


def test_two_backups_at_once_into_one_folder_are_refused(store, box, tmp_path):
    refused = []

    def second(what, _done, _all):
        if what == "database" and not refused:
            with pytest.raises(BackupRefused, match="Wait") as told:
                backups.take(store, tmp_path / "copies")
            refused.append(told)

    backups.take(store, tmp_path / "copies", progress=second)
    assert refused


@pytest.mark.parametrize("at", ["write_database", "_copy_large"])
def test_an_interrupted_restore_is_not_taken_for_an_installation(store, box, tmp_path, monkeypatch, at):
    deliver(store, letter(1), box)
    backups.take(store, tmp_path / "copies")

    def power_cut(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr(f"mailsvc.storage.restore.{at}", power_cut)
        with pytest.raises(KeyboardInterrupt):
            backups.restore(tmp_path / "copies", tmp_path / "back", "test")
    assert not (tmp_path / "back" / "congvu.toml").exists()
    with pytest.raises(BackupRefused, match="not empty"):
        backups.restore(tmp_path / "copies", tmp_path / "back", "test")
