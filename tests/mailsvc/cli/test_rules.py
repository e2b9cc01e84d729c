"""`congvu rules`."""

SCRIPT = 'require "fileinto";\nif header :contains "x-spam" "yes" { fileinto "Junk"; }\n'


def test_the_rules_of_a_unit_are_set_shown_and_taken_away(province):
    assert province("rules", "show", "--unit", "SYT").out == "There are no rules.\n"
    assert province("rules", "set", "r.sieve", "--unit", "SYT", files={"r.sieve": SCRIPT}).code == 0
    assert province("rules", "show", "--unit", "SYT").out == SCRIPT
    assert province("rules", "show", "--json").json == {"unit": "", "script": None}
    assert province("rules", "clear", "--unit", "SYT").code == 0
    assert province("rules", "clear", "--unit", "SYT").code == 1


def test_a_script_that_cannot_be_read_changes_nothing(province):
    province("rules", "set", "r.sieve", files={"r.sieve": SCRIPT})
    ran = province("rules", "set", "r.sieve", files={"r.sieve": "keep;\nnothing;\n"})
    assert (ran.code, "line 2" in ran.err) == (1, True)
    assert province("rules", "show").out == SCRIPT
    assert province("rules", "set", "r.sieve", "--unit", "NONE", files={"r.sieve": SCRIPT}).code == 1
