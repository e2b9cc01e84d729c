"""`congvu statistics`: a table, JSON and a spreadsheet that says the same."""

from openpyxl import load_workbook

PEOPLE = "address,full_name,unit,kind\nan,Nguyễn Văn An,SYT,personal\nchi,Lê Thị Chi,DAR,personal\n"


def peopled(province):
    assert province("account", "import", "people.csv", "--yes", files={"people.csv": PEOPLE}).code == 0
    return province


def test_shares_come_with_numerator_denominator_and_plan(province):
    found = peopled(province)("statistics", "adoption", "--json").json
    activated = found["total"]["activated"]
    assert activated == {
        "numerator": 0,
        "denominator": 2,
        "percent": 0,
        "plan": 95,
        "percent_of_plan": 0,
    }
    assert {line["key"] for line in found["lines"]} == {"UBND", "SYT", "DAR"}
    assert not found["final"]
    shown = province("statistics", "adoption", "--by", "tier")
    assert shown.code == 0
    assert "calendar import" in shown.out


def test_the_spreadsheet_says_the_same_and_holds_no_formula(province, tmp_path):
    peopled(province)
    ran = province("statistics", "adoption", "--xlsx", "use.xlsx", "--tier", "commune")
    assert ran.code == 0, ran.err
    sheet = load_workbook(tmp_path / "use.xlsx").active
    cells = [cell.value for row in sheet.iter_rows() for cell in row]
    assert "DAR" in cells
    assert "SYT" not in cells
    assert not [value for value in cells if isinstance(value, str) and value.startswith("=")]


def test_units_are_ranked(province, tmp_path):
    ranks = peopled(province)("statistics", "ranking", "activated", "--json", "--xlsx", "rank.xlsx").json
    assert [(rank["place"], rank["last_year"]) for rank in ranks] == [(1, None), (1, None)]
    assert load_workbook(tmp_path / "rank.xlsx").active["A3"].value == 1


def test_a_month_is_kept_once_and_only_when_it_is_over(province):
    assert province("statistics", "keep", "2020-01", "--json").json == {"month": "2020-01", "units": 0}
    assert province("statistics", "keep", "2099-01").code == 1
    assert province("statistics", "adoption", "--month", "2099-01").code == 1
    assert province("statistics", "adoption", "--month", "Nov").code == 2
    assert province("statistics", "adoption", "--under", "NOWHERE").code == 1
