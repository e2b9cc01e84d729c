"""A resolver that answers from zone data as the SPF suite writes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mailsvc.net.resolver import Answer, Lookup, MxRecord, NoAnswer, TempError


class _Trouble(Exception):
    """No answer in time."""


@dataclass
class Zone:
    """Names to records: `{"TXT": text or [strings]}`, `{"A": address}`, or `"TIMEOUT"` for all that is not listed."""

    records: Mapping[str, Sequence[Any]]
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.records = {name.lower().removesuffix("."): entries for name, entries in self.records.items()}

    async def txt(self, name: str) -> Lookup[bytes]:
        return self._answer(name, "TXT", _octets)

    async def a(self, name: str) -> Lookup[str]:
        return self._answer(name, "A", str)

    async def aaaa(self, name: str) -> Lookup[str]:
        return self._answer(name, "AAAA", str)

    async def ptr(self, name: str) -> Lookup[str]:
        return self._answer(name, "PTR", str)

    async def mx(self, domain: str) -> Lookup[MxRecord]:
        return self._answer(domain, "MX", lambda pair: MxRecord(*pair))

    def _answer(self, name: str, kind: str, make: Any) -> Lookup[Any]:
        self.asked.append((name, kind))
        try:
            found = [make(value) for value in self._find(name.lower(), kind)]
        except _Trouble:
            return TempError("time ran out")
        return Answer(tuple(found)) if found else NoAnswer(domain_exists=name.lower() in self.records)

    def _find(self, name: str, kind: str, aliases: int = 0) -> list[Any]:
        entries = self.records.get(name, ())
        pairs = [pair for entry in entries if isinstance(entry, dict) for pair in entry.items()]
        found = [value for key, value in pairs if key == kind]
        if kind == "TXT" and not found:
            # The suite lets a type 99 record stand for TXT, unless the name has TXT records or says NONE.
            found = [value for key, value in pairs if key == "SPF"]
        found = [value for value in found if value != "NONE"]
        if found:
            return found
        alias = next((value for key, value in pairs if key == "CNAME"), None)
        if alias is not None and aliases < 8:
            return self._find(alias.lower().removesuffix("."), kind, aliases + 1)
        if alias is not None or "TIMEOUT" in entries:
            raise _Trouble
        return []


def _octets(value: str | bytes | list[str]) -> bytes:
    if isinstance(value, bytes):
        return value
    return ("".join(value) if isinstance(value, list) else value).encode()
