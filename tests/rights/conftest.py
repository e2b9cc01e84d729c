"""One province for the whole walk: what an attempt changes is undone, so that each finds the same world."""

from contextlib import contextmanager

import pytest

from config.settings import StorageSettings
from mailsvc.services.open_store import open_index
from mailsvc.storage.store import Store
from tests.rights.world import World
from tests.support.mail import Clock, make_store
from webmail.adapter import web_services
from webmail.app import create_app


class TrialStore(Store):
    """Every transaction runs to its end and is then taken back, once `trial` is set."""

    trial = False
    world: World
    before: dict[str, frozenset[str]]

    @contextmanager
    def write(self):
        if not self.trial:
            with super().write() as uow:
                yield uow
            return
        uow = self.writer()
        try:
            self.database.lock()
            try:
                uow.begin()
                try:
                    yield uow
                    uow.write_changes()
                    after = self.world.fingerprints(uow.conn)
                    self.world.touched |= {
                        place for place, rows in after.items() if rows != self.before[place]
                    }
                finally:
                    uow.rollback()
            finally:
                self.database.unlock()
        finally:
            uow.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rights") / "data"
    make_store(folder).close()
    store = TrialStore(folder, StorageSettings(), clock=Clock())
    engine = open_index(folder)
    world = World(folder, store)
    world.app = create_app(web_services(store, engine, world.province.settings))
    world.sign_everybody_in()
    store.world = world
    with store.read() as db:
        store.before = world.fingerprints(db.conn)
    store.trial = True
    yield world
    engine.close()
    store.close()
