import pytest

from tests.mailsvc.imap.player import ImapHouse, Player


@pytest.fixture
def house(tmp_path):
    house = ImapHouse(tmp_path / "data")
    yield house
    house.close()


@pytest.fixture
def imap(house):
    player = Player(house)
    yield player
    player.close()


@pytest.fixture(scope="module")
def shared_imap(tmp_path_factory):
    """One house for the tests of a file that only look."""
    player = Player(ImapHouse(tmp_path_factory.mktemp("house") / "data"))
    yield player
    player.close()
