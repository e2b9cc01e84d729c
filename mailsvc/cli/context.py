"""What every command is handed: the store, the settings, and how to speak to whoever typed it."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

import click

from config.load import SettingsError, load
from mailsvc.model.errors import StoreUnavailable
from mailsvc.storage import migrate
from mailsvc.storage.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from config.settings import Settings


class Refused(click.ClickException):
    """A request that was refused; says why and what to do next. Exit code 1."""

    exit_code = 1

    def __init__(self, message: str, detail: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.detail = detail or {}


@dataclass(slots=True)
class CliContext:
    """One run of the command line."""

    data_dir: Path
    json: bool
    _settings: Settings | None = field(default=None)
    _store: Store | None = field(default=None)

    @property
    def vietnamese(self) -> bool:
        """Whether to speak Vietnamese: by CONGVU_LOCALE, else unless the system's locale is English."""
        wanted = os.environ.get("CONGVU_LOCALE") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
        if wanted.startswith("en"):
            return False
        return True if wanted.startswith("vi") else self._language != "en"

    @property
    def _language(self) -> str:
        return self._settings.language if self._settings is not None else "vi"

    def text(self, vietnamese: str, english: str) -> str:
        """One of two texts, by locale."""
        return vietnamese if self.vietnamese else english

    def say(self, vietnamese: str, english: str) -> None:
        """Tell people; with --json this goes to standard error, so that standard output stays JSON."""
        click.echo(self.text(vietnamese, english), err=self.json)

    def give(self, result: Any) -> None:
        """The result as JSON."""
        json.dump(result, sys.stdout, ensure_ascii=False, indent=2, default=str)
        sys.stdout.write("\n")

    def refuse(self, vietnamese: str, english: str, **detail: Any) -> NoReturn:
        """Refuse the request: exit code 1, with the remedy in the text."""
        raise Refused(self.text(vietnamese, english), detail)

    @property
    def settings(self) -> Settings:
        """The settings; all mistakes at once."""
        if self._settings is None:
            try:
                self._settings = load(self.data_dir, os.environ)
            except SettingsError as error:
                raise Refused(
                    self.text("Thiết lập sai:", "Wrong settings:") + "\n  " + "\n  ".join(error.mistakes)
                ) from error
        return self._settings

    @property
    def store(self) -> Store:
        """The store of this installation, checked for its schema."""
        if self._store is None:
            if not (self.data_dir / "congvu.toml").exists():
                self.refuse(
                    f"Chưa có gì ở {self.data_dir}. Hãy chạy: congvu --data {self.data_dir} init --domain TÊN-MIỀN",
                    f"Nothing at {self.data_dir} yet. Run: congvu --data {self.data_dir} init --domain DOMAIN",
                )
            store = Store(self.data_dir, self.settings.storage)
            try:
                migrate.check(store.database)
            except StoreUnavailable as error:
                raise Refused(str(error)) from error
            self._store = store
        return self._store

    def close(self) -> None:
        """Close what was opened."""
        if self._store is not None:
            self._store.close()
