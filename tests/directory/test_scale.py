"""The size of Lâm Đồng 2017: 6,041 boxes in 700 units."""

import time

import pytest
from sqlalchemy import Connection

from directory import passwords, provision, repository
from tests.directory.conftest import NOW
from tests.directory.rosters import import_units, plan_accounts

FAMILIES = [
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Phan",
    "Vũ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
]
MIDDLES = ["Văn", "Thị", "Đức", "Minh", "Hữu", "Ngọc", "Xuân"]
GIVENS = [
    "An",
    "Bình",
    "Chi",
    "Dũng",
    "Đạt",
    "Hà",
    "Hương",
    "Khánh",
    "Lan",
    "Mai",
    "Nam",
    "Oanh",
    "Phúc",
    "Quân",
    "Sơn",
    "Thảo",
    "Uyên",
    "Vân",
    "Yến",
]


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_a_province_is_planned_and_made_in_seconds_and_the_writer_is_free_meanwhile(conn: Connection) -> None:
    import_units(
        conn,
        "code,name,parent,tier,branch\n"
        + "".join(f"U{n},Đơn vị {n},{f'U{n % 60}' if n >= 60 else ''},commune,state\n" for n in range(700)),
    )
    stored = passwords.hash_password("Abc-12345")
    lines = [f",Đơn vị {n},U{n},unit," for n in range(700)]
    lines += [
        f',{FAMILIES[n % 14]} {MIDDLES[n % 7]} {GIVENS[n % 19]},U{n % 700},personal,"{stored}"'
        for n in range(5341)
    ]
    text = "\n".join(("address,full_name,unit,kind,password_hash", *lines))

    start = time.process_time()
    plan = provision.seal(plan_accounts(conn, text))
    planned = time.process_time()
    with provision.recording(conn, provision.ACCOUNT_TABLES) as recorded:
        created = provision.apply_accounts(
            conn, plan, at=NOW, actor="test", on_accounts_created=lambda _conn, _ids: None
        )
    undo = recorded.journal.to_json()
    applied = time.process_time()
    assert len(created) == len(repository.list_accounts(conn)) == 6041
    assert planned - start < 20
    assert applied - planned < 2, len(undo)  # 0.5 s measured: the part that holds the writers' lock
    assert plan_accounts(conn, text).counts["unchanged"] == 6041
