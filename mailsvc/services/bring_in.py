"""Letters out of files into a box: each once, however often the same file, or another form of it, is brought."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from directory import audit
from directory.scope import Deed
from mailsvc.model.ids import AccountId
from mailsvc.services import move_in, reach
from mailsvc.services.letter_file import UnreadableFile, letters_in
from mailsvc.services.move_in import Coming, Fate, Source
from mailsvc.storage import mailboxes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from directory.scope import Scope
    from mailsvc.services.letter_file import FiledLetter
    from mailsvc.storage.store import Store

STEP_LETTERS, STEP_OCTETS = 100, 8 << 20
PST_SECONDS = 4 * 3600
SOURCE = "file"


@dataclass(slots=True)
class BroughtIn:
    """What one run did."""

    address: str
    moved: int = 0
    here_already: int = 0
    not_moved: int = 0
    mailboxes: dict[str, int] = field(default_factory=dict)
    """Letters that came, by mailbox here."""


def bring_in(
    store: Store,
    scope: Scope,
    login: str,
    path: Path,
    *,
    into: str = "",
    actor: str,
    progress: Callable[[int], None] = lambda _done: None,
) -> BroughtIn:
    """All letters of an mbox, Maildir, .eml, zip or Outlook file; below the mailbox `into`, if one is named.

    It may be stopped and begun again. A letter that is in the file twice comes twice: it is told from itself by how
    often its mailbox had it before.
    """
    with store.read() as db:
        account = reach.box(db, login)
        scope.require(Deed.EXPORT, account)
        own = mailboxes.of_account(db, AccountId(account.id))
    done = BroughtIn(str(account.address))
    seen: Counter[tuple[str, bytes]] = Counter()
    with _opened(path) as letters:
        for mailbox, some in _steps(letters):
            levels = tuple(mailbox.split("/")) if mailbox else ("INBOX",)
            (here,) = move_in.names_here([(levels, frozenset())], own, drop_prefix=False)
            name = f"{into}/{here}" if into and mailbox else into or here
            _bring(store, Source(AccountId(account.id), SOURCE, name, 1), name, some, seen, done)
            progress(done.moved + done.here_already + done.not_moved)
    with store.write() as uow:
        detail = {"from": path.name, "moved": done.moved, "here_already": done.here_already}
        audit.record(uow.conn, actor, "mailbox.import", done.address, detail, uow.clock())
    return done


def _bring(
    store: Store,
    source: Source,
    name: str,
    letters: list[FiledLetter],
    seen: Counter[tuple[str, bytes]],
    done: BroughtIn,
) -> None:
    coming = []
    for letter in letters:
        content = move_in.prepare(letter.octets, store.pieces)
        seen[name, content.key] += 1
        # Its name is its content, and the how-manieth of that it is: 62 bits of both.
        uid = (int.from_bytes(content.key[:8], "big") + seen[name, content.key] * 0x9E3779B97F4A7C15) >> 2
        coming.append(Coming(uid & ((1 << 62) - 1), content, letter.flags, letter.at))
    with store.write() as uow:
        to = move_in.ensure_mailbox(uow, source.account, name)
        fates = Counter(move_in.bring(uow, source, to, coming))
    done.moved += fates[Fate.MOVED]
    done.here_already += fates[Fate.KNOWN]
    done.not_moved += fates[Fate.OVER_QUOTA]
    if fates[Fate.MOVED]:
        done.mailboxes[name] = done.mailboxes.get(name, 0) + fates[Fate.MOVED]


def _steps(letters: Iterator[FiledLetter]) -> Iterator[tuple[str, list[FiledLetter]]]:
    """Letters of one mailbox together, as many as one short transaction takes."""
    some: list[FiledLetter] = []
    octets = 0
    for letter in letters:
        if some and (
            letter.mailbox != some[0].mailbox
            or len(some) == STEP_LETTERS
            or octets + len(letter.octets) > STEP_OCTETS
        ):
            yield some[0].mailbox, some
            some, octets = [], 0
        some.append(letter)
        octets += len(letter.octets)
    if some:
        yield some[0].mailbox, some


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[FiledLetter]]:
    """The letters of a file; Outlook's are unpacked by Debian's readpst into a folder that goes afterwards."""
    if path.suffix.lower() != ".pst":
        yield letters_in(path)
        return
    program = shutil.which("readpst")
    if program is None:
        raise UnreadableFile(
            "cần readpst: apt-get install pst-utils / readpst is needed: apt-get install pst-utils"
        )
    with tempfile.TemporaryDirectory(prefix="congvu-pst-") as folder:
        unpacked = subprocess.run(  # noqa: S603 - a fixed program, and a path that is an argument of its own
            [program, "-q", "-e", "-te", "-8", "-o", folder, str(path.resolve())],
            capture_output=True,
            timeout=PST_SECONDS,
            check=False,
        )
        if unpacked.returncode:
            said = (unpacked.stderr or unpacked.stdout).decode("utf-8", "replace").strip()[-500:]
            raise UnreadableFile(f"{path}: readpst: {said}")
        yield letters_in(Path(folder))
