"""Power loss: a recorded run is played again up to any system call; what was not synced by then is thrown away.

The model is the strict one of POSIX: octets of a file are sure after its fsync, its name after the fsync of its folder.
What was not synced is kept, lost or cut in the middle, file by file, as the dice say; names are lost from the last one
backwards, as in a journal.
"""

import json
import random
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

LINE = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+|\?)", re.DOTALL)
FILE = re.compile(r"^(?:AT_FDCWD|-?\d+)<((?:\\x[0-9a-f]{2})*)>")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(?:\.\.\.)?')
SECTOR = 512


@dataclass(frozen=True)
class Call:
    """One successful call of the recording."""

    name: str
    path: str
    octets: bytes = b""
    place: int = 0
    to: str = ""


def calls(log: Path) -> Iterator[Call]:
    """Calls that change files, sync them, or say that something was acknowledged (`said`)."""
    offsets: dict[str, int] = {}
    for line in log.read_text().splitlines():
        found = LINE.match(line)
        if found is None or found[3] == "?" or int(found[3]) < 0:
            continue
        name, said, result = found[1], found[2], int(found[3])
        texts = [bytes.fromhex(text.replace("\\x", "")) for text in TEXT.findall(said)]
        opened = FILE.match(said)
        path = bytes.fromhex(opened[1].replace("\\x", "")).decode() if opened else ""
        numbers = said.rpartition('"')[2].split(", ")
        match name:
            case "openat":
                path = texts[0].decode()
                offsets[path] = 0
                if "O_CREAT" in said:
                    yield Call("create", path)
                if "O_TRUNC" in said:
                    yield Call("cut", path)
            case "pwrite64":
                yield Call("put", path, texts[0][:result], int(numbers[2]))
            case "write" if path.startswith("/"):
                yield Call("put", path, texts[0][:result], offsets.get(path, 0))
                offsets[path] = offsets.get(path, 0) + result
            case "ftruncate":
                yield Call("cut", path, place=int(said.rpartition(", ")[2]))
            case "truncate":
                yield Call("cut", texts[0].decode(), place=int(numbers[1]))
            case "fsync" | "fdatasync":
                yield Call("sync", path)
            case "rename":
                yield Call("name", texts[0].decode(), to=texts[1].decode())
            case "unlink":
                yield Call("forget", texts[0].decode())
            case "mkdir":
                yield Call("folder", texts[0].decode())
            case "sendto":
                yield Call("said", "", texts[0])


Change = Callable[[bytearray], None]


def _put(call: Call, octets: bytes) -> Change:
    def change(file: bytearray) -> None:
        end = call.place + len(octets)
        if len(file) < end:
            file.extend(bytes(end - len(file)))
        file[call.place : end] = octets

    return change


def _cut(call: Call) -> Change:
    def change(file: bytearray) -> None:
        if len(file) > call.place:
            del file[call.place :]
        else:
            file.extend(bytes(call.place - len(file)))

    return change


@dataclass
class Inode:
    """A file: its octets that are sure, and the changes that are not."""

    sure: bytearray = field(default_factory=bytearray)
    pending: list[Call] = field(default_factory=list)

    def after_loss(self, dice: random.Random) -> bytes:
        octets = bytearray(self.sure)
        fate = dice.choice(["none", "all", "some", "torn"])
        for number, call in enumerate(self.pending):
            if fate == "none" or (fate == "some" and dice.random() < 0.5):
                continue
            if call.name == "cut":
                _cut(call)(octets)
                continue
            written = call.octets
            if fate == "torn" and number == len(self.pending) - 1:
                written = written[: dice.randrange(0, len(written) + 1) // SECTOR * SECTOR]
            _put(call, written)(octets)
        return bytes(octets)

    def sync(self) -> None:
        for call in self.pending:
            (_cut(call) if call.name == "cut" else _put(call, call.octets))(self.sure)
        self.pending.clear()


class Disk:
    """What a disk would hold after a loss of power between two calls."""

    def __init__(self, base: Path, place: Path) -> None:
        self.place = place
        self.names: dict[str, Inode] = {}
        for path in base.rglob("*"):
            if path.is_file():
                self.names[str(place / path.relative_to(base))] = Inode(bytearray(path.read_bytes()))
        self.folders = {str(place), *(str(place / path.relative_to(base)) for path in base.rglob("*/"))}
        self.sure_names = dict(self.names)
        self.pending_names: list[tuple[str, str, Inode | None]] = []
        """(folder, name, what it stands for now), in order."""
        self.said: list[str] = []
        self._half = ""

    def take(self, call: Call) -> None:
        """One more call has happened."""
        if call.name == "said":
            *whole, self._half = (self._half + call.octets.decode()).split("\n")
            self.said += whole
        elif not call.path.startswith(str(self.place)) or call.path.endswith("-shm"):
            return
        elif call.name == "create":
            if call.path not in self.names:
                self._name(call.path, Inode())
        elif call.name == "folder":
            self.folders.add(call.path)  # made once, at the start of a store: not what is tried here
        elif call.name == "name":
            self._name(call.to, self.names[call.path])
            self._name(call.path, None)
        elif call.name == "forget":
            self._name(call.path, None)
        elif call.name == "sync":
            self._sync(call.path)
        elif call.path in self.names:
            self.names[call.path].pending.append(call)

    def _name(self, path: str, inode: Inode | None) -> None:
        if inode is None:
            self.names.pop(path, None)
        else:
            self.names[path] = inode
        self.pending_names.append((path.rpartition("/")[0], path, inode))

    def _sync(self, path: str) -> None:
        if path in self.folders:
            # A journal: what happened to names before this is sure too.
            last = max((n for n, one in enumerate(self.pending_names) if one[0] == path), default=-1)
            self._settle(self.pending_names[: last + 1], self.sure_names)
            del self.pending_names[: last + 1]
        elif path in self.names:
            self.names[path].sync()

    @staticmethod
    def _settle(changes: list[tuple[str, str, Inode | None]], names: dict[str, Inode]) -> None:
        for _, path, inode in changes:
            if inode is None:
                names.pop(path, None)
            else:
                names[path] = inode

    def lose_power(self, target: Path, dice: random.Random) -> None:
        """Write to `target` what might be found after it."""
        shutil.rmtree(target, ignore_errors=True)
        names = dict(self.sure_names)
        self._settle(self.pending_names[: dice.randint(0, len(self.pending_names))], names)
        for folder in sorted(self.folders):
            (target / Path(folder).relative_to(self.place)).mkdir(parents=True, exist_ok=True)
        for path, inode in names.items():
            if not path.endswith("-shm"):  # memory, as SQLite has it
                (target / Path(path).relative_to(self.place)).write_bytes(inode.after_loss(dice))


def told(disk: Disk) -> list[dict[str, object]]:
    """The ledger as far as it was told before the power went."""
    return [json.loads(line) for line in disk.said]
