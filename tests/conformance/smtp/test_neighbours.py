"""Debian's Postfix and Exim exchange letters with us both ways over TLS, and their resolver is a zone of our own."""

import asyncio
import contextlib
import time

import pytest

from config.settings import QueueSettings, Settings
from mailsvc.net.resolver import MxRecord, StaticResolver
from mailsvc.queue.worker import QueueWorker
from mailsvc.services.receive import prepare
from mailsvc.storage import messages, outbound
from tests.mailsvc.smtp.service import service
from tests.support.mail import DOMAIN, letter
from tests.support.mail_servers import exim, exim_program, postfix

__all__ = ["exim_program"]
pytestmark = pytest.mark.peer
VIETNAMESE = letter(77, body="Kính gửi các đơn vị.\r\n.chấm đầu dòng\r\n..hai chấm\r\n".encode()).replace(
    b"Message-ID",
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nMessage-ID",
)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with service(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="module", params=["postfix", "exim"])
def neighbour(request, running):
    port = running.ports["smtp.listen"]
    if request.param == "postfix":
        opened = postfix(port)
    else:
        opened = exim(request.getfixturevalue("exim_program"), port)
    with opened as server:
        yield server


def arrived(running, local, before):
    """The newest letter in a box of ours, once it is there."""
    ends_at = time.monotonic() + 30
    while len(found := running.letters(local)) <= before:
        assert time.monotonic() < ends_at
        time.sleep(0.05)
    return found[-1]


def test_they_hand_letters_to_us_over_tls(running, neighbour):
    before = len(running.letters("bo"))
    neighbour.send(f"x@{neighbour.domain}", f"bo@{DOMAIN}", VIETNAMESE)
    stored = arrived(running, "bo", before)
    assert b" with ESMTPS id " in stored
    assert stored.endswith(VIETNAMESE[VIETNAMESE.index(b"\r\n\r\n") :])


def test_what_they_cannot_deliver_here_is_told_to_them_at_once(running, neighbour):
    neighbour.send(f"x@{neighbour.domain}", f"nobody@{DOMAIN}", letter(78))
    (report, *_) = [one for one in neighbour.letters(1) if b"nobody@" in one]
    assert b"5.1.1" in report


def deliver(running, neighbour, *recipients, content=VIETNAMESE, **changes):
    """Queue a letter for the neighbour, and work the queue once."""
    settings = Settings(domain=DOMAIN, queue=QueueSettings(port=neighbour.port))
    dns = StaticResolver(
        mx_records={neighbour.domain: [MxRecord(10, "mx.neighbour")]},
        addresses={"mx.neighbour": ["127.0.0.1"]},
    )
    with running.store.write() as uow:
        queued = outbound.add(
            uow, messages.put(uow, prepare(content, running.store.pieces)),
            [outbound.NewRecipient(f"{one}@{neighbour.domain}", neighbour.domain, **changes) for one in recipients],
            reverse_path=f"an@{DOMAIN}", envelope_id="E+1", return_full=False,
        )  # fmt: skip

    async def once():
        worker = QueueWorker(settings, running.store, running.bridge, dns)
        with contextlib.suppress(asyncio.CancelledError):
            await worker.work_off()
        await worker.stop()

    running.thread.run(once())
    with running.store.read() as db:
        return outbound.recipients(db, queued)


def test_we_hand_letters_to_them_over_tls(running, neighbour):
    before = len(neighbour.letters(0))
    (one, two) = deliver(running, neighbour, "r1", "r2")
    assert (one.state, two.state) == ("sent", "sent"), one.last_reply
    held = neighbour.letters(before + 1)
    mine = [letter for letter in held if b"77@" in letter]
    assert mine
    head, _, body = mine[-1].partition(b"\n\n")
    assert b"TLS" in head
    assert body.rstrip().endswith("..hai chấm".encode())
    assert "\n.chấm đầu dòng\n".encode() in body


def test_they_tell_our_sender_what_was_asked_for(running, neighbour):
    """DSN travels: they take NOTIFY on, and their report comes back to our box (RFC 3461 §5.2)."""
    before = len(running.letters("an"))
    (one,) = deliver(running, neighbour, "r3", notify="SUCCESS", content=letter(79))
    assert one.state == "sent"
    report = arrived(running, "an", before)
    assert b"multipart/report" in report
    assert b"E+1" in report or b"E+2B1" in report
    assert b"r3@" in report
