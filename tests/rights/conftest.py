"""One province for the whole walk: what an attempt changes is undone, so that each finds the same world."""

from contextlib import contextmanager

import pytest
from sqlalchemy import func, select

from config.settings import StorageSettings
from directory.tables import accounts
from mailsvc.services.open_store import open_index
from mailsvc.storage.store import Store
from tests.rights.world import World
from tests.support.mail import Clock, make_store
from webmail.adapter import web_services
from webmail.app import create_app

COUNT = select(func.count()).select_from(accounts)


class TrialStore(Store):
    """Every transaction runs to its end and is then taken back, once `trial` is set."""

    trial = False
    world: World
    count: int
    before: dict[str, frozenset[str]]

    @contextmanager
    def read(self):
        if not self.trial:
            with super().read() as db:
                yield db
            return
        with self.kept.consistent():  # opening a connection takes longer than most attempts
            yield self.kept

    @contextmanager
    def write(self):
        if not self.trial:
            with super().write() as uow:
                yield uow
            return
        uow = self.kept_writer
        self.database.lock()
        try:
            uow.begin()
            try:
                yield uow
                uow.write_changes()
                self.world.made = uow.conn.execute(COUNT).scalar_one() - self.count
                after = self.world.fingerprints(uow.conn)
                self.world.touched |= {place for place, rows in after.items() if rows != self.before[place]}
            finally:
                uow.rollback()
        finally:
            self.database.unlock()

    def begin_trial(self, world: World) -> None:
        """From now on nothing lasts."""
        self.world, self.kept, self.kept_writer = world, self.reader(), self.writer()
        self.before = world.fingerprints(self.kept.conn)
        self.count = self.kept.conn.execute(COUNT).scalar_one()
        self.trial = True

    def end_trial(self) -> None:
        self.kept.close()
        self.kept_writer.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rights") / "data"
    make_store(folder).close()
    store = TrialStore(folder, StorageSettings(), clock=Clock())
    engine = open_index(folder)
    world = World(folder, store)
    world.app = create_app(web_services(store, engine, world.province.settings))
    world.sign_everybody_in()
    store.begin_trial(world)
    yield world
    store.end_trial()
    engine.close()
    store.close()
