"""Several sessions in one mailbox, in any order: what each has been told is the truth (RFC 3501 §7.4.1, RFC 2180)."""

import random
import re

import pytest

from tests.mailsvc.imap.player import Client, Player

FETCHED = re.compile(rb"\* (\d+) FETCH \((.*)\)\Z", re.DOTALL)
FLAGS = (r"\Seen", r"\Flagged", r"\Deleted", "Khan", "$Label1")


class Mirror:
    """The mailbox as a client knows it that only listens to what it is told."""

    def __init__(self, client: Client, *, condstore: bool) -> None:
        self.client = client
        self.letters: list[dict[str, object]] = []
        self.condstore = condstore
        self.hear(client.does("SELECT INBOX (CONDSTORE)" if condstore else "SELECT INBOX"))
        self.hear(client.does("FETCH 1:* (UID FLAGS)"))

    def hear(self, replies: list[bytes], *, expunges: bool = True) -> None:
        for reply in replies:
            words = reply.split()
            if words[-1] == b"EXISTS":
                count = int(words[1])
                assert count >= len(self.letters)
                self.letters += [{} for _ in range(count - len(self.letters))]
            elif words[-1] == b"EXPUNGE":
                assert expunges
                del self.letters[int(words[1]) - 1]
            elif (match := FETCHED.match(reply)) is not None:
                known = self.letters[int(match.group(1)) - 1]
                uid = re.search(rb"UID (\d+)", match.group(2))
                if uid is not None:
                    assert known.setdefault("uid", int(uid.group(1))) == int(uid.group(1))
                flags = re.search(rb"FLAGS \(([^)]*)\)", match.group(2))
                if flags is not None:
                    known["flags"] = frozenset(flags.group(1).split())

    def does(self, command: str | bytes, *, expunges: bool = True) -> bytes:
        replies = self.client.asks(command)
        self.hear(replies[:-1], expunges=expunges)
        return replies[-1]


@pytest.mark.parametrize("seed", range(6))
def test_what_clients_were_told_is_the_truth(imap: Player, seed: int) -> None:
    chance = random.Random(seed)
    imap.house.fill(8)
    mirrors = [Mirror(imap.client("alice"), condstore=number == 0) for number in range(3)]
    for _ in range(150):
        one = chance.choice(mirrors)
        count = len(one.letters)
        number = chance.randint(1, count) if count else 1
        last = chance.randint(number, count) if count else 1
        flag = chance.choice(FLAGS)
        what = chance.randrange(12)
        if what == 0:
            one.does(b"APPEND INBOX {20+}\r\nSubject: x\r\n\r\nabcd\r\n")
        elif what == 1:
            imap.house.fill(1)
        elif what in {2, 3} and count:
            sign = chance.choice(["+", "-", ""])
            before = one.letters[number - 1 : last]
            reply = one.does(f"STORE {number}:{last} {sign}FLAGS ({flag})", expunges=False)
            assert reply.startswith((b"t OK", b"t NO [EXPUNGEISSUED]"))
            assert len(before) == last - number + 1
        elif what == 4 and count:
            one.does(f"UID STORE 1:* +FLAGS ({flag})")
        elif what == 5:
            one.does("EXPUNGE")
        elif what == 6 and count:
            assert one.does(f"COPY {number} INBOX").startswith((b"t OK", b"t NO [EXPUNGEISSUED]"))
        elif what == 7 and count:
            one.does(f"MOVE {number} Archive")
        elif what == 8 and count:
            one.does(f"FETCH {number} (FLAGS BODY[])", expunges=False)
        elif what == 9:
            one.does("SEARCH UNSEEN", expunges=False)
        elif what == 10 and count:
            one.does(f"FETCH {number}:{last} (UID FLAGS)", expunges=False)
        else:
            one.does("NOOP")
    truth = Mirror(imap.client("alice"), condstore=False)
    for mirror in mirrors:
        mirror.does("NOOP")
        mirror.does("FETCH 1:* UID")
        assert [letter.get("uid") for letter in mirror.letters] == [letter["uid"] for letter in truth.letters]
        for told, true in zip(mirror.letters, truth.letters, strict=True):
            # A letter that was never asked about has flags that nobody told; all others must be right.
            assert told.get("flags", true["flags"]) == true["flags"]
