"""The page of statistics: figures of what one administers, drawn without scripts; nothing for anybody else."""

import re
from io import BytesIO

import pytest
from openpyxl import load_workbook

from directory import authenticate
from directory.model import AdminRole
from directory.passwords import hash_password
from mailsvc.services.open_store import open_index
from tests.mailsvc.services.statistics.conftest import WORKED, Province
from tests.support.mail import DOMAIN
from tests.webmail.conftest import Reader
from webmail.adapter import web_services
from webmail.app import create_app
from webmail.statistics.bars import decimal_text, series
from webmail.statistics.port import Bar, Share

PASSWORD = "Dalat#2026"
PAGE = "/quan-tri/thong-ke"


@pytest.fixture(scope="module")
def province(tmp_path_factory):
    folder = tmp_path_factory.mktemp("province") / "data"
    one = Province(folder)
    one.uses("an", *WORKED)
    with one.store.write() as uow:
        for local in ("an", "chi", "dung", "ha"):
            stored = authenticate.NewPassword(hash_password(PASSWORD))
            authenticate.store_password(uow.conn, one.id(local), stored, uow.clock(), must_change=False)
    one.administers("an", "UB", AdminRole.PROVINCE)
    one.administers("chi", "DAR")
    one.administers("ha", "TU")
    one.engine = open_index(folder)
    yield one
    one.engine.close()
    one.store.close()


@pytest.fixture
def page(province):
    app = create_app(web_services(province.store, province.engine, province.settings))

    def shown(local, query="", path=PAGE):
        reader = Reader(app)
        reader.get("/")
        found = reader.post("/sign-in", {"address": f"{local}@{DOMAIN}", "password": PASSWORD})
        assert found.status_code == 303
        return reader.get(path + query)

    return shown


def test_an_administrator_sees_numerators_denominators_and_the_plan(page):
    text = page("an", "?month=2026-10").get_data(as_text=True)
    assert "Dùng thường xuyên / phải dùng" in text
    assert re.search(r"<strong>25 %</strong>\s*<span>1 / 4</span>", text)
    assert "31 % kế hoạch (80 %)" in text
    assert "UBND xã Đạ Ròn" in text
    assert "Tỉnh ủy" not in text


def test_a_unit_s_administrator_sees_the_unit_and_nothing_beside(page):
    text = page("chi", "?month=2026-10").get_data(as_text=True)
    assert "UBND xã Đạ Ròn" in text
    assert "Lạc Dương" not in text


def test_who_administers_nothing_finds_no_page(page):
    assert page("dung").status_code == 404


@pytest.mark.parametrize("local", ["an", "chi"])
def test_the_party_cannot_be_asked_for(page, local):
    assert page(local, "?under=TU").status_code == 403
    assert page(local, "?under=NOWHERE").status_code == 403


@pytest.mark.parametrize("query", ["?month=x", "?month=2099-01", "?by=planet", "?measure=luck", "?tier=x"])
def test_words_that_mean_nothing_find_no_page(page, query):
    assert page("an", query).status_code == 404


def test_the_spreadsheet_has_the_lines_of_the_scope(page):
    answer = page("chi", "?month=2026-10", PAGE + "/xlsx")
    cells = [cell.value for row in load_workbook(BytesIO(answer.data)).active.iter_rows() for cell in row]
    assert "DAR" in cells
    assert "UB" not in cells


def test_no_script_is_loaded(page):
    assert "<script" not in page("an").get_data(as_text=True)


def test_columns_reach_the_top_and_the_plan_is_a_line():
    bars = [
        Bar("2026-10", "x", Share("regular", "", 1, 2, 50.0, 80)),
        Bar("2026-11", "x", Share("regular", "", 0, 0, None, 80)),
    ]
    drawn = series(bars, ",")
    assert [(one.height, one.label, one.value) for one in drawn.columns] == [
        (60, "10/26", "50"),
        (0, "11/26", "–"),
    ]
    assert drawn.plan_y == 24
    assert decimal_text(33.333, ",") == "33,3"
