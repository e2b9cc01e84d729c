"""Where everything is in a letter: one pass over its octets, at the speed of `find` and regular expressions.

Nothing is decoded or copied but header names and Content-* values. Any octets give an Entity: nothing raises, time is
linear and memory bounded by the limits below.
"""

import re
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from mailsvc.mime.media_type import Parameterized, parse_content_type, parse_disposition

MAX_DEPTH: Final = 100  # multiparts and enclosed messages inside one another; what is deeper stays opaque
MAX_PARTS: Final = 10_000  # after these no boundary is looked for any more
MAX_HEADER_FIELDS: Final = 10_000  # fields kept of one letter, all its parts together
MAX_LOOKUPS: Final = 1_000_000  # comparisons of lines that begin with -- with open boundaries; then as above
MAX_BOUNDARY: Final = 80  # RFC 2046 §5.1.1 allows 70; longer ones are compared by their beginning

_HYPHENS = re.compile(rb"\n--")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_FIELD = re.compile(rb"([^:\n]*+)(:?)([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?+")


class Field(NamedTuple):
    """One header field: `content[start:end]` is its raw value after the colon, folding included, CRLF excluded."""

    name: bytes
    lower: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entity:
    """A letter or a part of one: offsets into the content it was parsed from (RFC 2045 §2.4).

    The header is `content[header_start:body_start]` with its blank line, the body `content[body_start:end]`.
    `media_type` and `subtype` are in lower case and say how the part is to be treated: `text/plain` where nothing is
    said or a multipart has no boundary (RFC 2045 §5.2), `application/octet-stream` for what is nested too deep.
    `content_type` is what was written.
    """

    header_start: int
    body_start: int
    end: int
    fields: tuple[Field, ...]
    media_type: str
    subtype: str
    content_type: Parameterized | None
    transfer_encoding: str
    disposition: Parameterized | None
    children: tuple["Entity", ...]

    @property
    def is_multipart(self) -> bool:
        """Its children are the parts of a multipart (RFC 2046 §5.1)."""
        return self.media_type == "multipart"

    @property
    def is_message(self) -> bool:
        """Its one child is an enclosed letter (RFC 2046 §5.2.1)."""
        return bool(self.children) and self.media_type == "message"

    def param(self, name: bytes) -> bytes | None:
        """A Content-Type parameter by lower-case name, as it was written."""
        return None if self.content_type is None else self.content_type.param(name)

    def field(self, lower: bytes) -> Field | None:
        """The first field of this lower-case name."""
        for field in self.fields:
            if field.lower == lower:
                return field
        return None


def parse(content: bytes) -> Entity:
    """The structure of a letter (RFC 5322, RFC 2045, RFC 2046); of any octets at all, also none."""
    entity, _ = _Scanner(content).part(0, 0, in_digest=False)
    return entity


def field_value(content: bytes, field: Field) -> bytes:
    """The value without the white space around it, unfolded: line ends go, the white space after them stays (RFC 5322 §2.2.3)."""
    value = content[field.start : field.end].strip(b" \t\r\n")
    return value.replace(b"\r\n", b"").replace(b"\n", b"") if b"\n" in value else value


class _Found(NamedTuple):
    """A delimiter line: whose, where it starts, where the next line starts, and whether it closes its multipart."""

    level: int
    start: int
    after: int
    closes: bool


class _Scanner:
    __slots__ = (
        "boundaries",
        "content",
        "end",
        "fields_left",
        "lengths",
        "lines",
        "lookups_left",
        "open",
        "parts",
    )

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.end = len(content)
        self.fields_left = MAX_HEADER_FIELDS
        self.lines: array[int] | None = None
        """Where lines begin with two hyphens: found once, however many boundaries there are to compare them with."""
        self.open: list[int | None] = []
        """For each open multipart the outer one of the same boundary, if any."""
        self.boundaries: dict[bytes, int] = {}
        """The innermost level of each open boundary."""
        self.lengths: list[int] = []
        """Of the open boundaries, longest first."""
        self.lookups_left = MAX_LOOKUPS
        self.parts = 0

    def part(self, start: int, depth: int, *, in_digest: bool) -> tuple[Entity, _Found | None]:
        """The part that starts here, and the delimiter that ended it (None: the end of the letter)."""
        content = self.content
        self.parts += 1
        found = self.next_delimiter(start)
        limit = self.end if found is None else found.start
        body_start = self.body_start(start, limit)
        fields, wanted = self.header(start, body_start)

        content_type = disposition = None
        media_type, subtype = ("message", "rfc822") if in_digest else ("text", "plain")
        encoding = ""
        if (at := wanted.get(b"content-type")) is not None:
            content_type = parse_content_type(content[at.start : at.end])
            media_type, subtype = _effective(content_type.value)
        if (at := wanted.get(b"content-transfer-encoding")) is not None:
            encoding = field_value(content, at)[:64].decode("latin-1").strip("\" '").lower()
        if (at := wanted.get(b"content-disposition")) is not None:
            disposition = parse_disposition(content[at.start : at.end])

        children: tuple[Entity, ...] = ()
        if media_type == "multipart" or (media_type == "message" and subtype == "rfc822"):
            boundary = b"" if content_type is None else (content_type.param(b"boundary") or b"")
            if depth >= MAX_DEPTH:
                media_type, subtype = "application", "octet-stream"
            elif media_type == "multipart" and not boundary:
                media_type, subtype = "text", "plain"  # a type without its required parameter: RFC 2045 §5.2
            elif media_type == "multipart":
                children, found = self.multipart(body_start, depth, boundary, in_digest=subtype == "digest")
            elif self.parts < MAX_PARTS:
                child, found = self.part(body_start, depth + 1, in_digest=False)
                children = (child,)

        end = self.end if found is None else self.before_line(found.start)
        return (
            Entity(
                start,
                body_start,
                max(end, body_start),
                fields,
                media_type,
                subtype,
                content_type,
                encoding,
                disposition,
                children,
            ),
            found,
        )

    def multipart(
        self, start: int, depth: int, boundary: bytes, *, in_digest: bool
    ) -> tuple[tuple[Entity, ...], _Found | None]:
        """The parts between this boundary's delimiters (RFC 2046 §5.1.1); one of an outer boundary ends them all."""
        level = len(self.open)
        boundary = boundary[:MAX_BOUNDARY]
        self.open_boundary(boundary, level)
        children: list[Entity] = []
        found = self.next_delimiter(start)
        while found is not None and found.level == level and not found.closes:
            if found.after < 0:  # the delimiter is the last, unfinished line
                found = None
                break
            child, found = self.part(found.after, depth + 1, in_digest=in_digest)
            children.append(child)
        self.close_boundary(boundary)
        if found is not None and found.level == level:
            # Closed: what follows up to an outer delimiter is epilogue and belongs to this part's body.
            found = self.next_delimiter(found.after) if found.after >= 0 else None
        return tuple(children), found

    def open_boundary(self, boundary: bytes, level: int) -> None:
        """From now on a delimiter of this boundary belongs to this level."""
        self.open.append(self.boundaries.get(boundary))
        self.boundaries[boundary] = level
        if len(boundary) not in self.lengths:
            self.lengths = sorted({*self.lengths, len(boundary)}, reverse=True)

    def close_boundary(self, boundary: bytes) -> None:
        """Forget the innermost boundary; an outer one that reads the same counts again."""
        outer = self.open.pop()
        if outer is not None:
            self.boundaries[boundary] = outer
            return
        del self.boundaries[boundary]
        self.lengths = sorted({len(other) for other in self.boundaries}, reverse=True)

    def next_delimiter(self, pos: int) -> _Found | None:
        """The next line at or after `pos` that starts with an open boundary; of several the longest, then the innermost."""
        if not self.open or self.parts >= MAX_PARTS:
            return None
        content = self.content
        if self.lines is None:
            found = _HYPHENS.finditer(content)
            self.lines = array("q", (match.start() for match in islice(found, MAX_LOOKUPS)))
        lines, boundaries, lengths = self.lines, self.boundaries, self.lengths
        for index in range(bisect_left(lines, pos - 1), len(lines)):
            at = lines[index] + 3
            for length in lengths:
                level = boundaries.get(content[at : at + length])
                if level is not None:
                    tail = at + length
                    after = content.find(b"\n", tail) + 1 or -1
                    return _Found(level, at - 2, after, content.startswith(b"--", tail))
            self.lookups_left -= len(lengths)
            if self.lookups_left < 0:
                self.parts = MAX_PARTS
                break
        return None

    def before_line(self, start: int) -> int:
        """The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1)."""
        start -= 1
        return start - 1 if start > 0 and self.content[start - 1] == 0x0D else start

    def body_start(self, start: int, limit: int) -> int:
        """Behind the blank line; without one everything is header (RFC 5322 §2.1)."""
        content = self.content
        if content.startswith(b"\n", start):
            return min(start + 1, limit) if start < limit else start
        if content.startswith(b"\r\n", start):
            return min(start + 2, limit) if start < limit else start
        match = _BLANK_LINE.search(content, start, limit)
        if match is not None:
            return match.end()
        return limit if limit == self.end else max(self.before_line(limit), start)

    def header(self, start: int, end: int) -> tuple[tuple[Field, ...], dict[bytes, Field]]:
        """The fields, and the first of each Content-* name. A line without a colon is a name without a value."""
        content = self.content
        fields: list[Field] = []
        wanted: dict[bytes, Field] = {}
        for match in islice(_FIELD.finditer(content, start, end), self.fields_left + 1):
            name, colon = match.group(1, 2)
            if not colon:
                name = name.rstrip(b"\r")
                if not name:
                    continue
            name = name.rstrip(b" \t")
            first, last = match.span(3)
            if last > first and content[last - 1] == 0x0D:
                last -= 1
            lower = name.lower()
            field = Field(name, lower, first, last)
            fields.append(field)
            if lower.startswith(b"content-"):
                wanted.setdefault(lower, field)
        del fields[self.fields_left :]
        self.fields_left -= len(fields)
        return tuple(fields), wanted


def _effective(value: bytes) -> tuple[str, str]:
    """How a part is treated: unreadable types count as text/plain, an unknown text type stays text (RFC 2045 §5.2)."""
    major, _, minor = value.decode("latin-1").lower().partition("/")
    if major == "text" or not major:
        return "text", minor or "plain"
    return (major, minor) if minor or major == "multipart" else ("application", "octet-stream")
