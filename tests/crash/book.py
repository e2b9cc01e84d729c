"""The ledger: what was begun, what was acknowledged, and so what a store must hold after it was hurt."""

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mailsvc.services.verify import verify
from mailsvc.storage import messages
from mailsvc.storage.store import Store

QUEUE = "<queue>"
PLACES = """SELECT a.display_name, m.name, e.uid, e.message_id FROM entries e
    JOIN mailboxes m ON m.id = e.mailbox_id JOIN accounts a ON a.id = m.account_id"""
QUEUED = """SELECT a.display_name, '<queue>', 0, o.message_id FROM outbound o
    JOIN outbound_recipients r ON r.outbound_id = o.id JOIN accounts a ON a.id = r.local_account_id
    WHERE r.state = 'waiting'"""
COUNTERS = """SELECT a.display_name, m.name, m.uid_next, m.highest_mod_seq FROM mailboxes m
    JOIN accounts a ON a.id = m.account_id"""


def letter(number: int) -> bytes:
    """A letter that no other is equal to; every fifth is larger, every eleventh has a piece that is a file."""
    size = 150_000 if number % 11 == 0 else 12_000 if number % 5 == 0 else 200
    body = random.Random(number).randbytes(size).hex()
    lines = "\r\n".join(body[start : start + 76] for start in range(0, len(body), 76))
    return (
        f"From: a@example.org\r\nSubject: {number}\r\nMessage-ID: <{number}@example.org>\r\n\r\n{lines}\r\n"
    ).encode()


@dataclass
class Expected:
    """Where one letter of one account may be."""

    places: set[str] = field(default_factory=set)
    is_sure: bool = False
    """It was acknowledged: it must be somewhere."""
    may_be_gone: bool = False
    must_be_gone: bool = False


@dataclass
class Counts:
    """What the tests report."""

    points: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0

    def __str__(self) -> str:
        return f"{self.points} points, {self.acknowledged} acknowledged, {self.lost} lost, {self.doubled} doubled"


class Book:
    """The ledger as lines come in; `{"act": …, "n": …, "account": …, "state": "begin" or "done"}`."""

    def __init__(self) -> None:
        self.letters: dict[tuple[int, str], Expected] = defaultdict(Expected)
        self.counters: dict[tuple[str, str], tuple[int, int]] = {}
        self.acknowledged = 0

    def copy(self) -> "Book":
        """The same, to go on from."""
        other = Book()
        other.letters.update(
            {
                key: Expected(set(one.places), one.is_sure, one.may_be_gone, one.must_be_gone)
                for key, one in self.letters.items()
            }
        )
        other.counters.update(self.counters)
        other.acknowledged = self.acknowledged
        return other

    def read(self, lines: Iterable[str]) -> "Book":
        for line in lines:
            self.note(json.loads(line))
        return self

    def note(self, said: dict[str, Any]) -> None:
        is_done = said["state"] == "done"
        self.acknowledged += is_done
        for number, account in said.get("letters", ()):
            self._letter(self.letters[number, account], said, is_done=is_done)
        for account, mailbox, uid_next, mod_seq in said.get("counters", ()):
            self.counters[account, mailbox] = (uid_next, mod_seq)

    def _letter(self, one: Expected, said: dict[str, Any], *, is_done: bool) -> None:
        match said["act"]:
            case "put":
                one.places.add(said["to"])
                one.is_sure |= is_done
            case "move":
                one.places = {said["to"]} if is_done else one.places | {said["to"]}
            case "expunge":
                one.may_be_gone = True
                one.must_be_gone |= is_done

    # -- comparing

    def check(self, store: Store, where: str = "") -> None:
        """Every acknowledged letter is there once with all its octets, nothing is there twice, nothing went back."""
        numbers = {hashlib.sha256(letter(number)).digest(): number for number, _ in self.letters}
        found: dict[tuple[int, str], list[str]] = defaultdict(list)
        with store.read() as db:
            for account, mailbox, _uid, message in [
                *db.conn.exec_driver_sql(PLACES),
                *db.conn.exec_driver_sql(QUEUED),
            ]:
                content = messages.content(db, message)
                number = numbers.get(hashlib.sha256(content).digest())
                assert number is not None, (
                    f"{where}: {account}/{mailbox} holds what nobody sent: {content[:80]!r}"
                )
                found[number, account].append(mailbox)
            for key, one in self.letters.items():
                self._compare(key, one, found.get(key, []), where)
            now = {(row[0], row[1]): (row[2], row[3]) for row in db.conn.exec_driver_sql(COUNTERS)}
            for place, (uid_next, mod_seq) in self.counters.items():
                assert now[place] >= (uid_next, 0), f"{where}: {place} gives UIDs out again"
                assert now[place][1] >= mod_seq, f"{where}: {place} gives mod-sequences out again"
            faults = verify(db).faults
            assert not faults, f"{where}: {faults}"

    def _compare(self, key: tuple[int, str], one: Expected, found: list[str], where: str) -> None:
        assert len(found) <= 1, f"{where}: letter {key} doubled in {found}"
        assert set(found) <= one.places, f"{where}: letter {key} in {found}, not in {one.places}"
        if one.must_be_gone:
            assert not found, f"{where}: letter {key} is back in {found}"
        elif one.is_sure and not one.may_be_gone:
            assert found, f"{where}: letter {key} lost"
