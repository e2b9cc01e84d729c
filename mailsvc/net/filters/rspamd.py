"""rspamd by HTTP: the letter and its envelope go to /checkv2, a score and an action come back."""

from __future__ import annotations

import asyncio
import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mailsvc.net.filters.beside import Beside, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_ANSWER: Final = 1 << 20
_MAX_RECIPIENTS: Final = 100
_CHUNK: Final = 256 * 1024
_MAX_SYMBOLS: Final = 60
_MAX_SCORE: Final = 1e6
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")
_SYMBOL = re.compile(r"[A-Z0-9_]{1,60}")
ACTIONS: Final = frozenset(
    {
        "no action",
        "greylist",
        "add header",
        "rewrite subject",
        "soft reject",
        "reject",
        "quarantine",
        "discard",
    }
)
JUNK_ACTIONS: Final = frozenset({"add header", "rewrite subject", "quarantine", "discard"})


@dataclass(frozen=True, slots=True)
class Question:
    """A letter as it came."""

    content: bytes
    client: str
    helo: str
    reverse_path: str
    recipients: tuple[str, ...]
    letter_id: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What rspamd thinks of it."""

    score: float
    required: float
    action: str
    """One of `ACTIONS`."""
    symbols: tuple[str, ...]
    """The rules that fired, in alphabetical order."""


def request(question: Question, password: str = "") -> Iterator[bytes]:
    """What is said. HTTP/1.0: one reply, ended by the end of the connection, never in chunks (RFC 1945 §7.2.2)."""
    fields = [
        ("Content-Length", str(len(question.content))),
        ("IP", question.client),
        ("Helo", question.helo),
        ("From", question.reverse_path),
        *(("Rcpt", one) for one in question.recipients[:_MAX_RECIPIENTS]),
        ("Queue-Id", question.letter_id),
        *([("Password", password)] if password else []),
    ]
    # What strangers call themselves cannot become a field of its own.
    head = "".join(f"{name}: {_UNSAFE.sub('?', value)}\r\n" for name, value in fields)
    yield f"POST /checkv2 HTTP/1.0\r\n{head}\r\n".encode()
    for start in range(0, len(question.content), _CHUNK):
        yield question.content[start : start + _CHUNK]


def judgement(answer: bytes) -> Judgement:
    """The verdict in an HTTP reply; UnavailableError for every other answer."""
    head, blank, body = answer.partition(b"\r\n\r\n")
    line = head.partition(b"\r\n")[0].decode("latin-1")
    if not blank or line.split(" ")[1:2] != ["200"]:
        raise UnavailableError(f"HTTP: {line[:80]}")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnavailableError("no JSON") from error
    if not isinstance(said, dict) or said.get("action") not in ACTIONS:
        raise UnavailableError("no action in the answer")
    symbols = said.get("symbols")
    names = sorted(name for name in symbols if _SYMBOL.fullmatch(name)) if isinstance(symbols, dict) else []
    return Judgement(
        _number(said.get("score")),
        _number(said.get("required_score")),
        said["action"],
        tuple(names[:_MAX_SYMBOLS]),
    )


def spam_fields(found: Judgement, *, is_junk: bool) -> bytes:
    """X-Spam-Flag, -Score and -Status, as mail programs look for them; each line ends in CRLF."""
    tests = "".join(f"\r\n\t{name}" for name in found.symbols)
    return (
        ("X-Spam-Flag: YES\r\n" if is_junk else "")
        + f"X-Spam-Score: {found.score:.2f}\r\n"
        + f"X-Spam-Status: {'Yes' if is_junk else 'No'}, score={found.score:.2f} required={found.required:.2f}\r\n"
        + f"\taction={found.action.replace(' ', '-')} tests={tests}\r\n"
    ).encode()


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise UnavailableError("no score in the answer")
    return max(-_MAX_SCORE, min(float(value), _MAX_SCORE))


class Rspamd:
    """One for all listeners of a process."""

    def __init__(self, address: str, *, password: str, seconds: float, connections: int) -> None:
        self._rspamd = Beside(address, seconds, asyncio.Semaphore(connections), _MAX_ANSWER)
        self._password = password

    async def judge(self, question: Question) -> Judgement:
        """What rspamd thinks. Raises UnavailableError."""
        return judgement(await self._rspamd.ask(request(question, self._password)))
