"""A province with administrators of every role, made once and copied for each test."""

import shutil

import pytest

from config.settings import StorageSettings
from directory import administer, repository
from directory.model import AdminRole, vietnam_day
from directory.scope import SERVER
from mailsvc.storage.store import Store
from tests.support.mail import Clock
from tests.support.province import Province, make_province


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A province with three administrators of its own, made once."""
    one = make_province(tmp_path_factory.mktemp("province") / "data")
    with one.store.write() as uow:
        unit = repository.unit_by_code(uow.conn, "UB", vietnam_day(uow.clock()))
        for local in ("chi", "an"):
            account = repository.account_by_login(uow.conn, local)
            administer.appoint(uow.conn, SERVER, account, unit, AdminRole.PROVINCE, actor="t", at=uow.clock())
    one.close()
    return one


@pytest.fixture
def province(made, tmp_path):
    shutil.copytree(made.store.data_dir, tmp_path / "data")
    store = Store(tmp_path / "data", StorageSettings(), clock=Clock())
    yield Province(store, ids=made.ids)
    store.close()
