import pytest

from tests.mailsvc.smtp.service import service


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """SMTP, submission and LMTP over a store, on free ports."""
    with service(tmp_path_factory.mktemp("service")) as running:
        yield running
