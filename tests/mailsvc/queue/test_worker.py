"""The queue delivers, retries, reports and forgets nothing (RFC 5321 §4.5.4, RFC 3464)."""

import asyncio
import contextlib
import dataclasses
import email
import email.policy

import pytest

from config.settings import LmtpSettings, QueueSettings, Settings, SmtpSettings
from directory.address import Address
from mailsvc.net.bridge import Bridge
from mailsvc.net.limits import TrustedNetworks
from mailsvc.net.resolver import MxRecord, StaticResolver
from mailsvc.queue import settle
from mailsvc.queue.worker import QueueWorker
from mailsvc.sender_auth import arc
from mailsvc.services import queue_routes, queue_view
from mailsvc.services.dkim_keys import DkimKeys
from mailsvc.services.forward import send_on
from mailsvc.services.receive import prepare
from mailsvc.smtp.client import Deadlines
from mailsvc.smtp.server import SmtpListener
from mailsvc.storage import entries, mailboxes, messages, outbound, outbound_claims, snapshots
from tests.mailsvc.smtp.stub import stub
from tests.mailsvc.smtp.support import LOOPBACK, OpenRules
from tests.support.mail import DOMAIN, add_account, inbox, letter, make_store, principal

__all__ = ["stub"]
PATIENT = Deadlines(connect=10, greeting=10, command=10, data_block=10, after_data=10)
HOUR = 3600
TRACE = b"Received: from pc by mail.lamdong.example; Sun, 22 Nov 2026 12:00:00 +0700\r\n"


class World:
    """A store, a worker and one server outside, whose rules the tests bend."""

    def __init__(self, store, bridge, account):
        self.store, self.bridge, self.account = store, bridge, account
        self.rules = OpenRules()
        self.listener = None

    async def open(self, **queue):
        self.listener = SmtpListener(self.rules, trusted=TrustedNetworks([]), tls=None)
        self.port = await self.listener.start("127.0.0.1", 0)
        self.dns = StaticResolver(
            mx_records={"x.vn": [MxRecord(10, "mx.x.vn")], "y.vn": [MxRecord(10, "mx.x.vn")]},
            addresses={"mx.x.vn": ["127.0.0.1"]},
            trouble=frozenset({"slow.vn"}),
        )
        self.restart(**queue)

    async def open_again(self, *, trusted):
        await self.listener.stop()
        self.listener = SmtpListener(self.rules, trusted=trusted, tls=None)
        await self.listener.start("127.0.0.1", self.port)

    def restart(self, **queue):
        """A worker that knows nothing but the store, as after `kill -9`."""
        settings = self.settings = Settings(
            domain=DOMAIN,
            queue=QueueSettings(port=self.port, **queue),
            smtp=SmtpSettings(),
            lmtp=LmtpSettings(),
        )
        self.worker = QueueWorker(settings, self.store, self.bridge, self.dns, deadlines=PATIENT)

    def queue(self, *addresses, content=None, reverse_path=f"an@{DOMAIN}", **options):
        with self.store.write() as uow:
            message = messages.put(uow, prepare(content or letter(1), self.store.pieces))
            return outbound.add(
                uow,
                message,
                [
                    one
                    if isinstance(one, outbound.NewRecipient)
                    else outbound.NewRecipient(one, one.rpartition("@")[2])
                    for one in addresses
                ],
                reverse_path=reverse_path,
                trace=TRACE,
                **options,
            )

    def states(self, letter_id):
        with self.store.read() as db:
            return [(one.address, one.state, one.attempts) for one in outbound.recipients(db, letter_id)]

    def mail(self):
        """The letters in the sender's INBOX."""
        with self.store.read() as db:
            place = inbox(db, principal(self.account))
            found = snapshots.snapshot(db, place.mailbox)
            held = [entries.one(db, place.mailbox.id, uid) for uid in found.uids]
            return [
                email.message_from_bytes(
                    one.trace + messages.content(db, one.message_id), policy=email.policy.default
                )
                for one in held
            ]


@pytest.fixture
async def world(tmp_path):
    store = make_store(tmp_path / "data")
    with store.write() as uow:
        account = add_account(uow, "an")
    bridge = Bridge(store)
    world = World(store, bridge, account)
    await world.open()
    yield world
    await world.worker.stop()
    await world.listener.stop()
    await bridge.close()
    store.close()


async def test_a_letter_reaches_each_recipient_in_one_transaction(world):
    queued = world.queue("an@x.vn", "ap@x.vn")
    await world.worker.work_off()
    assert world.rules.taken == [
        (Address("an", DOMAIN), (Address("an", "x.vn"), Address("ap", "x.vn")), TRACE + letter(1))
    ]
    assert world.states(queued) == [("an@x.vn", "sent", 1), ("ap@x.vn", "sent", 1)]
    await world.worker.work_off()
    assert len(world.rules.taken) == 1


async def test_one_refused_recipient_is_reported_and_the_others_are_not_disturbed(world):
    queued = world.queue("an@x.vn", "no@x.vn", envelope_id="E1")
    await world.worker.work_off()
    assert world.states(queued) == [("an@x.vn", "sent", 1), ("no@x.vn", "failed", 1)]
    (report,) = world.mail()
    assert report["Return-Path"] == "<>"
    assert report["Auto-Submitted"] == "auto-replied"
    assert report.get_content_type() == "multipart/report"
    text, status, header = report.iter_parts()
    assert "không gửi được" in text.get_content()
    assert "could not be delivered" in text.get_content()
    assert "địa chỉ không tồn tại" in text.get_content()
    fields = status.as_string()
    assert "Final-Recipient: rfc822; no@x.vn" in fields
    assert "Action: failed" in fields
    assert "Status: 5.1.1" in fields
    assert "Original-Envelope-Id: E1" in fields
    assert "an@x.vn" not in fields
    assert header.get_content_type() == "text/rfc822-headers"
    assert "Cong van so 1" in header.get_content()


async def test_a_temporary_refusal_is_tried_again_on_schedule_also_by_another_process(world):
    world.rules.explode = True
    queued = world.queue("an@x.vn")
    await world.worker.work_off()
    assert world.states(queued) == [("an@x.vn", "waiting", 1)]
    world.rules.explode = False
    world.store.clock.now += 299
    await world.worker.work_off()
    assert world.states(queued) == [("an@x.vn", "waiting", 1)]
    world.restart()
    world.store.clock.now += 1
    await world.worker.work_off()
    assert world.states(queued) == [("an@x.vn", "sent", 2)]
    assert world.mail() == []


async def test_the_sender_is_told_of_a_delay_once_and_of_the_end(world):
    await world.listener.stop()
    queued = world.queue("an@x.vn")
    seen = []
    for _ in range(60):
        await world.worker.work_off()
        with world.store.read() as db:
            if (due := outbound.next_due(db)) is None:
                break
        seen.append(len(world.mail()))
        world.store.clock.now = due
    delayed, failed = world.mail()
    assert "Action: delayed" in delayed.as_string()
    assert "Will-Retry-Until:" in delayed.as_string()
    assert "Status: 4.4.1" in delayed.as_string()
    assert "Status: 5.4.7" in failed.as_string()
    assert world.states(queued)[0][1] == "failed"
    assert (
        seen.index(1) == 6
    )  # 5, 15, 30 minutes, 1 and 2 hours are not 4 hours yet; the seventh try is past them


async def test_reports_are_not_reported_and_never_wanted_ones_not_sent(world):
    world.queue("no@x.vn", reverse_path="")
    world.queue(outbound.NewRecipient("no@x.vn", "x.vn", notify="NEVER"))
    world.queue("no@x.vn", reverse_path=f"gone@{DOMAIN}")
    await world.worker.work_off()
    assert world.mail() == []
    with world.store.read() as db:
        assert outbound.waiting(db, 10) == []


async def test_a_report_to_a_sender_outside_is_queued_with_the_null_path(world):
    world.queue("no@x.vn", reverse_path="bo@y.vn")
    await world.worker.work_off()
    with world.store.read() as db:
        ((queued, recipient),) = outbound.waiting(db, 10)
    assert (queued.reverse_path, recipient.address) == ("", "bo@y.vn")
    world.queue("no@x.vn", reverse_path="an@y.vn", return_full=True)
    await world.worker.work_off()
    await world.worker.work_off()
    reverse_path, recipients, content = world.rules.taken[0]
    assert (reverse_path, recipients) == (None, (Address("an", "y.vn"),))
    assert content.count(b"Noi dung thu.") == 1  # RET=FULL: the whole letter comes back


@pytest.mark.parametrize(
    ("address", "status"), [("a@nowhere.vn", "5.1.2"), ("a b@x.vn", "5.1.3"), ("a@[zz]", "5.1.3")]
)
async def test_what_can_never_be_delivered_is_given_back_at_once(world, address, status):
    world.queue(address)
    await world.worker.work_off()
    assert f"Status: {status}" in world.mail()[0].as_string()


async def test_dns_trouble_waits(world):
    queued = world.queue("a@slow.vn")
    await world.worker.work_off()
    assert world.states(queued) == [("a@slow.vn", "waiting", 1)]


async def test_a_smart_host_takes_all_domains_in_one_transaction(world):
    world.rules.requires_auth = True
    await world.open_again(trusted=LOOPBACK)  # which may sign in without TLS
    world.restart(
        smart_host=f"127.0.0.1:{world.port}", smart_host_user="an@x.vn", smart_host_password="mật khẩu"
    )
    world.queue("an@x.vn", "ap@unknown-to-dns.vn")
    await world.worker.work_off()
    assert [recipients for _, recipients, _ in world.rules.taken] == [
        (Address("an", "x.vn"), Address("ap", "unknown-to-dns.vn"))
    ]


async def test_many_letters_to_a_domain_share_connections(world):
    for _ in range(50):
        world.queue("an@x.vn")
    opened = []
    admit = world.rules.admit
    world.rules.admit = lambda client: (opened.append(client), admit(client))[1]
    await world.worker.work_off()
    assert len(world.rules.taken) == 50
    assert len(opened) <= 5


async def test_a_box_of_ours_that_was_full_gets_its_letter_when_there_is_room(world):
    with world.store.write() as uow:
        full = add_account(uow, "full", quota=1)
    queued = world.queue(outbound.NewRecipient(f"full@{DOMAIN}", DOMAIN, full))
    await world.worker.work_off()
    assert world.states(queued)[0][1:] == ("waiting", 1)
    with world.store.write() as uow:
        uow.conn.exec_driver_sql("UPDATE boxes SET quota = 1000000")
    world.store.clock.now += 300
    await world.worker.work_off()
    assert world.states(queued)[0][1:] == ("sent", 2)
    with world.store.read() as db:
        assert mailboxes.use(db, full)[0] > 0


async def test_nothing_smuggled_is_sent_on(world):
    world.queue("an@x.vn", content=b"Subject: x\r\n\r\na\n.\r\nMAIL FROM:<>\r\n")
    await world.worker.work_off()
    assert world.rules.taken == []
    assert "Status: 5.6.0" in world.mail()[0].as_string()


async def test_the_loop_wakes_for_news_and_ends_in_order(world):
    running = asyncio.create_task(world.worker.run())
    await asyncio.sleep(0)
    arrived = asyncio.Event()
    data = world.rules.data

    async def tell(*words):
        arrived.set()
        return await data(*words)

    world.rules.data = tell
    world.queue("an@x.vn")
    async with asyncio.timeout(5):
        await arrived.wait()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    with world.store.read() as db:
        assert outbound.waiting(db, 1) == []


async def test_a_result_waits_for_the_store_rather_than_be_forgotten(world):
    queued = world.queue("an@x.vn")
    data = world.rules.data

    async def fail_then_take(*words):
        world.store.fail("a test")
        asyncio.get_running_loop().call_later(0.5, lambda: setattr(world.store, "_failed", ""))
        return await data(*words)

    world.rules.data = fail_then_take
    await world.worker.work_off()
    assert world.states(queued) == [("an@x.vn", "sent", 1)]
    assert len(world.rules.taken) == 1


async def test_a_report_that_cannot_be_made_does_not_send_the_letter_again(world):
    def broken(_content):
        raise RuntimeError("a bug")

    recorder = world.worker.recorder
    recorder.reporter = dataclasses.replace(recorder.reporter, prepare=broken)
    queued = world.queue("an@x.vn", "no@x.vn")
    await world.worker.work_off()
    await world.worker.work_off()
    assert [state for _, state, _ in world.states(queued)] == ["sent", "failed"]
    assert len(world.rules.taken) == 1


async def test_a_bug_while_settling_leaves_the_letter_alone_until_the_next_start(world, monkeypatch):
    def broken(*_words):
        raise RuntimeError("a bug")

    monkeypatch.setattr(settle, "settle", broken)
    queued = world.queue("an@x.vn")
    for _ in range(3):
        await world.worker.work_off()
    assert world.states(queued) == [("an@x.vn", "waiting", 0)]
    assert len(world.rules.taken) == 1


async def test_a_letter_for_many_goes_in_transactions_that_every_server_takes(world):
    world.queue(*(f"a{number}@x.vn" for number in range(250)))
    await world.worker.work_off()
    assert sorted(len(recipients) for _, recipients, _ in world.rules.taken) == [50, 100, 100]


async def test_two_workers_on_one_queue_send_each_letter_once(world):
    other = QueueWorker(world.settings, world.store, world.bridge, world.dns, deadlines=PATIENT, name="other")
    for number in range(30):
        world.queue(f"a{number}@x.vn", content=letter(number))
    await asyncio.gather(world.worker.work_off(), other.work_off())
    await asyncio.gather(world.worker.work_off(), other.work_off())
    await other.stop()
    sent = [content for _, _, content in world.rules.taken]
    assert len(sent) == len(set(sent)) == 30


def arrivals(world):
    """What the server outside takes, as it takes it."""
    taken = asyncio.Queue()
    data = world.rules.data

    async def take(client, transaction, content):
        replies = await data(client, transaction, content)
        taken.put_nowait(content)
        return replies

    world.rules.data = take
    return taken


async def test_a_connection_waits_for_the_next_letter_and_carries_it(world):
    world.restart(idle_seconds=5)
    taken = arrivals(world)
    running = asyncio.create_task(world.worker.run())
    async with asyncio.timeout(20):
        for number in range(3):
            await asyncio.to_thread(world.queue, f"a{number}@x.vn", content=letter(number))
            await taken.get()
    assert world.rules.admitted == 1
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_a_connection_that_the_server_closed_meanwhile_costs_no_letter_a_try(world):
    world.restart(idle_seconds=5)
    taken = arrivals(world)
    running = asyncio.create_task(world.worker.run())
    async with asyncio.timeout(20):
        await asyncio.to_thread(world.queue, "a1@x.vn", content=letter(1))
        await taken.get()
        await world.open_again(trusted=LOOPBACK)
        second = await asyncio.to_thread(world.queue, "a2@x.vn", content=letter(2))
        await taken.get()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert world.states(second) == [("a2@x.vn", "sent", 1)]


async def test_what_a_dead_worker_had_in_hand_is_taken_back_at_the_start(world):
    queued = world.queue("a1@x.vn")
    with world.store.write() as uow:
        outbound_claims.claim(uow, world.worker._name, until=uow.clock() + HOUR, limit=10)
    await world.worker.work_off()
    assert world.states(queued) == [("a1@x.vn", "waiting", 0)]
    await world.worker.take_back()
    await world.worker.work_off()
    assert world.states(queued) == [("a1@x.vn", "sent", 1)]


async def test_a_held_letter_is_not_tried_and_a_route_leads_elsewhere(world):
    held = world.queue(outbound.NewRecipient("a1@x.vn", "x.vn", held="why"))
    await world.worker.work_off()
    assert world.rules.taken == []
    assert world.states(held) == [("a1@x.vn", "held", 0)]
    with world.store.write() as uow:
        queue_routes.set_route(uow, ".far.vn", f"127.0.0.1:{world.port}", actor="cli:root", reason="x")
    routed = world.queue("a2@sub.far.vn")
    await world.worker.work_off()
    assert world.states(routed) == [("a2@sub.far.vn", "sent", 1)]


async def test_a_server_without_dsn_makes_us_tell_that_it_was_relayed(world, stub):
    port, heard = await stub({"EHLO": b"250 stub\r\n"})
    world.port = port
    world.restart()
    world.queue(outbound.NewRecipient("a1@x.vn", "x.vn", notify="SUCCESS"), envelope_id="E")
    await world.worker.work_off()
    assert b"RCPT TO:<a1@x.vn>\r\n" in heard
    (report,) = world.mail()
    fields = list(report.iter_parts())[1].as_string()
    assert "Action: relayed" in fields
    assert "Remote-MTA: dns; mx.x.vn" in fields


async def test_a_server_with_dsn_takes_the_telling_on(world, stub):
    port, heard = await stub({"EHLO": b"250-stub\r\n250 DSN\r\n"})
    world.port = port
    world.restart()
    world.queue(
        outbound.NewRecipient("a1@x.vn", "x.vn", notify="SUCCESS", original_recipient="rfc822;b+2@x.vn"),
        envelope_id="E+1", return_full=False,
    )  # fmt: skip
    await world.worker.work_off()
    assert world.mail() == []
    assert b"RCPT TO:<a1@x.vn> NOTIFY=SUCCESS ORCPT=rfc822;b+2B2@x.vn\r\n" in heard
    assert any(line.endswith(b"RET=HDRS ENVID=E+2B1\r\n") for line in heard)


async def test_what_is_sent_on_carries_a_seal_that_holds(world):
    """RFC 8617 §5.1: a letter that came from outside with what we found, sent on to the outside."""
    keys = DkimKeys(world.store.data_dir)
    keys.make(DOMAIN, world.store.clock())
    results = f"Authentication-Results: mail.{DOMAIN};\r\n\tspf=pass smtp.mailfrom=x@w.example\r\n".encode()
    trace = b"Delivered-To: an@x.vn\r\nReturn-Path: <x@w.example>\r\n" + results + TRACE
    with world.store.write() as uow:
        message = messages.put(uow, prepare(letter(5), world.store.pieces))
        send_on(uow, message, trace, [Address("a1", "x.vn")], reverse_path="x@w.example", owner=world.account)
    await world.worker.work_off()
    ((reverse_path, _, octets),) = world.rules.taken
    assert str(reverse_path) == "x@w.example"
    assert b"Return-Path" not in octets
    assert b"Delivered-To" not in octets
    records = [keys.record(DOMAIN, one.selector) for one in keys.entries(DOMAIN)]
    zone = StaticResolver(texts={record.name: [record.value.encode()] for record in records})
    chain = await arc.validate(octets, zone)
    assert (chain.status, chain.sealers) == (arc.ArcStatus.PASS, (DOMAIN,))
    assert "spf=pass" in chain.findings[0]


async def test_a_connection_that_ends_between_two_letters_is_no_failure_of_the_second(world):
    world.restart(max_connections_per_domain=1)
    mail, calls = world.rules.mail, []

    async def hang_up_once(client, command):
        calls.append(command)
        if len(calls) == 2:
            raise ConnectionResetError
        return await mail(client, command)

    world.rules.mail = hang_up_once
    queued = [world.queue(f"a{number}@x.vn", content=letter(number)) for number in range(3)]
    await world.worker.work_off()
    assert [world.states(one)[0][1:] for one in queued] == [("sent", 1)] * 3
    assert world.rules.admitted == 2


async def test_a_dead_place_is_left_alone_by_new_letters_and_asked_again_when_an_operator_says_so(world):
    await world.listener.stop()
    first = world.queue("a1@x.vn", content=letter(1))
    await world.worker.work_off()
    world.listener = SmtpListener(world.rules, trusted=TrustedNetworks([]), tls=None)
    await world.listener.start("127.0.0.1", world.port)
    second = world.queue("a2@x.vn", content=letter(2))
    await world.worker.work_off()
    assert world.states(second) == [("a2@x.vn", "waiting", 1)]
    assert world.rules.admitted == 0
    with world.store.write() as uow:
        queue_view.do(uow, "retry", first, actor="cli:root", reason="máy bên kia đã chạy lại")
    await world.worker.work_off()
    assert world.states(first) == [("a1@x.vn", "sent", 2)]
