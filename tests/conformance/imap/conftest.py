import pytest

from tests.mailsvc.imap.player import ImapHouse


@pytest.fixture
def house(tmp_path):
    house = ImapHouse(tmp_path / "data")
    yield house
    house.close()
