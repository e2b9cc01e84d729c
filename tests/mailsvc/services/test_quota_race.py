"""The quota is exact when many deliveries come at once, and a full box can always be emptied (design §3)."""

import asyncio
from collections import Counter

import pytest

from directory.address import Address
from mailsvc.net.bridge import Bridge
from mailsvc.services import letters
from mailsvc.services.receive import IncomingLetter, Outcome, Recipient, prepare, receive
from mailsvc.services.verify import verify
from mailsvc.storage import mailboxes
from tests.support.mail import DOMAIN, add_account, inbox, letter, make_store, principal

LETTERS = 100


@pytest.fixture
async def bridge(tmp_path):
    store = make_store(tmp_path / "data", batch_units=7)
    bridge = Bridge(store)
    yield bridge
    await bridge.close()
    store.close()


def incoming(store, account, number) -> IncomingLetter:
    content = prepare(letter(2000 + number), store.pieces)  # all of one length
    return IncomingLetter(
        content, b"Return-Path: <>\r\n", "", (Recipient(Address("an", DOMAIN), (account,)),)
    )


async def deliver(bridge, account, number) -> Outcome:
    unit = incoming(bridge.store, account, number)
    return (await bridge.write(lambda uow: receive(uow, unit, queue_when_full=False)))[0]


async def test_of_a_hundred_at_once_those_that_fit_come_and_no_more_to_the_octet(bridge):
    account = await bridge.write(add_account, "an")
    await deliver(bridge, account, -1)
    size, _ = bridge.read(mailboxes.use, account)
    await bridge.write(mailboxes.set_quota, account, size * LETTERS)  # room for 99 of the next hundred
    outcomes = Counter(await asyncio.gather(*(deliver(bridge, account, number) for number in range(LETTERS))))
    assert outcomes == {Outcome.DELIVERED: LETTERS - 1, Outcome.OVER_QUOTA: 1}
    assert bridge.read(mailboxes.use, account) == (size * LETTERS, size * LETTERS)
    assert not bridge.read(verify).faults


async def test_one_octet_less_is_one_letter_less_and_emptying_works_at_a_hundred_per_cent(bridge):
    account = await bridge.write(add_account, "an")
    await deliver(bridge, account, -1)
    size, _ = bridge.read(mailboxes.use, account)
    await bridge.write(mailboxes.set_quota, account, size * LETTERS - 1)
    outcomes = Counter(await asyncio.gather(*(deliver(bridge, account, number) for number in range(LETTERS))))
    assert outcomes == {Outcome.DELIVERED: LETTERS - 2, Outcome.OVER_QUOTA: 2}
    await bridge.write(mailboxes.set_quota, account, 0)
    who = principal(account)
    await bridge.write(lambda uow: letters.expunge(uow, inbox(uow, who), [(1, LETTERS)]))
    assert bridge.read(mailboxes.use, account) == (0, 0)
    assert not bridge.read(verify).faults
