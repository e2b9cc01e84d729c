"""One mailbox, or one letter, comes back out of a backup: what is missing, with all that it had, and nothing twice."""

import pytest

from directory import audit
from directory.scope import SERVER, OutOfScopeError, Scope
from mailsvc.model.flags import FLAGGED, SEEN
from mailsvc.services import backup, letters
from mailsvc.services.letters import FlagChange
from mailsvc.services.restore_box import Wanted, restore_box
from mailsvc.services.verify import verify
from mailsvc.storage import mailboxes
from mailsvc.storage.backup_files import BackupRefused
from tests.support.mail import DOMAIN, add_account, deliver, inbox, letter, make_store, principal


@pytest.fixture
def store(tmp_path):
    store = make_store(tmp_path / "data", large_piece_bytes=1 << 16)
    (store.data_dir / "congvu.toml").write_text("")
    yield store
    store.close()


@pytest.fixture
def an(store):
    with store.write() as uow:
        return principal(add_account(uow, "an"))


@pytest.fixture(params=[None, bytes(range(32))], ids=["plain", "sealed"])
def secret(request):
    return request.param


def held(store, who):
    with store.read() as db:
        assert not verify(db).faults
        found = []
        for box in mailboxes.of_account(db, who.account_id):
            place = inbox(db, who, name=box.name)
            for uid, flags in letters.columns(db, place, 1, int(box.uid_next), ("internal_date",)):
                entry = letters.entry(db, place, uid)
                found.append((box.name, entry.flags, flags, letters.octets(db, entry)))
        return sorted(found)


def lose(store, who, name="INBOX"):
    with store.write() as uow:
        place = inbox(uow, who, name=name)
        letters.expunge(uow, place, [(1, int(place.mailbox.uid_next))])


def restored(store, tmp_path, secret=None, wanted=None, **options):
    return restore_box(
        store, SERVER, tmp_path / "copies", "an", wanted or Wanted(), actor="test", secret=secret, **options
    )


@pytest.fixture
def full(store, an):
    for number in range(6):
        body = b"x\r\n" * 60_000 if number == 5 else b"Noi dung.\r\n"
        deliver(store, letter(number, body=body), an.account_id)
    with store.write() as uow:
        place = inbox(uow, an)
        letters.store_flags(uow, place, [(1, 2)], FlagChange.ADD, SEEN | FLAGGED, ["Khan"])
        letters.move(uow, place, inbox(uow, an, name="Archive"), [(2, 3)])
    return an


def test_a_box_gets_back_what_it_lost_with_flags_dates_and_traces(store, full, tmp_path, secret):
    before = held(store, full)
    backup.take(store, tmp_path / "copies", secret=secret)
    lose(store, full)
    deliver(store, letter(50), full.account_id)
    done = restored(store, tmp_path, secret)
    assert (done.restored, done.here_already) == (4, 2)
    assert held(store, full) == sorted(
        [*before, *[one for one in held(store, full) if b"so 50\r\n" in one[3]]]
    )
    again = restored(store, tmp_path, secret)
    assert (again.restored, again.here_already) == (0, 6)
    with store.read() as db:
        assert audit.lines(db.conn, limit=1)[0].act == "mailbox.restore"


def test_one_mailbox_and_one_letter(store, full, tmp_path, secret):
    backup.take(store, tmp_path / "copies", secret=secret)
    lose(store, full)
    lose(store, full, "Archive")
    one = Wanted(message_id=f"<3@{DOMAIN}>")
    assert restored(store, tmp_path, secret, one).restored == 1
    assert restored(store, tmp_path, secret, Wanted(mailbox="Archive")).restored == 2
    assert [name for name, *_ in held(store, full)] == ["Archive", "Archive", "INBOX"]


def test_to_a_moment(store, full, tmp_path):
    backup.take(store, tmp_path / "copies")
    lose(store, full)
    store.clock.now += 100
    backup.take(store, tmp_path / "copies")
    assert restored(store, tmp_path).restored == 0
    assert restored(store, tmp_path, before=store.clock.now - 50).restored == 4
    with pytest.raises(BackupRefused):
        restored(store, tmp_path, before=store.clock.now - 500)


def test_a_deleted_mailbox_is_made_again_and_a_full_box_is_told(store, full, tmp_path):
    backup.take(store, tmp_path / "copies")
    lose(store, full)
    with store.write() as uow:
        mailboxes.set_quota(uow, full.account_id, mailboxes.use(uow, full.account_id)[0] + 800)
    done = restored(store, tmp_path)
    assert done.not_restored
    with store.write() as uow:
        mailboxes.set_quota(uow, full.account_id, 1 << 30)
    assert restored(store, tmp_path).restored == done.not_restored


def test_only_who_may_brings_letters_back(store, full, tmp_path):
    backup.take(store, tmp_path / "copies")
    with pytest.raises(OutOfScopeError):
        restore_box(store, Scope(None), tmp_path / "copies", "an", Wanted(), actor="test")
