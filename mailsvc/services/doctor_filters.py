"""Whether the filters that are switched on answer, and take letters as large as we do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mailsvc.net.filters.beside import UnavailableError
from mailsvc.net.filters.clamd import Clamd, TooLargeToScanError
from mailsvc.net.filters.rspamd import Question, Rspamd

if TYPE_CHECKING:
    from config.settings import Settings

_LETTER = b"From: doctor@localhost\r\nSubject: doctor\r\n\r\ndoctor\r\n"


async def ask_filters(settings: Settings) -> list[tuple[str, str, str]]:
    """Name, address and fault of each program beside us; an empty fault is health."""
    asked = []
    if settings.antivirus.clamd:
        asked.append(_clamd(settings))
    if settings.rspamd.address:
        asked.append(_rspamd(settings))
    return list(await asyncio.gather(*asked))


async def _clamd(settings: Settings) -> tuple[str, str, str]:
    rule = settings.antivirus
    largest = settings.smtp.max_message_bytes
    fault = ""
    try:
        await Clamd(rule.clamd, seconds=rule.seconds, connections=1).scan(bytes(largest))
    except TooLargeToScanError:
        fault = f"StreamMaxLength < {largest} (smtp.max_message_bytes)"
    except UnavailableError as error:
        fault = str(error)
    return "clamd", rule.clamd, fault


async def _rspamd(settings: Settings) -> tuple[str, str, str]:
    rule = settings.rspamd
    question = Question(_LETTER, "127.0.0.1", "localhost", "doctor@localhost", (), "doctor")
    fault = ""
    try:
        await Rspamd(rule.address, password=rule.password, seconds=rule.seconds, connections=1).judge(
            question
        )
    except UnavailableError as error:
        fault = str(error)
    return "rspamd", rule.address, fault
