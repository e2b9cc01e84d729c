"""The whole service, hurt while real clients use it: refusals for now, no acknowledgement that does not last, back by itself."""

import imaplib
import os
import random
import smtplib
import time

import pysqlite3
import pytest

from config.settings import StorageSettings
from mailsvc.storage.store import Store
from tests.crash.book import Book, letter
from tests.crash.service import PASSWORD, PERMANENT, Clients, injected, mail_process
from tests.crash.test_faults import fill, small_disk
from tests.support.service import Service

SEED = int(os.environ.get("CONGVU_CRASH_SEED", "20261122"))
NAMES = ("an", "binh", "chi")
WAIT = {"CONGVU_STORAGE__WAIT_SECONDS": "0.5"}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """One service and its book for all that need no disk of their own."""
    with installed(tmp_path_factory.mktemp("house") / "data", **WAIT) as service:
        yield service.start(), Book()


def in_time(seconds: float) -> bool:
    """Ten seconds, on a machine that has a processor for each of those who want one."""
    return seconds < 10 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def installed(place, **environ) -> Service:
    service = Service(place, web=False, **environ).init()
    service.add_people(NAMES, PASSWORD)
    return service


def check(service: Service, book: Book, where: str) -> None:
    store = Store(service.data, StorageSettings())
    book.check(store, where)
    store.close()


def only_for_now(clients: Clients) -> None:
    """No permanent refusal: 4xx in SMTP, UNAVAILABLE in IMAP."""
    for act, said in clients.refused:
        assert not PERMANENT.match(said), (act, said)
        assert act in {"smtp", "lmtp"} or "UNAVAILABLE" in said, (act, said)


def read_one(service: Service) -> None:
    """Reading, as a client that comes anew."""
    imap = imaplib.IMAP4(*service.address("imap"), timeout=30)
    try:
        imap.login(f"an@{service.domain}", PASSWORD)
        imap.select("INBOX", readonly=True)
        assert imap.fetch("1", "(BODY.PEEK[])")[0] == "OK"
    finally:
        imap.shutdown()


def kill_at(service: Service, book: Book, kills: int, dice: random.Random, seed: int) -> float:
    """So many kills of the mail process at chosen calls; the supervisor starts it again each time."""
    with Clients(service, NAMES, seed, book) as clients:
        for _ in range(kills):
            clients.wait_for(book.acknowledged + 10)
            call = dice.choice(["pwrite64", "fdatasync", "pwrite64"])
            pid = mail_process(service)
            with injected(pid, f"{call}:signal=KILL:when={dice.randint(1, 30)}") as tracer:
                tracer.wait(30)
        clients.wait_for(book.acknowledged + 10)
        only_for_now(clients)
        return clients.gap


def test_the_mail_process_killed_at_a_system_call_is_back_in_ten_seconds_with_all_it_acknowledged(house):
    service, book = house
    gap = kill_at(service, book, 3, random.Random(SEED), 1)
    assert in_time(gap), gap
    check(service, book, f"seed {SEED}")
    print(f"3 points, {book.acknowledged} acknowledged, 0 lost, 0 doubled; longest wait {gap:.1f} s")


def stock(service: Service, book: Book, count: int) -> None:
    """Letters in Archive that can be deleted."""
    imap = imaplib.IMAP4(*service.address("imap"), timeout=30)
    imap.login(f"{NAMES[2]}@{service.domain}", PASSWORD)
    for number in range(count):
        assert imap.append("Archive", None, None, letter(number))[0] == "OK"
        said = {"act": "put", "letters": [(number, NAMES[2].title())], "to": "Archive", "state": "done"}
        book.note(said)
    imap.shutdown()


def until_all_are_refused(clients: Clients) -> None:
    deadline = time.monotonic() + 30
    while {act for act, _ in clients.refused} < {"smtp", "lmtp", "APPEND"}:
        assert time.monotonic() < deadline, clients.refused
        time.sleep(0.01)


def test_a_locked_database_is_a_refusal_for_now_and_reading_goes_on(house):
    service, book = house
    with Clients(service, NAMES, 2, book) as clients:
        clients.wait_for(book.acknowledged + 20)
        foreign = pysqlite3.connect(service.data / "congvu.db", isolation_level=None)
        foreign.execute("PRAGMA busy_timeout=10000")
        foreign.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        read_one(service)
        assert in_time(2 * (time.monotonic() - started))
        until_all_are_refused(clients)
        foreign.execute("ROLLBACK")
        foreign.close()
        clients.wait_for(book.acknowledged + 20)
        only_for_now(clients)
    check(service, book, "locked")


def test_a_disk_that_fails_to_sync_stops_mail_not_reading_and_the_service_is_back_by_itself(house):
    service, book = house
    with Clients(service, NAMES, 3, book) as clients:
        clients.wait_for(book.acknowledged + 20)
        pid = mail_process(service)
        with injected(pid, "fsync,fdatasync:error=EIO"):
            until_all_are_refused(clients)
            read_one(service)
            at_most = book.acknowledged
            time.sleep(0.3)
            assert book.acknowledged == at_most
        mended = time.monotonic()
        clients.wait_for(book.acknowledged + 20)
        assert in_time(time.monotonic() - mended)
        assert mail_process(service) != pid
        only_for_now(clients)
    check(service, book, "EIO")


def test_on_a_full_disk_mail_waits_reading_and_deleting_go_on(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        book = Book()
        reserve = {"CONGVU_STORAGE__RESERVE_BYTES": str(12 << 20)}
        with installed(disk / "data", **reserve) as service:
            service.start()
            stock(service, book, 30)
            with Clients(service, NAMES, 1, book) as clients:
                clients.wait_for(book.acknowledged + 20)
                fill(disk, 0)
                until_all_are_refused(clients)
                read_one(service)
                # In the moment when it filled up, who shared a commit with a letter was refused with it.
                refused = [act for act, _ in clients.refused if act in {"MOVE", "EXPUNGE"}]
                before = sum(one.must_be_gone for one in book.letters.values())
                deadline = time.monotonic() + 20
                while sum(one.must_be_gone for one in book.letters.values()) < before + 3:
                    assert time.monotonic() < deadline, clients.refused[-5:]
                    time.sleep(0.01)
                (disk / "filler").unlink()
                clients.wait_for(book.acknowledged + 20)
                only_for_now(clients)
                assert [act for act, _ in clients.refused if act in {"MOVE", "EXPUNGE"}] == refused
            assert service.stop() == 0
            check(service, book, "full")


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_mail_process_killed_at_sixty_system_calls(tmp_path):
    book, dice, longest = Book(), random.Random(SEED), 0.0
    with installed(tmp_path / "data") as service:
        for round_ in range(15):  # five deaths in a minute are too many for one supervisor
            service.start()
            longest = max(longest, kill_at(service, book, 4, dice, 10 + round_))
            assert service.stop() == 0
        check(service, book, f"seed {SEED}")
    print(f"60 points, {book.acknowledged} acknowledged, 0 lost, 0 doubled; longest wait {longest:.1f} s")
    assert in_time(longest)


@pytest.mark.long
def test_a_database_locked_for_thirty_seconds(tmp_path):
    with installed(tmp_path / "data") as service:
        service.start()
        with smtplib.LMTP(*service.address("lmtp"), timeout=60) as lmtp:
            lmtp.ehlo()
            assert lmtp.sendmail("a@b.example", [f"an@{service.domain}"], letter(1)) == {}
            foreign = pysqlite3.connect(service.data / "congvu.db", isolation_level=None)
            foreign.execute("BEGIN IMMEDIATE")
            locked = time.monotonic()
            while time.monotonic() - locked < 30:
                lmtp.mail("a@b.example")
                lmtp.rcpt(f"an@{service.domain}")
                started = time.monotonic()
                code, _ = lmtp.data(letter(2))
                assert (code, time.monotonic() - started < 12) == (451, True)
                read_one(service)
            foreign.execute("ROLLBACK")
            foreign.close()
            lmtp.mail("a@b.example")
            lmtp.rcpt(f"an@{service.domain}")
            assert lmtp.data(letter(2))[0] == 250
        assert service.stop() == 0
