"""Words of the page by key, Vietnamese first. Tables in webmail/translations, one a language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from webmail.translations import console_en, console_vi, desk_en, desk_vi, en, security_en, security_vi, vi

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["vi", "en"]


@dataclass(frozen=True, slots=True)
class Catalog:
    """All words of one language; call it with a key."""

    language: Language
    words: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The words of a key, with values put in."""
        text = self.words[key]
        return text.format(**values) if values else text


CATALOGS: Final[dict[str, Catalog]] = {
    "vi": Catalog("vi", vi.WORDS | console_vi.WORDS | desk_vi.WORDS | security_vi.WORDS),
    "en": Catalog("en", en.WORDS | console_en.WORDS | desk_en.WORDS | security_en.WORDS),
}


def catalog(language: str | None) -> Catalog:
    """The catalog of a language; Vietnamese when it is not one of ours."""
    return CATALOGS.get(language or "vi", CATALOGS["vi"])
