"""One letter to many at once keeps every promise that one to each keeps (design §3)."""

import base64

import pytest

from directory.address import Address
from mailsvc.model.flags import FLAGGED, SEEN
from mailsvc.model.ids import AccountId
from mailsvc.services import letters
from mailsvc.services.letters import FlagChange
from mailsvc.services.receive import (
    ContentGone,
    IncomingLetter,
    KnownContent,
    Outcome,
    Recipient,
    content_key,
    known_content,
    prepare,
    receive,
)
from mailsvc.services.verify import verify
from mailsvc.services.view import Snapshots
from mailsvc.storage import mailboxes, messages, snapshots
from tests.support.mail import DOMAIN, add_account, inbox, letter, principal

TRACE = b"Return-Path: <>\r\n"


def to_all(content, accounts):
    """A letter to boxes named r0, r1 …"""
    return IncomingLetter(
        content,
        TRACE,
        "",
        tuple(
            Recipient(Address(f"r{number}", DOMAIN), (account,)) for number, account in enumerate(accounts)
        ),
    )


def test_of_many_those_without_room_or_box_are_told_and_the_others_have_it(store):
    size = len(letter()) + len(TRACE) + len(f"Delivered-To: r0@{DOMAIN}\r\n")
    with store.write() as uow:
        accounts = [add_account(uow, f"r{number}") for number in range(9)]
        mailboxes.set_quota(uow, accounts[3], size)
        mailboxes.set_quota(uow, accounts[5], size - 1)
    accounts.append(AccountId(10**6))
    incoming = to_all(prepare(letter(), store.pieces), accounts)
    with store.write() as uow:
        outcomes = receive(uow, incoming, queue_when_full=False)
    assert [number for number, outcome in enumerate(outcomes) if outcome is Outcome.OVER_QUOTA] == [5]
    assert [number for number, outcome in enumerate(outcomes) if outcome is Outcome.MISSING] == [9]
    with store.write() as uow:
        assert receive(uow, incoming, queue_when_full=False)[3] is Outcome.OVER_QUOTA
    with store.read() as db:
        assert verify(db).faults == []
        for number, account in enumerate(accounts[:9]):
            place = inbox(db, principal(account))
            count = {3: 1, 5: 0}.get(number, 2)
            assert list(snapshots.snapshot(db, place.mailbox).uids) == list(range(1, count + 1))
            for uid in range(1, count + 1):
                held = letters.entry(db, place, uid)
                own = f"Delivered-To: r{number}@{DOMAIN}\r\n".encode()
                assert letters.octets(db, held) == own + TRACE + letter()


def test_a_letter_that_is_known_needs_no_octets_again(store):
    with store.write() as uow:
        accounts = [add_account(uow, f"r{number}") for number in range(6)]
        receive(uow, to_all(prepare(letter(), store.pieces), accounts))
    key = content_key(letter())
    with store.read() as db:
        known = known_content(db, key, len(letter()))
        assert known_content(db, content_key(b"another"), 7) is None
    with store.write() as uow:
        assert set(receive(uow, to_all(known, accounts))) == {Outcome.DELIVERED}
    with store.read() as db:
        held = letters.entry(db, inbox(db, principal(accounts[0])), 2)
        assert letters.octets(db, held).endswith(TRACE + letter())
        assert verify(db).faults == []


def test_a_letter_that_was_collected_meanwhile_is_asked_for_again(store):
    with store.write() as uow:
        account = add_account(uow, "r0")
    with store.write() as uow, pytest.raises(ContentGone):
        uow.attempt(receive, to_all(KnownContent(content_key(b"gone"), 4), [account]))
    with store.read() as db:
        assert verify(db).faults == []


def test_a_snapshot_goes_on_from_an_older_one_whatever_happened_between(store):
    """As if it were read anew: new letters, flags near and far, letters that went, a log that was joined."""
    with store.write() as uow:
        person = principal(add_account(uow, "r0"))
    prepared = [prepare(letter(number), store.pieces) for number in range(12)]
    with store.write() as uow:
        for content in prepared:
            receive(uow, to_all(content, [person.account_id]))
        known = snapshots.snapshot(uow, inbox(uow, person).mailbox)

    def store_flags(uow, *ranges, bits=FLAGGED, change=FlagChange.ADD):
        letters.store_flags(uow, inbox(uow, person), ranges, change, bits)

    acts = [
        lambda uow: store_flags(uow, (2, 4)),
        lambda uow: store_flags(uow, (1, 1), (9, 9), (12, 12), bits=SEEN),
        lambda uow: receive(uow, to_all(prepared[0], [person.account_id])),
        lambda uow: letters.expunge(uow, inbox(uow, person), [(3, 3), (13, 13)]),
        lambda uow: store_flags(uow, (1, 12), change=FlagChange.REMOVE),
        lambda uow: store_flags(uow, *[(uid, uid) for uid in (1, 2, 4, 5, 6)], bits=SEEN),
        snapshots.join_old_changes,
        lambda uow: receive(uow, to_all(prepared[1], [person.account_id])),
        lambda uow: store_flags(uow, (14, 14), bits=SEEN),
    ]
    for act in acts:
        with store.write() as uow:
            act(uow)
            mailbox = inbox(uow, person).mailbox
            whole = snapshots.snapshot(uow, mailbox)
            for older in {known, whole}:
                newer = snapshots.snapshot(uow, mailbox, older)
                assert (newer.uids, newer.flags, newer.mod_seqs) == (whole.uids, whole.flags, whole.mod_seqs)


def test_an_old_log_of_changes_becomes_one_range(store, monkeypatch):
    monkeypatch.setattr(snapshots, "KEPT_CHANGES", 3)
    monkeypatch.setattr(
        snapshots, "NEWEST_TO_JOIN", type(snapshots.NEWEST_TO_JOIN)(snapshots.newest_to_join(3))
    )
    monkeypatch.setattr(snapshots, "CROWDED", type(snapshots.CROWDED)(snapshots.crowded(3)))
    with store.write() as uow:
        person = principal(add_account(uow, "r0"))
        receive(uow, to_all(prepare(letter(), store.pieces), [person.account_id]))
        known = snapshots.snapshot(uow, inbox(uow, person).mailbox)
        for number in range(12):
            change = FlagChange.REMOVE if number % 2 else FlagChange.ADD
            letters.store_flags(uow, inbox(uow, person), [(1, 1)], change, SEEN)
        snapshots.join_old_changes(uow)
        assert uow.conn.exec_driver_sql("SELECT COUNT(*) FROM flag_changes").scalar() == 4
        mailbox = inbox(uow, person).mailbox
        newer, whole = snapshots.snapshot(uow, mailbox, known), snapshots.snapshot(uow, mailbox)
        assert (newer.flags, newer.mod_seqs) == (whole.flags, whole.mod_seqs)


def test_a_change_of_flags_is_told_without_reading_it_again(store):
    """What the snapshots keep is what the database says, also where others changed something in between."""
    with store.write() as uow:
        person = principal(add_account(uow, "r0"))
        for number in range(8):
            receive(uow, to_all(prepare(letter(number), store.pieces), [person.account_id]))
    kept = Snapshots()
    changes = [
        ([(1, 8)], FlagChange.ADD, SEEN, ()),
        ([(2, 3), (7, 7)], FlagChange.REMOVE, SEEN, ()),
        ([(1, 8)], FlagChange.REPLACE, FLAGGED, ("$Label1",)),
        ([(5, 5)], FlagChange.ADD, 0, ("$Label2",)),
        ([(1, 8)], FlagChange.ADD, FLAGGED, ()),
    ]
    for between in (False, True):
        for ranges, how, bits, keywords in changes:
            with store.read() as db:
                kept.of(db, inbox(db, person))
            with store.write() as uow:
                if between:
                    letters.store_flags(uow, inbox(uow, person), [(4, 4)], FlagChange.ADD, SEEN)
                stored = letters.store_flags(uow, inbox(uow, person), ranges, how, bits, keywords)
            with store.read() as db:
                place = inbox(db, person)
                told = kept.of(db, place, stored.change)
                real = snapshots.snapshot(db, place.mailbox)
                assert (told.uids, told.flags, told.mod_seqs) == (real.uids, real.flags, real.mod_seqs)
                assert (told.highest_mod_seq, told.keywords) == (real.highest_mod_seq, real.keywords)
                assert verify(db).faults == []


def test_who_looks_for_text_does_not_read_the_whole_of_a_file(store):
    file = bytes(range(256)) * 400
    encoded = base64.encodebytes(file).replace(b"\n", b"\r\n")
    head = b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    part = (
        b"--b\r\nContent-Type: application/pdf; name=van-ban.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    content = head + b"--b\r\n\r\nKinh gui.\r\n" + part + encoded + b"--b--\r\n"
    with store.write() as uow:
        account = add_account(uow, "r0")
        receive(uow, to_all(prepare(content, store.pieces), [account]))
    with store.read() as db:
        message = letters.entry(db, inbox(db, principal(account)), 1).message_id
        short = messages.readable(db, message, 1000)
        assert len(short) < 2000
        assert short.startswith(head)
        assert short.endswith(b"--b--\r\n")
        assert messages.readable(db, message, len(file) + 57) == messages.content(db, message) == content
