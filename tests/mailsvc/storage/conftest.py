import pytest

from tests.support.mail import make_store
from tests.support.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    """The same promises hold on both databases."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    store = make_store(tmp_path / "data", url, segment_bytes=1 << 20, large_piece_bytes=1 << 16)
    yield store
    store.close()
