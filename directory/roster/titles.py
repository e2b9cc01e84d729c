"""The role that a title means: `Phó Giám đốc` is a deputy, `Chánh Văn phòng` a head."""

import re
from typing import Final

from directory.model import PostRole
from directory.names import syllables

# Tried in order, on the folded title.
_ROLES: Final = (
    (re.compile(r"(?:quyen|q) (?:truong|giam doc|chanh|chu tich|chi cuc)|phu trach\b"), PostRole.ACTING),
    (re.compile(r"pho\b|(?:uy vien thuong truc\b)"), PostRole.DEPUTY),
    (
        re.compile(r"(?:(?:nhan vien|can bo|cong chuc|chuyen vien|phu trach) )?van thu\b"),
        PostRole.RECORDS_CLERK,
    ),
    (
        re.compile(
            r"(?:giam doc|truong|chanh|chu tich|bi thu(?! doan)|cuc truong|chi cuc truong|vien truong|hieu truong|tong giam doc"
            r"|thu truong|chu nhiem|tong bien tap|doi truong|tram truong|head|director|chair|chief|secretary general)\b"
        ),
        PostRole.HEAD,
    ),
    (re.compile(r"deputy|vice"), PostRole.DEPUTY),
)


def role_of(title: str) -> PostRole | None:
    """The role, as far as the title tells; None for no title."""
    words = " ".join(syllables(title))
    if not words:
        return None
    return next((role for pattern, role in _ROLES if pattern.match(words)), PostRole.SPECIALIST)
