"""Garbage collection: room comes back, and never a letter that somebody has (SQLite and PostgreSQL)."""

import threading

import pytest

from mailsvc.services import letters
from mailsvc.services.backup import take
from mailsvc.services.collect import Collector, garbage_octets
from mailsvc.services.housekeeping import forget_old
from mailsvc.services.verify import verify
from mailsvc.storage import garbage, lease, messages
from mailsvc.storage.pieces import PieceDamaged
from tests.support.mail import add_account, deliver, inbox, letter, make_store, principal

KIB = 1024


@pytest.fixture
def an(store):
    with store.write() as uow:
        return principal(add_account(uow, "an"))


def text(number: int, size: int) -> bytes:
    """Octets that hardly compress."""
    import random

    return random.Random(number).randbytes(size).hex().encode() + b"\r\n"


def expunge(store, who, first, last):
    with store.write() as uow:
        letters.expunge(uow, inbox(uow, who), [(first, last)])


def forget(store):
    """The days in which a deleted letter can be had back are over."""
    store.clock.now += 31 * 86_400
    with store.write() as uow:
        forget_old(uow, 30)


def collected(store, **options):
    return Collector(store, **{"grace": 0, "pause": 0, **options}).run()


def octets(store, who, uid):
    with store.read() as db:
        return letters.octets(db, letters.entry(db, inbox(db, who), uid))


def files_of(folder):
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_room_of_deleted_letters_comes_back_and_the_others_keep_every_octet(store, an):
    for number in range(40):
        deliver(store, letter(number, body=text(number, 40 * KIB)), an.account_id)
    expunge(store, an, 1, 30)
    before = {uid: octets(store, an, uid) for uid in range(31, 41)}
    assert collected(store).letters == 0  # they can still be had back
    forget(store)
    done = collected(store)
    assert (done.letters, done.is_whole) == (30, True)
    assert done.pieces >= 30
    assert collected(store).freed_octets + done.freed_octets > 900_000
    with store.read() as db:
        total, unused = garbage_octets(db)
        assert unused * 3 <= max(total, 1)
        assert not verify(db).faults
    assert {uid: octets(store, an, uid) for uid in range(31, 41)} == before
    assert collected(store).pieces == 0


def test_an_attachment_that_another_letter_has_too_stays(store, an):
    attached = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n%d\r\n--b\r\nContent-Type: application/pdf\r\n\r\n"
    for number in (1, 2):
        head = letter(number).partition(b"\r\n\r\n")[0]
        body = attached % number + text(7, 20 * KIB) + b"--b--\r\n"
        deliver(store, head + b"\r\nMIME-Version: 1.0\r\n" + body, an.account_id)
    before = octets(store, an, 2)
    expunge(store, an, 1, 1)
    forget(store)
    assert collected(store).letters == 1
    assert octets(store, an, 2) == before


def test_a_letter_in_the_queue_is_somebodys(store, an):
    from mailsvc.storage import outbound

    with store.write() as uow:
        message = messages.put(uow, messages.prepare(letter(1), store.pieces))
        outbound.add(uow, message, [outbound.NewRecipient("x@y.example", "y.example")], reverse_path="")
    assert collected(store).letters == 0
    with store.read() as db:
        assert messages.content(db, message) == letter(1)


def test_large_pieces_are_removed_and_come_back_with_the_next_letter(store, an):
    content = letter(1, body=text(1, 200 * KIB))
    deliver(store, content, an.account_id)
    assert len(files_of(store.pieces.large_dir)) == 1
    expunge(store, an, 1, 1)
    forget(store)
    prepared = messages.prepare(content, store.pieces)  # received, and about to be written
    done = collected(store)
    assert (done.letters, files_of(store.pieces.large_dir)) == (1, set())
    with store.write() as uow:
        message = messages.put(uow, prepared)
    with store.read() as db:
        assert messages.content(db, message) == content


def test_a_young_file_is_left_alone(store, an):
    messages.prepare(letter(1, body=text(1, 200 * KIB)), store.pieces)
    collected(store, grace=3600)
    assert len(files_of(store.pieces.large_dir)) == 1
    collected(store)
    assert files_of(store.pieces.large_dir) == set()


def test_files_stay_while_a_backup_reads_them(store, an):
    for number in range(30):
        deliver(store, letter(number, body=text(number, 40 * KIB)), an.account_id)
    expunge(store, an, 1, 29)
    forget(store)
    before = files_of(store.pieces.segments_dir)
    with lease.shared(store.data_dir):
        assert collected(store).files_wait
        assert files_of(store.pieces.segments_dir) >= before
    assert not collected(store).files_wait
    assert not files_of(store.pieces.segments_dir) >= before


def test_a_damaged_piece_stays_where_it_is_and_the_others_move(store, an):
    for number in range(30):
        deliver(store, letter(number, body=text(number, 40 * KIB)), an.account_id)
    with store.read() as db:
        segment, offset = db.conn.exec_driver_sql(
            'SELECT segment_id, "offset" FROM pieces WHERE stored > 10000 ORDER BY id LIMIT 1'
        ).one()
    path = store.pieces.segment_path(segment)
    with path.open("r+b") as file:
        file.seek(offset + 200)
        file.write(b"flipped")
    expunge(store, an, 3, 30)
    forget(store)
    assert collected(store).damaged == 1
    assert path.exists()
    with pytest.raises(PieceDamaged):
        octets(store, an, 1)
    assert octets(store, an, 2).endswith(text(1, 40 * KIB))


def test_letters_that_come_while_it_runs_are_never_taken(store, an):
    """Each letter's content was somebody's and is garbage when it comes again."""
    contents = [letter(number, body=text(number, 10 * KIB)) for number in range(60)]
    for content in contents:
        deliver(store, content, an.account_id)
    expunge(store, an, 1, 60)
    forget(store)
    stop = threading.Event()

    def collect():
        while not stop.is_set():
            collected(store)

    collector = threading.Thread(target=collect)
    collector.start()
    for content in contents:
        deliver(store, content, an.account_id)
    stop.set()
    collector.join()
    collected(store)
    for uid, content in enumerate(contents, 61):
        assert octets(store, an, uid).endswith(content)
    with store.read() as db:
        assert not verify(db).faults


def test_a_backup_of_before_is_whole_after_compaction(tmp_path):
    store = make_store(tmp_path / "data", segment_bytes=1 << 20)
    (store.data_dir / "congvu.toml").write_text("")
    with store.write() as uow:
        an = principal(add_account(uow, "an"))
    for number in range(40):
        deliver(store, letter(number, body=text(number, 40 * KIB)), an.account_id)
    take(store, tmp_path / "copies", keep=2)
    old = files_of(tmp_path / "copies" / "segments")
    expunge(store, an, 1, 30)
    forget(store)
    collected(store)
    collected(store)
    take(store, tmp_path / "copies", keep=2)
    assert files_of(tmp_path / "copies" / "segments") >= old
    store.clock.now += 86_400
    for _ in range(2):
        take(store, tmp_path / "copies", keep=2, keep_days=0)
    assert not files_of(tmp_path / "copies" / "segments") >= old
    store.close()


def test_marks_tell_pieces_apart():
    marks = garbage.Marks(20, 0, bytearray(3))
    marks._bits[1] |= 1 << 2
    assert [piece for piece in range(1, 24) if marks.is_marked(piece)] == [10, 21, 22, 23]
