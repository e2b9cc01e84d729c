"""The code of an app's secret is read by a reader that we did not write (Debian's libzbar0)."""

import ctypes
import ctypes.util
import re

import pytest

from webmail.credentials.qr import qr_path

SCALE = 4
URI = "otpauth://totp/lamdong.gov.vn:annv%40lamdong.gov.vn?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=lamdong.gov.vn"


def zbar():
    name = ctypes.util.find_library("zbar")
    if name is None:
        pytest.skip("libzbar is missing: apt-get install libzbar0")
    library = ctypes.CDLL(name)
    for function in ("image_scanner_create", "image_create", "image_first_symbol", "symbol_get_data"):
        getattr(library, f"zbar_{function}").restype = ctypes.c_void_p
    library.zbar_symbol_get_data.restype = ctypes.c_char_p
    return library


def drawn(text):
    path, size = qr_path(text)
    dark = {(int(row), int(column)) for column, row in re.findall(r"M(\d+) (\d+)h", path)}
    side = size * SCALE
    return bytes(
        0 if (y // SCALE, x // SCALE) in dark else 255 for y in range(side) for x in range(side)
    ), side


def read(text):
    library, (pixels, side) = zbar(), drawn(text)
    scanner = ctypes.c_void_p(library.zbar_image_scanner_create())
    image = ctypes.c_void_p(library.zbar_image_create())
    library.zbar_image_set_format(image, ctypes.c_ulong(int.from_bytes(b"Y800", "little")))
    library.zbar_image_set_size(image, side, side)
    library.zbar_image_set_data(image, pixels, ctypes.c_ulong(len(pixels)), None)
    try:
        assert library.zbar_scan_image(scanner, image) == 1
        return library.zbar_symbol_get_data(ctypes.c_void_p(library.zbar_image_first_symbol(image))).decode()
    finally:
        library.zbar_image_destroy(image)
        library.zbar_image_scanner_destroy(scanner)


@pytest.mark.peer
@pytest.mark.parametrize(
    "text",
    ["hi", URI, *(f"otpauth://totp/{'x' * length}" for length in (20, 50, 75, 90, 130, 160, 200, 240))],
)
def test_a_phone_reads_what_was_meant(text):
    assert read(text) == text


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="too long"):
        qr_path("x" * 300)
