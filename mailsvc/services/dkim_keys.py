"""Our DKIM keys: made in pairs (RSA and Ed25519), published, taken into use, retired; private halves never leave `DIR/dkim`.

A pair is *next* until its records are published, then *active*: both sign (RFC 8463 §3 lets old verifiers use the RSA
one). The pair before it is *retiring*: it signs no more, but its records stay while letters that it signed are under way.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from mailsvc.model.errors import Conflict, LetterMissing
from mailsvc.sender_auth.dns import to_a_labels
from mailsvc.sender_auth.keys import (
    Algorithm,
    DnsRecord,
    SigningKey,
    key_record,
    load_signing_key,
    make_private_key,
)

if TYPE_CHECKING:
    from pathlib import Path

OVERLAP_DAYS = 8
"""A record stays this long after its last signature: a queue gives up after five days, a reader may look later."""


class KeyState(StrEnum):
    """Where a key is in its life."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRING = "retiring"


class NoSuchKey(LetterMissing):
    """The domain has no such key."""


class KeysThere(Conflict):
    """There are keys already, or a step was skipped."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One key as the list keeps it."""

    selector: str
    algorithm: Algorithm
    state: KeyState
    made_at: int
    since: int
    """When it came into this state."""


class DkimKeys:
    """The keys of one installation; one object a process. Changes of other processes are seen at the next letter."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "dkim"
        self._active: dict[str, tuple[int, tuple[SigningKey, ...]]] = {}

    # -- reading

    def domains(self) -> list[str]:
        """Domains that have keys."""
        if not self._folder.is_dir():
            return []
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def entries(self, domain: str) -> list[KeyEntry]:
        """All keys of a domain, the newest last."""
        path = self._list_of(domain)
        if not path.exists():
            return []
        return [
            KeyEntry(
                one["selector"],
                Algorithm(one["algorithm"]),
                KeyState(one["state"]),
                one["made_at"],
                one["since"],
            )
            for one in json.loads(path.read_text(encoding="utf-8"))
        ]

    def record(self, domain: str, selector: str) -> DnsRecord:
        """The TXT record to publish (RFC 6376 §3.6.1)."""
        return key_record(self._load(domain, selector))

    def signing_keys(self, domain: str) -> tuple[SigningKey, ...]:
        """The keys that sign for a domain: its own, else those of the nearest domain above it that is ours."""
        name = to_a_labels(domain) or ""
        while name:
            keys = self._active_keys(name)
            if keys:
                return keys
            name = name.partition(".")[2]
        return ()

    def _active_keys(self, domain: str) -> tuple[SigningKey, ...]:
        try:
            changed = self._list_of(domain).stat().st_mtime_ns
        except (FileNotFoundError, ValueError):
            return ()
        kept = self._active.get(domain)
        if kept is None or kept[0] != changed:
            active = [one for one in self.entries(domain) if one.state is KeyState.ACTIVE]
            kept = (changed, tuple(self._load(domain, one.selector) for one in active))
            self._active[domain] = kept
        return kept[1]

    # -- changing

    def make(self, domain: str, now: int) -> list[KeyEntry]:
        """A first pair, which signs at once; a signature whose record is not there yet counts as none."""
        if self.entries(domain):
            raise KeysThere(domain)
        made = self._make_pair(domain, now, KeyState.ACTIVE)
        self._write_list(domain, made)
        return made

    def rotate(self, domain: str, now: int) -> list[KeyEntry]:
        """The next pair, to be published; it signs after `switch`."""
        held = self.entries(domain)
        if not held:
            raise NoSuchKey(domain)
        if any(one.state is KeyState.NEXT for one in held):
            raise KeysThere(domain)
        made = self._make_pair(domain, now, KeyState.NEXT)
        self._write_list(domain, [*held, *made])
        return made

    def switch(self, domain: str, now: int) -> list[KeyEntry]:
        """Sign with the next pair from now on; the pair before it only stays published."""
        held = self.entries(domain)
        if not any(one.state is KeyState.NEXT for one in held):
            raise NoSuchKey(domain)
        then = {KeyState.NEXT: KeyState.ACTIVE, KeyState.ACTIVE: KeyState.RETIRING}
        changed = [
            replace(one, state=then[one.state], since=now) if one.state in then else one for one in held
        ]
        self._write_list(domain, changed)
        return changed

    def retire(self, domain: str, selector: str, now: int, *, early: bool = False) -> KeyEntry:
        """Forget a key that signs no more; KeysThere while letters that it signed may be under way, unless `early`."""
        held = self.entries(domain)
        entry = next((one for one in held if one.selector == selector), None)
        if entry is None:
            raise NoSuchKey(selector)
        is_young = entry.state is KeyState.RETIRING and now - entry.since < OVERLAP_DAYS * 86_400
        if entry.state is KeyState.ACTIVE or (is_young and not early):
            raise KeysThere(selector)
        self._write_list(domain, [one for one in held if one.selector != selector])
        self._key_of(domain, selector).unlink(missing_ok=True)
        return entry

    def _make_pair(self, domain: str, now: int, state: KeyState) -> list[KeyEntry]:
        day = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d")
        taken = {one.selector for one in self.entries(domain)}
        made = []
        for algorithm, letter in ((Algorithm.RSA_SHA256, "r"), (Algorithm.ED25519_SHA256, "e")):
            names = (f"cv{day}{letter}{number or ''}" for number in range(100))
            selector = next(name for name in names if name not in taken)
            _write(self._key_of(domain, selector), make_private_key(algorithm))
            made.append(KeyEntry(selector, algorithm, state, now, now))
        return made

    # -- files

    def _load(self, domain: str, selector: str) -> SigningKey:
        try:
            pem = self._key_of(domain, selector).read_bytes()
        except FileNotFoundError as error:
            raise NoSuchKey(selector) from error
        return load_signing_key(domain, selector, pem)

    def _write_list(self, domain: str, entries: list[KeyEntry]) -> None:
        text = json.dumps([asdict(one) for one in entries], indent=1)
        _write(self._list_of(domain), text.encode())

    def _list_of(self, domain: str) -> Path:
        return self._folder / f"{_checked(domain)}.json"

    def _key_of(self, domain: str, selector: str) -> Path:
        return self._folder / _checked(domain) / f"{_checked(selector)}.pem"


def _checked(name: str) -> str:
    """A name that leads nowhere but into the folder."""
    if not name or "/" in name or "\0" in name or name.startswith("."):
        raise ValueError(name)
    return name


def _write(path: Path, octets: bytes) -> None:
    """Whole or not at all, for nobody else to read."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
