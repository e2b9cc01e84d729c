"""Passwords that are guessed first: a list of the commonest, kept here; nothing is asked of the network."""

import re
from functools import cache
from pathlib import Path
from typing import Final

from directory.names import fold

LIST: Final = Path(__file__).with_name("common_passwords.txt")
_ENDING: Final = re.compile(
    r"[!@#$%^&*._-]{0,2}(?:\d{1,3}|1234|12345|123456|12345678|19\d\d|20\d\d)?[!@#$%^&*._-]{0,3}\Z"
)
_LOOK_ALIKES: Final = str.maketrans("@03$5!", "aoessi")


def is_common(password: str) -> bool:
    """Whether it stands in the list, whatever its marks, capitals and blanks, also with a common ending put behind."""
    plain = _plain(password)
    known = _known()
    return any(
        stem in known or stem.translate(_LOOK_ALIKES) in known
        for stem in {plain, *(plain[: found.start()] for found in _endings(plain))}
        if stem
    )


def _endings(plain: str) -> list[re.Match[str]]:
    """Every way in which the end may be a common ending; a password has at most some ten characters of it."""
    starts = range(max(len(plain) - 13, 1), len(plain))
    return [found for start in starts if (found := _ENDING.match(plain, start))]


def _plain(text: str) -> str:
    """`Mật khẩu` is `matkhau`."""
    return fold(text).replace(" ", "")


@cache
def _known() -> frozenset[str]:
    lines = LIST.read_text("utf-8").splitlines()
    return frozenset(_plain(line) for line in lines if line and not line.startswith("# "))
