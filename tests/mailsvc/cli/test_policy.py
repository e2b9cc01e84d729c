from tests.mailsvc.cli.conftest import Congvu

STAFF = "address,full_name,unit,kind\nannv,Nguyễn Văn An,DAR,personal\nanvn,Vũ Ngọc Ân,DAR,personal\n"


def test_a_rule_is_set_shown_for_an_account_and_ended(province: Congvu) -> None:
    assert province("account", "import", "staff.csv", "--yes", files={"staff.csv": STAFF}).code == 0
    ran = province("policy", "set", "password", "min_length=12", "--branch", "state", "--json")
    assert (ran.code, ran.json["fields"]) == (0, {"min_length": 12})
    assert province("policy", "show", "annv", "--json").json["password"]["min_length"] == 12
    assert [row["branch"] for row in province("policy", "list", "--json").json] == ["state"]
    assert province("policy", "end", "password").code == 1
    assert province("policy", "end", "password", "--branch", "state").code == 0
    assert province("policy", "list", "--json").json == []
    assert province("policy", "show", "annv", "--json").json["password"]["min_length"] == 8


def test_a_wrong_rule_names_the_field_and_what_there_is(province: Congvu) -> None:
    ran = province("policy", "set", "password", "min_lenght=12", "--json")
    assert (ran.code, ran.json["refused"][0]["field"]) == (1, "min_lenght")
    assert "min_length" in ran.err
    assert province("policy", "set", "password", "min_length").code == 2
    assert province("policy", "set", "moon", "x=1").code == 2


def test_a_pattern_is_previewed_on_those_who_are_there(province: Congvu) -> None:
    assert province("account", "import", "staff.csv", "--yes", files={"staff.csv": STAFF}).code == 0
    ran = province("policy", "preview", "{given}.{unit}", "--json")
    assert [item["proposed"] for item in ran.json] == ["an.daron", "an.daron2"]
    assert ran.json[1]["notes"] == [{"note": "homograph", "of": "Nguyễn Văn An"}]
    assert province("policy", "preview", "{family}").code == 1
    named = province(
        "policy", "preview", "--name", "Hương Văn", "--name", "Hương Vân", "--numbering", "two_digits"
    )
    assert "vanh02" in named.out
