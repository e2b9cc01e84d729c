"""Mod-sequences never repeat, also when a power loss took flags that had been told (RFC 7162 §3.1, ADR 0009)."""

from mailsvc.storage import boots, mailboxes
from tests.support.mail import add_account, deliver, letter


def highest(store, account):
    with store.read() as db:
        return mailboxes.by_name(db, account, "INBOX").highest_mod_seq


def test_mailboxes_leap_once_after_the_machine_was_started_anew(store):
    with store.write() as uow:
        account = add_account(uow, "an")
        assert not boots.note(uow, "first")  # a new store
    deliver(store, letter(), account)
    before = highest(store, account)
    with store.write() as uow:
        assert not boots.note(uow, "first")
        assert boots.note(uow, "second")
        assert not boots.note(uow, "second")
    assert highest(store, account) == before + boots.LEAP


def test_a_machine_that_cannot_be_told_apart_leaps_each_time(store):
    with store.write() as uow:
        account = add_account(uow, "an")
        boots.note(uow, "")
    before = highest(store, account)
    with store.write() as uow:
        assert boots.note(uow, "")
    assert highest(store, account) == before + boots.LEAP
