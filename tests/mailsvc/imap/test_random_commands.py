"""Sessions that say whatever comes to mind: refused or done, never a bug of ours, never silence."""

import random
import time

import pytest

from directory.model import Right
from tests.conformance.imap.script import SCRIPT
from tests.mailsvc.imap.player import Client, Player

WORDS = [
    *b"1 2 1:* * 9 INBOX Archive a b/c/d x \\Seen \\Deleted Khan () BODY[1.2.HEADER] MODSEQ ENVELOPE NOT OR UID TEXT".split(),
    b"(UID FLAGS)",
    b"(CHANGEDSINCE 2)",
    b"(UNCHANGEDSINCE 5)",
    b"ON 1-Jan-2020",
    b'"&ARABoQ-n v&Hss-/daron@lamdong.example/INBOX"',
]


def random_command(chance: random.Random) -> bytes:
    command = chance.choice(SCRIPT)
    octets = command.encode() if isinstance(command, str) else command
    if b"{" in octets:
        return octets
    words = octets.split(b" ")
    if len(words) > 1 and chance.random() < 0.5:
        words[chance.randrange(1, len(words))] = chance.choice(WORDS)
    return b" ".join(words)


def is_alive(client: Client, command: bytes) -> bool:
    """Say it and hear it out; False if the server said BYE."""
    client.sends(b"t " + command)
    while True:
        reply = client.line()
        assert b"SERVERBUG" not in reply, (command, reply)
        if not reply or reply.startswith(b"* BYE"):
            return False
        if reply.startswith(b"t "):
            return True
        if reply.startswith(b"+ "):
            client.sends(b"")


@pytest.mark.parametrize("seconds", [2, pytest.param(40, marks=pytest.mark.long)])
def test_nothing_that_clients_say_is_a_bug_of_ours(imap: Player, seconds: int) -> None:
    imap.house.fill(5)
    imap.house.share(Right.READ | Right.ACT)
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    print("seed", seed)
    clients = [imap.client("alice") for _ in range(3)]
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        at = chance.randrange(3)
        if not is_alive(clients[at], random_command(chance)):
            clients[at] = imap.client("alice")
