"""Octets to text by the charset a letter names, the old Vietnamese ones included; undeclared octets by a careful guess.

Everything comes out as NFC. Only charsets of this module's lists are used: a name from a letter never reaches a codec
that is not for text or not linear (punycode, unicode_escape).
"""

import re
import unicodedata
from typing import Final

from directory.old_charsets import tcvn, viqr, viscii, vni

_NFC_CHUNK: Final = 1_024  # characters

_SPOKEN: Final = {  # names in use -> ours or the codec's
    "utf8": "utf-8", "unicode-1-1-utf-8": "utf-8", "utf-8": "utf-8", "utf-7": "utf-7", "unicode-1-1-utf-7": "utf-7",
    "utf-16": "utf-16", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "utf-32": "utf-32",
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "cp936": "gb18030", "x-gbk": "gb18030", "hz-gb-2312": "hz",
    "big5": "big5hkscs", "big5-hkscs": "big5hkscs", "cn-big5": "big5hkscs", "euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp_2",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "cp932": "cp932", "windows-31j": "cp932",
    "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "cp949": "cp949", "iso-2022-kr": "iso2022_kr",
    "koi8-r": "koi8-r", "koi8-u": "koi8-u", "tis-620": "cp874", "windows-874": "cp874", "macintosh": "mac_roman",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "iso8859-1": "cp1252", "latin-1": "cp1252", "iso-8859-11": "cp874",
    "windows-1258": "cp1258", "cp1258": "cp1258", "x-cp1258": "cp1258",
    "viscii": "viscii", "csviscii": "viscii", "x-viscii": "viscii", "viscii1.1-1": "viscii",
    "tcvn": "tcvn", "tcvn3": "tcvn", "tcvn-5712": "tcvn", "tcvn5712": "tcvn", "tcvn5712-1": "tcvn", "tcvn5712-3": "tcvn", "x-tcvn3": "tcvn", "x-tcvn": "tcvn",
    "tcvn5712-1:1993": "tcvn", "x-viet-tcvn5712": "tcvn", "x-viet-tcvn": "tcvn", "vn3": "tcvn", "abc": "tcvn",
    "vni": "vni", "x-vni": "vni", "vni-win": "vni", "x-viet-vni": "vni", "x-vni-windows": "vni",
    "viqr": "viqr", "csviqr": "viqr", "x-viqr": "viqr", "x-viet-viqr": "viqr",
}  # fmt: skip
_NUMBERED = re.compile(
    r"(?:x-)?(?:windows-?|cp-?|ibm-?)(125[0-8]|437|85[0257]|86[0-69])\Z|iso-?8859-?(\d\d?)(?:-[ie])?\Z"
)
_ISO_8859: Final = frozenset({2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16})
# A tone octet of windows-1258 right after a vowel: hardly anything but Vietnamese writes that.
_TONE_AFTER_VOWEL = re.compile(
    rb"[AEIOUYaeiouy\xc2\xc3\xca\xd4\xd5\xdd\xe2\xe3\xea\xf4\xf5\xfd][\xcc\xd2\xde\xec\xf2]"
)


def decode(octets: bytes, charset: str | None) -> str:
    """Text by the declared charset; what cannot be decoded becomes U+FFFD. Nothing or nonsense declared: `guess`."""
    if octets.isascii() and charset is None:
        return octets.decode("ascii")
    codec = _codec(charset)
    if codec is None:
        return guess(octets)
    own = _OWN.get(codec)
    return nfc(own(octets.decode("latin-1")) if own else octets.decode(codec, "replace"))


def guess(octets: bytes) -> str:
    """Undeclared octets: UTF-8 if they are that, else windows-1258 if they have its tones, else windows-1252."""
    if octets.isascii():
        return octets.decode("ascii")
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as fault:
        if (
            fault.reason == "unexpected end of data"
            and fault.start >= max(len(octets) - 3, 1)
            and not octets[: fault.start].isascii()
        ):
            text = octets[: fault.start].decode("utf-8")  # cut in the middle of a letter
        else:
            text = octets.decode("cp1258" if _TONE_AFTER_VOWEL.search(octets) else "cp1252", "replace")
    return nfc(text)


def nfc(text: str) -> str:
    """NFC in linear time.

    `unicodedata.normalize` sorts a run of combining marks in quadratic time, so such runs are broken by U+034F, as the
    Stream-Safe Text Format does (UAX #15 §13).
    """
    if text.isascii():
        return text
    if len(text) <= 2 * _NFC_CHUNK:
        return unicodedata.normalize("NFC", text)
    chunks: list[str] = []
    start = 0
    while start < len(text):
        at = end = start + _NFC_CHUNK
        while at < min(end + _NFC_CHUNK, len(text)) and not _may_start(text[at]):
            at += 1
        chunks.append(unicodedata.normalize("NFC", text[start:at]))
        if at == end + _NFC_CHUNK:
            chunks.append("\u034f")
        start = at
    return "".join(chunks)


def _may_start(character: str) -> bool:
    """Whether nothing before it can compose with this character."""
    return character.isascii() or (
        not unicodedata.combining(character) and not "\u1160" <= character <= "\u11ff"
    )


def _codec(charset: str | None) -> str | None:
    if not charset:
        return None
    name = charset.strip().strip("\"'").lower()[:40]
    if (known := _SPOKEN.get(name)) is not None:
        return known
    match = _NUMBERED.match(name)
    if match is None:
        return None
    page, iso = match.groups()
    if page:
        return f"cp{page}"
    return f"iso8859-{iso}" if int(iso) in _ISO_8859 else None


_OWN: Final = {"viscii": viscii, "tcvn": tcvn, "vni": vni, "viqr": viqr}
