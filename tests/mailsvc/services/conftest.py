"""A store on SQLite with people An and Binh, the unit box vanthu and the scanner mayquet."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from directory.model import AccountId, AccountKind, Right
from directory.repository import delegations
from mailsvc.services.permissions import Principal
from mailsvc.services.sign_in import principal
from mailsvc.storage.store import Store
from tests.support.mail import NOW, add_account, make_store

__all__ = ["People", "grant"]


@dataclass(frozen=True, slots=True)
class People:
    an: Principal
    binh: Principal
    scanner: Principal
    vanthu: AccountId


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = make_store(tmp_path / "data")
    yield store
    store.close()


@pytest.fixture
def people(store: Store) -> People:
    with store.write() as uow:
        an, binh = add_account(uow, "an"), add_account(uow, "binh")
        scanner = add_account(uow, "mayquet", AccountKind.SERVICE)
        vanthu = add_account(uow, "vanthu", AccountKind.UNIT)
        return People(principal(uow, an), principal(uow, binh), principal(uow, scanner), vanthu)


def grant(store: Store, box: AccountId, who: Principal, rights: Right) -> None:
    with store.write() as uow:
        delegations.grant(uow.conn, box, who.account_id, rights, NOW)
