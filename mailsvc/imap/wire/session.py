"""The stream: octets in any pieces come in, commands go out (RFC 3501 §2.2, §4.3; RFC 7888)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

from mailsvc.imap.wire.authenticate import parse_sasl_response
from mailsvc.imap.wire.command import Command, State
from mailsvc.imap.wire.commands import NEXT, NEXT_ON_NO, parse_command
from mailsvc.imap.wire.errors import MalformedError, ProtocolError
from mailsvc.imap.wire.grammar import Cursor
from mailsvc.imap.wire.idle import Idle, IdleDone

if TYPE_CHECKING:
    from typing import TypeAlias


class _Token(Enum):
    NEED_DATA = "need data"


NEED_DATA: Final = _Token.NEED_DATA
"""No whole command is there yet."""

_LITERAL = re.compile(rb"\{([0-9]{1,12})(\+?)\}\Z")
_TAG = re.compile(rb'([^\x00-\x20\x7f-\xff(){%*"\\+]{1,200}) ')
_APPEND = re.compile(rb"[^ ]{1,200} (?:APPEND|(?:UID )?REPLACE [0-9*]{1,10}) ", re.IGNORECASE)
"""A literal right behind this is a mailbox name; what comes later may be the letter."""
_LITERAL_WIDTH = 16
"""Octets that the longest announcement of a literal can take."""
_MAX_DISCARD = 1 << 32


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a client may send at once."""

    line_before_login: int = 8 << 10
    """Octets of one command without its literals."""
    line: int = 64 << 10
    literal_before_login: int = 1 << 10
    """Octets of all literals of one command."""
    literal: int = 64 << 10
    append: int = 35 << 20
    """Octets of a letter in APPEND."""


@dataclass(frozen=True, slots=True)
class Continue:
    """Send this: the client waits for it before its literal (RFC 3501 §7.5)."""

    line: bytes = b"+ go on\r\n"


Event: TypeAlias = "Command | Continue | ProtocolError | Literal[_Token.NEED_DATA]"


class ImapSession:
    """One connection's stream and state; it never waits, reads a clock or sends.

    Feed `receive`, then take `next_command` until it says NEED_DATA; carry out each command and say how it
    ended with `completed` before taking the next, because the next may be allowed or not by that.
    """

    __slots__ = (
        "_buffer",
        "_chunks",
        "_discard",
        "_idle_tag",
        "_limits",
        "_lines",
        "_literal_octets",
        "_literals",
        "_missing",
        "_refusal",
        "_sasl_tag",
        "_scanned",
        "_skip_line",
        "_text_octets",
        "state",
        "utf8",
    )

    def __init__(self, limits: Limits) -> None:
        """A connection that has just been greeted."""
        self.state = State.NOT_AUTHENTICATED
        self.utf8 = False
        """Mailbox names are UTF-8 on the wire (RFC 6855 §3, RFC 9051 §5.1)."""
        self._limits = limits
        self._buffer = bytearray()
        self._scanned = 0
        """Octets at the start of the buffer that hold no line end."""
        self._missing = 0
        """Octets still to come of the literal being read."""
        self._chunks: list[bytes] = []
        self._discard = 0
        """Octets still to pass over of a literal that was refused."""
        self._skip_line = False
        """The rest of a line that is too long is passed over."""
        self._refusal: ProtocolError | None = None
        """What to say once the command that was refused has been read to its end."""
        self._idle_tag: bytes | None = None
        self._sasl_tag: bytes | None = None
        self._lines: list[bytes] = []
        self._literals: list[bytes] = []
        self._text_octets = 0
        self._literal_octets = 0

    @property
    def buffered(self) -> int:
        """Octets held of what has not become a command yet."""
        return len(self._buffer) + self._text_octets + self._literal_octets - self._missing

    def receive(self, data: bytes) -> None:
        """Take octets from the client."""
        if not self._buffer:
            if self._discard:
                passed = min(self._discard, len(data))
                self._discard -= passed
                data = data[passed:]
            elif self._missing >= len(data) > 0:
                # The middle of a large literal: kept as it came, joined once at the end.
                self._chunks.append(bytes(data))
                self._missing -= len(data)
                return
        self._buffer += data

    def next_command(self) -> Event:
        """The next command, an error to answer in its place, a line to send, or NEED_DATA."""
        while True:
            if self._discard and not self._pass_over():
                return NEED_DATA
            if (self._missing or self._chunks) and not self._take_literal():
                return NEED_DATA
            line = self._take_line()
            if line is None:
                return self._check_length()
            event = self._take(line)
            if event is not None:
                return event

    def completed(self, command: Command, *, succeeded: bool) -> None:
        """Move on as the tagged reply says (RFC 3501 §3)."""
        table = NEXT if succeeded else NEXT_ON_NO
        self.state = table.get((self.state, type(command)), self.state)

    def expect_sasl_response(self, tag: bytes) -> None:
        """The next line answers a challenge of AUTHENTICATE."""
        self._sasl_tag = tag

    def discard_buffered(self) -> None:
        """Forget what came in clear text behind STARTTLS (RFC 3501 §6.2.1, RFC 9051 §11.1)."""
        self._buffer.clear()
        self._scanned = 0

    def _take_line(self) -> bytes | None:
        """One line without its end, or None. A bare LF ends a line too: stricter gains nothing here."""
        end = self._buffer.find(b"\n", self._scanned)
        if end < 0:
            self._scanned = len(self._buffer)
            return None
        stop = end - 1 if end and self._buffer[end - 1] == 0x0D else end
        self._scanned = 0
        self._skip_line = False
        if self._refusal is None and self._text_octets + stop > self._line_limit():
            self._refusal = self._too_long()
        line = bytes(self._buffer[:stop])
        del self._buffer[: end + 1]
        return line

    def _check_length(self) -> ProtocolError | Literal[_Token.NEED_DATA]:
        """Refuse a line that grows too long, and keep only its tail, which may announce a literal."""
        if self._text_octets + len(self._buffer) > self._line_limit() + 1 and not self._skip_line:
            refusal = self._refusal or self._too_long()
            if refusal.fatal:
                self._reset()
                self._buffer.clear()
                return refusal
            self._refusal = refusal
            self._skip_line = True
        if self._skip_line:
            del self._buffer[:-_LITERAL_WIDTH]
            self._scanned = len(self._buffer)
        return NEED_DATA

    def _take(self, line: bytes) -> Event | None:
        if self._refusal is not None and self._refusal.fatal:
            return self._finish_refused()
        if self._idle_tag is not None:
            return self._end_idle(self._idle_tag, line)
        if self._sasl_tag is not None:
            return self._end_challenge(self._sasl_tag, line)
        announced = _LITERAL.search(line) if line.endswith(b"}") else None
        if announced is not None:
            return self._begin_literal(line, announced)
        if self._refusal is not None:
            return self._finish_refused()
        if not self._lines and not line:
            return None  # an empty line between commands, as some clients send after a literal
        return self._parse(line)

    def _parse(self, line: bytes) -> Command | ProtocolError:
        self._lines.append(line)
        cursor = Cursor(self._lines, self._literals, utf8=self.utf8)
        tag: bytes | None = None
        try:
            tag = cursor.tag()
            cursor.space()
            command = parse_command(tag, cursor, self.state)
        except MalformedError as refused:
            return ProtocolError(tag, refused.text, refused.condition, refused.code)
        finally:
            self._reset()
        if type(command) is Idle:
            self._idle_tag = command.tag
        return command

    def _begin_literal(self, line: bytes, announced: re.Match[bytes]) -> Event | None:
        octets = int(announced.group(1))
        waits = not announced.group(2)
        if self._refusal is None:
            self._text_octets += len(line)
            self._lines.append(line[: announced.start()])
            if octets <= self._literal_room():
                self._missing = octets
                self._literal_octets += octets
                if not octets:
                    self._literals.append(b"")
                return Continue() if waits else None
            self._refusal = ProtocolError(self._tag(), "Literal too large", "NO", "TOOBIG")
        # RFC 7888 §4: one that waits is answered at once, one that does not is read and passed over.
        if waits:
            return self._finish_refused()
        if self.state is State.NOT_AUTHENTICATED or octets > _MAX_DISCARD:
            self._reset()
            return ProtocolError(None, "Literal too large", "BYE", "TOOBIG")
        self._discard = octets
        return None

    def _take_literal(self) -> bool:
        if self._missing:
            if self._buffer:
                with memoryview(self._buffer) as view:
                    taken = bytes(view[: self._missing])
                self._chunks.append(taken)
                self._missing -= len(taken)
                del self._buffer[: len(taken)]
                self._scanned = 0
            if self._missing:
                return False
        self._literals.append(self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks))
        self._chunks = []
        return True

    def _pass_over(self) -> bool:
        passed = min(self._discard, len(self._buffer))
        del self._buffer[:passed]
        self._scanned = 0
        self._discard -= passed
        return not self._discard

    def _end_idle(self, tag: bytes, line: bytes) -> Command | ProtocolError:
        self._idle_tag = None
        self._reset()
        if line.upper() == b"DONE":
            return IdleDone(tag)
        return ProtocolError(tag, "Expected DONE")

    def _end_challenge(self, tag: bytes, line: bytes) -> Command | ProtocolError:
        self._sasl_tag = None
        try:
            return parse_sasl_response(tag, line)
        except MalformedError as refused:
            return ProtocolError(tag, refused.text, refused.condition, refused.code)

    def _finish_refused(self) -> ProtocolError:
        refusal = self._refusal or ProtocolError(None, "Command too long")
        self._reset()
        return refusal

    def _reset(self) -> None:
        self._lines = []
        self._literals = []
        self._chunks = []
        self._missing = 0
        self._text_octets = 0
        self._literal_octets = 0
        self._refusal = None

    def _line_limit(self) -> int:
        before = self.state is State.NOT_AUTHENTICATED
        return self._limits.line_before_login if before else self._limits.line

    def _literal_room(self) -> int:
        if self.state is State.NOT_AUTHENTICATED:
            limit = self._limits.literal_before_login
        elif (append := _APPEND.match(self._lines[0])) and (
            self._literals or append.end() < len(self._lines[0])
        ):
            limit = self._limits.append
        else:
            limit = self._limits.literal
        return limit - self._literal_octets

    def _tag(self) -> bytes | None:
        match = _TAG.match(self._lines[0]) if self._lines else None
        return match.group(1) if match else None

    def _too_long(self) -> ProtocolError:
        if self.state is State.NOT_AUTHENTICATED:
            return ProtocolError(None, "Command too long", "BYE", "TOOBIG")
        match = _TAG.match(self._lines[0] if self._lines else self._buffer)
        return ProtocolError(bytes(match.group(1)) if match else None, "Command too long", "BAD", "TOOBIG")
