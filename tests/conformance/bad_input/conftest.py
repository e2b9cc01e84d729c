"""One service for the folder; after each test it still answers, has not grown, and has logged no exception."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.bad_input.wire import Imap, Smtp
from tests.support.service import Service

MIB = 1 << 20
MAX_MESSAGE = 8 * MIB
MAX_GROWTH = 120 * MIB
"""Of the mail process over one test: a few copies of the largest letter, and what the allocator keeps."""
MAX_SIZE = 400 * MIB
CROWD = 1000
SMALL_QUOTA = 200_000
SMALL = [f"day{number}" for number in range(8)]


def mail_process(service: Service) -> int:
    """The process that serves the mail protocols."""
    assert service.process is not None
    parent = service.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return next(
        int(child)
        for child in children
        if b"run-process\0mail" in Path(f"/proc/{child}/cmdline").read_bytes()
    )


def resident(service: Service) -> int:
    """Octets of memory that the mail process holds."""
    status = Path(f"/proc/{mail_process(service)}/status").read_text()
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    assert found
    return int(found[1]) * 1024


def work(service: Service) -> float:
    """Seconds of processor time that the mail process has used: what an input costs, however busy the machine is."""
    stat = Path(f"/proc/{mail_process(service)}/stat").read_text()
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data: Path = tmp_path_factory.mktemp("bad") / "data"
    with Service(
        data, web=False, CONGVU_LOG__LEVEL="warning", CONGVU_SMTP__MAX_MESSAGE_BYTES=str(MAX_MESSAGE)
    ) as service:
        service.init().add_people(["an", "binh", *(f"p{number}" for number in range(CROWD))])
        service.environ["CONGVU_QUOTA__PERSONAL"] = str(SMALL_QUOTA)
        service.add_people(SMALL)
        yield service.start()
        service.must("verify")
        assert service.stop() == 0


@pytest.fixture(autouse=True)
def unharmed(service: Service) -> Iterator[None]:
    before, process, logged = resident(service), mail_process(service), len(service.log.read_bytes())
    yield
    assert mail_process(service) == process, "the mail process died"
    log = service.log.read_bytes()[logged:].decode()
    assert "Traceback" not in log, log[-4000:]
    with Imap(service.address("imap"), "an") as imap, Smtp(service.address("smtp")) as smtp:
        assert imap.asks(b"NOOP").startswith(b"a OK")
        assert smtp.asks(b"NOOP").startswith(b"250")
    after = resident(service)
    assert after - before < MAX_GROWTH
    assert after < MAX_SIZE
