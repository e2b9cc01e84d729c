"""The address book over the services: who signs in, what they see, and what changed since they looked."""

from __future__ import annotations

import hashlib
import re
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final

from directory import address_book
from directory.address_book import ALL_OF_IT, START, Position
from directory.authenticate import Door
from directory.model import AccountKind, vietnam_day
from mailsvc.model.errors import AccountLocked, WrongCredentials
from mailsvc.model.ids import AccountId
from mailsvc.services import sign_in as signing
from webmail.carddav.port import BadToken, Card, Changed, Changes, Holder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from directory.address_book import BookEntry
    from mailsvc.services.open_store import Store
    from mailsvc.services.sign_in import Caller, SignIn
    from mailsvc.storage.unit_of_work import Reader

CHUNK: Final = 500
_TOKEN: Final = re.compile(r"congvu:([0-9a-f]{12}):([0-9]{1,18})\.([0-9]{1,19})")


class ServiceAddressBooks:
    """The directory as CardDAV shows it."""

    def __init__(self, store: Store, sign_in: SignIn, domain: str, trusted: tuple[str, ...]) -> None:
        self._store = store
        self._sign_in = sign_in
        self.domain = domain
        self._trusted = [ip_network(one) for one in trusted]

    def sign_in(self, login: str, password: str, remote: str) -> Holder:
        """As a mail client signs in: no first password, no password of one box only, no way round a second factor."""
        with self._store.read() as db:
            caller = self._caller(remote)
            verdict = self._sign_in.check(db, login, password, Door.MAIL, caller)
            who = signing.principal_of(db, verdict)
            if who.kind is not AccountKind.PERSONAL or who.only is not None or who.must_change_password:
                raise WrongCredentials
            if verdict.app_password_id is None and self._sign_in.requires_second_factor(db, verdict):
                raise AccountLocked("second_factor")
            branches = address_book.branches_seen(
                db.conn, who.account_id, vietnam_day(db.clock()), self._sign_in.defaults
            )
        if verdict.must_be_written(self._store.clock()):
            with self._store.write() as uow:
                signing.accept(uow, verdict, caller)
        return Holder(int(who.account_id), str(who.address), who.display_name, branches)

    def _caller(self, remote: str) -> Caller | None:
        try:
            address = ip_address(remote)
        except ValueError:
            return None
        return signing.mail_caller(address, trusted=any(address in one for one in self._trusted))

    def token(self, holder: Holder) -> str:
        """The newest revision, for who sees these branches."""
        self._refresh()
        with self._store.read() as db:
            return _token(holder, Position(address_book.revision_of(db.conn), ALL_OF_IT))

    def cards(self, holder: Holder, only: Sequence[int] | None = None) -> list[Card]:
        """Entries of the branches that the holder sees."""
        with self._store.read() as db:
            return [_card(one) for one in self._entries(db, holder, only)]

    @staticmethod
    def _entries(db: Reader, holder: Holder, only: Sequence[int] | None) -> list[BookEntry]:
        on = vietnam_day(db.clock())
        if only is None:
            return address_book.entries(db.conn, holder.branches, on)
        found: list[BookEntry] = []
        for start in range(0, len(only), CHUNK):
            ids = [AccountId(one) for one in only[start : start + CHUNK]]
            found += address_book.entries(db.conn, holder.branches, on, ids)
        return found

    def etags(self, holder: Holder) -> list[tuple[int, str]]:
        """Id and ETag of every entry."""
        with self._store.read() as db:
            return [(one.account_id, one.etag) for one in self._entries(db, holder, None)]

    def changes(self, holder: Holder, token: str, limit: int) -> Changes:
        """What changed since a token, up to a limit."""
        self._refresh()
        with self._store.read() as db:
            newest = Position(address_book.revision_of(db.conn), ALL_OF_IT)
            after = _position(holder, token, newest) if token else START
            found = address_book.changes_since(db.conn, holder.branches, after, limit + 1)
        is_cut = len(found) > limit
        shown = found[:limit]
        return Changes(
            tuple(Changed(one.account_id, one.etag, one.is_there) for _, one in shown),
            _token(holder, shown[-1][0] if is_cut and shown else (after if is_cut else newest)),
            is_cut,
        )

    def _refresh(self) -> None:
        """Work the revisions out anew if somebody acted on the directory."""
        with self._store.read() as db:
            on = vietnam_day(db.clock())
            is_stale = address_book.is_stale(db.conn, on)
        if is_stale:
            with self._store.write() as uow:
                address_book.refresh(uow.conn, on)


def _view(holder: Holder) -> str:
    """Which branches somebody sees, in twelve letters: a token of another view is worth nothing."""
    return hashlib.sha256(",".join(sorted(holder.branches)).encode()).hexdigest()[:12]


def _token(holder: Holder, position: Position) -> str:
    return f"congvu:{_view(holder)}:{position.revision}.{position.account_id}"


def _position(holder: Holder, token: str, newest: Position) -> Position:
    found = _TOKEN.fullmatch(token)
    if found is None or found[1] != _view(holder):
        raise BadToken(token)
    position = Position(int(found[2]), int(found[3]))
    if position.revision > newest.revision or position.account_id > ALL_OF_IT:
        raise BadToken(token)  # of another installation, or of before a restore
    return position


def _card(entry: BookEntry) -> Card:
    return Card(
        id=entry.account_id,
        etag=entry.etag,
        is_person=entry.kind is AccountKind.PERSONAL,
        address=entry.address,
        name=entry.name,
        family=entry.family,
        middle=entry.middle,
        given=entry.given,
        title=entry.title,
        unit=entry.unit,
        phone=entry.phone,
    )
