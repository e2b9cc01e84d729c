"""Read `congvu.toml` and the environment into `Settings`, telling all mistakes at once."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PREFIX = "CONGVU_"
FILE_NAME = "congvu.toml"
SECRET = frozenset({"smart_host_password", "url"})  # a database's URL may hold a password
NOT_SETTINGS = frozenset({"CONGVU_DATA", "CONGVU_LOCALE"})  # read by the command line itself


class SettingsError(Exception):
    """One or more settings are wrong; `mistakes` names each with its place and remedy."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def load(data_dir: Path, environ: Mapping[str, str]) -> Settings:
    """Settings of the installation in `data_dir`; a missing file means the defaults."""
    path = data_dir / FILE_NAME
    try:
        tree: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: {error}"]) from error
    for name, text in environ.items():
        if name.startswith(PREFIX) and name not in NOT_SETTINGS:
            _put(tree, name.removeprefix(PREFIX).lower().split("__"), text)
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise SettingsError([_mistake(detail) for detail in error.errors()]) from error


def _put(tree: dict[str, Any], keys: list[str], text: str) -> None:
    value: Any = text
    if text.startswith(("[", "{")):
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            raise SettingsError([f"{PREFIX}{'__'.join(keys).upper()}: {error}"]) from error
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
    tree[keys[-1]] = value


def _mistake(detail: Any) -> str:
    where = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return f"{where}: không có thiết lập này / no such setting"
    if SECRET & set(map(str, detail["loc"])):
        return f"{where}: {detail['msg']}"
    return f"{where}: {detail['msg']} (nhận được / got {detail['input']!r})"
