"""Checking every octet: `verify` at once, the scrub once a week; both go on where they were interrupted."""

import threading

import pytest

from mailsvc.services import letters, scrub
from mailsvc.services.pace import Pace
from mailsvc.services.verify import Notes, verify
from mailsvc.storage.pieces import RECORD, PieceDamaged
from tests.support.mail import add_account, deliver, inbox, letter, make_store, principal


@pytest.fixture
def store(tmp_path):
    store = make_store(tmp_path / "data", large_piece_bytes=1 << 16)
    yield store
    store.close()


@pytest.fixture
def an(store):
    with store.write() as uow:
        return principal(add_account(uow, "an"))


def piece_of(store, number: int) -> tuple[int, int, int]:
    with store.read() as db:
        row = db.conn.exec_driver_sql(
            'SELECT segment_id, "offset", id FROM pieces WHERE stored > 100 ORDER BY id'
        ).all()[number]
    return row[0], row[1], row[2]


def flip(store, number: int) -> int:
    """One bit of a stored piece."""
    segment, offset, piece = piece_of(store, number)
    with store.pieces.segment_path(segment).open("r+b") as file:
        file.seek(offset + RECORD.size + 50)
        octet = file.read(1)[0]
        file.seek(offset + RECORD.size + 50)
        file.write(bytes([octet ^ 4]))
    return piece


def whole_round(store) -> None:
    while scrub.step(store, Pace()):
        pass


def read(store, who, uid):
    with store.read() as db:
        return letters.octets(db, letters.entry(db, inbox(db, who), uid))


def test_a_flipped_bit_is_never_given_out_is_found_and_is_mended_by_the_next_copy(store, an):
    for number in range(6):
        deliver(store, letter(number), an.account_id)
    piece = flip(store, 2)
    with pytest.raises(PieceDamaged):
        read(store, an, 3)
    assert read(store, an, 4).endswith(letter(3))
    whole_round(store)
    with store.read() as db:
        assert [one.piece for one in scrub.damage(db)] == [piece]
        faults = verify(db).faults
    assert [fault.split(":")[0] for fault in faults] == [f"piece {piece}", "letter 3"]
    deliver(store, letter(2), an.account_id)
    assert read(store, an, 7).endswith(letter(2))
    assert read(store, an, 3).endswith(letter(2))  # the old entry has its octets again too
    with store.read() as db:
        assert not scrub.damage(db)
        assert not verify(db).faults


def test_a_large_piece_is_mended_too(store, an):
    import random

    content = letter(1, body=random.Random(1).randbytes(200_000).hex().encode())
    deliver(store, content, an.account_id)
    (path,) = [path for path in store.pieces.large_dir.rglob("*") if path.is_file()]
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    whole_round(store)
    assert len(store.damaged) == 1
    deliver(store, content, an.account_id)
    assert read(store, an, 1).endswith(content)


def test_what_is_whole_again_is_damaged_no_more(store, an):
    deliver(store, letter(1), an.account_id)
    piece = flip(store, 0)
    whole_round(store)
    assert store.damaged == {piece}
    flip(store, 0)  # back
    whole_round(store)
    assert not store.damaged


def test_the_scrub_goes_on_where_it_was_and_is_due_once_a_week(store, an):
    for number in range(8):
        deliver(store, letter(number), an.account_id)
    stop = threading.Event()
    stop.set()
    with store.read() as db:
        assert scrub.is_due(db, 7)
    checked = []
    for _ in range(3):
        scrub.step(store, Pace(1, stop))  # stops after each piece
        with store.read() as db:
            checked.append(scrub.state(db).checked)
    assert checked == [1, 2, 3]
    whole_round(store)
    with store.read() as db:
        assert not scrub.is_due(db, 7)
        pieces = db.conn.exec_driver_sql("SELECT COUNT(*) FROM pieces").scalar()
        assert scrub.state(db).checked == pieces
    store.clock.now += 7 * 86_400
    with store.read() as db:
        assert scrub.is_due(db, 7)


def test_the_pace_is_kept():
    pace = Pace(1000)
    import time

    started = time.monotonic()
    for _ in range(4):
        assert pace.spend(50)
    assert 0.1 < time.monotonic() - started < 2


def test_verify_goes_on_where_it_was_interrupted(store, an, tmp_path):
    for number in range(8):
        deliver(store, letter(number), an.account_id)
    flip(store, 1)
    notes, stop = Notes(tmp_path / "verify.json"), threading.Event()
    stop.set()
    with store.read() as db:
        first = verify(db, pace=Pace(1, stop), notes=notes)
        assert first.pieces == 1
        resumed = verify(db, notes=notes, resume=True)
        assert resumed.pieces == verify(db).pieces
        assert resumed.faults == verify(db).faults
    assert len(resumed.faults) == 2
    assert not (tmp_path / "verify.json").exists()


def test_a_truncated_segment_is_named_with_what_to_do(store, an):
    for number in range(3):
        deliver(store, letter(number), an.account_id)
    (path,) = store.pieces.segments_dir.glob("*.seg")
    before = path.read_bytes()
    path.write_bytes(before[:-10])
    with store.read() as db:
        faults = verify(db).faults
    assert "restore this file from a backup" in faults[0]
    assert any(fault.startswith("letter 3") for fault in faults)
    assert path.read_bytes() == before[:-10]


def test_the_size_of_a_record_is_what_verify_counts_with():
    assert RECORD.size == 56
