"""clamd as Debian ships it says what is in a letter; whatever else answers is told apart from a clean letter."""

import asyncio
import base64
import socket

import pytest

from mailsvc.net.filters.beside import UnavailableError
from mailsvc.net.filters.clamd import Clamd, TooLargeToScanError, instream, virus_in
from tests.support.filters import EICAR, clamd

ATTACHED = (
    b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=a.bin\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(EICAR).replace(b"\n", b"\r\n")
)


def scan(address, content, seconds=20.0):
    async def ask():
        return await Clamd(address, seconds=seconds, connections=2).scan(content)

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def addresses(tmp_path_factory):
    with clamd(tmp_path_factory.mktemp("clamd")) as addresses:
        yield addresses


@pytest.mark.parametrize("which", [0, 1], ids=["tcp", "unix"])
def test_a_real_clamd_finds_what_is_attached_and_passes_what_is_clean(addresses, which):
    assert scan(addresses[which], ATTACHED) == "Congvu.Test.Eicar.UNOFFICIAL"
    assert scan(addresses[which], b"Subject: x\r\n\r\nhi\r\n") == ""
    assert scan(addresses[which], b"Subject: x\r\n\r\n" + b"a" * 700_000) == ""


def test_a_letter_that_is_too_large_for_clamd_is_not_called_clean(addresses):
    for address in addresses:
        with pytest.raises(TooLargeToScanError):
            scan(address, b"a" * 5_000_000)


def test_chunks_put_together_are_the_letter():
    said = b"".join(instream(b"x" * 300_000))
    assert said.startswith(b"zINSTREAM\0" + (262_144).to_bytes(4, "big"))
    assert said.endswith(bytes(4))
    assert len(said) == 10 + 4 + 262_144 + 4 + (300_000 - 262_144) + 4


@pytest.mark.parametrize(
    "answer", [b"", b"stream: OK and more\0", b"UNKNOWN COMMAND\0", b"INSTREAM size limit exceeded. ERROR\0"]
)
def test_an_unexpected_answer_is_no_verdict(answer):
    with pytest.raises(UnavailableError):
        virus_in(answer)


def test_the_name_of_a_virus_cannot_break_out_of_a_reply():
    assert virus_in(b"stream: a\r\n250 ok FOUND\0") == "a??250?ok"


def test_nobody_there_and_a_silent_program_are_unavailable(tmp_path):
    with pytest.raises(UnavailableError):
        scan(f"unix:{tmp_path}/nobody", b"x")

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(UnavailableError, match="no answer within"):
            scan(f"127.0.0.1:{port}", b"x", seconds=0.05)
