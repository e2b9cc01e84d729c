"""Mailboxes come over from a real Dovecot: with folders, flags and dates, each letter once, however often one begins again."""

import asyncio
import contextlib
import hashlib
import os
import random
import shutil
import signal
import time

import pytest

from mailsvc.imap.client import OldServer, OldServerError
from mailsvc.imap.moving import Move, Server, move_all
from mailsvc.services.verify import verify
from mailsvc.storage import mailboxes, messages
from tests.support.mail import add_account, letter, make_store
from tests.support.old_server import MASTER, MASTER_PASSWORD, PASSWORD, old_dovecot

HELD = """SELECT a.display_name, m.name, e.flags, e.internal_date, e.message_id FROM entries e
    JOIN mailboxes m ON m.id = e.mailbox_id JOIN accounts a ON a.id = m.account_id ORDER BY 1, 2, e.uid"""


@pytest.fixture(scope="module")
def dovecot():
    with old_dovecot() as server:
        yield server


@pytest.fixture
def old(dovecot):
    """The same server, empty."""
    yield dovecot
    for place in (dovecot.home / "mail").iterdir():
        shutil.rmtree(place)


@pytest.fixture
def store(tmp_path):
    store = make_store(tmp_path / "data", large_piece_bytes=1 << 16)
    with store.write() as uow:
        for name in ("an", "binh", "chi"):
            add_account(uow, name, quota=300_000 if name == "chi" else 1 << 30)
    yield store
    store.close()


def moves(*names, password=PASSWORD):
    return [Move(name, name, password, name) for name in names]


def run(store, old, wanted, **options):
    return asyncio.run(move_all(store, Server("127.0.0.1", old.port, None, 20), wanted, **options))


def held(store):
    with store.read() as db:
        assert not verify(db).faults
        return [
            (name, box, flags, at, hashlib.sha256(messages.content(db, message)).hexdigest())
            for name, box, flags, at, message in db.conn.exec_driver_sql(HELD).all()
        ]


def digest(content):
    return hashlib.sha256(content).hexdigest()


def test_folders_flags_and_dates_come_over_and_nothing_comes_twice(store, old):
    old.put("an", "INBOX", letter(1), flags="S", at=1_600_000_001)
    old.put("an", "INBOX", letter(2), flags="FR", at=1_600_000_002)
    old.put("an", "Dự án/Cầu đường", letter(3), at=1_600_000_003)
    old.put("an", "Thư đã gửi", letter(4), flags="S", at=1_600_000_004)
    old.put("binh", "INBOX", b"khong phai thu\r\n", at=1_600_000_005)
    done = run(store, old, moves("an", "binh"))
    assert [(one.address, one.moved, one.not_moved, one.error) for one in done] == [
        ("an", 4, 0, ""),
        ("binh", 1, 0, ""),
    ]
    assert held(store) == [
        ("an", "Dự án/Cầu đường", 0, 1_600_000_003, digest(letter(3))),
        ("an", "INBOX", 1, 1_600_000_001, digest(letter(1))),
        ("an", "INBOX", 6, 1_600_000_002, digest(letter(2))),
        ("an", "Sent", 1, 1_600_000_004, digest(letter(4))),
        ("binh", "INBOX", 0, 1_600_000_005, digest(b"khong phai thu\r\n")),
    ]
    before = held(store)
    again = run(store, old, moves("an", "binh"))
    assert [one.moved for one in again] == [0, 0]
    assert held(store) == before


def test_a_later_pass_brings_what_is_new_and_follows_what_was_done_there(store, old):
    stays, flagged, moved, deleted = (old.put("an", "INBOX", letter(number)) for number in range(1, 5))
    run(store, old, moves("an"))
    flagged.rename(flagged.with_name(flagged.name + "F"))
    moved.rename(old.folder("an", "Lưu") / "cur" / moved.name)
    deleted.unlink()
    old.put("an", "INBOX", letter(5))
    (done,) = run(store, old, moves("an"))
    assert {one.name: (one.moved, one.flags_changed, one.deleted) for one in done.mailboxes} == {
        "INBOX": (1, 1, 2),
        "Lưu": (1, 0, 0),
    }
    assert [(box, flags, key) for _, box, flags, _, key in held(store)] == [
        ("INBOX", 0, digest(letter(1))),
        ("INBOX", 4, digest(letter(2))),
        ("INBOX", 0, digest(letter(5))),
        ("Lưu", 0, digest(letter(3))),
    ]
    assert stays.exists()


def test_what_somebody_has_done_here_already_is_not_undone(store, old):
    from mailsvc.storage import entries

    paths = [old.put("an", "INBOX", letter(number)) for number in (1, 2)]
    run(store, old, moves("an"))
    with store.write() as uow:
        box = mailboxes.by_name(uow, 2, "INBOX")
        entries.set_flags(uow, box, [(1, 2)], keep=-1, add_bits=1)
    paths[0].rename(paths[0].with_name(paths[0].name + "F"))
    paths[1].unlink()
    (done,) = run(store, old, moves("an"))
    assert done.mailboxes[0].deleted == 0
    assert [flags for _, _, flags, _, _ in held(store)] == [1, 1]


def test_a_mailbox_that_was_numbered_anew_there_brings_nothing_twice(store, old):
    for number in range(1, 4):
        old.put("an", "INBOX", letter(number))
    run(store, old, moves("an"))
    for path in (old.home / "mail" / "an").glob("dovecot*"):
        path.unlink() if path.is_file() else shutil.rmtree(path)
    (old.home / "mail" / "an" / "dovecot-uidlist").write_text("3 V1999999999 N4 G0\n")
    os.chown(old.home / "mail" / "an" / "dovecot-uidlist", old.uid, old.gid)
    old.put("an", "INBOX", letter(4))
    (done,) = run(store, old, moves("an"))
    assert (done.moved, len(held(store))) == (1, 4)
    assert run(store, old, moves("an"))[0].moved == 0


def test_what_cannot_be_moved_is_told_letter_by_letter(store, old):
    for number in range(1, 6):
        body = random.Random(number).randbytes(50_000).hex().encode()
        old.put("chi", "INBOX", letter(number, body=body))
    done = run(store, old, [*moves("chi"), *moves("dung"), *moves("an", password="sai")])
    chi, dung, an = done
    assert (chi.moved, chi.not_moved) == (2, 3)
    assert [one["why"] for one in chi.mailboxes[0].refused] == ["hộp thư đầy / the box is full"] * 3
    assert "there is no box dung" in dung.error
    assert "AUTHENTICATIONFAILED" in an.error
    assert an.attempts == 1
    with store.write() as uow:
        mailboxes.set_quota(uow, 4, 1 << 30)
    (chi,) = run(store, old, moves("chi"))
    assert (chi.moved, chi.not_moved) == (3, 0)


def test_a_master_user_reads_every_box(store, old):
    old.put("an", "INBOX", letter(1))
    wanted = [Move("an", f"an*{MASTER}", MASTER_PASSWORD, "an")]
    assert run(store, old, wanted)[0].moved == 1
    assert run(store, old, moves("an"))[0].moved == 0  # the same box, whoever signs in


def test_thousands_of_letters_and_large_ones_come_over(store, old):
    for number in range(1, 1200):
        old.put("an", "INBOX", letter(number))
    large = letter(5000, body=b"0123456789abcdef\r\n" * 300_000)
    old.put("an", "INBOX", large)
    (done,) = run(store, old, moves("an"))
    assert (done.moved, done.error) == (1200, "")
    assert len(held(store)) == 1200


def test_a_server_that_is_not_there_is_told_soon(store, monkeypatch):
    monkeypatch.setattr("mailsvc.imap.moving.PAUSE_SECONDS", 0.01)
    from types import SimpleNamespace

    from tests.support.service import free_ports

    (done,) = run(store, SimpleNamespace(port=free_ports(1)[0]), moves("an"))
    assert "failed" in done.error
    assert done.attempts == 6


async def test_a_server_that_is_lost_ends_what_waits_for_it():
    async def hang_up(_reader, writer):
        writer.write(b"* OK [CAPABILITY IMAP4rev1] hello\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(OldServerError):
        async with OldServer("127.0.0.1", port, None, 5) as old:
            await asyncio.sleep(0.1)
            await old.login("an", "x")
    server.close()


def interrupted(store, old, names, dice, within):
    """A pass in a child that is killed somewhere on its way."""
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            from mailsvc.storage.store import Store

            run(Store(store.data_dir, store.settings), old, moves(*names), parallel=4)
        os._exit(0)
    time.sleep(dice.uniform(0.05, within))
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def move_with_interruptions(store, old, boxes, letters, kills, within):
    dice = random.Random(20261122)
    names = [f"hop{number}" for number in range(boxes)]
    wanted = set()
    with store.write() as uow:
        for name in names:
            add_account(uow, name)
    for index, name in enumerate(names):
        for number in range(letters):
            content = letter(index * 10_000 + number, body=b"%d\r\n" % number * dice.randrange(400))
            folder = dice.choice(["INBOX", "INBOX", "Lưu", "Dự án"])
            old.put(name, folder, content)
            wanted.add((name, folder, digest(content)))
    killed = sum(interrupted(store, old, names, dice, within) for _ in range(kills))
    started = time.monotonic()
    done = run(store, old, moves(*names))
    assert all(not one.error and not one.not_moved for one in done)
    found = [(name, box, key) for name, box, _, _, key in held(store)]
    assert len(found) == len(set(found)) == len(wanted)
    assert set(found) == wanted
    seconds = time.monotonic() - started
    print(
        f"{boxes} boxes, {len(wanted)} letters, killed {killed} times, last pass {seconds:.1f} s: lost 0, doubled 0"
    )


def test_interrupted_at_random_nothing_is_lost_or_doubled(store, old):
    move_with_interruptions(store, old, boxes=6, letters=30, kills=4, within=0.4)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_two_hundred_mailboxes_interrupted_at_random(store, old):
    move_with_interruptions(store, old, boxes=200, letters=60, kills=25, within=4)
