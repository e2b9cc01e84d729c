from tests.mailsvc.cli.conftest import Congvu


def test_an_administrator_is_made_listed_and_dismissed(province: Congvu) -> None:
    province("account", "create", "annv", "--unit", "SYT", "--name", "Nguyễn Văn An")
    words = ("annv", "--unit", "SYT", "--role", "unit")
    assert province("admin", "grant", *words, "--json").json["new"]
    assert province("admin", "list", "--json").json == [
        {"address": "annv@lamdong.gov.vn", "unit": "SYT", "role": "unit"}
    ]
    assert "annv@lamdong.gov.vn" in province("admin", "list").out
    assert province("admin", "revoke", *words).code == 0
    again = province("admin", "revoke", *words)
    assert (again.code, "congvu admin list" in again.err) == (1, True)
    assert province("admin", "list").code == 0


def test_only_known_people_and_units(province: Congvu) -> None:
    province("account", "create", "syt", "--unit", "SYT", "--name", "Sở Y tế", "--kind", "unit")
    assert province("admin", "grant", "khong", "--unit", "SYT", "--role", "unit").code == 1
    assert province("admin", "grant", "syt", "--unit", "KHONG", "--role", "unit").code == 1
    assert province("admin", "grant", "syt", "--unit", "SYT", "--role", "unit").code == 1
    assert province("admin", "grant", "syt", "--unit", "SYT", "--role", "vua").code == 2
