"""Does it stay fast? Deliveries with millions of entries stored beside an empty store, and a mailbox of a million.

`python -m bench.bench_capacity [--entries 5000000] [--mailbox 1000000] [--data DIR]`: serves, measures LMTP, stops, fills
the database by SQL (every letter its own message, piece and reference, several entries each, at random in the
mailboxes), serves again and measures the same. It takes some minutes and a gigabyte for a million entries; it is no
part of `make bench`. The figures go to bench/capacity.md.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pysqlite3
import uvloop

from bench import load, proc
from bench.ours import Congvu
from bench.plan import FULL, Measurement, user_names
from bench.results import machine, number
from bench.side import raise_open_files
from config.load import load as load_settings
from mailsvc.services.open_store import open_store
from mailsvc.storage import mailboxes, packed_snapshots, snapshots

if TYPE_CHECKING:
    from bench.wire import Imap

RESULT = Path(__file__).resolve().parent / "capacity.md"
OWN_TRACE = b"Delivered-To: someone@bench.test\r\n"
HOLDERS = 5
"""Entries of one letter."""
LETTERS = 3000
NUMBERS = """
INSERT INTO numbers WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value < ?)
SELECT value FROM n"""
MESSAGES = """
INSERT INTO messages (content_key, size, header_size, manifest, envelope, body, body_structure, message_id, thread_id,
    sent_at, from_name, from_address, to_line, subject, base_subject, preview, has_attachments, headline)
SELECT randomblob(32), m.size, m.header_size, m.manifest, m.envelope, m.body, m.body_structure,
    '<' || hex(randomblob(12)) || '@filled.test>', random() & 0x3fffffffffffffff,
    m.sent_at, m.from_name, m.from_address, m.to_line, m.subject, m.base_subject, m.preview, 0, m.headline
FROM (SELECT * FROM messages ORDER BY id LIMIT 1) AS m, numbers WHERE value < ?"""
PIECES = """
INSERT INTO pieces (key, segment_id, offset, stored, size, coding)
SELECT randomblob(32), p.segment_id, p.offset, p.stored, p.size, p.coding
FROM (SELECT * FROM pieces ORDER BY id LIMIT 1) AS p, numbers WHERE value < ?"""
REFERENCES = """
INSERT OR IGNORE INTO thread_references
SELECT message_id, thread_id FROM messages WHERE id > ? ORDER BY message_id"""
ENTRIES = """
INSERT INTO entries (mailbox_id, uid, message_id, flags, mod_seq, internal_date, saved_at, size, own_trace, trace_number)
SELECT box, ? + ROW_NUMBER() OVER (PARTITION BY box ORDER BY letter), letter, letter & 1, ? + letter % 7, 1700000000 + letter,
    1700000000 + letter, ?, ?, 0
FROM (SELECT ? + value / ? AS letter, inboxes.id AS box
    FROM numbers JOIN inboxes ON inboxes.number = (value * 2654435761 >> 9) % ? WHERE value < ?) ORDER BY 1, 2"""
ONE_MAILBOX = """
INSERT INTO entries (mailbox_id, uid, message_id, flags, mod_seq, internal_date, saved_at, size, own_trace, trace_number)
SELECT ?, ? + value, ? + value % ?, value & 1, ? + value, 1700000000 + value, 1700000000 + value, ?, x'', 0
FROM numbers WHERE value < ?"""
COUNTERS = """
UPDATE mailboxes SET (exists_count, unseen, octets, uid_next, highest_mod_seq) =
    (SELECT COUNT(*), COALESCE(SUM(1 - (flags & 1)), 0), COALESCE(SUM(size), 0),
        COALESCE(MAX(uid), 0) + 1, MAX(COALESCE(MAX(mod_seq), 0), highest_mod_seq) + 1
     FROM entries WHERE mailbox_id = mailboxes.id)"""
QUOTAS = """
UPDATE boxes SET quota = 1 << 50,
    octets = (SELECT COALESCE(SUM(octets), 0) FROM mailboxes WHERE mailboxes.account_id = boxes.account_id)"""


def fill(database: Path, entries: int, mailbox: int, user: str) -> None:
    """Rows as deliveries would have made them, by statements over all of them."""
    db: Any = pysqlite3.connect(str(database), isolation_level=None)
    for pragma in ("synchronous=OFF", "cache_size=-1048576", "foreign_keys=OFF"):
        db.execute(f"PRAGMA {pragma}")
    db.execute(
        "CREATE TEMP TABLE inboxes AS SELECT ROW_NUMBER() OVER () - 1 AS number, id FROM mailboxes WHERE name = 'INBOX'"
    )
    db.execute("CREATE UNIQUE INDEX temp.inboxes_number ON inboxes (number)")
    db.execute("CREATE TEMP TABLE numbers (value INTEGER PRIMARY KEY)")
    db.execute(NUMBERS, (max(entries, mailbox) - 1,))
    first = db.execute("SELECT MAX(id) + 1 FROM messages").fetchone()[0]
    letters = max(entries // HOLDERS, 1)
    size = db.execute("SELECT size FROM messages ORDER BY id LIMIT 1").fetchone()[0]
    boxes = db.execute("SELECT COUNT(*) FROM inboxes").fetchone()[0]
    db.execute("BEGIN IMMEDIATE")
    db.execute(MESSAGES, (letters,))
    db.execute(PIECES, (letters,))
    db.execute(REFERENCES, (first - 1,))
    uid = db.execute("SELECT MAX(uid_next) FROM mailboxes").fetchone()[0]
    mod_seq = db.execute("SELECT MAX(highest_mod_seq) FROM mailboxes").fetchone()[0]
    db.execute(ENTRIES, (uid, mod_seq, size + len(OWN_TRACE), OWN_TRACE, first, HOLDERS, boxes, entries))
    if mailbox:
        box = db.execute(
            """SELECT m.id, MAX(e.uid) + 1 FROM mailboxes m JOIN addresses a ON a.account_id = m.account_id
               LEFT JOIN entries e ON e.mailbox_id = m.id WHERE a.local = ? AND m.name = 'INBOX' GROUP BY m.id""",
            (user,),
        ).fetchone()
        db.execute(ONE_MAILBOX, (box[0], box[1] or 1, first, letters, mod_seq, size, mailbox))
    db.execute(COUNTERS)
    db.execute(QUOTAS)
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def keep_copies(data: Path) -> None:
    """What a running service does within an hour: copies of large mailboxes' snapshots (`storage.packed_snapshots`)."""
    store = open_store(data, load_settings(data, {}))
    with store.write() as uow:
        for mailbox in packed_snapshots.due(uow):
            found = snapshots.snapshot(uow, mailboxes.by_id(uow, mailbox))
            packed_snapshots.keep(uow, found, packed_snapshots.pack(found))
    store.close()


async def opened(port: int, user: str, *names: str) -> dict[str, float]:
    """SELECT of a mailbox that nobody has looked at since the start, then again by another session."""
    found: dict[str, float] = {}
    for name in names:
        imap: Imap = await load.signed_in(port, user)
        began = time.perf_counter()
        await imap.do("SELECT INBOX")
        found[name] = load.milliseconds(began)
        imap.close()
    return found


def main() -> None:
    """Measure, fill, measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench_capacity", description=__doc__)
    parser.add_argument("--entries", type=int, default=5_000_000)
    parser.add_argument("--mailbox", type=int, default=1_000_000, help="letters in one mailbox besides")
    parser.add_argument("--data", type=Path, default=Path("var/bench-capacity"))
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    raise_open_files()
    base: Path = given.data.resolve()
    shutil.rmtree(base, ignore_errors=True)
    users = user_names(FULL)
    side = Congvu(base, users)
    found: dict[str, float] = {}
    try:
        for name in ("empty", "full"):
            side.start()
            bench = Measurement(side, FULL)
            if name == "empty":
                bench.make_mailboxes()
            else:
                found |= uvloop.run(opened(side.imap, users[0], "open_rows"))
                side.stop()
                keep_copies(side.data)
                side.start()
                found |= uvloop.run(opened(side.imap, users[0], "open_first", "open_again"))
            figures = bench.job(
                "deliver",
                protocol="lmtp",
                port=side.lmtp,
                imap=side.imap,
                users=users[1:2001],
                letters=LETTERS,
                seed=5 if name == "empty" else 6,
                connections=10,
            )
            found[f"{name}_rate"], found[f"{name}_cpu"] = (
                figures["per_second"],
                figures["cpu"] / LETTERS * 1000,
            )
            side.stop()
            if name == "empty":
                began = time.perf_counter()
                fill(side.data / "congvu.db", given.entries, given.mailbox, users[0])
                found["fill_seconds"] = time.perf_counter() - began
        found["disk"] = proc.disk_bytes(side.data) / 2**30
    finally:
        side.stop()
    text = f"""# With {given.entries:,} entries stored

Made by `python -m bench.bench_capacity --entries {given.entries} --mailbox {given.mailbox}`. LMTP on ten connections into 2,000
mailboxes, {LETTERS:,} letters of 4 KB; the rows are filled in by SQL in {number(found["fill_seconds"])} s ({number(found["disk"])} GiB), the search
index is not.

- machine: {machine()}; load average at the end {os.getloadavg()[0]:.1f}

| work | unit | empty | full | ratio |
|---|---|---:|---:|---:|
| LMTP | letters/s | {number(found["empty_rate"])} | {number(found["full_rate"])} | {found["full_rate"] / found["empty_rate"]:.2f} |
| CPU a letter | ms | {number(found["empty_cpu"])} | {number(found["full_cpu"])} | {found["empty_cpu"] / found["full_cpu"]:.2f} |
| SELECT of a mailbox of {given.mailbox:,}, never looked at before | ms | – | {number(found["open_rows"])} | |
| the first after a start | ms | – | {number(found["open_first"])} | |
| the same again | ms | – | {number(found["open_again"])} | |
"""
    given.out.write_text(text, encoding="utf-8")
    print(text)
    shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    main()
