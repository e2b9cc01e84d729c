"""What every command is handed: the store, the settings, and how to speak to whoever typed it."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar

import click

from config.load import SettingsError, load
from mailsvc.model.errors import StoreUnavailable
from mailsvc.storage import migrate
from mailsvc.storage.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from _typeshed import DataclassInstance

    from config.settings import Settings
    from mailsvc.services.administration.act import Act

Q = TypeVar("Q")
R = TypeVar("R")


class Page(Protocol):
    """A part of a list."""

    @property
    def next_offset(self) -> int | None:
        """Where the next part begins."""


D = TypeVar("D", bound="DataclassInstance")
P = TypeVar("P", bound=Page)


class Administration(Protocol):
    """Where acts of administration are carried out: on this machine, or on a server elsewhere."""

    def perform(self, act: Act[Q, R], request: Q) -> R:
        """Carry an act out, or raise ActRefused."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The server that `--server` names, and how to speak to it."""

    server: str
    token_file: Path | None
    ca: Path | None


class Refused(click.ClickException):
    """A request that was refused; says why and what to do next. Exit code 1."""

    exit_code = 1

    def __init__(self, message: str, detail: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.detail = detail or {}


@dataclass(slots=True)
class CliContext:
    """One run of the command line."""

    _data_dir: Path
    json: bool
    elsewhere: Elsewhere | None = None
    _settings: Settings | None = field(default=None)
    _store: Store | None = field(default=None)
    _administration: Administration | None = field(default=None)

    @property
    def data_dir(self) -> Path:
        """Where this machine's installation is; a command for a server elsewhere has none."""
        self._refuse_elsewhere()
        return self._data_dir

    def _refuse_elsewhere(self) -> None:
        if self.elsewhere is not None:
            self.refuse(
                "Lệnh này chỉ chạy trên chính máy chủ; bỏ --server.",
                "This command runs on the server itself only; leave out --server.",
            )

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
            self._refuse_elsewhere()
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
        self._refuse_elsewhere()
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

    def perform(self, act: Act[Q, R], request: Q) -> R:
        """Carry an act of administration out, here or on the server that --server names; a refusal ends the command."""
        from mailsvc.services.administration.refusal import ActRefused

        try:
            if self._administration is None:
                self._administration = self._reach()
            return self._administration.perform(act, request)
        except ActRefused as refused:
            if "fields" in refused.detail:
                raise click.UsageError(self.text(refused.vi, refused.en)) from refused
            self.refuse(refused.vi, refused.en, **self._in_language(refused.detail))

    def pages(self, act: Act[D, P], request: D) -> Iterator[P]:
        """Every page of a list, one after the other."""
        after: int | None = 0
        while after is not None:
            page = self.perform(act, replace(request, offset=after))
            yield page
            after = page.next_offset

    def _reach(self) -> Administration:
        if self.elsewhere is None:
            from mailsvc.cli.local import Local

            return Local(self.store, self.settings)
        from mailsvc.cli.remote import Remote, read_token

        if self.elsewhere.token_file is None:
            self.refuse(
                "Cần --token-file TỆP: mã truy cập cá nhân, tạo ở phần Bảo mật của webmail.",
                "--token-file FILE is needed: a personal token, made in webmail under Security.",
            )
        return Remote(self.elsewhere.server, read_token(self.elsewhere.token_file), self.elsewhere.ca)

    def _in_language(self, detail: Mapping[str, Any]) -> dict[str, Any]:
        """Remarks carry both languages; programs that read --json get the one that was asked for."""
        if not isinstance(detail.get("refused"), list):
            return dict(detail)
        told = []
        for remark in detail["refused"]:
            one = dict(remark)
            for name in ("message", "remedy"):
                english = one.pop(f"{name}_en", None)
                if english is not None and not self.vietnamese:
                    one[name] = english
            told.append(one)
        return {**detail, "refused": told}

    def close(self) -> None:
        """Close what was opened."""
        if self._store is not None:
            self._store.close()
