"""A small province with an administrator of each role: two branches, a subtree, and somebody in each place."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from config.settings import Settings
from directory import administer, provision, repository
from directory.model import Account, AccountId, AdminRole, vietnam_day
from directory.passwords import hash_password
from directory.scope import SERVER
from directory.tokens import TokenScope, issue_token
from mailsvc.services.administration.act import Act, perform
from mailsvc.services.administration.desk import Desk
from mailsvc.services.provision import on_accounts_created
from mailsvc.storage.store import Store
from tests.support.mail import DOMAIN, NOW, make_store

PASSWORD = "Dalat#2026"
UNITS = """\
code,name,parent,tier,branch,short_name
UB,Ủy ban nhân dân tỉnh,,province,state,ubnd
SYT,Sở Y tế,UB,province,state,syt
PK,Phòng khám,SYT,province,state,pk
STC,Sở Tài chính,UB,province,state,stc
TU,Tỉnh ủy,,province,party,tinhuy
VPTU,Văn phòng Tỉnh ủy,TU,province,party,vptu
"""
PEOPLE = """\
address,full_name,unit,kind
tinh,Nguyễn Quản Tỉnh,UB,personal
quantri,Trần Quản Trị,SYT,personal
hotro,Lê Hỗ Trợ,SYT,personal
giamsat,Phạm Giám Sát,SYT,personal
quandang,Hoàng Quản Đảng,TU,personal
an,Nguyễn Văn An,SYT,personal
binh,Trần Thị Bình,PK,personal
chi,Lê Thị Chi,STC,personal
dang,Đỗ Văn Đảng,VPTU,personal
syt,Sở Y tế,SYT,unit
stc,Sở Tài chính,STC,unit
vptu,Văn phòng Tỉnh ủy,VPTU,unit
"""
ROLES: dict[str, tuple[str, str, AdminRole]] = {
    "help_desk": ("hotro", "SYT", AdminRole.HELP_DESK),
    "unit": ("quantri", "SYT", AdminRole.UNIT),
    "party": ("quandang", "TU", AdminRole.PROVINCE),
    "auditor": ("giamsat", "SYT", AdminRole.AUDITOR),
    "province": ("tinh", "UB", AdminRole.PROVINCE),
}
"""Who holds which role over which subtree."""


@cache
def _hash() -> str:
    return hash_password(PASSWORD)


@dataclass
class Province:
    """The store, and everybody in it by the local part of their address."""

    store: Store
    settings: Settings = field(default_factory=lambda: Settings(domain=DOMAIN))
    ids: dict[str, AccountId] = field(default_factory=dict)

    def desk(self, local: str | None = None) -> Desk:
        """Somebody's desk; without a name the server's console."""
        if local is None:
            return Desk(self.store, self.settings, "cli:test", None)
        return Desk(self.store, self.settings, f"{local}@{DOMAIN}", self.ids[local])

    def does(self, local: str | None, act: Act[Any, Any], request: object) -> object:
        """Carry an act out as somebody."""
        return perform(self.desk(local), act, request)

    def token(self, local: str, *scopes: TokenScope) -> str:
        """A personal token of somebody."""
        with self.store.write() as uow:
            wanted = scopes or (TokenScope.ADMIN,)
            return issue_token(uow.conn, self.ids[local], wanted, NOW + 10**9, at=NOW)

    def account(self, local: str) -> Account | None:
        """The box as it is."""
        with self.store.read() as db:
            return repository.account_by_login(db.conn, local)

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def make_province(folder: Path, store: Store | None = None) -> Province:
    """The province in a folder of its own; everybody has the same password and need not change it."""
    store = store or make_store(folder)
    with store.write() as uow:
        today = vietnam_day(uow.clock())
        units = provision.plan_units(uow.conn, SERVER, provision.read_units(UNITS.encode()), on=today)
        assert not units.refused, units.refused
        provision.apply_units(uow.conn, units, at=uow.clock(), actor="test")
        rows = PEOPLE.splitlines()
        lines = [f"{rows[0]},password_hash"]
        lines += [f'{row},"{_hash()}"' if row.endswith("personal") else f"{row}," for row in rows[1:]]
        sheet = provision.read_accounts("\n".join(lines).encode())
        settings = provision.ProvisionSettings()
        people = provision.plan_accounts(uow.conn, SERVER, sheet, on=today, settings=settings)
        assert not people.refused, people.refused
        made = provision.apply_accounts(
            uow.conn, people, at=uow.clock(), actor="test", on_accounts_created=on_accounts_created(uow)
        )
        for local, code, role in ROLES.values():
            account = repository.account_by_login(uow.conn, local)
            unit = repository.unit_by_code(uow.conn, code, today)
            assert account is not None
            assert unit is not None
            administer.appoint(uow.conn, SERVER, account, unit, role, actor="test", at=uow.clock())
    return Province(store, ids={key.partition("@")[0]: number for key, number in made.items()})
