"""Half a minute of broken scripts: any octets, in any split, give commands or errors (STYLE.md §3)."""

import random
import time

import pytest

from mailsvc.imap.wire.command import State
from tests.conformance.imap.script import SCRIPT
from tests.mailsvc.imap.wire.test_session import WORDS, play

SECONDS = 30


def broken(chance: random.Random) -> bytes:
    lines = [
        b"a %b\r\n" % (line.encode() if isinstance(line, str) else line)
        for line in chance.choices(SCRIPT, k=chance.randint(1, 4))
    ]
    octets = bytearray(b"".join(lines))
    for _ in range(chance.randint(0, 6)):
        at = chance.randrange(len(octets) + 1)
        match chance.randrange(3):
            case 0:
                octets[at:at] = chance.choice(WORDS)
            case 1:
                del octets[at : at + chance.randint(1, 5)]
            case _:
                octets[at : at + 1] = bytes([chance.randrange(256)])
    return bytes(octets)


@pytest.mark.long
def test_broken_scripts_read_the_same_in_any_split() -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    ends_at = time.monotonic() + SECONDS
    while time.monotonic() < ends_at:
        octets = broken(chance)
        state = chance.choice([State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED])
        size = chance.randint(1, 60)
        pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
        assert play(*pieces, state=state) == play(octets, state=state), (seed, octets, size)
