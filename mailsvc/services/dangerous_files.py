"""Tệp nguy hiểm: what one of ours sends is looked at for viruses and for files that run, before it goes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mailsvc.mime.running_files import Kind, running_files
from mailsvc.model.errors import ForbiddenFile, Infected, ScannerUnavailable, TooLarge
from mailsvc.model.marks import Mark, marks_field
from mailsvc.net.filters.beside import UnavailableError
from mailsvc.net.filters.clamd import Clamd, TooLargeToScanError

if TYPE_CHECKING:
    from config.settings import AntivirusSettings, AttachmentSettings, Settings

_MARKS = {Kind.EXECUTABLE: Mark.EXECUTABLE, Kind.MACROS: Mark.MACROS}


def check_files(content: bytes, rule: AttachmentSettings) -> tuple[Mark, ...]:
    """Marks for attachments that run; ForbiddenFile where the rule refuses one."""
    rules = {Kind.EXECUTABLE: rule.executables, Kind.MACROS: rule.macros}
    if set(rules.values()) == {"off"}:
        return ()
    found = running_files(content)
    for file in found:
        if rules[file.kind] == "refuse":
            raise ForbiddenFile(file.name)
    return tuple(dict.fromkeys(_MARKS[file.kind] for file in found if rules[file.kind] == "mark"))


def check_before_sending(content: bytes, settings: Settings) -> bytes:
    """What is to be written above a letter from the page; a refusal where it may not go.

    It waits for the scanner: for a thread, outside of any transaction.
    """
    return marks_field((*check_files(content, settings.attachments), *_scan(content, settings.antivirus)))


def _scan(content: bytes, rule: AntivirusSettings) -> tuple[Mark, ...]:
    if not rule.clamd:
        return ()
    try:
        name = asyncio.run(_ask(content, rule))
    except UnavailableError as error:
        if rule.unavailable == "accept":
            return (Mark.NOT_SCANNED,)
        if isinstance(error, TooLargeToScanError):
            raise TooLarge from error
        raise ScannerUnavailable(str(error)) from error
    if name:
        raise Infected(name)
    return ()


async def _ask(content: bytes, rule: AntivirusSettings) -> str:
    return await Clamd(rule.clamd, seconds=rule.seconds, connections=1).scan(content)
