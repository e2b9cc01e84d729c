"""A store with a few boxes, and letters for it; shared by the tests of storage and services."""

from pathlib import Path

from sqlalchemy import insert

from config.settings import StorageSettings
from directory.address import Address
from directory.model import AccountId, AccountKind
from directory.repository import domains
from directory.tables import accounts, addresses
from mailsvc.model.ids import MailboxId
from mailsvc.services.permissions import Place, Principal, place_by_name
from mailsvc.services.provision import on_accounts_created
from mailsvc.services.receive import IncomingLetter, Recipient, prepare, receive
from mailsvc.storage.store import Store
from mailsvc.storage.unit_of_work import Reader, UnitOfWork

DOMAIN = "lamdong.example"
NOW = 1_795_000_000


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


def make_store(data_dir: Path, url: str = "", **settings: object) -> Store:
    """An empty store with our domain."""
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    store = Store(data_dir, StorageSettings(url=url, **settings), clock=Clock())
    store.create()
    with store.write() as uow:
        domains.add_domain(uow.conn, DOMAIN, NOW, on_accounts_created(uow))
    return store


def add_account(
    uow: UnitOfWork, local: str, kind: AccountKind = AccountKind.PERSONAL, quota: int = 1 << 30
) -> AccountId:
    """An account with its box, past the plans of the directory."""
    row = uow.conn.execute(
        insert(accounts)
        .values(
            kind=kind.value,
            display_name=local,
            name_fold=f" {local} ",
            sort_key=local,
            quota_octets=quota,
            created_at=NOW,
        )
        .returning(accounts.c.id)
    ).scalar_one()
    uow.conn.execute(
        insert(addresses).values(
            key=f"{local}@{DOMAIN}",
            local=local,
            domain=DOMAIN,
            kind="primary",
            account_id=row,
            created_at=NOW,
        )
    )
    on_accounts_created(uow)(uow.conn, [AccountId(row)])
    return AccountId(row)


def principal(account: AccountId, local: str = "an") -> Principal:
    """Somebody who has signed in."""
    return Principal(account, Address(local, DOMAIN), local, AccountKind.PERSONAL)


def letter(number: int = 1, *, body: bytes = b"Noi dung thu.\r\n", references: str = "") -> bytes:
    """A small letter; letters of different numbers differ."""
    reply = f"In-Reply-To: {references}\r\nReferences: {references}\r\n" if references else ""
    return (
        f"From: Van thu <vanthu@{DOMAIN}>\r\nTo: an@{DOMAIN}\r\nSubject: Cong van so {number}\r\n"
        f"Date: Mon, 2 Nov 2026 10:00:00 +0700\r\nMessage-ID: <{number}@{DOMAIN}>\r\n{reply}\r\n"
    ).encode() + body


def deliver(store: Store, content: bytes, *accounts_: AccountId, local: str = "an") -> None:
    """A letter by SMTP's road."""
    incoming = IncomingLetter(
        prepare(content, store.pieces),
        b"Return-Path: <>\r\n",
        "",
        tuple(Recipient(Address(local, DOMAIN), (account,)) for account in accounts_),
    )
    with store.write() as uow:
        receive(uow, incoming)


def inbox(db: Reader, who: Principal, account: AccountId | None = None, name: str = "INBOX") -> Place:
    """A mailbox of somebody, as they see it."""
    return place_by_name(db, who, account or who.account_id, name)


__all__ = [
    "DOMAIN",
    "NOW",
    "Clock",
    "MailboxId",
    "add_account",
    "deliver",
    "inbox",
    "letter",
    "make_store",
    "principal",
]
