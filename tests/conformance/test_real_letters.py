"""Some 6,000 real letters, many with broken headers, charsets and MIME: in by LMTP and by APPEND, out octet for octet."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.corpus import real_letters
from tests.support.service import Service

PASSWORD = "Mat-khau-1"
CONNECTIONS = 8
OUR_TRACE = re.compile(
    rb"\ADelivered-To: an@lamdong\.example\r\nReturn-Path: <x@example\.org>\r\nReceived: .*\r\n(?:[ \t].*\r\n)*"
)


def as_sent(letter: bytes) -> bytes:
    """The letter with the line ends of a mail system; a bare CR stays where it was."""
    text = letter.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return text if text.endswith(b"\r\n") else text + b"\r\n"


def has_bare_cr(letter: bytes) -> bool:
    return re.search(rb"\r(?!\n)", letter) is not None


async def by_lmtp(service: Service, letters: list[bytes]) -> list[int]:
    """Deliver the letters; the code that each got after its octets."""
    reader, writer = await asyncio.open_connection(*service.address("lmtp"))

    async def code() -> int:
        while True:
            line = await reader.readline()
            assert line, "the connection was closed"
            if line[3:4] == b" ":
                return int(line[:3])

    assert await code() == 220
    writer.write(b"LHLO test\r\n")
    assert await code() == 250
    codes = []
    for letter in letters:
        stuffed = re.sub(rb"(?m)^\.", b"..", letter) if b"." in letter else letter
        writer.write(
            f"MAIL FROM:<x@example.org>\r\nRCPT TO:<an@{service.domain}>\r\nDATA\r\n".encode()
            + stuffed
            + b".\r\n"
        )
        assert [await code(), await code(), await code()] == [250, 250, 354]
        codes.append(await code())
    writer.close()
    return codes


async def by_append(service: Service, letters: list[bytes]) -> list[bytes]:
    """APPEND the letters to Archive with LITERAL+; the tagged replies."""
    reader, writer = await asyncio.open_connection(*service.address("imap"), limit=1 << 26)
    await reader.readline()
    writer.write(f"a LOGIN an@{service.domain} {PASSWORD}\r\n".encode())
    while not (await reader.readline()).startswith(b"a OK"):
        pass
    replies = []
    for letter in letters:
        writer.write(b"b APPEND Archive {%d+}\r\n" % len(letter) + letter + b"\r\n")
        while not (line := await reader.readline()).startswith(b"b "):
            assert line, "the connection was closed"
        replies.append(line)
    writer.close()
    return replies


async def all_octets(service: Service, mailbox: str) -> list[bytes]:
    """BODY[] of every letter of a mailbox, in order."""
    reader, writer = await asyncio.open_connection(*service.address("imap"), limit=1 << 26)
    await reader.readline()
    writer.write(
        f"a LOGIN an@{service.domain} {PASSWORD}\r\nb EXAMINE {mailbox}\r\nc FETCH 1:* BODY.PEEK[]\r\n".encode()
    )
    found: list[bytes] = []
    while not (line := await reader.readline()).startswith(b"c "):
        assert line, "the connection was closed"
        literal = re.search(rb"\{(\d+)\}\r\n$", line)
        if literal:
            found.append(await reader.readexactly(int(literal[1])))
    assert line.startswith(b"c OK"), line
    writer.close()
    return found


def in_shares(
    work: Callable[..., Coroutine[Any, Any, list[Any]]], service: Service, letters: list[bytes]
) -> list[Any]:
    """The work done by several connections at once; its results in the order of the letters."""

    async def run() -> list[list[Any]]:
        return await asyncio.gather(
            *(work(service, letters[number::CONNECTIONS]) for number in range(CONNECTIONS))
        )

    shares = asyncio.run(run())
    return [shares[at % CONNECTIONS][at // CONNECTIONS] for at in range(len(letters))]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data: Path = tmp_path_factory.mktemp("real") / "data"
    with Service(data, web=False, CONGVU_LOG__LEVEL="warning").init() as service:
        service.add_people(["an"], PASSWORD)
        yield service.start()


@pytest.mark.timeout(300)
def test_real_letters_come_out_octet_for_octet(service: Service) -> None:
    letters = [as_sent(letter) for letter in real_letters()]
    assert len(letters) > 6000
    good = [letter for letter in letters if not has_bare_cr(letter)]

    codes = in_shares(by_lmtp, service, letters)
    refused = [code for code in codes if code != 250]
    assert len(refused) == len(letters) - len(good)
    assert all(code // 10 == 55 for code in refused), refused
    held = asyncio.run(all_octets(service, "INBOX"))
    contents = []
    for stored in held:
        prefix = OUR_TRACE.match(stored)
        assert prefix, stored[:300]
        contents.append(stored[prefix.end() :])
    assert Counter(contents) == Counter(good)

    replies = in_shares(by_append, service, letters)
    taken = [letter for letter, reply in zip(letters, replies, strict=True) if reply.startswith(b"b OK")]
    assert len(taken) == len([letter for letter in letters if b"\0" not in letter])
    assert Counter(asyncio.run(all_octets(service, "Archive"))) == Counter(taken)

    service.must("verify")
    assert "Traceback" not in service.log.read_text()
    print(f"{len(letters)} letters, {len(refused)} with bare CR refused by LMTP, {len(taken)} appended")
