"""CSV as offices save it: any delimiter, any of the encodings that Vietnamese spreadsheets have written."""

import csv
import io
from typing import Final

from directory.provision.csv_rows import MAX_FILE
from directory.provision.faults import Fault, Remark
from directory.roster.grid import MAX_CELL, MAX_COLUMNS, MAX_ROWS, Cell, Grid, Line, RosterFileError
from directory.roster.old_text import CHARSETS, best_charset, likeness

_DELIMITERS: Final = (",", ";", "\t", "|")
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SAMPLE: Final = 60  # lines


def read_csv(data: bytes) -> Grid:
    """The cells of a CSV file; RosterFileError where it is none."""
    if len(data) > MAX_FILE:
        raise RosterFileError(Fault.TOO_LARGE, limit=str(MAX_FILE))
    text, charset = decoded(data)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    lines: list[Line] = []
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise RosterFileError(Fault.NOT_CSV, number, detail=str(error)) from error
        if len(lines) >= MAX_ROWS or len(cells) > MAX_COLUMNS:
            raise RosterFileError(Fault.TOO_MANY_LINES, number, limit=str(MAX_ROWS))
        lines.append(Line(number, tuple(Cell(cell[:MAX_CELL] or None) for cell in cells)))
    warnings = (Remark(1, "", Fault.OLD_FONT, {"charset": charset}),) if charset else ()
    return Grid(tuple(lines), warnings=warnings)


def decoded(data: bytes) -> tuple[str, str]:
    """The text, and the name of the old charset that it was in, if any."""
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return _strictly(data, codec), ""
    if data[:400].count(0) * 4 > len(data[:400]):  # UTF-16 without its mark: every second octet is NUL
        return _strictly(data, "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"), ""
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        octets = data.decode("latin-1")
    ansi = data.decode("cp1258", "replace")
    charset = best_charset(octets)
    if charset is not None and likeness(ansi) < likeness(CHARSETS[charset](octets)):
        return CHARSETS[charset](octets), charset
    return ansi, "windows-1258"


def _strictly(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise RosterFileError(Fault.NOT_UTF8) from error


def _delimiter(text: str) -> str:
    """The sign that parts the most cells of the first lines, outside of quotation marks."""
    sample = "".join(text.splitlines(keepends=True)[:_SAMPLE])
    outside = "".join(sample.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)
