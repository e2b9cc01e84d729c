"""Encrypted backups: nothing readable without the key, nothing changed unnoticed, and as incremental as plain ones."""

import pytest

from config.settings import StorageSettings
from mailsvc.services import backup as backups
from mailsvc.services.verify import verify
from mailsvc.storage.backup_files import BackupRefused
from mailsvc.storage.store import Store
from tests.mailsvc.storage.test_backup import contents, noise
from tests.support.mail import add_account, deliver, letter, make_store

KEY, WORDS = bytes(range(32)), "mật khẩu sao lưu".encode()


@pytest.fixture
def store(tmp_path):
    store = make_store(tmp_path / "data", segment_bytes=1 << 20, large_piece_bytes=1 << 16)
    (store.data_dir / "congvu.toml").write_text('domain = "lamdong.example"\n')
    yield store
    store.close()


@pytest.fixture
def box(store):
    with store.write() as uow:
        return add_account(uow, "an")


def fill(store, box, first):
    for number in range(first, first + 10):
        deliver(store, letter(number, body=b"bi mat nha nuoc\r\n" + noise(30_000, b"%d" % number)), box)
    deliver(store, letter(first + 500, body=noise(300_000, b"large %d" % first)), box)


@pytest.mark.parametrize("secret", [KEY, WORDS], ids=["key", "passphrase"])
def test_what_was_sealed_comes_back_with_the_key_also_of_an_earlier_moment(store, box, tmp_path, secret):
    copies = tmp_path / "copies"
    fill(store, box, 0)
    backups.take(store, copies, secret=secret)
    before = contents(store)
    fill(store, box, 100)
    store.clock.now += 100
    second = backups.take(store, copies, secret=secret)
    assert second.new_octets < 2_000_000
    assert [one.number for one in backups.backups(copies, secret)] == [1, 2]
    for number, wanted in ((1, before), (2, contents(store))):
        place = tmp_path / f"back{number}"
        assert not backups.restore(copies, place, "test", number=number, secret=secret).faults
        again = Store(place, StorageSettings())
        assert contents(again) == wanted
        with again.read() as db:
            assert not verify(db).faults
        again.close()
        assert (place / "congvu.toml").exists()
    newest = backups.restore(copies, tmp_path / "moment", "test", before=store.clock.now - 50, secret=secret)
    assert newest.manifest.number == 1


def test_without_the_key_nothing_can_be_read(store, box, tmp_path):
    fill(store, box, 0)
    backups.take(store, tmp_path / "copies", secret=KEY)
    for path in (tmp_path / "copies").rglob("*"):
        if path.is_file():
            octets = path.read_bytes()
            assert b"lamdong" not in octets
            assert b"SQLite" not in octets
            assert b"CVP1" not in octets
    for secret in (None, bytes(32), b"another passphrase"):
        with pytest.raises(BackupRefused):
            backups.restore(tmp_path / "copies", tmp_path / "back", "test", secret=secret)
        with pytest.raises(BackupRefused):
            backups.take(store, tmp_path / "copies", secret=secret)
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize(
    "pattern", ["database/*.pack", "database/*.index", "segments/*", "pieces/*/*", "files/*"]
)
def test_an_octet_that_somebody_changed_is_noticed(store, box, tmp_path, pattern):
    fill(store, box, 0)
    backups.take(store, tmp_path / "copies", secret=KEY)
    path = next(iter(sorted((tmp_path / "copies").glob(pattern))))
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 1
    path.write_bytes(octets)
    with pytest.raises(BackupRefused):
        backups.restore(tmp_path / "copies", tmp_path / "back", "test", secret=KEY)


def test_a_folder_is_sealed_or_not_and_stays_so(store, box, tmp_path):
    backups.take(store, tmp_path / "plain")
    with pytest.raises(BackupRefused, match="not encrypted"):
        backups.take(store, tmp_path / "plain", secret=KEY)
    backups.take(store, tmp_path / "plain")


def test_an_interrupted_run_leaves_frames_that_the_next_one_writes_over(store, box, tmp_path):
    copies = tmp_path / "copies"
    fill(store, box, 0)
    backups.take(store, copies, secret=KEY)
    (segment,) = (copies / "segments").glob("*.seg")
    with segment.open("ab") as file:
        file.write(noise(5000))
    fill(store, box, 100)
    backups.take(store, copies, secret=KEY)
    assert not backups.restore(copies, tmp_path / "back", "test", secret=KEY).faults
    again = Store(tmp_path / "back", StorageSettings())
    assert contents(again) == contents(store)
    again.close()


def test_large_pieces_that_no_backup_needs_go(store, box, tmp_path):
    from mailsvc.services.collect import Collector
    from mailsvc.services.housekeeping import forget_old
    from mailsvc.storage import entries, mailboxes

    copies = tmp_path / "copies"
    fill(store, box, 0)
    backups.take(store, copies, keep=1, keep_days=0)
    with store.write() as uow:
        entries.expunge(uow, mailboxes.by_name(uow, box, "INBOX"), [(1, 20)])
    store.clock.now += 40 * 86_400
    with store.write() as uow:
        forget_old(uow, 30)
    Collector(store, grace=0, pause=0).run()
    fill(store, box, 100)
    backups.take(store, copies, keep=1, keep_days=0)
    assert len([path for path in (copies / "pieces").rglob("*") if path.is_file()]) == 1
    assert not backups.restore(copies, tmp_path / "back", "test").faults
