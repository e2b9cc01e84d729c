"""What is sent from the page is looked at as what is sent by a mail program."""

import pytest

from config.settings import AntivirusSettings, AttachmentSettings, Settings
from mailsvc.model.errors import ForbiddenFile, Infected, ScannerUnavailable, TooLarge
from mailsvc.services.dangerous_files import check_before_sending
from tests.support.filters import EICAR, clamd

PROGRAM = (
    b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=a.exe\r\n"
    b"Content-Disposition: attachment; filename=a.exe\r\n\r\nx\r\n"
)


def test_nothing_is_looked_at_by_default():
    assert check_before_sending(PROGRAM + EICAR, Settings()) == b""


def test_files_that_run_are_refused_by_name_or_marked():
    with pytest.raises(ForbiddenFile, match=r"a\.exe"):
        check_before_sending(PROGRAM, Settings(attachments=AttachmentSettings(executables="refuse")))
    marking = Settings(attachments=AttachmentSettings(executables="mark", macros="refuse"))
    assert check_before_sending(PROGRAM, marking) == b"Congvu-Marks: executable-attachment\r\n"


def test_a_real_scanner_refuses_a_virus_and_what_it_cannot_take(tmp_path):
    with clamd(tmp_path) as (_, address):
        settings = Settings(antivirus=AntivirusSettings(clamd=address))
        assert check_before_sending(b"Subject: x\r\n\r\nhi\r\n", settings) == b""
        with pytest.raises(Infected, match="Eicar"):
            check_before_sending(b"Subject: x\r\n\r\n" + EICAR + b"\r\n", settings)
        with pytest.raises(TooLarge):
            check_before_sending(b"a" * 3_000_000, settings)


def test_without_the_scanner_a_setting_decides(tmp_path):
    def nobody(rule):
        return Settings(
            antivirus=AntivirusSettings(clamd=f"unix:{tmp_path}/nobody", unavailable=rule, seconds=1)
        )

    with pytest.raises(ScannerUnavailable):
        check_before_sending(b"x", nobody("defer"))
    assert check_before_sending(b"x", nobody("accept")) == b"Congvu-Marks: not-scanned\r\n"
