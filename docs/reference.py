"""Make docs/settings.md, docs/cli.md and docs/openapi.json from the program itself, or check them.

`python -m docs.reference --write | --check`.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from annotated_types import Ge, Le
from pydantic import BaseModel

from config.settings import GIB, KIB, MIB, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

DOCS = Path(__file__).resolve().parent

SETTINGS_HEAD = """# Settings

Made from `config/settings.py` by `make build`; `make check` fails when it is stale. `DIR/congvu.toml` gives a
value; the environment goes before it: `imap.listen` is `[imap]` `listen` in the file and `CONGVU_IMAP__LISTEN` in
the environment (a list as JSON). All mistakes are told at once, and nothing starts with one.
"""

CLI_HEAD = """# The command `congvu`

Made from the program's own help by `make build`; `make check` fails when it is stale. Every command takes
`--data DIR` before its name and `--json` anywhere. With `--server https://HOST --token-file FILE` (and `--ca FILE` for a
CA of your own) in place of `--data`, the same command runs on a server elsewhere, within the scope of the token's holder. It exits 0 on success, 1 on a refused request, 2 on wrong usage.
"""


def settings_by_section(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, FieldInfo]]:
    """Each setting as (section, key, field), those without a section first."""
    nested: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            nested.append((f"{prefix}{name}", field.annotation))
        else:
            yield prefix, name, field
    for section, inner in nested:
        yield from settings_by_section(inner, section)


def setting_names() -> list[str]:
    """Every setting as `section.key`."""
    return [f"{section}.{key}" if section else key for section, key, _ in settings_by_section(Settings)]


def _amount(value: Any) -> str:
    for size, unit in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if type(value) is int and value >= size and value % size == 0:
            return f"{value // size} {unit}"
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return '""' if value == "" else "-" if value is None else str(value)


def _limits(field: FieldInfo) -> str:
    parts = [f"at least {_amount(rule.ge)}" for rule in field.metadata if isinstance(rule, Ge)]
    parts += [f"at most {_amount(rule.le)}" for rule in field.metadata if isinstance(rule, Le)]
    return "; " + ", ".join(parts) if parts else ""


def render_settings() -> str:
    """The whole text of docs/settings.md."""
    lines = [SETTINGS_HEAD]
    before: str | None = None
    for section, key, field in settings_by_section(Settings):
        if section != before:
            title = f"`[{section}]`" if section else "Without a section"
            lines.append(f"\n## {title}\n\n| setting | default | meaning |\n|---|---|---|\n")
            before = section
        lines.append(f"| `{key}` | {_amount(field.default)} | {field.description}{_limits(field)} |\n")
    return "".join(lines)


def commands() -> list[tuple[str, click.Command, click.Context]]:
    """Every verb of the command line with its words, in order."""
    import mailsvc.__main__  # noqa: F401 - adds `serve`
    from mailsvc.cli.root import congvu as program

    found: list[tuple[str, click.Command, click.Context]] = []

    def walk(command: click.Command, context: click.Context, words: str) -> None:
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                if inner is not None and not inner.hidden:
                    walk(inner, click.Context(inner, info_name=name, parent=context), f"{words} {name}")
        else:
            found.append((words, command, context))

    walk(program, click.Context(program, info_name="congvu"), "congvu")
    return found


def _records(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Argument):
            yield parameter.make_metavar(context), ""
            continue
        record = parameter.get_help_record(context)
        if record is not None and record[0] not in {"--help", "--json"}:
            yield record


def render_cli() -> str:
    """The whole text of docs/cli.md."""
    lines = [CLI_HEAD]
    for words, command, context in commands():
        meaning = re.sub(r" *\n *", " ", (command.help or "").strip())
        lines.append(f"\n## `{words}`\n\n{meaning}\n")
        rows = [f"- `{name}` {meaning}".rstrip() + "\n" for name, meaning in _records(command, context)]
        lines += ["\n", *rows] if rows else []
    return "".join(lines)


def render_openapi() -> str:
    """The whole text of docs/openapi.json."""
    from webmail.api.openapi import document

    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"


DOCUMENTS = {"settings.md": render_settings, "cli.md": render_cli, "openapi.json": render_openapi}


def main() -> int:
    """Write the documents, or say which one is stale."""
    stale = 0
    for name, render in DOCUMENTS.items():
        path, text = DOCS / name, render()
        if sys.argv[1:] == ["--write"]:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            sys.stderr.write(f"docs/{name} is stale: make build\n")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
