"""Settings of the filters: what cannot be meant is refused where it stands."""

import pytest
from pydantic import ValidationError

from config.settings import AntivirusSettings, DnsListSettings, RspamdSettings


@pytest.mark.parametrize("address", ["", "127.0.0.1:3310", "[::1]:3310", "unix:/run/clamav/clamd.ctl"])
def test_a_program_beside_us_is_a_port_or_a_socket(address):
    assert AntivirusSettings(clamd=address).clamd == address


@pytest.mark.parametrize("address", ["unix:run/x", "clamd", "127.0.0.1", "/run/x"])
def test_anything_else_is_refused_with_an_example(address):
    with pytest.raises(ValidationError, match=r"unix:/run/x\.sock|127\.0\.0\.1:2143"):
        RspamdSettings(address=address)


@pytest.mark.parametrize("lists", [{"zen": 1}, {"zen.example.": 1}, {"a b.example": 1}, {"zen.example": 0}])
def test_a_dns_list_has_a_name_and_a_weight(lists):
    with pytest.raises(ValidationError):
        DnsListSettings(lists=lists)
