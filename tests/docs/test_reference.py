"""Every setting and every verb of the command line is documented."""

from pathlib import Path

from config.settings import Settings
from docs.reference import commands, render_cli, render_settings, setting_names, settings_by_section

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_setting_stands_in_the_settings_page() -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert page == render_settings(), "make build"
    for name in setting_names():
        assert f"| `{name.rpartition('.')[2]}` |" in page


def test_every_setting_says_what_it_means() -> None:
    silent = [
        f"{section}.{key}" for section, key, field in settings_by_section(Settings) if not field.description
    ]
    assert not silent


def test_every_verb_stands_in_the_command_page() -> None:
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert page == render_cli(), "make build"
    for words, _, _ in commands():
        assert f"## `{words}`" in page


def test_every_verb_says_what_it_does() -> None:
    silent = [words for words, command, _ in commands() if not command.help]
    assert not silent
