"""The real case: on 1 July 2025 the district tier went and some 140 communes became about 50."""

import time
from datetime import date

import pytest
from sqlalchemy import Connection

from directory import passwords, provision, reorganise, repository
from directory.scope import SERVER
from tests.directory.conftest import NOW, TODAY
from tests.directory.rosters import import_units, plan_accounts
from tests.directory.structure import structure
from tests.directory.test_reorganise import take_back

JULY = date(2025, 7, 1)
COMMUNES, REMAINING, DISTRICTS = 140, 50, 12


def province(conn: Connection) -> None:
    """6,041 boxes: the province's offices, twelve districts, 140 communes with three units under each."""
    lines = ["UB,UBND tỉnh,,province,state", *(f"S{n},Sở {n},UB,province,state" for n in range(40))]
    lines += [f"H{n},UBND huyện {n},UB,district,state" for n in range(DISTRICTS)]
    lines += [f"X{n},UBND xã {n},H{n % DISTRICTS},commune,state" for n in range(COMMUNES)]
    lines += [f"X{n}.{k},Đơn vị {k} xã {n},X{n},commune,state" for n in range(COMMUNES) for k in range(3)]
    codes = [line.split(",")[0] for line in lines]
    import_units(conn, "\n".join(("code,name,parent,tier,branch", *lines)), on=date(2024, 1, 1))
    stored = passwords.hash_password("Abc-12345")
    rows = [f"hop.{code.lower()},Hộp {code},{code},unit,,\n" for code in codes]
    rows += [f"ct.{code.lower()},Chủ tịch {code},{code},post,head,\n" for code in codes if "." not in code]
    left = 6041 - len(rows)
    rows += [
        f'p{n},Nguyễn Văn {n},{codes[n % len(codes)]},personal,{"head" if n < len(codes) else ""},"{stored}"\n'
        for n in range(left)
    ]
    plan = provision.seal(
        plan_accounts(
            conn, "address,full_name,unit,kind,role,password_hash\n" + "".join(rows), on=date(2024, 1, 1)
        )
    )
    created = provision.apply_accounts(
        conn, plan, at=NOW, actor="test", on_accounts_created=lambda _conn, _ids: None
    )
    assert len(created) == 6041
    for number, code in enumerate(codes):
        box = created[f"hop.{code.lower()}@lamdong.gov.vn"]
        repository.grant(
            conn, box, created[f"p{number}@lamdong.gov.vn"], repository.delegations.ALL_RIGHTS, NOW
        )


@pytest.mark.parametrize("empty", ["sqlite", "postgres"], indirect=True)
def test_the_reform_of_july_2025_is_planned_and_written_in_time(conn: Connection) -> None:
    province(conn)
    before = structure(conn)
    lines = [f"dissolve,H{n},UB,,,p0,,," for n in range(DISTRICTS)]
    lines += [f"merge,X{n},X{n % REMAINING},,,,,," for n in range(REMAINING, COMMUNES)]
    lines += [f"rename,X{n},,,,,UBND phường {n},," for n in range(REMAINING)]
    head = "action,code,into,address_to,archive_to,custodian,name,short_name,parent"
    sheet = reorganise.read_acts("\n".join((head, *lines)).encode())

    start = time.perf_counter()
    plan = reorganise.plan_reorganisation(conn, SERVER, sheet, on=JULY, at=NOW)
    assert plan.refused == ()
    body = reorganise.reorganisation_to_json(plan)
    planned = time.perf_counter()
    done = reorganise.apply_reorganisation(conn, plan, at=NOW, actor="test", on_joined=lambda _pairs: None)
    undo = done.to_json()
    held = time.perf_counter() - planned
    assert planned - start < 30  # 1 s measured, reading and working out; nobody waits for it
    assert held < 1, len(undo)  # the part that holds the writers' lock

    assert (body["end"], len(body["details"]["close"])) == (
        DISTRICTS + COMMUNES - REMAINING,
        plan.counts["close"],
    )
    assert plan.counts["move"] > 900
    assert reorganise.structure_faults(conn, TODAY) == []
    kept = provision.store_plan(
        conn, "reorganisation", plan, at=NOW, actor="test", applied=True, body="{}", undo=undo
    )
    take_back(conn, kept)
    assert structure(conn) == before
