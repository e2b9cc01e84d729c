"""What storage promises, on SQLite and on PostgreSQL alike (design §2, §3)."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from directory.address import Address
from directory.model import AccountKind, Right
from mailsvc.model.errors import MailboxExists, MailboxMissing, OverQuota
from mailsvc.model.flags import DELETED, FLAGGED, SEEN
from mailsvc.model.ids import ModSeq
from mailsvc.services import letters, mailbox_tree, reading
from mailsvc.services.letters import FlagChange, prepare
from mailsvc.services.permissions import Place
from mailsvc.services.receive import IncomingLetter, Outcome, Recipient, receive
from mailsvc.services.verify import verify
from mailsvc.services.view import Snapshots, ranges_of
from mailsvc.storage import mailboxes, outbound, snapshots
from mailsvc.storage.store import Store
from tests.support.mail import DOMAIN, add_account, deliver, inbox, letter, principal


@pytest.fixture
def an(store):
    with store.write() as uow:
        return principal(add_account(uow, "an"))


def test_octets_come_back_as_they_were_sent_behind_the_trace(store, an):
    deliver(store, letter(), an.account_id)
    with store.read() as db:
        held = letters.entry(db, inbox(db, an), 1)
        assert (
            letters.octets(db, held)
            == f"Delivered-To: an@{DOMAIN}\r\nReturn-Path: <>\r\n".encode() + letter()
        )
        assert held.size == len(letters.octets(db, held))
        assert letters.header(db, held).endswith(b"\r\n\r\n")


def test_a_letter_to_many_is_stored_once(store):
    with store.write() as uow:
        many = [add_account(uow, f"an{number}") for number in range(40)]
    deliver(store, letter(body=os.urandom(50_000).hex().encode()), *many)
    with store.read() as db:
        assert db.conn.exec_driver_sql("SELECT COUNT(*) FROM messages").scalar() == 1
        assert db.conn.exec_driver_sql("SELECT COUNT(*) FROM entries").scalar() == 40
        assert verify(db).faults == []


def test_an_attachment_that_comes_back_in_a_forward_is_the_same_piece(store, an):
    import base64

    file = base64.encodebytes(os.urandom(90_000)).replace(b"\n", b"\r\n")
    part = (
        b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + file
        + b"--b--\r\n"
    )
    head = b"Subject: %s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    first = head % b"1" + part
    second = head % b"Fwd: 1" + b"--b\r\n\r\nKinh chuyen.\r\n" + part
    deliver(store, first, an.account_id)
    deliver(store, second, an.account_id)
    with store.read() as db:
        large = db.conn.exec_driver_sql("SELECT COUNT(*) FROM pieces WHERE size = 90000").scalar()
        assert large == 1
        held = [letters.content(db, letters.entry(db, inbox(db, an), uid).message_id) for uid in (1, 2)]
        assert held == [first, second]


def test_the_quota_is_exact_and_refuses_at_the_octet(store):
    content = letter()
    trace = f"Delivered-To: an@{DOMAIN}\r\nReturn-Path: <>\r\n".encode()
    size = len(content) + len(trace)
    with store.write() as uow:
        account = add_account(uow, "an", quota=2 * size)
    incoming = IncomingLetter(
        prepare(content, store.pieces),
        b"Return-Path: <>\r\n",
        "",
        (Recipient(Address("an", DOMAIN), (account,)),),
    )
    with store.write() as uow:
        outcomes = [receive(uow, incoming, queue_when_full=False)[0] for _ in range(3)]
    assert outcomes == [Outcome.DELIVERED, Outcome.DELIVERED, Outcome.OVER_QUOTA]
    with store.read() as db:
        assert mailboxes.use(db, account) == (2 * size, 2 * size)
    with store.write() as uow:  # deleting works at 100 %, and makes room
        letters.expunge(uow, inbox(uow, principal(account)), [(1, 1)])
        assert receive(uow, incoming, queue_when_full=False) == (Outcome.DELIVERED,)


def test_a_full_box_never_makes_the_others_wait(store):
    with store.write() as uow:
        full, free = add_account(uow, "day", quota=10), add_account(uow, "trong")
    deliver(store, letter(), full, free)
    with store.read() as db:
        assert mailboxes.by_name(db, free, "INBOX").exists == 1
        assert mailboxes.by_name(db, full, "INBOX").exists == 0
        ((queued, recipient),) = outbound.waiting(db, 10)
        assert recipient.local_account_id == full
        assert queued.message_id == 1


def test_uids_and_mod_seqs_never_repeat_and_never_go_back(store, an):
    for number in range(3):
        deliver(store, letter(number), an.account_id)
    with store.write() as uow:
        place = inbox(uow, an)
        assert letters.expunge(uow, place, [(3, 3)]) == [3]
    deliver(store, letter(4), an.account_id)
    with store.read() as db:
        box = inbox(db, an).mailbox
        snapshot = snapshots.snapshot(db, box)
        assert list(snapshot.uids) == [1, 2, 4]
        assert box.uid_next == 5
        assert len(set(snapshot.mod_seqs)) == 3
        assert box.highest_mod_seq == max(snapshot.mod_seqs)


def test_store_gives_all_that_change_one_new_mod_seq(store, an):
    """RFC 7162 §3.1.3; what does not change keeps its own."""
    for number in range(4):
        deliver(store, letter(number), an.account_id)
    with store.write() as uow:
        letters.store_flags(uow, inbox(uow, an), [(2, 2)], FlagChange.ADD, FLAGGED)
    with store.write() as uow:
        before = inbox(uow, an).mailbox.highest_mod_seq
        stored = letters.store_flags(uow, inbox(uow, an), [(1, 4)], FlagChange.ADD, FLAGGED)
        assert stored.mod_seq == before + 1
        snapshot = snapshots.snapshot(uow, inbox(uow, an).mailbox)
        assert [mod_seq == stored.mod_seq for mod_seq in snapshot.mod_seqs] == [True, False, True, True]
        again = letters.store_flags(uow, inbox(uow, an), [(1, 4)], FlagChange.ADD, FLAGGED)
        assert again.mod_seq is None


def test_unchangedsince_leaves_alone_what_changed_meanwhile(store, an):
    """RFC 7162 §3.1.3."""
    for number in range(3):
        deliver(store, letter(number), an.account_id)
    with store.write() as uow:
        known = inbox(uow, an).mailbox.highest_mod_seq
        letters.store_flags(uow, inbox(uow, an), [(2, 2)], FlagChange.ADD, SEEN)
        stored = letters.store_flags(
            uow, inbox(uow, an), [(1, 3)], FlagChange.ADD, DELETED, (), ModSeq(known)
        )
        assert stored.modified == (2,)
        assert [flags & DELETED for flags in snapshots.snapshot(uow, inbox(uow, an).mailbox).flags] == [
            8,
            0,
            8,
        ]


def test_the_counters_follow_every_act(store, an):
    for number in range(6):
        deliver(store, letter(number), an.account_id)
    with store.write() as uow:
        place, archive = inbox(uow, an), inbox(uow, an, name="Archive")
        letters.store_flags(uow, place, [(1, 3)], FlagChange.ADD, SEEN)
        letters.copy(uow, place, archive, [(1, 2)])
        letters.move(uow, place, archive, [(3, 4)])
        letters.expunge(uow, place, [(5, 5)])
        letters.store_flags(uow, place, [(1, 1)], FlagChange.REPLACE, 0)
        assert (inbox(uow, an).mailbox.exists, inbox(uow, an).mailbox.unseen) == (3, 2)
        assert (
            inbox(uow, an, name="Archive").mailbox.exists,
            inbox(uow, an, name="Archive").mailbox.unseen,
        ) == (4, 1)
    with store.read() as db:
        assert verify(db).faults == []


def test_copy_and_move_tell_old_and_new_uids_in_order(store, an):
    """RFC 4315 §3, RFC 6851 §4.3."""
    for number in range(4):
        deliver(store, letter(number), an.account_id)
    with store.write() as uow:
        place, archive = inbox(uow, an), inbox(uow, an, name="Archive")
        assert letters.copy(uow, place, archive, [(1, 1), (3, 4)]) == ([1, 3, 4], [1, 2, 3])
        assert letters.move(uow, place, archive, [(2, 3)]) == ([2, 3], [4, 5])
        assert mailbox_tree.gone_since(uow, place.mailbox.id, 0) == [2, 3]


def test_keywords_are_names_whatever_bit_they_have(store, an):
    with store.write() as uow:
        unit = add_account(uow, "vpub", AccountKind.UNIT)
    deliver(store, letter(), an.account_id)
    with store.write() as uow:
        place = inbox(uow, an)
        letters.store_flags(uow, place, [(1, 1)], FlagChange.ADD, 0, ["$Label1", "KhẩnX"])
        box = mailboxes.by_name(uow, unit, "INBOX")
        mailboxes.keyword_bits(uow, unit, ["khac"])
        letters.copy(uow, place, Place(box, an.account_id, Right(7)), [(1, 1)])
        names = mailboxes.keywords(uow, unit)
        (flags,) = snapshots.snapshot(uow, box).flags
        assert {name for index, name in enumerate(names) if flags >> (5 + index) & 1} == {"$Label1", "KhẩnX"}


def test_a_unit_of_work_that_raises_leaves_nothing(store, an):
    with pytest.raises(OverQuota), store.write() as uow:
        mailboxes.create(uow, an.account_id, "Moi")
        raise OverQuota
    with store.read() as db, pytest.raises(MailboxMissing):
        mailboxes.by_name(db, an.account_id, "Moi")


def test_one_of_several_units_in_a_transaction_can_fail_alone(store, an):
    with store.write() as uow:
        uow.attempt(mailboxes.create, an.account_id, "Mot")
        with pytest.raises(MailboxExists):
            uow.attempt(mailboxes.create, an.account_id, "Mot")
        uow.attempt(mailboxes.create, an.account_id, "Hai")
    with store.read() as db:
        names = {box.name for box in mailboxes.of_account(db, an.account_id)}
    assert {"Mot", "Hai"} <= names


def test_seen_of_a_unit_mailbox_is_each_viewers_own(store, an):
    with store.write() as uow:
        unit, binh = add_account(uow, "vpub", AccountKind.UNIT), principal(add_account(uow, "binh"))
    for number in range(5):
        deliver(store, letter(number), unit, local="vpub")
    with store.write() as uow:
        box = mailboxes.by_name(uow, unit, "INBOX")
        for_an = Place(box, an.account_id, Right(7))
        for_binh = Place(box, binh.account_id, Right.READ)
        letters.store_flags(uow, for_an, [(2, 4)], FlagChange.ADD, SEEN | FLAGGED)
        letters.store_flags(uow, for_an, [(3, 3)], FlagChange.REMOVE, SEEN)
        letters.mark_seen(uow, for_binh, [(5, 5)])
    with store.read() as db:
        views = Snapshots()
        assert [flags & 5 for flags in views.of(db, for_an).flags] == [0, 5, 4, 5, 0]
        assert [flags & 5 for flags in views.of(db, for_binh).flags] == [0, 4, 4, 4, 1]
        assert mailbox_tree.unseen(db, mailboxes.by_id(db, box.id), an.account_id) == 3
        assert mailbox_tree.unseen(db, mailboxes.by_id(db, box.id), binh.account_id) == 4
        assert max(views.of(db, for_binh).mod_seqs) <= views.of(db, for_binh).highest_mod_seq


def test_a_newcomer_to_a_unit_box_does_not_face_its_past_as_unread(store, an):
    from mailsvc.services.provision import joined_shared_box

    with store.write() as uow:
        unit = add_account(uow, "vpub", AccountKind.UNIT)
    for number in range(3):
        deliver(store, letter(number), unit, local="vpub")
    with store.write() as uow:
        joined_shared_box(uow, unit, an.account_id)
    deliver(store, letter(9), unit, local="vpub")
    with store.read() as db:
        assert mailbox_tree.unseen(db, mailboxes.by_name(db, unit, "INBOX"), an.account_id) == 1


def test_a_snapshot_moved_on_by_changes_is_the_one_read_anew(store, an):
    views = Snapshots()
    for number in range(5):
        deliver(store, letter(number), an.account_id)
    with store.read() as db:
        views.of(db, inbox(db, an))
    with store.write() as uow:
        letters.expunge(uow, inbox(uow, an), [(2, 3)])
        letters.store_flags(uow, inbox(uow, an), [(4, 4)], FlagChange.ADD, SEEN)
    deliver(store, letter(7), an.account_id)
    with store.read() as db:
        moved, anew = views.of(db, inbox(db, an)), Snapshots().of(db, inbox(db, an))
        assert (moved.uids, moved.flags, moved.mod_seqs) == (anew.uids, anew.flags, anew.mod_seqs)
        assert ranges_of(moved, [1, 4, 6, 99]) == [(1, 6)] or ranges_of(moved, [1, 4, 6]) == [(1, 4), (6, 6)]


def test_replies_are_one_conversation_with_ones_own_letters(store, an):
    deliver(store, letter(1), an.account_id)
    deliver(store, letter(5), an.account_id)
    answer = prepare(letter(2, references=f"<1@{DOMAIN}>"), store.pieces)
    with store.write() as uow:
        letters.append(uow, inbox(uow, an, name="Sent"), answer, system=SEEN)
    with store.read() as db:
        place = inbox(db, an)
        first = reading.letter(db, place, 1)
        assert [found.subject for found in reading.conversation(db, place, first.thread_id)] == [
            "Cong van so 1",
            "Cong van so 2",
        ]
        page, more = reading.conversations(db, place, reading.Cursor())
        assert ([line.newest.subject for line in page], more) == (["Cong van so 5", "Cong van so 1"], None)


def test_pages_by_keyset_give_every_letter_once(store, an):
    for number in range(7):
        store.clock.now += number % 2
        deliver(store, letter(number), an.account_id)
    with store.read() as db:
        place, cursor, seen = inbox(db, an), reading.Cursor(), []
        while page := reading.page(db, place, cursor, 3):
            seen += [found.entry.uid for found in page]
            cursor = reading.Cursor(page[-1].entry.internal_date, page[-1].entry.uid)
        assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_changes_reach_another_process_once_and_after_the_commit(store, an):
    reader = store.reader()
    feed = store.feed(reader)
    deliver(store, letter(), an.account_id)
    with store.read() as db:
        box = inbox(db, an).mailbox.id
    assert [change.mailbox_id for change in feed.news()] == [box]
    assert feed.news() == ()
    reader.close()


def test_a_unit_that_fails_leaves_the_pieces_of_the_others_whole(store, an):
    """The place of its pieces in the segment is not given to others of the same commit twice."""
    ready = [
        prepare(letter(number, body=os.urandom(3000).hex().encode()), store.pieces) for number in range(6)
    ]
    to_an = (Recipient(Address("an", DOMAIN), (an.account_id,)),)

    def take_and_fail(uow, incoming):
        receive(uow, incoming)
        raise OverQuota

    with store.write() as uow:
        for number, content in enumerate(ready):
            incoming = IncomingLetter(content, b"", "", to_an)
            if number % 2:
                with pytest.raises(OverQuota):
                    uow.attempt(take_and_fail, incoming)
            else:
                uow.attempt(receive, incoming)
    deliver(store, letter(99), an.account_id)
    with store.read() as db:
        report = verify(db)
        assert (report.faults, report.letters) == ([], 4)


def test_letters_that_come_at_the_same_time_never_lie_in_each_others_place(store, an):
    """With PostgreSQL they once did: its transactions kept the rows apart, and nothing the octets of a segment."""
    second = Store(store.data_dir, store.settings)  # as another process has it
    with ThreadPoolExecutor(4) as threads:
        came = [
            threads.submit(
                deliver,
                (store, second)[number % 2],
                letter(number, body=b"%d\r\n" % number * 999),
                an.account_id,
            )
            for number in range(60)
        ]
    assert [one.exception() for one in came] == [None] * 60
    second.close()
    with store.read() as db:
        place = inbox(db, an)
        found = {
            letters.octets(db, letters.entry(db, place, uid)).rpartition(b"\r\n\r\n")[2]
            for uid in range(1, 61)
        }
        assert found == {b"%d\r\n" % number * 999 for number in range(60)}
        assert verify(db).faults == []
