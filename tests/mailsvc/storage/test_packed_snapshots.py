"""The copy of a large mailbox's snapshot: the first look after a start goes on from it and sees what rows would show."""

import pytest

from mailsvc.model.flags import FLAGGED, SEEN
from mailsvc.services import letters
from mailsvc.services.letters import FlagChange
from mailsvc.storage import packed_snapshots, snapshots, tables
from tests.support.mail import add_account, deliver, inbox, letter, principal

DAY = packed_snapshots.RENEWED_SECONDS


@pytest.fixture
def an(store, monkeypatch):
    monkeypatch.setattr(packed_snapshots, "LARGE", 4)
    with store.write() as uow:
        an = principal(add_account(uow, "an"))
    for number in range(8):
        deliver(store, letter(number), an.account_id)
    return an


def keep(store, an):
    with store.write() as uow:
        found = snapshots.snapshot(uow, inbox(uow, an).mailbox)
        packed_snapshots.keep(uow, found, packed_snapshots.pack(found))


def columns(snapshot):
    return snapshot.uids.tolist(), snapshot.flags.tolist(), snapshot.mod_seqs.tolist()


def by_rows(db, an, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(packed_snapshots, "kept", lambda _db, _mailbox: None)
        return columns(snapshots.snapshot(db, inbox(db, an).mailbox))


def test_what_came_changed_and_went_since_is_seen(store, an, monkeypatch):
    keep(store, an)
    with store.write() as uow:
        place = inbox(uow, an)
        letters.store_flags(uow, place, [(2, 3), (6, 6)], FlagChange.ADD, FLAGGED)
        letters.expunge(uow, place, [(1, 1), (5, 5)])
    deliver(store, letter(9), an.account_id)
    with store.write() as uow:
        letters.store_flags(uow, inbox(uow, an), [(7, 9)], FlagChange.ADD, SEEN)
    with store.read() as db:
        mailbox = inbox(db, an).mailbox
        assert packed_snapshots.kept(db, mailbox).highest_mod_seq < mailbox.highest_mod_seq
        found = snapshots.snapshot(db, mailbox)
        assert found.uids.tolist() == [2, 3, 4, 6, 7, 8, 9]
        assert columns(found) == by_rows(db, an, monkeypatch)
        assert (found.since, found.changed) == (-1, ())


def test_a_copy_that_is_broken_or_does_not_add_up_is_not_used(store, an, monkeypatch):
    keep(store, an)
    with store.read() as db:
        right = by_rows(db, an, monkeypatch)
        _, _, packed = db.one(
            packed_snapshots.KEPT,
            {"mailbox": inbox(db, an).mailbox.id, "uid_validity": inbox(db, an).mailbox.uid_validity},
        )
    flipped = bytearray(packed)
    flipped[len(flipped) // 2] ^= 1
    with store.read() as db:
        short = snapshots.snapshot(db, inbox(db, an).mailbox)
    del short.uids[0], short.flags[0], short.mod_seqs[0]
    for bad in (bytes(flipped), packed[:-9], b"", packed_snapshots.pack(short)):
        with store.write() as uow:
            uow.conn.execute(tables.packed_snapshots.update().values(columns=bad))
        with store.read() as db:
            assert columns(snapshots.snapshot(db, inbox(db, an).mailbox)) == right


def test_copies_are_made_of_large_mailboxes_and_renewed_daily_when_something_happened(store, an):
    with store.read() as db:
        assert packed_snapshots.due(db) == [inbox(db, an).mailbox.id]
    keep(store, an)
    store.clock.now += 2 * DAY
    with store.read() as db:
        assert packed_snapshots.due(db) == []
    deliver(store, letter(9), an.account_id)
    with store.read() as db:
        assert packed_snapshots.due(db) == [inbox(db, an).mailbox.id]
    keep(store, an)
    deliver(store, letter(10), an.account_id)
    with store.read() as db:
        assert packed_snapshots.due(db) == []
    with store.write() as uow:
        letters.expunge(uow, inbox(uow, an), [(1, 7)])
    store.clock.now += 2 * DAY
    with store.read() as db:
        assert packed_snapshots.due(db) == []
