"""`congvu calendar`: a preview, then the working days of the year."""

FILE = "day,kind,name\n2026-01-01,holiday,Tết Dương lịch\n2026-01-10,working_saturday,Làm bù\n"


def test_a_calendar_is_previewed_then_imported_and_shown(congvu):
    preview = congvu("calendar", "import", "year.csv", "--json", files={"year.csv": FILE})
    assert (preview.code, preview.json["add"], preview.json["applied"]) == (0, 2, False)
    assert not congvu("calendar", "show", "2026", "--json").json["imported"]
    assert congvu("calendar", "import", "year.csv", "--yes").code == 0
    shown = congvu("calendar", "show", "2026", "--json").json
    assert (len(shown["days"]), shown["working_days"]) == (2, 261)


def test_a_refused_line_changes_nothing_and_is_named(congvu):
    bad = congvu(
        "calendar", "import", "bad.csv", "--yes", "--json", files={"bad.csv": FILE + "x,holiday,y\n"}
    )
    assert bad.code == 1
    assert bad.json["refused"][0]["line"] == 4
    assert not congvu("calendar", "show", "2026", "--json").json["imported"]
