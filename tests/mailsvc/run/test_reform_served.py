"""Three communes become two, one of them split, a secretary who is also council chairman; letters come all the while.

A real service takes letters by LMTP from Python's own client; each person reads by IMAP with imapclient. At each look
every letter that was acknowledged is where its rightful reader finds it, and nobody else does.
"""

import json
import smtplib
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import imapclient
import pytest

from directory.passwords import hash_password
from tests.support.service import Service

DOMAIN = "lamdong.example"
PACE = 0.01
"""Seconds between two letters: 100 a second are plenty, and each is looked for by seven people."""
PASSWORD = "Mat-khau-1"
TREE = """\
code,name,parent,tier,branch
UB,UBND tỉnh,,province,state
X,UBND xã X,UB,commune,state
Y,UBND xã Y,UB,commune,state
Z,UBND xã Z,UB,commune,state
TU,Tỉnh ủy,,province,party
DX,Đảng ủy xã X,TU,commune,party
DZ,Đảng ủy xã Z,TU,commune,party
HX,HĐND xã X,,commune,council
HZ,HĐND xã Z,,commune,council
"""
BOXES = """\
x,,X,unit,
y,,Y,unit,
z,,Z,unit,
dz,,DZ,unit,
ct.hdnd.z,Chủ tịch HĐND Z,HZ,post,head
ct.hdnd.x,Chủ tịch HĐND X,HX,post,head
"""
PEOPLE = """\
clerk.x,Nguyễn Thị Xuân,X,personal,records_clerk
clerk.y,Trần Thị Yến,Y,personal,records_clerk
clerk.z,Lê Thị Giang,Z,personal,records_clerk
other.z,Phạm Văn Zin,Z,personal,
clerk.dz,Hồ Thị Đào,DZ,personal,records_clerk
secretary.z,Đỗ Văn Bí,DZ,personal,head
chair.x,Vũ Thị Xoan,HX,personal,head
"""
REFORM = """\
action,code,into,address
split,Z,X;Y,
assign,Z,Y,other.z
merge,DZ,DX,
merge,HZ,HX,
"""
SHARED = ("x", "y", "z", "dz", "ct.hdnd.z", "ct.hdnd.x")
WHO = tuple(line.split(",")[0] for line in PEOPLE.splitlines())
BEFORE = {
    "x": {"clerk.x"},
    "y": {"clerk.y"},
    "z": {"clerk.z"},
    "dz": {"clerk.dz"},
    "ct.hdnd.z": {"secretary.z"},
    "ct.hdnd.x": {"chair.x"},
}
"""Who reads what comes to each address, before the reform and after its undoing."""
MERGED = BEFORE | {
    "x": {"clerk.x", "clerk.z"},  # the clerk of Z works for X now, and Z's address is X's
    "z": {"clerk.x", "clerk.z"},
    "ct.hdnd.z": {"chair.x"},
}
KEPT = {"z": {"clerk.x", "clerk.z"}, "ct.hdnd.z": {"secretary.z"}, "x": {"clerk.x", "clerk.z"}}
"""Who reads, while merged, what had come before: the archive's successor, and whoever held the post."""


@dataclass
class Post:
    """A front server that never rests; what it was told is there, by the phase in which it handed it over."""

    address: tuple[str, int]
    phase: str = "before"
    acknowledged: dict[str, tuple[str, str]] = field(default_factory=dict)  # name -> (to whom, phase)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.turn = threading.Condition()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        with smtplib.LMTP(*self.address) as client:
            number = 0
            while not self.stopped.wait(PACE):
                local, phase = SHARED[number % len(SHARED)], self.phase
                name = f"{local}-{number}"
                letter = f"Subject: {name}\r\n\r\nThư {name}\r\n"
                assert client.sendmail("ai@example.org", [f"{local}@{DOMAIN}"], letter.encode()) == {}
                with self.turn:
                    still = phase == self.phase
                    self.acknowledged[name] = (local, phase if still else f"{phase}/{self.phase}")
                    self.turn.notify_all()
                number += 1

    def wait_for(self, more: int) -> None:
        """Until so many more letters were taken."""
        with self.turn:
            wanted = len(self.acknowledged) + more
            assert self.turn.wait_for(lambda: len(self.acknowledged) >= wanted, timeout=60)

    def snapshot(self) -> dict[str, tuple[str, str]]:
        with self.turn:
            return dict(self.acknowledged)

    def stop(self) -> None:
        self.stopped.set()
        self.thread.join(30)


@pytest.fixture
def province(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path / "data", web=False).init() as service:
        head, stored = "address,full_name,unit,kind,role", hash_password(PASSWORD)
        people = "".join(f'{line},"{stored}"\n' for line in PEOPLE.splitlines())
        for name, text in (
            ("units.csv", TREE),
            ("boxes.csv", f"{head}\n{BOXES}"),
            ("people.csv", f"{head},password_hash\n{people}"),
            ("reform.csv", REFORM),
        ):
            (tmp_path / name).write_text(text, encoding="utf-8")
        service.must("unit", "import", str(tmp_path / "units.csv"), "--yes")
        service.must("account", "import", str(tmp_path / "boxes.csv"), "--yes")
        service.must("account", "import", str(tmp_path / "people.csv"), "--yes")
        for box in ("x", "y", "z", "dz"):
            service.must("account", "grant", box, "--to", f"clerk.{box}")
        words = ("--unit", "HZ", "--role", "head", "--title", "Chủ tịch HĐND", "--yes")
        service.must("person", "second-post", "secretary.z", *words)
        service.start()
        yield service


def reached(service: Service) -> dict[str, set[str]]:
    """Which person finds each letter, by its name."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for person in WHO:
        with imapclient.IMAPClient(*service.address("imap"), ssl=False) as imap:
            imap.login(person, PASSWORD)
            for _, _, folder in imap.list_folders():
                if not folder.endswith("INBOX"):
                    continue
                if not imap.select_folder(folder, readonly=True)[b"EXISTS"]:
                    continue
                for row in imap.fetch(imap.search(), ["ENVELOPE"]).values():
                    found[row[b"ENVELOPE"].subject.decode()].add(person)
    return found


def allowed(local: str, came: str, now: str) -> set[str]:
    """Who may and must find a letter to this address, by when it came and when one looks."""
    if now == "before" or (now == "undone" and came in {"before", "undone"}):
        return BEFORE[local]
    if now == "merged":
        return KEPT.get(local, BEFORE[local]) if came == "before" else MERGED[local]
    answered = {"z": {"clerk.x"}, "ct.hdnd.z": {"chair.x"}}.get(local, set())
    return BEFORE[local] | answered  # it came while merged: who answered it then keeps it


def check(service: Service, post: Post, now: str) -> int:
    """Every letter acknowledged before this look; how many there were."""
    letters = post.snapshot()
    found = reached(service)
    for name, (local, came) in letters.items():
        choices = [allowed(local, part, now) for part in came.split("/")]
        assert found.get(name, set()) in choices, (name, came, now, found.get(name))
    return len(letters)


@pytest.mark.long
@pytest.mark.timeout(400)
def test_every_letter_has_its_rightful_readers_and_nobody_else_at_every_look(
    province: Service, tmp_path: Path
) -> None:
    post = Post(province.address("lmtp"))
    try:
        post.wait_for(60)
        check(province, post, "before")
        sheet = str(tmp_path / "reform.csv")
        province.must("unit", "reorganise", sheet)
        post.phase = "before/merged"  # what is handed over during the act may be on either side of it
        province.must("unit", "reorganise", sheet, "--yes")
        post.phase = "merged"
        post.wait_for(500)
        check(province, post, "merged")
        plan = province.must("plan", "list", "--json")
        number = max(entry["id"] for entry in json.loads(plan) if entry["kind"] == "reorganisation")
        post.phase = "merged/undone"
        province.must("plan", "undo", str(number))
        post.phase = "undone"
        post.wait_for(60)
    finally:
        post.stop()
    assert check(province, post, "undone") > 620
    province.must("verify")
    province.must("audit", "verify")
