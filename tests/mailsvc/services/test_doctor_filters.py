"""`congvu doctor` says whether the filters that are switched on answer, and whether they take what we take."""

import asyncio

from config.settings import MIB, AntivirusSettings, RspamdSettings, Settings, SmtpSettings
from mailsvc.services.doctor_filters import ask_filters
from tests.support.filters import clamd, rspamd


def test_real_filters_are_well_and_a_limit_that_is_too_small_is_found(tmp_path):
    with (
        clamd(tmp_path / "clamd", stream_octets=2 * MIB) as (_, scanner),
        rspamd(tmp_path / "rspamd") as judge,
    ):
        for largest, fault in (
            (1 * MIB, ""),
            (5 * MIB, f"StreamMaxLength < {5 * MIB} (smtp.max_message_bytes)"),
        ):
            settings = Settings(
                smtp=SmtpSettings(max_message_bytes=largest),
                antivirus=AntivirusSettings(clamd=scanner),
                rspamd=RspamdSettings(address=judge, seconds=20),
            )
            assert asyncio.run(ask_filters(settings)) == [("clamd", scanner, fault), ("rspamd", judge, "")]


def test_what_does_not_answer_is_told_and_what_is_off_is_not_asked(tmp_path):
    nobody = f"unix:{tmp_path}/nobody"
    [(name, address, fault)] = asyncio.run(ask_filters(Settings(rspamd=RspamdSettings(address=nobody))))
    assert (name, address) == ("rspamd", nobody)
    assert "No such file" in fault
    assert asyncio.run(ask_filters(Settings())) == []
