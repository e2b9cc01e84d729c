"""The domains that are ours, and who answers for postmaster@ and abuse@ there."""

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection, select, update

from directory.address import Address, AddressError, parse_address
from directory.model import UNIT_QUOTA, AccountId, AccountKind, AddressKind, Domain, DomainId
from directory.names import text_fold, text_sort_key
from directory.repository.rows import insert_one
from directory.tables import accounts, addresses, domains

ALWAYS_ANSWERED: Final = ("postmaster", "abuse")  # RFC 5321 §4.5.1, RFC 2142 §4
SYSTEM_LOCAL: Final = "hostmaster"  # RFC 2142 §7; the system box's own address
SYSTEM_BOX_NAME: Final = "Quản trị thư điện tử"

OnAccountsCreated = Callable[[Connection, Sequence[AccountId]], None]
"""What mail does for new accounts, in the same transaction: their folders."""


class DomainExists(ValueError):
    """The domain is ours already."""


class DomainMalformed(ValueError):
    """The text is not a domain name that mail can be sent to."""


def list_domains(conn: Connection) -> list[Domain]:
    """Our domains, the default one first."""
    query = select(domains.c.id, domains.c.name, domains.c.is_default, domains.c.created_at).order_by(
        domains.c.is_default.desc(), domains.c.name
    )
    return [Domain(DomainId(row[0]), row[1], bool(row[2]), row[3]) for row in conn.execute(query)]


def local_domains(conn: Connection) -> frozenset[str]:
    """The names of our domains, lower case; small enough to keep until the directory changes."""
    return frozenset(row[0] for row in conn.execute(select(domains.c.name)))


def default_domain(conn: Connection) -> str | None:
    """The domain that a name without one belongs to."""
    name = conn.execute(select(domains.c.name).where(domains.c.is_default == 1)).scalar()
    return None if name is None else str(name)


def domain_name(text: str) -> str:
    """A domain as it is kept: lower case, two labels at least (RFC 5321 §2.3.5)."""
    try:
        name = parse_address(f"x@{text.strip().rstrip('.')}").domain.lower()
    except AddressError as error:
        raise DomainMalformed(str(error)) from error
    if "." not in name or name.startswith("["):
        raise DomainMalformed("a mail domain has two labels at least")
    return name


def add_domain(conn: Connection, name: str, at: int, on_accounts_created: OnAccountsCreated) -> Domain:
    """A new domain of ours, where postmaster@ and abuse@ answer from the first moment; the first is the default.

    They lead to the system box, made with the first domain, until `set_reserved` names another box or an account of
    that address is made.
    """
    name = domain_name(name)
    known = list_domains(conn)
    if any(domain.name == name for domain in known):
        raise DomainExists(name)
    domain_id = insert_one(conn, domains, name=name, is_default=int(not known), created_at=at)
    box = system_box(conn)
    if box is None:
        box = _make_system_box(conn, at)
        _add_address(conn, box, SYSTEM_LOCAL, name, AddressKind.PRIMARY, at)
        on_accounts_created(conn, [box])
    for local in ALWAYS_ANSWERED:
        _add_address(conn, box, local, name, AddressKind.RESERVED, at)
    return Domain(DomainId(domain_id), name, not known, at)


def system_box(conn: Connection) -> AccountId | None:
    """The box that postmaster@ and abuse@ lead to where nobody else was named."""
    found = conn.execute(select(accounts.c.id).where(accounts.c.kind == AccountKind.SYSTEM.value)).scalar()
    return None if found is None else AccountId(found)


def set_reserved(conn: Connection, local: str, domain: str, account_id: AccountId) -> None:
    """Let `postmaster@domain` or `abuse@domain` lead to another box."""
    conn.execute(
        update(addresses)
        .where(addresses.c.key == Address(local, domain).key, addresses.c.kind == AddressKind.RESERVED.value)
        .values(account_id=account_id)
    )


def _add_address(
    conn: Connection, box: AccountId, local: str, domain: str, kind: AddressKind, at: int
) -> None:
    insert_one(
        conn,
        addresses,
        key=Address(local, domain).key,
        local=local,
        domain=domain,
        kind=kind.value,
        account_id=box,
        created_at=at,
    )


def _make_system_box(conn: Connection, at: int) -> AccountId:
    return AccountId(
        insert_one(
            conn,
            accounts,
            kind=AccountKind.SYSTEM.value,
            display_name=SYSTEM_BOX_NAME,
            name_fold=text_fold(SYSTEM_BOX_NAME),
            sort_key=text_sort_key(SYSTEM_BOX_NAME),
            quota_octets=UNIT_QUOTA.octets,
            created_at=at,
        )
    )
