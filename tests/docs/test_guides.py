"""The printed guides say only what is true: commands that the program knows, words that are on the screen, one page each."""

import re
import shlex
from pathlib import Path

import click
import pytest

from mailsvc.__main__ import congvu
from webmail.translations.vi import WORDS

GUIDES = sorted((Path(__file__).resolve().parents[2] / "docs" / "guides").glob("*.md"))
PAGE_LINES = 95
FENCED = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(congvu [^`…]+)`")


def commands():
    for guide in GUIDES:
        text = guide.read_text(encoding="utf-8")
        lines = [line for block in FENCED.findall(text) for line in block.splitlines() if line.strip()]
        for line in [*lines, *(found for found in INLINE.findall(text) if "--server" not in found)]:
            yield pytest.param(line, id=f"{guide.stem}: {line[:60]}")


def test_there_is_a_guide_for_each_of_the_three() -> None:
    assert {guide.stem for guide in GUIDES} == {"it-officer", "clerk", "leader"}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_a_guide_fits_on_a_page(guide: Path) -> None:
    assert len(guide.read_text(encoding="utf-8").splitlines()) <= PAGE_LINES


@pytest.mark.parametrize("line", list(commands()))
def test_every_command_of_a_guide_is_one_that_the_program_takes(line: str) -> None:
    program, *words = shlex.split(line)
    assert program == "congvu"
    command: click.Command = congvu
    context = click.Context(congvu, info_name="congvu")
    while isinstance(command, click.Group):
        name, *words = words
        found = command.get_command(context, name)
        assert found is not None, name
        command, context = found, click.Context(found, context, info_name=name)
    given, rest, _ = command.make_parser(context).parse_args(words)
    assert not rest
    for param in command.params:
        value = given.get(param.name)
        missing = value is None or type(value).__name__ == "Sentinel"
        assert not (param.required and missing and param.default is None), param.name
        if not missing and isinstance(param.type, (click.Choice, click.IntRange, click.DateTime)):
            for one in value if isinstance(value, (list, tuple)) else [value]:
                param.type.convert(one, param, context)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_every_word_of_the_screen_stands_on_the_screen(guide: Path) -> None:
    shown = re.findall(r"\*\*([^*]+)\*\*", guide.read_text(encoding="utf-8"))
    assert not [word for word in shown if word not in WORDS.values()]
