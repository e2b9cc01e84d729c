"""The golden files tell the truth about Dovecot 2.3, and so do 6,000 real letters: Debian's own is asked."""

import hashlib
import json
from pathlib import Path

import pytest

from mailsvc.mime.body_structure import body_structure
from mailsvc.mime.header_envelope import header_envelope
from mailsvc.mime.parse import parse
from tests.support import dovecot
from tests.support.corpus import real_letters

GOLDEN = Path(__file__).parents[2] / "golden" / "mime"
EXPLAINED = GOLDEN / "real_letters.explained"
KEYS = {"envelope": "ENVELOPE", "body": "BODY", "body_structure": "BODYSTRUCTURE"}

pytestmark = pytest.mark.peer


@pytest.fixture(autouse=True)
def dovecot_2_3():
    if not dovecot.version().startswith("2.3."):
        pytest.skip("the golden files are about Dovecot 2.3")


@pytest.mark.parametrize("key", list(KEYS))
def test_golden_files_say_what_dovecot_says(key):
    expected = []
    for path in sorted(GOLDEN.glob("*.json")):
        golden = json.loads(path.read_text(encoding="utf-8"))
        expected.append(golden.get("dovecot_2_3", {}).get(key, golden[key]))
    with dovecot.maildir(path.read_bytes() for path in sorted(GOLDEN.glob("*.eml"))) as home:
        assert [one.decode("utf-8", "replace") for one in dovecot.fetched(home, KEYS[key])] == expected


def explained() -> dict[str, set[str]]:
    """Letters by SHA-256 whose structure differs from Dovecot's, with the items that do; the reason stands beside."""
    found: dict[str, set[str]] = {}
    for line in EXPLAINED.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            digest, items, _ = line.split(None, 2)
            found[digest] = set(items.split(","))
    return found


def test_real_letters_have_dovecots_structures_or_an_explained_difference():
    letters = [letter.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for letter in real_letters()]
    different: dict[str, set[str]] = {}
    with dovecot.maildir(letters) as home:
        for key, item in KEYS.items():
            theirs = dovecot.fetched(home, item)
            assert len(theirs) == len(letters)
            for letter, structure in zip(letters, theirs, strict=True):
                entity = parse(letter)
                ours = (
                    header_envelope(letter, entity).imap()
                    if key == "envelope"
                    else body_structure(letter, entity, extended=key == "body_structure")
                )
                if ours != structure:
                    different.setdefault(hashlib.sha256(letter).hexdigest(), set()).add(key)
    assert different == explained()
