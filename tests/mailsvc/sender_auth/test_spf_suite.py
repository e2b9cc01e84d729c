"""Every case of the public RFC 7208 suite."""

from typing import Any

import pytest

from mailsvc.sender_auth.spf import check_host
from tests.mailsvc.sender_auth.suites import cases
from tests.mailsvc.sender_auth.zone import Zone


@pytest.mark.parametrize(("scenario", "test"), cases("spf-rfc7208-tests.yml"))
async def test_the_suite_agrees(scenario: dict[str, Any], test: dict[str, Any]) -> None:
    sender: str = test["mailfrom"]
    domain = sender.rpartition("@")[2] or test["helo"]
    got = await check_host(test["host"], domain, sender, test["helo"], Zone(scenario["zonedata"]))
    allowed = test["result"] if isinstance(test["result"], list) else [test["result"]]
    assert got.result.value in allowed, got.mechanism
    if "explanation" in test:
        assert (got.explanation or "DEFAULT") == test["explanation"]
