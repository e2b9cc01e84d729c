"""How folders are called and drawn: names by purpose, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from webmail.web import words

if TYPE_CHECKING:
    from webmail.ports import Folder

ICONS: Final = {
    "inbox": "inbox",
    "drafts": "file-pen-line",
    "sent": "send",
    "junk": "octagon-alert",
    "trash": "trash-2",
    "archive": "archive",
}


def folder_icon(folder: Folder) -> str:
    """The icon's name."""
    return ICONS.get(folder.special_use, "folder")


def folder_name(folder: Folder) -> str:
    """The name of a folder with a purpose, else the last level of its own."""
    return words()(folder.special_use) if folder.special_use else folder.name.rpartition("/")[2]
