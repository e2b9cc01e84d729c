"""The demo's directory: what it promises, on a store as an IT officer would fill it."""

from datetime import date
from pathlib import Path

import pytest

from directory import provision
from directory.model import Branch
from directory.scope import SERVER
from mailsvc.demo.model import BoxKind, DemoProvince, Role
from mailsvc.demo.places import REFORM
from mailsvc.demo.province import accounts_csv, demo_province, units_csv
from mailsvc.demo.roster import faulty_accounts_csv, mended_accounts_csv
from mailsvc.demo.walk import (
    DA_RON_CLERK,
    DA_RON_HEAD,
    DA_RON_UNIT_BOX,
    IT_OFFICER,
    OFFICE_CLERK,
    OFFICE_UNIT_BOX,
    walk_text,
    who,
)
from mailsvc.services.provision import on_accounts_created
from mailsvc.storage.store import Store
from tests.support.mail import DOMAIN, NOW, make_store

TODAY = date(2026, 11, 22)
HASH = "$1$zalt1234$lZGdRKZF1qAbPjM9SvXpj/"


@pytest.fixture(scope="module")
def province() -> DemoProvince:
    return demo_province(DOMAIN)


@pytest.fixture(scope="module")
def filled(province: DemoProvince, tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = make_store(Path(tmp_path_factory.mktemp("demo")))
    with store.write() as uow:
        units = provision.plan_units(
            uow.conn,
            SERVER,
            provision.read_units(units_csv(province).encode()),
            on=TODAY,
            strict_branches=True,
        )
        assert (units.refused, units.warnings) == ((), ())
        provision.apply_units(uow.conn, units, at=NOW, actor="test")
        boxes = _plan(uow.conn, accounts_csv(province, HASH))
        assert (boxes.refused, boxes.warnings) == ((), ())
        assert not any(new.must_change for new in boxes.creates)
        provision.apply_accounts(
            uow.conn, boxes, at=NOW, actor="test", on_accounts_created=on_accounts_created(uow)
        )
    return store


def _plan(conn, text: str) -> provision.AccountPlan:
    return provision.plan_accounts(
        conn, SERVER, provision.read_accounts(text.encode()), on=TODAY, settings=provision.ProvisionSettings()
    )


def test_sixty_units_of_five_branches_and_two_hundred_people(province: DemoProvince) -> None:
    today = [unit for unit in province.units if unit.valid_to is None]
    assert (len(today), len(province.people)) == (60, 200)
    assert {unit.branch for unit in today} == {branch.value for branch in Branch}
    assert {unit.tier for unit in today} == {"province", "commune"}


def test_districts_are_history(province: DemoProvince) -> None:
    districts = [place for place in province.places if place.tier == "district"]
    assert districts
    assert {place.valid_to for place in districts} == {REFORM}
    assert {unit.valid_to for unit in province.units if unit.tier == "district"} == {REFORM}


def test_an_import_refuses_nothing_and_a_second_one_changes_nothing(
    filled: Store, province: DemoProvince
) -> None:
    with filled.read() as db:
        units = provision.plan_units(
            db.conn, SERVER, provision.read_units(units_csv(province).encode()), on=TODAY
        )
        boxes = _plan(db.conn, accounts_csv(province, HASH))
    assert units.changes_nothing
    assert boxes.changes_nothing


def test_the_roster_of_the_walk_has_two_faults_and_then_none(filled: Store, province: DemoProvince) -> None:
    with filled.read() as db:
        faulty, mended = (
            _plan(db.conn, text) for text in (faulty_accounts_csv(province), mended_accounts_csv(province))
        )
    assert [remark.line for remark in faulty.refused] == [3, 4]
    assert (mended.refused, len(mended.creates)) == ((), 4)


def test_every_unit_of_today_has_a_box_with_somebody_who_may_send_for_it(province: DemoProvince) -> None:
    for unit in province.units:
        if unit.valid_to is None:
            assert province.delegates(province.unit_box[unit.code].address), unit.code


def test_every_commune_has_a_head_and_a_clerk_on_its_box(province: DemoProvince) -> None:
    for code, box in province.unit_box.items():
        if code.startswith("UBND-"):
            roles = {
                province.person_by_address[person].post.role for person in province.delegates(box.address)
            }
            assert {Role.HEAD, Role.CLERK} <= roles


def test_names_that_fold_alike_are_numbered_and_one_word_is_a_name(province: DemoProvince) -> None:
    locals_ = [person.address.partition("@")[0] for person in province.people]
    assert {"annv", "annv2", "annv3", "kbrep"} <= set(locals_)
    assert len(set(locals_)) == 200


def test_those_whom_the_walk_names_are_who_it_says(province: DemoProvince) -> None:
    assert who(province, OFFICE_CLERK).post.role is Role.CLERK
    assert who(province, DA_RON_HEAD).post.role is Role.HEAD
    assert who(province, DA_RON_CLERK).post.unit == "UBND-DARON"
    assert who(province, IT_OFFICER).post.unit == "TTCDS"
    for local, reader in ((OFFICE_UNIT_BOX, OFFICE_CLERK), (DA_RON_UNIT_BOX, DA_RON_CLERK)):
        box = province.box_by_address[f"{local}@{DOMAIN}"]
        assert box.kind is BoxKind.UNIT
        assert f"{reader}@{DOMAIN}" in province.delegates(box.address)


def test_the_walk_is_told_in_vietnamese_and_then_in_english(province: DemoProvince) -> None:
    text = walk_text(province, web="http://127.0.0.1:8080/", data="var")
    assert text.index("TỈNH MẪU") < text.index("THE DEMO PROVINCE")
    assert "congvu --data var verify" in text
