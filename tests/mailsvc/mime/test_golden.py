"""ENVELOPE, BODY and BODYSTRUCTURE of letters with expected bytes beside them; where Dovecot 2.3 differs, the file says why."""

import json
from pathlib import Path

import pytest

from mailsvc.mime.body_structure import body_structure
from mailsvc.mime.header_envelope import header_envelope
from mailsvc.mime.parse import parse

GOLDEN = Path(__file__).parents[2] / "golden" / "mime"
LETTERS = sorted(path.stem for path in GOLDEN.glob("*.eml"))


@pytest.mark.parametrize("name", LETTERS)
def test_structures_are_those_of_the_golden_file(name):
    content = (GOLDEN / f"{name}.eml").read_bytes()
    expected = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    entity = parse(content)
    assert header_envelope(content, entity).imap().decode() == expected["envelope"]
    assert body_structure(content, entity, extended=False).decode() == expected["body"]
    assert body_structure(content, entity, extended=True).decode() == expected["body_structure"]


@pytest.mark.parametrize("name", LETTERS)
def test_every_difference_from_dovecot_is_explained(name):
    expected = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    assert ("dovecot_2_3" in expected) == ("why" in expected)
    assert len(expected.get("why", "explained")) > 5
