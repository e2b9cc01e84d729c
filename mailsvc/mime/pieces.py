"""A letter cut so that its large bodies can be stored once: the same attachment in a reply or forward is the same piece.

`join(cut(content, entity)) == content`, always. A base64 body becomes the file it stands for, if wrapping that file again
gives the very same octets; so it does not matter at how many columns a client wraps.
"""

import binascii
from dataclasses import dataclass
from typing import Final

from mailsvc.mime.parse import Entity
from mailsvc.mime.text import walk

MIN_PIECE: Final = 16 * 1024  # octets of a body that is worth a piece of its own
RAW: Final = ""
_SLICE: Final = 1 << 20  # a multiple of 4: each slice of base64 stands by itself


@dataclass(frozen=True, slots=True)
class Piece:
    """Octets to keep. `coding` says how they stand in the letter: "" as they are, "base64/76/crlf" wrapped like that.

    The column count 0 means one line. What makes a piece the same as another is `data` alone.
    """

    coding: str
    data: bytes

    def octets(self) -> bytes:
        """The octets in the letter."""
        return encode(self.coding, self.data)


def encode(coding: str, data: bytes) -> bytes:
    """Octets of a letter from a piece's coding and data."""
    if coding == RAW:
        return data
    _, columns, line_end = coding.split("/")
    return _wrapped(binascii.b2a_base64(data, newline=False), int(columns), _LINE_ENDS[line_end])


def cut(content: bytes, entity: Entity) -> tuple[Piece, ...]:
    """Every leaf body of 16 KiB or more as its own piece, what is between in raw pieces, in order."""
    pieces: list[Piece] = []
    done = 0
    for _, part in walk(entity):
        start, end = part.body_start, part.end
        if part.children or end - start < MIN_PIECE:
            continue
        piece: Piece | None = None
        if part.transfer_encoding == "base64":
            # The line ends around the encoded text belong to the letter, not to the file.
            body = content[start:end]
            text = body.strip(b"\r\n")
            piece = _as_base64(text)
            if piece is not None:
                start += body.index(text[:1])
                end = start + len(text)
        if piece is None:
            piece = Piece(RAW, content[start:end])
        if start > done:
            pieces.append(Piece(RAW, content[done:start]))
        pieces.append(piece)
        done = end
    if done < len(content) or not pieces:
        pieces.append(Piece(RAW, content[done:]))
    return tuple(pieces)


def join(pieces: tuple[Piece, ...]) -> bytes:
    """The letter again, octet for octet."""
    return b"".join(piece.octets() for piece in pieces)


_LINE_ENDS: Final = {"crlf": b"\r\n", "lf": b"\n"}


def _as_base64(text: bytes) -> Piece | None:
    if not text:
        return None
    columns = text.find(b"\n")
    line_end = "lf"
    if columns > 0 and text[columns - 1] == 0x0D:
        columns, line_end = columns - 1, "crlf"
    columns = max(columns, 0)
    flat = _unwrapped(text, columns, _LINE_ENDS[line_end])
    if flat is None:
        return None
    data = _decoded(flat)
    if data is None:
        return None
    return Piece(f"base64/{columns}/{line_end}", data)


def _decoded(flat: bytes) -> bytes | None:
    """The file that this text stands for; None unless encoding it gives the very same octets.

    In slices: while one is decoded nobody else has the interpreter, and 25 MB would take too long.
    """
    slices: list[bytes] = []
    for start in range(0, len(flat), _SLICE):
        text = flat[start : start + _SLICE]
        try:
            data = binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error:
            return None
        # Strict: only the alphabet, so all but the last group stand for their octets one to one. The last may hold
        # bits that mean nothing, and padding, which has no place between slices.
        is_last = start + _SLICE >= len(flat)
        group = binascii.b2a_base64(data[(len(data) - 1) // 3 * 3 :], newline=False)
        if (
            text[-4:] != group
            or len(text) != (len(data) + 2) // 3 * 4
            or (text.endswith(b"=") and not is_last)
        ):
            return None
        slices.append(data)
    return b"".join(slices)


def _unwrapped(text: bytes, columns: int, line_end: bytes) -> bytes | None:
    """The text without its line ends; None unless wrapping it again gives the very same octets."""
    if not columns:
        return text
    width = columns + len(line_end)
    full_lines = (len(text) - 1) // width
    # Each octet of a line end in its place, by strides, and none anywhere else: a tenth of the time that wrapping takes.
    ends = (text[columns + at :: width][:full_lines] for at in range(len(line_end)))
    if any(found != line_end[at : at + 1] * full_lines for at, found in enumerate(ends)):
        return None
    flat = text.translate(None, b"\r\n")
    return flat if len(flat) == len(text) - full_lines * len(line_end) else None


def _wrapped(text: bytes, columns: int, line_end: bytes) -> bytes:
    if not columns:
        return text
    return line_end.join([text[at : at + columns] for at in range(0, len(text), columns)])
