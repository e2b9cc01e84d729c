"""A resolver for one letter: every look-up ends by one deadline, and each name is asked for once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mailsvc.sender_auth.dns import Answer, MxRecord, NoAnswer, Resolver, TempError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OutOfTime:
    """Nobody knows, and nobody waits any longer."""

    reason: str = "time ran out"


class BoundedResolver:
    """Look-ups still open at the deadline are trouble, one by one: what was answered in time counts all the same.

    So a stranger whose name servers are slow delays a letter by the deadline at most, and spoils only what is asked of
    those servers.
    """

    def __init__(self, resolver: Resolver, seconds: float) -> None:
        self._resolver = resolver
        self._ends_at = asyncio.get_running_loop().time() + seconds
        self._known: dict[tuple[str, str], asyncio.Future[Any]] = {}

    async def txt(self, name: str) -> Answer[bytes] | NoAnswer | TempError:
        """Text records."""
        return await self._ask("txt", name, self._resolver.txt)

    async def mx(self, domain: str) -> Answer[MxRecord] | NoAnswer | TempError:
        """Mail exchangers."""
        return await self._ask("mx", domain, self._resolver.mx)

    async def a(self, name: str) -> Answer[str] | NoAnswer | TempError:
        """IPv4 addresses."""
        return await self._ask("a", name, self._resolver.a)

    async def aaaa(self, name: str) -> Answer[str] | NoAnswer | TempError:
        """IPv6 addresses."""
        return await self._ask("aaaa", name, self._resolver.aaaa)

    async def ptr(self, name: str) -> Answer[str] | NoAnswer | TempError:
        """Host names."""
        return await self._ask("ptr", name, self._resolver.ptr)

    async def _ask(
        self, kind: str, name: str, ask: Callable[[str], Awaitable[Answer[T] | NoAnswer | TempError]]
    ) -> Answer[T] | NoAnswer | TempError:
        key = (kind, name.lower())
        if key not in self._known:
            self._known[key] = asyncio.ensure_future(self._in_time(name, ask))
        return await asyncio.shield(self._known[key])

    async def _in_time(
        self, name: str, ask: Callable[[str], Awaitable[Answer[T] | NoAnswer | TempError]]
    ) -> Answer[T] | NoAnswer | TempError:
        try:
            async with asyncio.timeout_at(self._ends_at):
                return await ask(name)
        except TimeoutError:
            return OutOfTime()
