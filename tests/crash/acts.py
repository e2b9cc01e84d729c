"""What is done to a store while it is hurt, from a seed; each act is told before it begins and when it is durable."""

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from config.settings import StorageSettings
from directory.address import Address
from directory.model import AccountId
from mailsvc.model.errors import ServiceError
from mailsvc.services import letters
from mailsvc.services.collect import Collector
from mailsvc.services.housekeeping import forget_old
from mailsvc.services.letters import NewLetter
from mailsvc.services.receive import IncomingLetter, Recipient, deliver_queued, prepare, receive
from mailsvc.storage import mailboxes, messages, outbound
from mailsvc.storage.store import Store
from mailsvc.storage.unit_of_work import UnitOfWork
from tests.crash.book import COUNTERS, QUEUE, Book, letter
from tests.support.mail import DOMAIN, add_account, inbox, make_store, principal

Tell = Callable[[dict[str, Any]], None]
PEOPLE = ("an", "binh")
STANDING = 14
"""Letters that are there before anything happens."""


def open_store(data_dir: Path) -> Store:
    """Segments of 64 KiB, so that a few letters seal one."""
    store = Store(data_dir, StorageSettings(large_piece_bytes=1 << 16, reserve_bytes=0))
    store.pieces.segment_bytes = 1 << 16
    return store


def make_base(data_dir: Path) -> Book:
    """The store that every point starts from, and the ledger of what is in it."""
    store = make_store(data_dir, large_piece_bytes=1 << 16, reserve_bytes=0)
    store.pieces.segment_bytes = 1 << 16
    with store.write() as uow:
        for name in PEOPLE:
            add_account(uow, name)
    book = Book()
    Acts(store, random.Random(0), book.note, book).run(["put"] * STANDING)
    store.close()
    return book


class Acts:
    """A run of acts; what may be done next is what the ledger says is there."""

    def __init__(self, store: Store, dice: random.Random, tell: Tell, book: Book) -> None:
        self.store = store
        self.dice = dice
        self.tell = tell
        self.book = book
        self.next_number = max((number for number, _ in book.letters), default=0) + 1
        self.refused: list[ServiceError] = []
        with store.read() as db:
            self.accounts = {
                row[0]: AccountId(row[1])
                for row in db.conn.exec_driver_sql("SELECT display_name, id FROM accounts")
            }

    def run(self, acts: list[str], *, go_on_when_refused: bool = False) -> None:
        """These acts, one after the other."""
        for name in acts:
            try:
                getattr(self, f"_{name}")()
            except ServiceError as error:
                if not go_on_when_refused:
                    raise
                self.refused.append(error)

    def _note(self, said: dict[str, Any]) -> None:
        """To the ledger outside, and to our own, which says what can be done next."""
        self.tell(said)
        if self.book.note != self.tell:
            self.book.note(said)

    def _done(self, said: dict[str, Any]) -> None:
        with self.store.read() as db:
            counters = [list(row) for row in db.conn.exec_driver_sql(COUNTERS) if row[2] > 1]
        self._note({**said, "state": "done", "counters": counters})

    def _change(self, said: dict[str, Any], *units: Callable[[UnitOfWork], object]) -> None:
        """Units that waited together, in savepoints of one transaction, as the bridge runs them."""
        self._note({**said, "state": "begin"})
        uow = self.store.writer()
        try:
            self.store.database.lock()
            try:
                uow.begin()
                try:
                    for unit in units:
                        uow.attempt(unit)
                    uow.write_changes()
                except BaseException:
                    uow.rollback()
                    raise
                uow.commit()
            finally:
                self.store.database.unlock()
        finally:
            uow.close()
        self._done(said)

    def _number(self) -> int:
        self.next_number += 1
        return self.next_number - 1

    def _some(self, mailbox: str) -> tuple[int, str] | None:
        """A letter that is surely in a mailbox of that name."""
        held = [
            key
            for key, one in self.book.letters.items()
            if one.places == {mailbox} and one.is_sure and not one.may_be_gone
        ]
        return self.dice.choice(sorted(held)) if held else None

    # -- the acts

    def _put(self) -> None:
        """One to three letters that wait together, for one or for both."""
        units, named = [], []
        for _ in range(self.dice.randint(1, 3)):
            number = self._number()
            names = self.dice.sample(PEOPLE, self.dice.randint(1, 2))
            to = tuple(Recipient(Address(name, DOMAIN), (self.accounts[name],)) for name in names)
            incoming = IncomingLetter(
                prepare(letter(number), self.store.pieces), b"Return-Path: <>\r\n", "", to
            )
            units.append(lambda uow, incoming=incoming: receive(uow, incoming))
            named += [(number, name) for name in names]
        self._change({"act": "put", "letters": named, "to": "INBOX"}, *units)

    def _append(self) -> None:
        number, name = self._number(), self.dice.choice(PEOPLE)
        new = NewLetter(prepare(letter(number), self.store.pieces), 0, (), None)
        who = principal(self.accounts[name], name)
        self._change(
            {"act": "put", "letters": [(number, name)], "to": "Archive"},
            lambda uow: letters.append_all(uow, inbox(uow, who, name="Archive"), [new]),
        )

    def _uid(self, uow: UnitOfWork, name: str, mailbox: str, number: int) -> int:
        place = inbox(uow, principal(self.accounts[name], name), name=mailbox)
        for uid, message in letters.columns(uow, place, 1, int(place.mailbox.uid_next), ("message_id",)):
            if messages.content(uow, message) == letter(number):
                return uid
        raise AssertionError(f"{number} is not in {name}/{mailbox}")

    def _move(self) -> None:
        key = self._some("INBOX")
        if key is None:
            return
        number, name = key
        who = principal(self.accounts[name], name)

        def unit(uow: UnitOfWork) -> None:
            uid = self._uid(uow, name, "INBOX", number)
            letters.move(uow, inbox(uow, who), inbox(uow, who, name="Archive"), [(uid, uid)])

        self._change({"act": "move", "letters": [key], "to": "Archive"}, unit)

    def _expunge(self) -> None:
        mailbox = self.dice.choice(["INBOX", "Archive"])
        key = self._some(mailbox)
        if key is None:
            return
        number, name = key
        who = principal(self.accounts[name], name)

        def unit(uow: UnitOfWork) -> None:
            uid = self._uid(uow, name, mailbox, number)
            letters.expunge(uow, inbox(uow, who, name=mailbox), [(uid, uid)])

        self._change({"act": "expunge", "letters": [key]}, unit)

    def _queue(self) -> None:
        """A letter into the queue for a box of our own, then a run of the queue."""
        number, name = self._number(), self.dice.choice(PEOPLE)
        prepared = prepare(letter(number), self.store.pieces)
        waits = outbound.NewRecipient(f"{name}@{DOMAIN}", DOMAIN, self.accounts[name])

        def enqueue(uow: UnitOfWork) -> None:
            outbound.add(uow, messages.put(uow, prepared), [waits], reverse_path="")

        def deliver(uow: UnitOfWork) -> None:
            for held, recipient in outbound.waiting(uow, 100):
                assert deliver_queued(uow, held, recipient.address, recipient.local_account_id)
                outbound.set_state(uow, recipient.id, "sent", next_attempt=uow.clock(), reply="250")

        self._change({"act": "put", "letters": [(number, name)], "to": QUEUE}, enqueue)
        waiting = [key for key, one in self.book.letters.items() if QUEUE in one.places]
        self._change({"act": "move", "letters": waiting, "to": "INBOX"}, deliver)

    def _collect(self) -> None:
        """What was expunged can no longer be had back, and its room is taken."""
        before = self.store.clock
        self.store.clock = lambda: before() + 40 * 86_400
        with self.store.write() as uow:
            forget_old(uow, 30)
        Collector(self.store, grace=0, pause=0).run()
        self.store.clock = before

    def _checkpoint(self) -> None:
        """The WAL goes into the database: SQLite does it every few thousand pages."""
        with suppress(DBAPIError), self.store.database.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def _folder(self) -> None:
        name, number = self.dice.choice(PEOPLE), self.dice.randint(1, 10**9)
        self._change(
            {"act": "folder"},
            lambda uow: mailboxes.create(uow, self.accounts[name], f"Hop {number}"),
        )


PLANS: dict[str, list[str]] = {
    "delivery": ["put"] * 8,
    "append": ["append"] * 6,
    "move": ["move"] * 6,
    "expunge": ["expunge"] * 6,
    "queue": ["queue"] * 4,
    "sealing": ["put", "put", "append", "put", "checkpoint", "put", "put", "put"],
    "collection": ["expunge"] * 4 + ["collect", "put", "collect"],
    "mixed": ["put", "move", "append", "folder", "expunge", "queue", "checkpoint", "collect", "put", "move"],
}
