"""The base subject: what stays of a subject without its re, fw and list tags (RFC 5256 §2.1)."""

import re
from typing import Final

MAX_SUBJECT: Final = 2_000  # characters looked at

_SPACES = re.compile(r"[ \t\r\n]+")
_TRAILER = re.compile(r"(?:\(fwd\)|[ ])\Z", re.IGNORECASE)
_BLOB = r"\[[^\[\]]*+\] *+"
_LEADER = re.compile(rf"(?:{_BLOB})*+(?:re|fwd?) *+(?:{_BLOB})?: *+| ++", re.IGNORECASE)
_LEADING_BLOB = re.compile(_BLOB)
_FORWARDED = re.compile(r"\[fwd:(.*)\]\Z", re.IGNORECASE | re.DOTALL)


def base_subject(subject: str) -> tuple[str, bool]:
    """The base subject, and whether the subject was that of a reply or forward (RFC 5256 §2.1).

    `subject` is decoded. The result keeps its case; compare it case-folded.
    """
    text = _SPACES.sub(" ", subject[:MAX_SUBJECT])
    replied = False
    while True:
        while (match := _TRAILER.search(text)) is not None:
            replied = replied or match.group() != " "
            text = text[: match.start()]
        pos = 0
        while True:
            match = _LEADER.match(text, pos)
            if match is not None:
                replied = replied or bool(match.group().strip())
                pos = match.end()
                continue
            match = _LEADING_BLOB.match(text, pos)
            if match is not None and match.end() < len(text):
                pos = match.end()
                continue
            break
        text = text[pos:]
        match = _FORWARDED.match(text)
        if match is None:
            return text, replied
        text, replied = match.group(1), True
