"""Tokens as commands, tests and arguments (RFC 5228 §8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mailsvc.sieve.errors import SieveError
from mailsvc.sieve.lexer import Kind, Token, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_NESTING: Final = 15
MAX_STRINGS: Final = 1_000
MAX_COMMANDS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Tag:
    """`:contains`."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Number:
    """`100K`, reckoned."""

    value: int


@dataclass(frozen=True, slots=True)
class Strings:
    """One string, or a list of them."""

    values: tuple[str, ...]
    is_list: bool


Argument = Tag | Number | Strings


@dataclass(frozen=True, slots=True)
class Written:
    """A command or a test as it stands in the script."""

    name: str
    line: int
    arguments: tuple[Argument, ...] = ()
    tests: tuple[Written, ...] = ()
    block: tuple[Written, ...] | None = None


def parse(script: bytes) -> tuple[Written, ...]:
    """The commands of a script; nothing is known of their names yet."""
    return _Parser(tokens(script)).script()


class _Parser:
    """Recursive descent with one token of look-ahead."""

    def __init__(self, stream: Iterator[Token]) -> None:
        self._stream = stream
        self._ahead = next(stream)
        self._commands = 0

    def script(self) -> tuple[Written, ...]:
        commands = self._commands_until("", 0)
        if self._ahead.kind is not Kind.END:
            raise self._unexpected("a command")
        return commands

    def _commands_until(self, mark: str, depth: int) -> tuple[Written, ...]:
        found: list[Written] = []
        while self._ahead.kind is Kind.WORD:
            found.append(self._command(depth))
        if mark:
            self._expect(mark)
        return tuple(found)

    def _command(self, depth: int) -> Written:
        self._commands += 1
        if self._commands > MAX_COMMANDS:
            raise SieveError(self._ahead.line, f"more than {MAX_COMMANDS} commands")
        word = self._take()
        arguments, tests = self._arguments(depth)
        block = None
        if self._is_mark("{"):
            if depth >= MAX_NESTING:
                raise SieveError(word.line, f"blocks are nested more than {MAX_NESTING} deep")
            self._take()
            block = self._commands_until("}", depth + 1)
        else:
            self._expect(";")
        return Written(word.text, word.line, arguments, tests, block)

    def _arguments(self, depth: int) -> tuple[tuple[Argument, ...], tuple[Written, ...]]:
        found: list[Argument] = []
        while True:
            token = self._ahead
            if token.kind is Kind.TAG:
                found.append(Tag(self._take().text, token.line))
            elif token.kind is Kind.NUMBER:
                found.append(Number(self._take().number))
            elif token.kind is Kind.STRING:
                found.append(Strings((self._take().text,), is_list=False))
            elif self._is_mark("["):
                found.append(self._string_list())
            else:
                break
        if self._ahead.kind is Kind.WORD:
            return tuple(found), (self._test(depth + 1),)
        if not self._is_mark("("):
            return tuple(found), ()
        self._take()
        tests = [self._test(depth + 1)]
        while self._is_mark(","):
            self._take()
            tests.append(self._test(depth + 1))
        self._expect(")")
        return tuple(found), tuple(tests)

    def _test(self, depth: int) -> Written:
        if self._ahead.kind is not Kind.WORD:
            raise self._unexpected("a test")
        if depth > 2 * MAX_NESTING:
            raise SieveError(self._ahead.line, "tests are nested too deep")
        word = self._take()
        arguments, tests = self._arguments(depth)
        return Written(word.text, word.line, arguments, tests)

    def _string_list(self) -> Strings:
        self._take()
        values: list[str] = []
        while True:
            if self._ahead.kind is not Kind.STRING:
                raise self._unexpected("a string")
            values.append(self._take().text)
            if len(values) > MAX_STRINGS:
                raise SieveError(self._ahead.line, f"more than {MAX_STRINGS} strings in a list")
            if not self._is_mark(","):
                break
            self._take()
        self._expect("]")
        return Strings(tuple(values), is_list=True)

    def _is_mark(self, mark: str) -> bool:
        return self._ahead.kind is Kind.MARK and self._ahead.text == mark

    def _expect(self, mark: str) -> None:
        if not self._is_mark(mark):
            raise self._unexpected(f"'{mark}'")
        self._take()

    def _take(self) -> Token:
        token = self._ahead
        if token.kind is not Kind.END:
            self._ahead = next(self._stream)
        return token

    def _unexpected(self, wanted: str) -> SieveError:
        token = self._ahead
        found = "the end" if token.kind is Kind.END else f"'{token.text or token.number}'"
        return SieveError(token.line, f"expected {wanted}, found {found}")
