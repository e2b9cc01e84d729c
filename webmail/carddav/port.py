"""What the address book asks of the services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Holder:
    """Who reads: a person, and what of the directory they see."""

    account_id: int
    address: str
    name: str
    branches: frozenset[str]


@dataclass(frozen=True, slots=True)
class Card:
    """One entry, before it is written as a vCard."""

    id: int
    etag: str
    is_person: bool
    address: str
    name: str
    family: str
    middle: str
    given: str
    title: str
    unit: str
    phone: str


@dataclass(frozen=True, slots=True)
class Changed:
    """An entry that came or changed, or that is gone for this reader."""

    id: int
    etag: str
    is_there: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed, and the token that says how far the reader knows (RFC 6578 §3.1)."""

    changed: tuple[Changed, ...]
    token: str
    is_cut: bool
    """There is more than was asked for: ask again with the token."""


class BadToken(Exception):
    """A sync token that was never given out, or not to who sees what this reader sees: begin anew."""


class AddressBooks(Protocol):
    """The directory for who signs in with a password."""

    domain: str
    """Of the installation: the name space of the cards' ids."""

    def sign_in(self, login: str, password: str, remote: str) -> Holder:
        """Raise WrongCredentials, AccountLocked or TooManyGuesses."""

    def token(self, holder: Holder) -> str:
        """Changes whenever anything that this reader sees does; also the ctag."""

    def cards(self, holder: Holder, only: Sequence[int] | None = None) -> list[Card]:
        """All entries, or those with these ids that there are."""

    def etags(self, holder: Holder) -> list[tuple[int, str]]:
        """Id and ETag of every entry."""

    def changes(self, holder: Holder, token: str, limit: int) -> Changes:
        """What changed since a token, or everything since none. BadToken."""
