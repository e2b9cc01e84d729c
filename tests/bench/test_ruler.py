"""The ruler itself: its clients find the ends of replies, its letters are alike in nothing."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from bench import letters, proc
from bench.plan import FULL, Report
from bench.results import Row, number, ratio, render
from bench.wire import Imap, Smtp, Wire

W = TypeVar("W", bound=Wire)


@asynccontextmanager
async def answered(client: type[W], script: list[bytes]) -> AsyncIterator[W]:
    """A client connected to a server that says each piece in turn, one at a time."""
    ended = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in script:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        await reader.read()
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    wire = await client.connect(server.sockets[0].getsockname()[1])
    yield wire
    wire.close()
    await ended.wait()
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("cut", [1, 3, 7, 1000])
async def test_a_tagged_reply_is_found_however_it_is_cut(cut: int) -> None:
    reply = b"* 1 FETCH (BODY[] {21}\r\nzQ OK a letter\r\nzQ2w\r\n)\r\nzQ1w OK done\r\n"
    async with answered(Imap, [reply[at : at + cut] for at in range(0, len(reply), cut)]) as imap:
        assert await imap.finish(b"zQ1w") == reply


async def test_a_refusal_is_an_error_with_its_text() -> None:
    async with answered(Imap, [b"zQ1w NO [OVERQUOTA] full\r\n"]) as imap:
        with pytest.raises(ConnectionError, match="OVERQUOTA"):
            await imap.finish(b"zQ1w")


async def test_replies_of_several_lines_count_once() -> None:
    async with answered(
        Smtp, [b"250-one\r\n250-two\r\n250 three\r\n", b"354 go\r", b"\n220 left\r\n"]
    ) as smtp:
        assert await smtp.replies(2) == [b"250 three\r\n", b"354 go\r\n"]
        assert await smtp.replies(1) == [b"220 left\r\n"]


def test_no_two_letters_are_alike_and_each_is_what_smtp_takes() -> None:
    made = [letters.small(number) for number in range(200)]
    assert len(set(made)) == len(made)
    for letter in made:
        assert letter.endswith(b"\r\n")
        assert letter.count(b"\n") == letter.count(b"\r\n") == letter.count(b"\r")
        assert 3800 < len(letter) < 4500
        assert max(map(len, letter.split(b"\r\n"))) < 998


def test_the_large_letter_is_one_multipart() -> None:
    letter = letters.large(octets=100_000)
    assert letter.count(b"--ranh-gioi") == 3
    assert len(letter) > 133_000


def test_the_memory_and_time_of_this_process_are_seen() -> None:
    assert proc.pss_bytes([os.getpid()]) > 1_000_000
    assert proc.cpu_seconds([os.getpid()]) > 0
    assert os.getpid() in proc.tree([os.getppid()])


def test_a_file_with_two_names_is_counted_once(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(os.urandom(100_000))
    alone = proc.disk_bytes(tmp_path)
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    assert proc.disk_bytes(tmp_path) == alone


def test_the_ratio_says_how_many_times_better_we_are() -> None:
    assert ratio(Row("x", "x", "ms"), 2.0, 4.0) == "2.00×"
    assert ratio(Row("x", "x", "letters/s", more_is_better=True), 2.0, 4.0) == "0.50×"
    assert ratio(Row("x", "x", "ms"), None, 4.0) == "–"
    assert number(1234.5) == "1,234"


def test_what_could_not_be_measured_is_said() -> None:
    text = render(
        FULL, Report("Congvu", failures={"SMTP": "refused"}), [Report("Dovecot sdbox")], quick=False
    )
    assert "- Congvu: SMTP: refused" in text
