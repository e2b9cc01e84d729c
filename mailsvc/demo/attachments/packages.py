"""Zip packages whose octets depend on nothing but their parts."""

import zipfile
from collections.abc import Mapping
from datetime import date
from io import BytesIO


def package(parts: Mapping[str, bytes], day: date) -> bytes:
    """An OPC package (ECMA-376 part 2) of the parts in the order given, every entry dated the document's day."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, octets in parts.items():
            entry = zipfile.ZipInfo(name, (day.year, day.month, day.day, 8, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, octets)
    return target.getvalue()
