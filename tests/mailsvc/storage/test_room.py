"""The last of the disk is for deleting."""

import pytest

from mailsvc.model.errors import StoreUnavailable
from mailsvc.services import letters
from mailsvc.storage.room import Room
from tests.support.mail import add_account, deliver, inbox, letter, make_store, principal

MIB = 1 << 20


@pytest.fixture
def room(tmp_path):
    room = Room(tmp_path, MIB)
    room.keep()
    return room


def test_the_reserve_is_real_octets_and_given_up_when_the_disk_runs_out(room, monkeypatch):
    assert room.reserve.stat().st_blocks * 512 >= MIB
    for free, is_short, is_there in ((2 * MIB, False, True), (MIB // 2, True, True), (MIB // 8, True, False)):
        monkeypatch.setattr(room, "free", lambda free=free: free)
        room.look()
        assert (room.is_short, room.reserve.exists()) == (is_short, is_there)
    room.keep()
    assert not room.reserve.exists()  # not yet: there is no room
    monkeypatch.setattr(room, "free", lambda: 5 * MIB)
    room.keep()
    assert room.reserve.exists()


def test_on_a_full_disk_letters_are_refused_for_now_and_deleting_works(tmp_path, monkeypatch):
    store = make_store(tmp_path / "data")
    with store.write() as uow:
        an = principal(add_account(uow, "an"))
    deliver(store, letter(1), an.account_id)
    monkeypatch.setattr(store.room, "free", lambda: 0)
    with pytest.raises(StoreUnavailable, match="full"):
        deliver(store, letter(2), an.account_id)
    with store.write() as uow:
        assert letters.expunge(uow, inbox(uow, an), [(1, 1)]) == [1]
    monkeypatch.undo()
    deliver(store, letter(2), an.account_id)
    store.close()
