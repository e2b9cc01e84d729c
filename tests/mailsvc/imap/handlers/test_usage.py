"""Opening a letter over IMAP is use of the box; looking for news is not."""

import pytest

from mailsvc.services.usage import UsageBit


def noted(house):
    return {use[3] & ~UsageBit.SIGNED_IN for use in house.server.parts.usage.take()} - {0}


@pytest.mark.parametrize(
    ("command", "counts"),
    [
        ("NOOP", False),
        ("STATUS INBOX (UNSEEN MESSAGES)", False),
        ("FETCH 1:* (FLAGS UID ENVELOPE BODYSTRUCTURE)", False),
        ("FETCH 1 BODY.PEEK[]", False),  # clients fetch ahead with it
        ("FETCH 1 BODY[HEADER]", False),
        ("FETCH 1 BODY[]", True),
        ("FETCH 1 BODY[TEXT]", True),
        (r"STORE 1 +FLAGS (\Seen)", True),
        (r"STORE 1 -FLAGS (\Seen)", False),
        (r"STORE 1 +FLAGS (\Flagged)", False),
    ],
)
def test_only_opening_a_letter_counts_as_reading(imap, command, counts):
    imap.house.fill(1)
    imap.alice.does("SELECT INBOX")
    imap.alice.does(command)
    assert noted(imap.house) == ({UsageBit.READ} if counts else set())


def test_signing_in_is_noted_once(imap):
    assert imap.alice is not imap.alice2
    assert [use[3] for use in imap.house.server.parts.usage.take()] == [UsageBit.SIGNED_IN]
