"""The body that follows DATA, read in chunks of any size (RFC 5321 §4.1.1.4, §4.5.2)."""

from __future__ import annotations

from enum import Enum

_END = b"\r\n.\r\n"
_HEADS = tuple(_END[:length] for length in range(len(_END) - 1, 0, -1))
_NO_NEWLINES = bytes(octet for octet in range(256) if octet not in b"\r\n")


class BodyFault(Enum):
    """Why a body is refused, gravest first. The stream is read to its end all the same.

    Of several faults the gravest is told, wherever it stands, so that no split changes the answer.
    """

    BARE_NEWLINE = "bare CR or LF"
    LINE_TOO_LONG = "line too long"
    TOO_LARGE = "too large"


class DataBody:
    """Takes the octets after 354 until `CRLF.CRLF`, and only that, ends them.

    RFC 5321 §2.3.8, stricter: a bare CR or LF refuses the letter, since servers that end a line or the data
    there can be told another story (SMTP smuggling). Each chunk costs a few passes in C, never a step a line,
    and after a fault nothing is kept, so memory stays within `max_octets`.
    """

    __slots__ = ("_line", "_max_line_octets", "_max_octets", "_octets", "_parts", "_tail", "fault")

    def __init__(self, *, max_octets: int, max_line_octets: int) -> None:
        self._max_octets = max_octets
        self._max_line_octets = max_line_octets
        self._parts: list[bytes] = []
        self._octets = -2  # the CRLF of the DATA command, put before the body below
        self._line = 0
        # The end may come at once: `.CRLF` after the CRLF of the DATA command (RFC 5321 §4.1.1.4).
        self._tail: bytes = b"\r\n"
        self.fault: BodyFault | None = None

    @property
    def content(self) -> bytes:
        """The letter, dots removed; empty after a fault."""
        if self.fault is not None:
            return b""
        if len(self._parts) != 1:
            self._parts = [b"".join(self._parts)]
        return self._parts[0]

    def feed(self, chunk: bytes | bytearray) -> bytes | None:
        """Take a chunk. None: more is needed; else the end was in it, and this is what followed the end."""
        data = self._tail + chunk
        dot = data.find(b"\r\n.")  # the end, or a dot that the client added: most chunks have neither
        end = data.find(_END, dot) if dot >= 0 else -1
        if end >= 0:
            self._keep(data[: end + 2], has_dots=dot < end)
            self._tail = b""
            return data[end + len(_END) :]
        # Hold back what may be the beginning of the end.
        held = next((head for head in _HEADS if data.endswith(head)), b"")
        self._tail = held
        self._keep(data[: len(data) - len(held)], has_dots=dot >= 0)
        return None

    def _keep(self, data: bytes, *, has_dots: bool) -> None:
        fault = self.fault
        if not data or fault is BodyFault.BARE_NEWLINE:
            return
        # A trailing CR is always held back, so CR and LF of one pair are never in two pieces.
        if len(data.translate(None, _NO_NEWLINES)) != 2 * data.count(b"\r\n"):
            self._refuse(BodyFault.BARE_NEWLINE)
            return
        if fault is BodyFault.LINE_TOO_LONG:
            return
        if not self._lines_fit(data):
            self._refuse(BodyFault.LINE_TOO_LONG)
            return
        if fault is not None:
            return
        # RFC 5321 §4.5.2: the first dot of a line goes. The end was cut off, so every such dot was added.
        text = data.replace(b"\r\n.", b"\r\n") if has_dots else data
        if self._octets < 0:
            text = text[2:]
            self._octets = 0
        self._octets += len(text)
        if self._octets > self._max_octets:
            self._refuse(BodyFault.TOO_LARGE)
            return
        self._parts.append(text)

    def _lines_fit(self, data: bytes) -> bool:
        """True if no line passes the bound, CRLF included. Jumps as far as a line may reach and looks back."""
        bound = self._max_line_octets
        at = -self._line
        while at + bound < len(data):
            newline = data.rfind(b"\n", max(at, 0), at + bound)
            if newline < 0:
                return False
            at = newline + 1
        newline = data.rfind(b"\n", max(at, 0))
        self._line = len(data) - (newline + 1 if newline >= 0 else at)
        return True

    def _refuse(self, fault: BodyFault) -> None:
        self.fault = fault
        self._parts.clear()
