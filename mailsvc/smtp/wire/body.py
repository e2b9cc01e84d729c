"""The letter that follows DATA or BDAT, read in chunks of any size (RFC 5321 §4.1.1.4, §4.5.2, RFC 3030 §2)."""

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


class _Body:
    """Keeps what came, within bounds. Each chunk costs a few passes in C, never a step a line.

    RFC 5321 §2.3.8, stricter: a bare CR or LF refuses the letter, since servers that end a line or the data
    there can be told another story (SMTP smuggling). After a fault nothing is kept.
    """

    __slots__ = ("_line", "_max_line_octets", "_max_octets", "_octets", "_parts", "fault")

    def __init__(self, *, max_octets: int, max_line_octets: int) -> None:
        self._max_octets = max_octets
        self._max_line_octets = max_line_octets
        self._parts: list[bytes] = []
        self._octets = 0
        self._line = 0
        self.fault: BodyFault | None = None

    @property
    def content(self) -> bytes:
        """The letter; empty after a fault."""
        if self.fault is not None:
            return b""
        if len(self._parts) != 1:
            self._parts = [b"".join(self._parts)]
        return self._parts[0]

    def _is_sound(self, data: bytes) -> bool:
        """Look at lines that have come; `data` does not end between a CR and its LF. False once nothing is kept."""
        if self.fault is BodyFault.BARE_NEWLINE:
            return False
        # As many newlines of either kind as there are in pairs: two passes, where counting each kind took three.
        if len(data.translate(None, _NO_NEWLINES)) != 2 * data.count(b"\r\n"):
            self._refuse(BodyFault.BARE_NEWLINE)
        elif self.fault is not BodyFault.LINE_TOO_LONG and not self._lines_fit(data):
            self._refuse(BodyFault.LINE_TOO_LONG)
        return self.fault is None

    def _keep(self, text: bytes) -> None:
        self._octets += len(text)
        if self._octets > self._max_octets:
            self._refuse(BodyFault.TOO_LARGE)
        else:
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


class DataBody(_Body):
    """Takes the octets after 354 until `CRLF.CRLF`, and only that, ends them; dots are removed."""

    __slots__ = ("_is_first", "_tail")

    def __init__(self, *, max_octets: int, max_line_octets: int) -> None:
        super().__init__(max_octets=max_octets, max_line_octets=max_line_octets)
        # The end may come at once: `.CRLF` after the CRLF of the DATA command (RFC 5321 §4.1.1.4).
        self._tail: bytes = b"\r\n"
        self._is_first = True

    def feed(self, chunk: bytes | bytearray) -> bytes | None:
        """Take a chunk. None: more is needed; else the end was in it, and this is what followed the end."""
        data = self._tail + chunk
        # The end, or a dot that the client added: most chunks have neither, those of base64 no dot at all.
        dot = data.find(b"\r\n.") if b"." in data else -1
        end = data.find(_END, dot) if dot >= 0 else -1
        if end >= 0:
            self._take(data[: end + 2], has_dots=dot < end)
            self._tail = b""
            return data[end + len(_END) :]
        # Hold back what may be the beginning of the end; a trailing CR is always among it.
        held = next((head for head in _HEADS if data.endswith(head)), b"")
        self._tail = held
        self._take(data[: len(data) - len(held)] if held else data, has_dots=dot >= 0)
        return None

    def _take(self, data: bytes, *, has_dots: bool) -> None:
        if not data or not self._is_sound(data):
            return
        # RFC 5321 §4.5.2: the first dot of a line goes. The end was cut off, so every such dot was added.
        text = data.replace(b"\r\n.", b"\r\n") if has_dots else data
        if self._is_first:
            text = text[2:]
            self._is_first = False
        self._keep(text)


class ChunkedBody(_Body):
    """Takes the chunks of BDAT; where they end the commands say, so that no octets can (RFC 3030 §2).

    `binary` is BODY=BINARYMIME: lines mean nothing then, until the letter is written as text.
    """

    __slots__ = ("_is_binary", "_tail")

    def __init__(self, *, max_octets: int, max_line_octets: int, binary: bool) -> None:
        super().__init__(max_octets=max_octets, max_line_octets=max_line_octets)
        self._is_binary = binary
        self._tail = b""

    def feed(self, chunk: bytes | bytearray) -> None:
        """Take a part of a chunk."""
        if self._is_binary:
            if self.fault is None:
                self._keep(bytes(chunk))
            return
        data = self._tail + chunk
        self._tail = b"\r" if data.endswith(b"\r") else b""
        self._take(data[: len(data) - len(self._tail)])

    def end(self) -> None:
        """The last chunk has come. A last line without its end gets one, as DATA would have given it."""
        if self._is_binary:
            return
        if self._tail:
            self._refuse(BodyFault.BARE_NEWLINE)
        elif self.content and not self.content.endswith(b"\r\n"):
            self._take(b"\r\n")

    def _take(self, data: bytes) -> None:
        if data and self._is_sound(data):
            self._keep(data)
