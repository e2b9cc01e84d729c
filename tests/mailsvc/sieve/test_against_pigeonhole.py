"""The same scripts by Debian's sieve-test, which is Dovecot's Sieve (Pigeonhole)."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsvc.sieve.actions import File, Redirect, Reject, Vacation
from mailsvc.sieve.check import compile_script
from mailsvc.sieve.errors import SieveError
from tests.mailsvc.sieve.asking import outcome
from tests.mailsvc.sieve.scripts import LETTER, RECIPIENT, SAME, SENDER, WRONG
from tests.support.system import need

EXTENSIONS = (
    "+imap4flags +editheader +vacation-seconds +special-use +relational +environment +ihave +index +date"
)
pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def peer() -> Iterator[Path]:
    need("sieve-test", package="dovecot-sieve")
    # Not below pytest's folder: Dovecot reads as nobody, who may not go there.
    with tempfile.TemporaryDirectory(prefix="pigeonhole-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        (folder / "dovecot.conf").write_text(
            "mail_uid = nobody\nmail_gid = nogroup\nfirst_valid_uid = 1\n"
            f"mail_location = maildir:{folder}/mail\nbase_dir = {folder}/run\nlog_path = /dev/stderr\n"
        )
        (folder / "letter.eml").write_bytes(LETTER)
        yield folder


def asked(peer: Path, script: str) -> subprocess.CompletedProcess[str]:
    (peer / "script.sieve").write_text(script)
    return subprocess.run(
        ["sieve-test", "-c", str(peer / "dovecot.conf"), "-f", SENDER, "-r", RECIPIENT, "-x", EXTENSIONS,
         str(peer / "script.sieve"), str(peer / "letter.eml")],
        capture_output=True, text=True, timeout=30, env={"HOME": str(peer), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


def wanted_by_peer(told: str) -> set[tuple[str, ...]]:
    """Actions: what is done, with what."""
    found: list[list[str]] = []
    for line in told.splitlines():
        if match := re.fullmatch(r" \* (.*)", line):
            said = match[1]
            if said.startswith("store message in folder: "):
                found.append(["file", said.removeprefix("store message in folder: ")])
            elif match := re.fullmatch(r"redirect message to: <(.*)>", said):
                found.append(["redirect", match[1]])
            elif said.startswith("send vacation"):
                found.append(["vacation"])
            elif said.startswith("reject"):
                found.append(["reject"])
        elif match := re.match(r"\s+\+ add IMAP flags: (.*)", line):
            found[-1].append(" ".join(sorted(match[1].lower().split())))
    if "Implicit keep:" in told and "(none)" not in told.partition("Implicit keep:")[2]:
        match = re.search(r"\+ add IMAP flags: (.*)", told.partition("Implicit keep:")[2])
        kept = ["file", "INBOX"]
        found = [one for one in found if one[:2] != kept]
        found.append([*kept, *([" ".join(sorted(match[1].lower().split()))] if match else [])])
    return {tuple(one) for one in found}


def wanted_by_us(script: str) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for action in outcome(script).actions:
        match action:
            case File(mailbox, flags):
                said = " ".join(sorted(flag.lower() for flag in flags))
                found.add(("file", mailbox or "INBOX", *([said] if said else [])))
            case Redirect(address):
                found.add(("redirect", address))
            case Vacation():
                found.add(("vacation",))
            case Reject():
                found.add(("reject",))
    return found


@pytest.mark.parametrize("name", SAME)
def test_a_script_wants_what_it_wants_of_dovecot(peer: Path, name: str) -> None:
    told = asked(peer, SAME[name])
    assert told.returncode == 0, told.stderr
    assert wanted_by_us(SAME[name]) == wanted_by_peer(told.stdout), told.stdout


@pytest.mark.parametrize("name", WRONG)
def test_a_script_is_refused_where_dovecot_refuses_it(peer: Path, name: str) -> None:
    assert asked(peer, WRONG[name]).returncode != 0
    with pytest.raises(SieveError) as refused:
        compile_script(WRONG[name].encode())
    assert refused.value.line >= 1
