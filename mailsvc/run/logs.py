"""Logs: one event name and key=value, to standard error; never bodies, passwords or tokens."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from config.settings import LogSettings


def set_up(settings: LogSettings) -> None:
    """Configure structlog, and the standard library's loggers behind it."""
    level = getattr(logging, settings.level.upper())
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    shown = structlog.processors.JSONRenderer() if settings.format == "json" else _line
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", Patient(sys.stderr))),
        cache_logger_on_first_use=True,
    )


def _line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """`time [level] event key=value …`, an exception below; a fifth of the time that structlog's console takes."""
    head = f"{event.pop('timestamp')} [{event.pop('level')}] {event.pop('event')}"
    below = event.pop("exception", None)
    line = " ".join([head, *[f"{name}={_word(event[name])}" for name in sorted(event)]])
    return line if below is None else f"{line}\n{below}"


def _word(value: object) -> str:
    """A value on one line and in one word: what strangers sent cannot look like a line of ours."""
    text = value if type(value) is str else str(value)
    return text if text.isprintable() and " " not in text and text else repr(text)


class Patient:
    """A stream that drops what it cannot write: a full disk under the log is no reason to stop serving."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """As far as it goes."""
        with suppress(OSError):
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        """As far as it goes."""
        with suppress(OSError):
            self._stream.flush()
