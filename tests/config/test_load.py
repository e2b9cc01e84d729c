"""Settings: the file, the environment over it, all mistakes at once, no secret in an error."""

import pytest

from config.load import SettingsError, load
from config.settings import MIB


def test_the_environment_goes_over_the_file(tmp_path):
    (tmp_path / "congvu.toml").write_text('domain = "tinh.example"\n[imap]\nlisten = "127.0.0.1:1143"\n')
    settings = load(
        tmp_path, {"CONGVU_IMAP__LISTEN": "127.0.0.1:2222", "CONGVU_TRUSTED_NETWORKS": "[]", "HOME": "/x"}
    )
    assert (settings.domain, settings.imap.listen, settings.trusted_networks) == (
        "tinh.example",
        "127.0.0.1:2222",
        (),
    )
    assert settings.smtp.max_message_bytes == 35 * MIB


def test_all_mistakes_are_told_at_once_with_their_places(tmp_path):
    (tmp_path / "congvu.toml").write_text('[smtp]\nlisten = "nowhere"\nno_such = 1\n[quota]\nunit = -1\n')
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, {})
    assert sorted(mistake.split(":")[0] for mistake in refused.value.mistakes) == [
        "quota.unit",
        "smtp.listen",
        "smtp.no_such",
    ]


def test_a_broken_file_names_the_file_and_the_line(tmp_path):
    (tmp_path / "congvu.toml").write_text("[smtp\n")
    with pytest.raises(SettingsError, match=r"congvu\.toml.*line 1"):
        load(tmp_path, {})


@pytest.mark.parametrize("text", ["[queue]\nsmart_host_password = 12345\n", "[storage]\nurl = 12345\n"])
def test_no_secret_stands_in_an_error(tmp_path, text):
    (tmp_path / "congvu.toml").write_text(text)
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, {})
    assert "12345" not in str(refused.value)


@pytest.mark.parametrize(
    "hours", ["", "8-17", "13:30-17:00 07:30-11:30", "07:30-11:30 11:00-17:00", "25:00-26:00"]
)
def test_office_hours_follow_one_another(tmp_path, hours):
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, {"CONGVU_CALENDAR__WORKING_HOURS": hours})
    assert refused.value.mistakes[0].startswith("calendar.working_hours")
