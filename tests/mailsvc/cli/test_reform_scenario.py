"""Three communes become two, one of them split, a secretary who is also council chairman, letters all the while."""

import os
from collections import Counter
from pathlib import Path

import pytest

from config.load import load
from directory import repository
from directory.address import parse_address
from directory.model import PostRole, vietnam_day
from directory.repository.people import add_second_post
from mailsvc.services import receive, returned_letters
from mailsvc.services.open_store import open_store
from mailsvc.storage import mailboxes
from mailsvc.storage.store import Store
from tests.mailsvc.cli.conftest import Congvu

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
STAFF = """\
address,full_name,unit,kind,role
x,,X,unit,
y,,Y,unit,
z,,Z,unit,
dz,,DZ,unit,
ct.hdnd.z,Chủ tịch HĐND Z,HZ,post,head
ct.hdnd.x,Chủ tịch HĐND X,HX,post,head
clerk.x,Nguyễn Thị Xuân,X,personal,records_clerk
clerk.y,Trần Thị Yến,Y,personal,records_clerk
clerk.z,Lê Thị Giang,Z,personal,records_clerk
other.z,Phạm Văn Zin,Z,personal,
clerk.dz,Hồ Thị Đào,DZ,personal,records_clerk
secretary.z,Đỗ Văn Bí,DZ,personal,head
chair.x,Vũ Thị Xoan,HX,personal,head
"""
SHARED = ["x", "y", "z", "dz", "ct.hdnd.z", "ct.hdnd.x"]
PEOPLE = ["clerk.x", "clerk.y", "clerk.z", "other.z", "clerk.dz", "secretary.z", "chair.x"]
REFORM = "action,code,into\nmerge,DZ,DX\nmerge,HZ,HX\n"


def send(store: Store, rounds: int) -> None:
    """One letter to each shared box in each round."""
    for number in range(rounds):
        for local in SHARED:
            content = receive.prepare(
                f"Subject: {local} {number}\r\n\r\nThư số {number} gửi {local}\r\n".encode(), store.pieces
            )
            with store.write() as uow:
                to = receive.resolve_recipient(uow, parse_address(f"{local}@lamdong.gov.vn"))
                letter = receive.IncomingLetter(content, b"", "ai@example.org", (to,))
                assert receive.receive(uow, letter) == (receive.Outcome.DELIVERED,)


def boxes(store: Store) -> dict[str, int]:
    """The letters of each box by its name."""
    with store.read() as db:
        found = Counter[str]()
        for account in repository.list_accounts(db.conn):
            for mailbox in mailboxes.of_account(db, account.id):
                found[account.address.local] += mailbox.exists
        return {local: count for local, count in found.items() if count}


def readers(store: Store) -> dict[str, set[str]]:
    """Who reads each box."""
    found: dict[str, set[str]] = {}
    with store.read() as db:
        for person in PEOPLE:
            account = repository.account_by_login(db.conn, person)
            assert account is not None
            for shared in repository.delegated_to(db.conn, account.id, vietnam_day(db.clock())):
                found.setdefault(shared.account.address.local, set()).add(person)
    return found


@pytest.mark.parametrize("in_one", [7, 1_000])
def test_every_letter_is_read_by_its_rightful_readers_and_by_nobody_else(
    congvu: Congvu, tmp_path: Path, in_one: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returned_letters, "IN_ONE", in_one)  # in one transaction, or in many
    files = {
        "units.csv": TREE,
        "staff.csv": STAFF,
        "reform.csv": REFORM,
        "z.csv": "address,unit\nother.z,Y\n",
    }
    assert congvu("unit", "import", "units.csv", "--yes", files=files).code == 0
    assert congvu("account", "import", "staff.csv", "--yes").code == 0
    for shared in ("x", "y", "z", "dz"):
        assert congvu("account", "grant", shared, "--to", f"clerk.{shared}").code == 0
    store = open_store(tmp_path / "data", load(tmp_path / "data", os.environ))
    with store.write() as uow:
        today = vietnam_day(uow.clock())
        secretary = repository.account_by_login(uow.conn, "secretary.z")
        council = repository.unit_by_code(uow.conn, "HZ", today)
        assert secretary is not None
        assert secretary.person_id is not None
        assert council is not None
        add_second_post(uow.conn, secretary.person_id, council.id, PostRole.HEAD, "Chủ tịch HĐND", today)
    before = {
        "x": {"clerk.x"},
        "y": {"clerk.y"},
        "z": {"clerk.z"},
        "dz": {"clerk.dz"},
        "ct.hdnd.z": {"secretary.z"},
        "ct.hdnd.x": {"chair.x"},
    }
    assert readers(store) == before
    send(store, 20)

    split = congvu(
        "unit", "split", "Z", "--into", "X", "--into", "Y", "--staff", "z.csv", "--yes", "--json"
    ).json
    send(store, 20)
    merged = congvu("unit", "reorganise", "reform.csv", "--yes", "--json").json
    send(store, 45)
    day = "." + today.isoformat().replace("-", "")
    after = readers(store)
    # Old letters: who read them, and the clerks of the archive's successor. New ones: the successor's clerks.
    assert after[f"z{day}"] == {"clerk.z", "clerk.x"}
    assert after["x"] == {"clerk.x", "clerk.z"}
    assert after["y"] == {"clerk.y"}
    assert after["dz"] == {"clerk.dz"}  # the successor had no box: this one is its box now
    assert after[f"ct.hdnd.z{day}"] == {"secretary.z"}
    assert after["ct.hdnd.x"] == {"chair.x"}
    assert set(boxes(store)) <= set(after)
    letters = boxes(store)
    assert (sum(letters.values()), letters[f"z{day}"], letters["x"]) == (85 * len(SHARED), 20, 85 + 65)

    for plan in (merged["plan"], split["plan"]):
        undone = congvu("plan", "undo", str(plan), "--json")
        assert undone.code == 0, undone.err
    assert readers(store) == before
    letters = boxes(store)
    assert {local: letters[local] for local in ("y", "z", "dz", "ct.hdnd.z")} == dict.fromkeys(
        ("y", "z", "dz", "ct.hdnd.z"), 85
    )  # what came for Z while it was merged is in its box too
    assert (letters["x"], letters["ct.hdnd.x"]) == (85 + 65, 85 + 45)  # and stays with those who answered it
    send(store, 1)
    assert boxes(store)["z"] == 86
    store.close()
    assert congvu("verify").code == 0
    assert congvu("audit", "verify").code == 0
