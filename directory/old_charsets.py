"""The Vietnamese character sets before Unicode: VISCII, TCVN 5712 (the ABC fonts), VNI and VIQR.

Old letters and the rosters of offices are still full of them. Each function takes octets as Latin-1 text and gives Unicode.
"""

import re
import unicodedata
from typing import Final

_VISCII: Final = (
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲ"
    "ÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯ"
    "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡư"
    "àáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ"
)
_TCVN: Final = (
    "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ"
    "\u00a0ĂÂÊÔƠƯĐăâêôơưđẰ\u0300\u0309\u0303\u0301\u0323àảãáạẲằẳẵắẴ"
    "ẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịò"
    "ỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ"
)
_VISCII_CONTROLS: Final = {0x02: "Ẳ", 0x05: "Ẵ", 0x06: "Ẫ", 0x14: "Ỷ", 0x19: "Ỹ", 0x1E: "Ỵ"}  # RFC 1456 §2

# VNI: a vowel and a second octet that carries its marks; i, y, d and the horned vowels have octets of their own.
_VNI_VOWELS: Final = "aAeEoOuUyY\xf4\xd4\xf6\xd6"
_VNI_TONES: Final = (
    ("\xf9", "\u0301"),
    ("\xf8", "\u0300"),
    ("\xfb", "\u0309"),
    ("\xf5", "\u0303"),
    ("\xef", "\u0323"),
)
_VNI_CIRCUMFLEX: Final = (
    ("\xe2", "\u0302"),
    ("\xe1", "\u0302\u0301"),
    ("\xe0", "\u0302\u0300"),
    ("\xe5", "\u0302\u0309"),
    ("\xe3", "\u0302\u0303"),
    ("\xe4", "\u0302\u0323"),
)
_VNI_BREVE: Final = (
    ("\xea", "\u0306"),
    ("\xe9", "\u0306\u0301"),
    ("\xe8", "\u0306\u0300"),
    ("\xfa", "\u0306\u0309"),
    ("\xfc", "\u0306\u0303"),
    ("\xeb", "\u0306\u0323"),
)
_VNI_SINGLE: Final = {
    "\xf4": "ơ",
    "\xd4": "Ơ",
    "\xf6": "ư",
    "\xd6": "Ư",
    "\xf1": "đ",
    "\xd1": "Đ",
    "\xee": "ỵ",
    "\xce": "Ỵ",
    "\xed": "í",
    "\xcd": "Í",
    "\xec": "ì",
    "\xcc": "Ì",
    "\xe6": "ỉ",
    "\xc6": "Ỉ",
    "\xf3": "ĩ",
    "\xd3": "Ĩ",
    "\xf2": "ị",
    "\xd2": "Ị",
}


def _vni_table() -> dict[str, str]:
    """Each octet, or vowel and octet, and its letter; capitals have their marks in capitals or not."""
    table = dict(_VNI_SINGLE)
    for bases, marks in ((_VNI_VOWELS, _VNI_TONES), ("aAeEoO", _VNI_CIRCUMFLEX), ("aA", _VNI_BREVE)):
        for base in bases:
            letter = _VNI_SINGLE.get(base, base)
            for octet, mark in marks:
                table[base + octet] = table[base + octet.upper()] = unicodedata.normalize(
                    "NFC", letter + mark
                )
    return table


_VNI: Final = _vni_table()
_VNI_TOKEN = re.compile("|".join(map(re.escape, sorted(_VNI, key=len, reverse=True))))

_VIQR_TOKEN = re.compile(
    r"\\(.)|([Dd])[Dd]|([AaEeOo])(\^)([\'`?~.]?)|([Aa])(\()([\'`?~.]?)|([OoUu])(\+)([\'`?~.]?)|([AaEeIiOoUuYy])([\'`?~.])",
    re.DOTALL,
)
_VIQR_MARKS: Final = {
    "^": "\u0302",
    "(": "\u0306",
    "+": "\u031b",
    "'": "\u0301",
    "`": "\u0300",
    "?": "\u0309",
    "~": "\u0303",
    ".": "\u0323",
    "": "",
}


def viscii(text: str) -> str:
    """VISCII (RFC 1456 §2)."""
    return text.translate(_VISCII_MAP)


def tcvn(text: str) -> str:
    """TCVN 5712:1993, whose lower half is that of the ABC (TCVN3) fonts."""
    return text.translate(_TCVN_MAP)


def vni(text: str) -> str:
    """VNI: a vowel, then its marks."""
    return _VNI_TOKEN.sub(lambda match: _VNI[match.group()], text)


def viqr(text: str) -> str:
    """VIQR (RFC 1456 §3): marks follow their vowel, a backslash keeps the next character as it is."""
    return _VIQR_TOKEN.sub(_viqr_letter, text)


def _viqr_letter(match: re.Match[str]) -> str:
    escaped, bar, *groups = match.groups()
    if escaped is not None:
        return escaped
    if bar is not None:
        return "đ" if bar == "d" else "Đ"
    base, *marks = (group for group in groups if group is not None)
    return base + "".join(_VIQR_MARKS[mark] for mark in marks)


_VISCII_MAP: Final = {**_VISCII_CONTROLS, **{0x80 + at: letter for at, letter in enumerate(_VISCII)}}
_TCVN_MAP: Final = {0x80 + at: letter for at, letter in enumerate(_TCVN)}
