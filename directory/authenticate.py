"""Signing in: look up (SQL), verify (slow and pure, for a thread), accept (SQL).

Unknown and wrong take the same time and look the same; what is between the two functions never touches the database.
"""

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, exists, insert, select, update

from directory.app_passwords import app_password_used, digest_of
from directory.model import AccountId, AccountKind, AccountState, AddressKind
from directory.passwords import (
    PasswordFault,
    PasswordRefused,
    PasswordRule,
    check_rule,
    hash_password,
    is_argon2,
    matches,
    needs_upgrade,
    normalize,
)
from directory.repository.boxes import login_key
from directory.repository.rows import can_be_stored
from directory.revoke import end_sessions
from directory.scram_keys import ScramKeys, add_keys, derive_keys, drop_keys
from directory.second_factors import IS_PROVEN
from directory.tables import accounts, addresses, app_passwords, password_history, second_factors

# The hash of nobody, of today's parameters, so that an unknown name takes as long as a wrong password. Its digest is
# all zeros: no password is known to give it, and `verify` never takes it for right.
DUMMY_HASH: Final = f"$argon2id$v=19$m=19456,t=2,p=1${'A' * 22}${'A' * 43}"
MAX_LOGIN: Final = 320  # characters: the longest address there can be
CACHE_SIZE: Final = 20_000
LOGIN_WRITTEN_EVERY: Final = (
    3600  # seconds: the last sign-in is known to the hour, not at the cost of a write each time
)

_live_app_password: Final = (app_passwords.c.account_id == accounts.c.id) & app_passwords.c.revoked_at.is_(
    None
)
_LOOK_UP: Final = (
    select(
        accounts.c.id,
        accounts.c.kind,
        accounts.c.state,
        accounts.c.password_hash,
        accounts.c.must_change_password,
        accounts.c.last_login_at,
        exists().where(_live_app_password),
        exists().where(second_factors.c.account_id == accounts.c.id, IS_PROVEN),
        accounts.c.password_check,
        accounts.c.credentials_epoch,
    )
    .select_from(accounts.join(addresses, addresses.c.account_id == accounts.c.id))
    .where(
        addresses.c.key == bindparam("key"),
        addresses.c.kind != AddressKind.RETIRED.value,
    )
)
_PRIMARY: Final = select(addresses.c.key).where(
    addresses.c.account_id == bindparam("account_id"), addresses.c.kind == AddressKind.PRIMARY.value
)
_APP_PASSWORDS: Final = select(
    app_passwords.c.id, app_passwords.c.digest, app_passwords.c.scope_account_id, app_passwords.c.last_used_at
).where(app_passwords.c.account_id == bindparam("account_id"), app_passwords.c.revoked_at.is_(None))


class Door(StrEnum):
    """Where somebody signs in; mail clients cannot show a second factor."""

    MAIL = "mail"
    WEB = "web"


class Failure(StrEnum):
    """Why it failed: for the log, never for the one who tries."""

    UNKNOWN = "unknown"
    WRONG = "wrong"
    LOCKED = "locked"
    SHARED = "shared"  # a unit or post box has no password
    SECOND_FACTOR = "second_factor"  # the main password is not for mail clients here


class PasswordCheck(StrEnum):
    """Who knows whether a password is right."""

    LOCAL = "local"  # the hash that is stored here
    LDAP = "ldap"  # the province's directory server, by a bind


@dataclass(frozen=True, slots=True)
class AppPassword:
    """Mật khẩu ứng dụng of one device, perhaps for one shared box only."""

    id: int
    digest: bytes
    scope: AccountId | None
    last_used_at: int | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """What is needed to check a password, also where nobody has that name."""

    login: str
    account_id: AccountId | None
    kind: AccountKind | None
    state: AccountState | None
    stored: str
    must_change: bool = False
    last_login_at: int | None = None
    second_factor: bool = False
    app_passwords: tuple[AppPassword, ...] = ()
    check: PasswordCheck = PasswordCheck.LOCAL
    address: str = ""
    """By which the directory server knows the account, whatever alias was typed; for LDAP only."""
    epoch: int = 0
    """Of the account's credentials when it was looked up: whoever signed in with an older one is out."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the password was right, and what is to be stored because of it."""

    account_id: AccountId | None  # None: refused
    failure: Failure | None = None
    must_change: bool = False
    needs_second_factor: bool = False
    upgraded: str | None = None  # today's hash of the password, where the stored one is of an old scheme
    replaced: str | None = None
    app_password_id: int | None = None
    token_id: int | None = None
    scope: AccountId | None = None
    last_login_at: int | None = None
    epoch: int = 0

    @property
    def ok(self) -> bool:
        """Whether somebody signed in."""
        return self.account_id is not None

    def must_be_written(self, at: int) -> bool:
        """Whether `accept` has anything to store at this moment."""
        stale = self.last_login_at is None or at - self.last_login_at >= LOGIN_WRITTEN_EVERY
        return self.ok and (stale or self.upgraded is not None)


def look_up(conn: Connection, login: str) -> Credential:
    """The credential behind an address, an alias or a local part of the default domain; one of nobody if unknown."""
    nobody = Credential(login, None, None, None, DUMMY_HASH)
    if len(login) > MAX_LOGIN or not can_be_stored(login):
        return nobody
    row = conn.execute(_LOOK_UP, {"key": login_key(conn, login)}).first()
    if row is None:
        return nobody
    found: tuple[AppPassword, ...] = ()
    if row[6]:
        found = tuple(
            AppPassword(entry[0], bytes(entry[1]), entry[2], entry[3])
            for entry in conn.execute(_APP_PASSWORDS, {"account_id": row[0]})
        )
    check = PasswordCheck(row[8])
    is_elsewhere = check is PasswordCheck.LDAP
    return Credential(
        login=login,
        account_id=AccountId(row[0]),
        kind=AccountKind(row[1]),
        state=AccountState(row[2]),
        stored=row[3] or DUMMY_HASH,
        must_change=bool(row[4]),
        last_login_at=row[5],
        second_factor=bool(row[7]),
        app_passwords=found,
        check=check,
        address=str(conn.execute(_PRIMARY, {"account_id": row[0]}).scalar() or "") if is_elsewhere else "",
        epoch=row[9],
    )


class Verifier:
    """Checks passwords, and remembers for a short while which were right.

    What is kept is a keyed digest of the stored hash and the password together: useless without this process's secret,
    and void as soon as the password changes. `tick` counts seconds and never goes back.
    """

    def __init__(
        self,
        tick: Callable[[], float],
        *,
        seconds: int = 300,
        size: int = CACHE_SIZE,
        ldap: Callable[[str, str], bool] | None = None,
    ) -> None:
        """`ldap` is asked about accounts marked so, with their address and the password; it may raise."""
        self._tick = tick
        self._ldap = ldap
        self._seconds = seconds
        self._size = size
        self._secret = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, float] = OrderedDict()
        self._mutex = threading.Lock()

    def quick(self, credential: Credential, password: str, door: Door = Door.MAIL) -> Verdict | None:
        """The verdict if it costs nothing (an app password, or one proven a moment ago), else None: then `verify`."""
        app = _matching_app_password(credential, password)
        if app is not None and credential.state is AccountState.ACTIVE and door is Door.MAIL:
            return _signed_in(credential, app=app)
        with self._mutex:
            expires = self._known.get(self._key(credential, password))
        if expires is None or expires < self._tick():
            return None
        return _judge(credential, door)

    def verify(self, credential: Credential, password: str, door: Door = Door.MAIL) -> Verdict:
        """Slow (18 ms): for a thread. Wrong, unknown, locked and shared all take one argon2id."""
        quick = self.quick(credential, password, door)
        if quick is not None:
            return quick
        if not self._is_right(credential, password):
            return Verdict(None, _why(credential))
        self._remember(credential, password)
        verdict = _judge(credential, door)
        if verdict.ok and credential.check is PasswordCheck.LOCAL and needs_upgrade(credential.stored):
            return _signed_in(credential, door=door, upgraded=hash_password(password))
        return verdict

    def _is_right(self, credential: Credential, password: str) -> bool:
        if credential.check is PasswordCheck.LDAP:
            return self._ldap is not None and self._ldap(credential.address, password)
        right = matches(password, credential.stored) and credential.stored != DUMMY_HASH
        if not right and not is_argon2(credential.stored):
            matches(password, DUMMY_HASH)  # an old scheme may be faster than nobody's hash
        return right

    def forget(self) -> None:
        """Drop everything remembered."""
        with self._mutex:
            self._known.clear()

    def _key(self, credential: Credential, password: str) -> bytes:
        text = f"{credential.account_id}\0{credential.check}\0{credential.stored}\0{normalize(password)}"
        return hashlib.blake2b(text.encode("utf-8", "replace"), key=self._secret, digest_size=32).digest()

    def _remember(self, credential: Credential, password: str) -> None:
        if not self._seconds:
            return
        key = self._key(credential, password)
        with self._mutex:
            self._known[key] = self._tick() + self._seconds
            self._known.move_to_end(key)
            while len(self._known) > self._size:
                self._known.popitem(last=False)


def by_proof(credential: Credential, keys: ScramKeys) -> Verdict:
    """The verdict on who proved to know the password behind these keys (RFC 5802 §5); by a mail client."""
    if keys.app_password_id is None:
        return _judge(credential, Door.MAIL)
    app = next((app for app in credential.app_passwords if app.id == keys.app_password_id), None)
    if app is None or credential.state is not AccountState.ACTIVE:
        return Verdict(None, Failure.LOCKED)
    return _signed_in(credential, app=app)


def accept(conn: Connection, verdict: Verdict, at: int, network: str = "") -> None:
    """Store what a sign-in brings: today's hash for an old one, when it was and from which network."""
    if verdict.account_id is None:
        return
    me = accounts.c.id == verdict.account_id
    if verdict.upgraded is not None:
        conn.execute(
            update(accounts)
            .where(me, accounts.c.password_hash == verdict.replaced)  # not if it was changed meanwhile
            .values(password_hash=verdict.upgraded)
        )
    note_sign_in(conn, verdict.account_id, at)
    if verdict.app_password_id is not None:
        app_password_used(conn, verdict.app_password_id, at, network)


def note_sign_in(conn: Connection, account_id: AccountId, at: int) -> None:
    """Store when somebody signed in, also otherwise than by a password."""
    conn.execute(update(accounts).where(accounts.c.id == account_id).values(last_login_at=at))


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that passed the rule, hashed and ready to be stored."""

    stored: str
    scram: ScramKeys | None = None
    """Where the province lets main passwords be used by SCRAM."""


@dataclass(frozen=True, slots=True)
class FormerPasswords:
    """The present hash and those before it, with the words that must not stand in a password."""

    hashes: tuple[str, ...]
    names: tuple[str, ...]


def former_passwords(conn: Connection, account_id: AccountId, rule: PasswordRule) -> FormerPasswords:
    """What `prepare_password` compares with: the present password and the last ones (domain: not the last 3)."""
    present = conn.execute(
        select(accounts.c.password_hash, addresses.c.local)
        .join(addresses, addresses.c.account_id == accounts.c.id)
        .where(accounts.c.id == account_id, addresses.c.kind == AddressKind.PRIMARY.value)
    ).first()
    if present is None:
        return FormerPasswords((), ())
    earlier = conn.execute(
        select(password_history.c.password_hash)
        .where(password_history.c.account_id == account_id)
        .order_by(password_history.c.id.desc())
        .limit(max(rule.history - 1, 0))
    ).scalars()
    hashes = (present[0], *earlier) if rule.history else ()
    return FormerPasswords(tuple(found for found in hashes if found), (present[1],))


def prepare_password(
    password: str, former: FormerPasswords, rule: PasswordRule, scram_salt: bytes | None = None
) -> NewPassword:
    """Slow: for a thread. PasswordRefused by the rule, or because it was one of the last.

    With a salt the keys for SCRAM are made too, where the province lets main passwords be used so.
    """
    check_rule(password, rule, names=former.names)
    if any(matches(password, stored) for stored in former.hashes):
        raise PasswordRefused(PasswordFault.USED_BEFORE)
    return NewPassword(
        hash_password(password), None if scram_salt is None else keys_of_password(password, scram_salt)
    )


def keys_of_password(password: str, salt: bytes) -> ScramKeys | None:
    """Slow: for a thread. The keys of a main password for SCRAM; None where SASLprep forbids it."""
    try:
        return derive_keys(normalize(password), salt)
    except ValueError:
        return None  # with characters that SASLprep forbids, it signs in by PLAIN only


def set_password_check(conn: Connection, account_id: AccountId, check: PasswordCheck) -> None:
    """Who is asked about the password from now on; whoever signed in by the other one is out."""
    values: dict[str, object] = {"password_check": check.value}
    if check is PasswordCheck.LDAP:
        values["must_change_password"] = 0  # it cannot be changed here
    conn.execute(update(accounts).where(accounts.c.id == account_id).values(values))
    end_sessions(conn, account_id)


def expire_password(conn: Connection, account_id: AccountId, before: int) -> bool:
    """Ask for a new password if the present one is from before that moment; whether it is."""
    old = (accounts.c.password_changed_at < before) & (accounts.c.password_check == PasswordCheck.LOCAL.value)
    return (
        conn.execute(
            update(accounts).where(accounts.c.id == account_id, old).values(must_change_password=1)
        ).rowcount
        > 0
    )


def store_password(
    conn: Connection, account_id: AccountId, password: NewPassword, at: int, *, must_change: bool = False
) -> None:
    """Replace the password; the old one goes into the history, and whoever signed in with it is out."""
    me = accounts.c.id == account_id
    old = conn.execute(select(accounts.c.password_hash).where(me)).scalar()
    if old is not None:
        conn.execute(
            insert(password_history).values(account_id=account_id, password_hash=old, replaced_at=at)
        )
    conn.execute(
        update(accounts)
        .where(me)
        .values(password_hash=password.stored, password_changed_at=at, must_change_password=int(must_change))
    )
    drop_keys(conn, account_id, None)
    if password.scram is not None:
        add_keys(conn, account_id, (password.scram,))
    end_sessions(conn, account_id)


def _matching_app_password(credential: Credential, password: str) -> AppPassword | None:
    if not credential.app_passwords:
        return None
    digest = digest_of(password)
    return next((app for app in credential.app_passwords if hmac.compare_digest(app.digest, digest)), None)


def _why(credential: Credential) -> Failure:
    if credential.kind is None:
        return Failure.UNKNOWN
    return Failure.WRONG if credential.kind.signs_in else Failure.SHARED


def _judge(credential: Credential, door: Door) -> Verdict:
    """Whether an account whose password is right may come in by this door."""
    reads_on = credential.state is AccountState.LEFT and door is Door.WEB  # until the kept box is archived
    if credential.state is not AccountState.ACTIVE and not reads_on:
        return Verdict(None, Failure.LOCKED)
    if credential.second_factor and door is Door.MAIL:
        return Verdict(None, Failure.SECOND_FACTOR)
    return _signed_in(credential, door=door)


def _signed_in(
    credential: Credential,
    *,
    door: Door = Door.MAIL,
    app: AppPassword | None = None,
    upgraded: str | None = None,
) -> Verdict:
    return Verdict(
        account_id=credential.account_id,
        must_change=credential.must_change and app is None,
        needs_second_factor=credential.second_factor and door is Door.WEB,
        upgraded=upgraded,
        replaced=credential.stored if upgraded is not None else None,
        app_password_id=app.id if app is not None else None,
        scope=app.scope if app is not None else None,
        last_login_at=app.last_used_at if app is not None else credential.last_login_at,
        epoch=credential.epoch,
    )
