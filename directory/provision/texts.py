"""What is derived from a box's name: its parts, how it is sought and how it sorts. Worked out while planning."""

from dataclasses import dataclass
from typing import Any

from directory.model import AccountKind, NameParts
from directory.names import name_fold, sort_key, split_name, text_fold, text_sort_key


@dataclass(frozen=True, slots=True)
class NameTexts:
    """The derived columns of one box."""

    display_name: str
    title: str
    parts: NameParts
    name_fold: str
    title_fold: str
    sort_key: str
    parts_overridden: bool = False  # they were given, and are not what splitting the name gives

    @property
    def account_columns(self) -> dict[str, Any]:
        """The columns of `accounts` that say who it is."""
        return {
            "display_name": self.display_name,
            "title": self.title,
            "name_fold": self.name_fold,
            "title_fold": self.title_fold,
            "sort_key": self.sort_key,
        }

    @property
    def person_columns(self) -> dict[str, Any]:
        """The columns of `persons` that say who it is."""
        return {
            "full_name": self.display_name,
            "family_name": self.parts.family,
            "middle_name": self.parts.middle,
            "given_name": self.parts.given,
            "parts_overridden": int(self.parts_overridden),
            "sort_key": self.sort_key,
        }


def name_texts(
    kind: AccountKind, display_name: str, title: str, given_parts: NameParts | None = None
) -> NameTexts:
    """A person is sought and sorted by given name, everything else as it is written."""
    usual = split_name(display_name)
    parts = given_parts or usual
    personal = kind is AccountKind.PERSONAL
    return NameTexts(
        display_name=display_name,
        title=title,
        parts=parts,
        name_fold=name_fold(parts) if personal else text_fold(display_name),
        title_fold=text_fold(title),
        sort_key=sort_key(parts) if personal else text_sort_key(display_name),
        parts_overridden=parts != usual,
    )
