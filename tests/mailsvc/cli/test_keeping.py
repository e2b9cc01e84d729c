"""`congvu hold` and `congvu retention`."""


def test_a_hold_is_placed_listed_and_released(province):
    made = province("hold", "add", "unit", "SYT", "--reason", "QĐ 12/QĐ-TTr", "--json")
    assert (made.code, made.json["subject"], made.json["boxes"]) == (0, "SYT", 0)
    assert "SYT" in province("hold", "list").out
    assert province("hold", "release", str(made.json["id"])).code == 0
    assert province("hold", "list", "--json").json == []
    assert [one["released_at"] > 0 for one in province("hold", "list", "--all", "--json").json] == [True]
    again = province("hold", "release", str(made.json["id"]))
    assert again.code == 1
    assert "was released" in again.err


def test_a_hold_on_nobody_is_refused(province):
    ran = province("hold", "add", "account", "nobody", "--reason", "x")
    assert ran.code == 1
    assert "there is no box nobody" in ran.err
    assert province("hold", "add", "account", "nobody").code == 2


def test_a_rule_is_made_listed_and_taken_back(province):
    made = province(
        "retention", "add", "--unit", "SYT", "--mailbox", "trash", "--delete-after", "30", "--json"
    )
    assert made.json["special_use"] == "\\Trash"
    assert "Trash" in province("retention", "list").out
    assert province("retention", "remove", str(made.json["id"])).code == 0
    assert province("retention", "list", "--json").json == []
    assert province("retention", "add").code == 2
