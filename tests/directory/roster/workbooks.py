"""Workbooks of these tests, small and exact."""

import zipfile
from collections.abc import Callable, Iterable
from io import BytesIO

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet


def octets(book: Workbook) -> bytes:
    raw = BytesIO()
    book.save(raw)
    return raw.getvalue()


def xlsx(
    *rows: Iterable[object], merge: Iterable[str] = (), change: Callable[[Worksheet], None] | None = None
) -> bytes:
    book = Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(list(row))
    for span in merge:
        page.merge_cells(span)
    if change is not None:
        change(page)
    return octets(book)


def repacked(data: bytes, parts: dict[str, bytes]) -> bytes:
    """The package with more parts, or others."""
    raw = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, octets_of in parts.items():
            new.writestr(name, octets_of)
    return raw.getvalue()
