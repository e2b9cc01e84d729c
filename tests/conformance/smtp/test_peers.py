"""Clients and servers that we did not write: swaks, curl, Postfix's smtp-source and smtp-sink."""

import asyncio
import contextlib
import os
import socket
import subprocess

import pytest

from directory.address import Address
from mailsvc.net.tls import opportunistic_context
from mailsvc.smtp.client import Letter, Server, Unreachable, connect
from mailsvc.smtp.wire.outgoing import Destination
from tests.mailsvc.smtp.service import PASSWORD
from tests.support.mail import DOMAIN, letter
from tests.support.system import need

pytestmark = pytest.mark.peer
AN, BO = f"an@{DOMAIN}", f"bo@{DOMAIN}"


def run(*words, **options):
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, **options)


@pytest.mark.parametrize(
    "words",
    [
        ["--port", "smtp.listen", "--from", "x@world.example"],
        ["--port", "smtp.listen", "--from", "x@world.example", "--tls", "--pipeline"],
        ["--port", "submission.listen", "--from", AN, "--tls", "--auth", "PLAIN", "-au", AN, "-ap", PASSWORD],
        ["--port", "submission.listen", "--from", AN, "--tls", "--auth", "LOGIN", "-au", AN, "-ap", PASSWORD],
        [
            "--port",
            "submission.listen_tls",
            "--from",
            AN,
            "--tls-on-connect",
            "--auth",
            "-au",
            AN,
            "-ap",
            PASSWORD,
        ],
        ["--port", "lmtp.listen", "--from", "x@world.example", "--protocol", "LMTP"],
    ],
)
def test_swaks_sends_by_every_door(running, words):
    swaks = need("swaks", package="swaks")
    words = [str(running.ports.get(word, word)) for word in words]
    before = len(running.letters("bo"))
    done = run(swaks, "--server", "127.0.0.1", "--to", BO, "--header", "Subject: by swaks", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"Subject: by swaks" in running.letters("bo")[before]


def test_swaks_is_told_why_not(running):
    swaks = need("swaks", package="swaks")
    port = str(running.ports["submission.listen"])
    wrong = run(
        swaks,
        "--server",
        "127.0.0.1",
        "--port",
        port,
        "--to",
        BO,
        "--from",
        AN,
        "--auth",
        "-au",
        AN,
        "-ap",
        "no",
    )
    assert wrong.returncode == 28
    assert "535 5.7.8" in wrong.stdout
    unknown = run(
        swaks, "--server", "127.0.0.1", "--port", str(running.ports["smtp.listen"]), "--to", f"no@{DOMAIN}"
    )
    assert unknown.returncode == 24
    assert "550 5.1.1" in unknown.stdout


def test_curl_uploads_over_tls(running, tmp_path):
    curl = need("curl", package="curl")
    file = tmp_path / "letter.eml"
    content = letter(901).replace(b"vanthu@", b"an@")
    file.write_bytes(content)
    done = run(
        curl, "-sS", "-k", f"smtps://127.0.0.1:{running.ports['submission.listen_tls']}/here", "--mail-from", AN,
        "--mail-rcpt", BO, "--user", f"{AN}:{PASSWORD}", "-T", str(file),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert running.letters("bo")[-1].endswith(content)


@pytest.mark.parametrize("door", ["smtp.listen", "lmtp.listen"])
def test_postfix_sends_many_at_once(running, door):
    source = need("smtp-source", package="postfix")
    before = len(running.letters("bo"))
    words = ["-L"] if door == "lmtp.listen" else []
    done = run(
        source, *words, "-s", "10", "-m", "200", "-l", "4096", "-f", "x@world.example", "-t", BO,
        f"127.0.0.1:{running.ports[door]}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(running.letters("bo")) == before + 200


@contextlib.contextmanager
def sink(*words):
    """Postfix's test server; the port it listens on."""
    program = need("smtp-sink", package="postfix")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, *user, *words, f"127.0.0.1:{port}", "100"], stderr=subprocess.PIPE)
    try:
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=10)


async def dial(port):
    for _ in range(100):
        try:
            return await connect(
                Server("localhost", "127.0.0.1", port), our_name="mail.z.vn", tls=opportunistic_context()
            )
        except Unreachable:
            await asyncio.sleep(0.05)
    raise AssertionError("the sink does not answer")


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ([], {250}),
        (["-p"], {250}),
        (["-e"], {250}),
        (["-f", "RCPT"], {500}),
        (["-r", "DATA"], {450}),
        (["-f", "."], {500}),
    ],
)
async def test_our_client_and_postfixs_sink_understand_each_other(words, codes):
    with sink(*words) as port:
        client = await dial(port)
        replies = await client.send(
            Letter(Address("an", "z.vn"), letter(1)),
            [Destination(Address("bo", "x.vn")), Destination(Address("b", "y.vn"))],
        )
        await client.quit()
    assert {reply.code for reply in replies} == codes
