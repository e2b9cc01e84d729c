"""GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208 §4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor


@dataclass(frozen=True, slots=True)
class GetQuota(Command):
    """Limits and use of a quota root."""

    root: str


@dataclass(frozen=True, slots=True)
class GetQuotaRoot(Command):
    """The quota roots of a mailbox, with limits and use."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class SetQuota(Command):
    """Other limits: administrators do that with `congvu`, never over IMAP."""

    root: str


def parse_getquota(tag: bytes, cursor: Cursor) -> GetQuota:
    """GETQUOTA SP root."""
    cursor.space()
    return GetQuota(tag, cursor.astring().decode("utf-8", "replace"))


def parse_getquotaroot(tag: bytes, cursor: Cursor) -> GetQuotaRoot:
    """GETQUOTAROOT SP mailbox."""
    cursor.space()
    return GetQuotaRoot(tag, cursor.mailbox())


def parse_setquota(tag: bytes, cursor: Cursor) -> SetQuota:
    """SETQUOTA SP root SP ( resource limit … )."""
    cursor.space()
    root = cursor.astring().decode("utf-8", "replace")
    cursor.space()
    cursor.expect(b"(")
    first = True
    while not cursor.skip(b")"):
        if not first:
            cursor.space()
        first = False
        cursor.atom()
        cursor.space()
        cursor.number64()
    return SetQuota(tag, root)
