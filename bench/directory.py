"""`python -m bench.directory`: an import of 13,300 accounts, with and without hashes, and how long a writer waits meanwhile."""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from config.settings import StorageSettings
from directory import provision, repository
from directory.model import vietnam_day
from directory.passwords import hash_password
from directory.roster import plan_file
from directory.scope import SERVER
from mailsvc.services.imports import import_accounts
from mailsvc.services.provision import on_accounts_created
from mailsvc.storage.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

PEOPLE = 13_300  # Cần Thơ (design §1)
UNITS = 700
FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ")
MIDDLES = ("Văn", "Thị", "Đức", "Minh", "Hữu", "Ngọc", "Xuân")
GIVENS = (
    "An",
    "Bình",
    "Chi",
    "Dũng",
    "Đạt",
    "Hà",
    "Hương",
    "Khánh",
    "Lan",
    "Mai",
    "Nam",
    "Oanh",
    "Phúc",
    "Sơn",
)
KNOCK = 0.005


class Knocker:
    """Somebody else who writes all the while, as deliveries do: how long the longest wait was."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._knock)
        self.longest = 0.0

    def _knock(self) -> None:
        while not self._done.wait(KNOCK):
            begins = time.perf_counter()
            with self._store.write():
                self.longest = max(self.longest, time.perf_counter() - begins)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


def lines(count: int, password: str, column: str) -> Iterator[str]:
    """A table of design §9, with the same password or hash for everybody."""
    dice = random.Random(2017)
    yield f"address,full_name,unit,kind,{column}"
    for number in range(count):
        name = f"{dice.choice(FAMILIES)} {dice.choice(MIDDLES)} {dice.choice(GIVENS)}"
        yield f',{name},U{number % UNITS},personal,"{password}"'


def make_store(folder: Path) -> Store:
    """An empty installation with its tree of units."""
    store = Store(folder, StorageSettings())
    store.create()
    tree = [f"U{n},Đơn vị {n},{f'U{n % 60}' if n >= 60 else ''},commune,state" for n in range(UNITS)]
    text = "\n".join(("code,name,parent,tier,branch", *tree))
    with store.write() as uow:
        now = uow.clock()
        repository.add_domain(uow.conn, "tinh.example", now, on_accounts_created(uow))
        sheet = provision.read_units(text.encode())
        plan = provision.plan_units(uow.conn, SERVER, sheet, on=vietnam_day(now))
        provision.apply_units(uow.conn, plan, at=now, actor="bench")
    return store


def measure(folder: Path, count: int, password: str, column: str) -> dict[str, float]:
    """Seconds of each step of one import, and the longest wait of another writer."""
    data = "\n".join(lines(count, password, column)).encode()
    store = make_store(folder)
    try:
        with Knocker(store) as knocker:
            begins = time.perf_counter()
            with store.read() as db:
                plan = plan_file(
                    db.conn,
                    SERVER,
                    data,
                    on=vietnam_day(db.clock()),
                    settings=provision.ProvisionSettings(),
                ).plan
            planned = time.perf_counter()
            sealed = provision.seal(plan)
            hashed = time.perf_counter()
            import_accounts(store, sealed, actor="bench", creator_id=None)
            written = time.perf_counter()
    finally:
        store.close()
    assert len(plan.creates) == count
    return {
        "plan": round(planned - begins, 2),
        "hash": round(hashed - planned, 2),
        "write": round(written - hashed, 2),
        "all": round(written - begins, 2),
        "longest_wait_of_a_writer": round(knocker.longest, 3),
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=PEOPLE)
    parser.add_argument(
        "--without-hashing", action="store_true", help="only the import whose hashes are given"
    )
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="congvu-bench-"))
    try:
        found = {
            "with hashes": measure(folder / "a", given.count, hash_password("Abc-12345"), "password_hash")
        }
        if not given.without_hashing:
            found["without hashes"] = measure(folder / "b", given.count, "Abc-12345", "password")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({"accounts": given.count, "seconds": found}, indent=2))


if __name__ == "__main__":
    main()
