"""`congvu credential`: the help desk sees and takes back, and never makes."""

from tests.mailsvc.cli.conftest import Congvu

ADDRESS = "annv@lamdong.gov.vn"
ROSTER = f"address,full_name,unit,kind\n{ADDRESS},Nguyễn Văn An,SYT,personal\ndaron@lamdong.gov.vn,Đạ Ròn,DAR,unit,\n"


def test_what_somebody_signs_in_by_is_listed_taken_back_and_reset(province: Congvu) -> None:
    province("account", "import", "a.csv", "--yes", files={"a.csv": ROSTER.replace("unit,\n", "unit\n")})
    listed = province("credential", "list", ADDRESS, "--json").json
    assert listed == {"address": ADDRESS, "password_check": "local", "recovery_codes_left": 0, "means": []}
    assert "Recovery codes left: 0" in province("credential", "list", ADDRESS).out
    done = province("credential", "revoke", ADDRESS, "--everything", "--reason", "mất máy", "--json").json
    assert done == {"address": ADDRESS, "app_passwords": 0, "tokens": 0}
    assert province("credential", "reset-factors", ADDRESS, "--json").json == {
        "address": ADDRESS,
        "removed": 0,
    }
    acts = [line["act"] for line in province("audit", "list", "--json").json]
    assert {"account.revoke_credentials", "account.reset_factors"} <= set(acts)


def test_wrong_usage_and_what_is_not_there_are_told_apart(province: Congvu) -> None:
    province("account", "import", "a.csv", "--yes", files={"a.csv": ROSTER.replace("unit,\n", "unit\n")})
    assert province("credential", "revoke", ADDRESS).code == 2
    assert province("credential", "revoke", ADDRESS, "--token", "1", "--everything").code == 2
    assert province("credential", "revoke", ADDRESS, "--token", "99").code == 1
    assert province("credential", "list", "nobody@lamdong.gov.vn").code == 1


def test_the_directory_server_may_be_asked_for_a_password_of_a_person_only(province: Congvu) -> None:
    province("account", "import", "a.csv", "--yes", files={"a.csv": ROSTER.replace("unit,\n", "unit\n")})
    assert province("credential", "password-by", ADDRESS, "ldap", "--json").json["by"] == "ldap"
    assert province("credential", "list", ADDRESS, "--json").json["password_check"] == "ldap"
    assert province("credential", "password-by", "daron@lamdong.gov.vn", "ldap").code == 1
