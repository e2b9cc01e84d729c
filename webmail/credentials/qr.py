"""A QR code (ISO/IEC 18004) for the secret of an app: octets, error correction L, up to 271 of them.

The secret goes through no other program and no network, and the page needs no picture: the code is one SVG path.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

QUIET: Final = 4  # light modules around
_FORMAT_L_MASK_0: Final = 0b01_000
_FORMAT_GENERATOR, _FORMAT_XOR = 0x537, 0x5412
_VERSION_GENERATOR: Final = 0x1F25
_PADDING: Final = (0xEC, 0x11)


@dataclass(frozen=True, slots=True)
class _Version:
    """One size: octets of data, octets of correction in a block, blocks, where alignment patterns are."""

    number: int
    data: int
    correction: int
    blocks: int
    alignment: tuple[int, ...]

    @property
    def size(self) -> int:
        """Modules on a side."""
        return 17 + 4 * self.number


_VERSIONS: Final = (
    _Version(1, 19, 7, 1, ()),
    _Version(2, 34, 10, 1, (6, 18)),
    _Version(3, 55, 15, 1, (6, 22)),
    _Version(4, 80, 20, 1, (6, 26)),
    _Version(5, 108, 26, 1, (6, 30)),
    _Version(6, 136, 18, 2, (6, 34)),
    _Version(7, 156, 20, 2, (6, 22, 38)),
    _Version(8, 194, 24, 2, (6, 24, 42)),
    _Version(9, 232, 30, 2, (6, 26, 46)),
    _Version(10, 274, 18, 4, (6, 28, 50)),
)


def qr_path(text: str) -> tuple[str, int]:
    """The dark modules as an SVG path, and the side of its view box; ValueError for what is too long."""
    octets = text.encode()
    version = next((one for one in _VERSIONS if len(octets) <= one.data - (3 if one.number > 9 else 2)), None)
    if version is None:
        raise ValueError("too long for a code")
    matrix = _Matrix(version)
    matrix.place(_codewords(octets, version))
    rows = [
        f"M{column + QUIET} {row + QUIET}h1v1h-1z"
        for row in range(version.size)
        for column in range(version.size)
        if matrix.dark[row][column]
    ]
    return "".join(rows), version.size + 2 * QUIET


def _codewords(octets: bytes, version: _Version) -> bytes:
    """Data and correction, interleaved block by block."""
    width = 16 if version.number > 9 else 8
    bits = f"{0b0100:04b}{len(octets):0{width}b}" + "".join(f"{octet:08b}" for octet in octets)
    bits += "0" * min(4, 8 * version.data - len(bits))
    bits += "0" * (-len(bits) % 8)
    data = bytearray(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    data += bytes(_PADDING[at % 2] for at in range(version.data - len(data)))
    blocks, start = [], 0
    for number in range(version.blocks):
        length = (version.data + number) // version.blocks  # the longer blocks come last
        blocks.append(bytes(data[start : start + length]))
        start += length
    corrections = [_correction(block, version.correction) for block in blocks]
    longest = max(map(len, blocks))
    woven = [block[at] for at in range(longest) for block in blocks if at < len(block)]
    woven += [block[at] for at in range(version.correction) for block in corrections]
    return bytes(woven)


@cache
def _field() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Powers and logarithms of GF(256) modulo x⁸ + x⁴ + x³ + x² + 1."""
    powers, value = [], 1
    for _ in range(255):
        powers.append(value)
        value = (value << 1) ^ (0x11D if value & 0x80 else 0)
    logarithms = [0] * 256
    for at, power in enumerate(powers):
        logarithms[power] = at
    return tuple(powers * 2), tuple(logarithms)


def _times(a: int, b: int) -> int:
    powers, logarithms = _field()
    return powers[logarithms[a] + logarithms[b]] if a and b else 0


def _correction(block: bytes, count: int) -> bytes:
    """Reed-Solomon: the remainder of the block by the generator polynomial."""
    generator = [1]
    for power in _field()[0][:count]:
        product = [*generator, 0]
        for at, factor in enumerate(generator):
            product[at + 1] ^= _times(factor, power)
        generator = product
    rest = bytearray(block) + bytes(count)
    for at in range(len(block)):
        lead = rest[at]
        for offset, factor in enumerate(generator):
            rest[at + offset] ^= _times(factor, lead)
    return bytes(rest[len(block) :])


class _Matrix:
    """The modules: patterns first, then data around them."""

    def __init__(self, version: _Version) -> None:
        self._version = version
        self._size = size = version.size
        self.dark = [[False] * size for _ in range(size)]
        self._taken = [[False] * size for _ in range(size)]
        for row, column in ((0, 0), (0, size - 7), (size - 7, 0)):
            self._finder(row, column)
        for at in range(8, size - 8):
            self._set(6, at, at % 2 == 0)
            self._set(at, 6, at % 2 == 0)
        self._alignments()
        self._set(size - 8, 8, True)
        self._format()
        if version.number >= 7:
            self._version_bits()

    def place(self, codewords: bytes) -> None:
        """Data in columns of two from the lower right, up and down, under mask 0 (any mask may be chosen)."""
        bits = (octet >> shift & 1 for octet in codewords for shift in range(7, -1, -1))
        upwards = True
        for right in (*range(self._size - 1, 6, -2), *range(5, 0, -2)):
            for row in range(self._size - 1, -1, -1) if upwards else range(self._size):
                for column in (right, right - 1):
                    if not self._taken[row][column]:
                        self.dark[row][column] = bool(next(bits, 0)) != ((row + column) % 2 == 0)
            upwards = not upwards

    def _set(self, row: int, column: int, dark: bool) -> None:
        self.dark[row][column] = dark
        self._taken[row][column] = True

    def _finder(self, top: int, left: int) -> None:
        for row in range(top - 1, top + 8):
            for column in range(left - 1, left + 8):
                if 0 <= row < self._size and 0 <= column < self._size:
                    ring = max(abs(row - top - 3), abs(column - left - 3))
                    self._set(row, column, ring in {0, 1, 3})

    def _alignments(self) -> None:
        places = self._version.alignment
        for row in places:
            for column in places:
                if self._taken[row][column] and 6 in {row, column} and (row, column) not in _beside(places):
                    continue  # a finder is there
                for y in range(-2, 3):
                    for x in range(-2, 3):
                        self._set(row + y, column + x, max(abs(y), abs(x)) != 1)

    def _format(self) -> None:
        """Correction level and mask, twice, with their own correction (BCH 15, 5)."""
        rest = _FORMAT_L_MASK_0 << 10
        for shift in range(4, -1, -1):
            if rest >> (shift + 10) & 1:
                rest ^= _FORMAT_GENERATOR << shift
        word = (_FORMAT_L_MASK_0 << 10 | rest) ^ _FORMAT_XOR
        near = [
            *((8, column) for column in (0, 1, 2, 3, 4, 5, 7, 8)),
            *((row, 8) for row in (7, 5, 4, 3, 2, 1, 0)),
        ]
        last = self._size - 1
        far = [*((last - at, 8) for at in range(7)), *((8, last - 7 + at) for at in range(8))]
        for at in range(15):
            bit = bool(word >> (14 - at) & 1)
            self._set(*near[at], bit)
            self._set(*far[at], bit)

    def _version_bits(self) -> None:
        """The size, twice, with its own correction (BCH 18, 6)."""
        rest = self._version.number << 12
        for shift in range(5, -1, -1):
            if rest >> (shift + 12) & 1:
                rest ^= _VERSION_GENERATOR << shift
        word = self._version.number << 12 | rest
        for at in range(18):
            bit, row, column = bool(word >> at & 1), at // 3, self._size - 11 + at % 3
            self._set(row, column, bit)
            self._set(column, row, bit)


def _beside(places: tuple[int, ...]) -> frozenset[tuple[int, int]]:
    """Alignment patterns that lie on the timing lines, away from the finders."""
    inner = places[1:-1]
    return frozenset({(6, at) for at in inner} | {(at, 6) for at in inner})
