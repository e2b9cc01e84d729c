"""LIST-EXTENDED (RFC 5258) and LIST-STATUS (RFC 5819)."""

import pytest

from tests.mailsvc.imap.player import Player


@pytest.fixture
def tree(imap: Player) -> Player:
    for name in ("Fruit/Apple", "Fruit/Banana", "Vegetable/Corn"):
        imap.alice.does(f"CREATE {name}")
    for name in ("Archive", "Drafts", "Junk", "Sent", "Trash"):
        imap.alice.does(f"UNSUBSCRIBE {name}")
    for name in ("Fruit/Banana", "Vegetable/Corn"):
        imap.alice.does(f"SUBSCRIBE {name}")
    return imap


def test_subscribed_selects_and_returns(tree: Player) -> None:  # RFC 5258 §3.1, §3.2
    wanted = [
        rb'* LIST (\HasNoChildren \Subscribed) "/" "INBOX"',
        rb'* LIST (\HasNoChildren \Subscribed) "/" "Fruit/Banana"',
        rb'* LIST (\HasNoChildren \Subscribed) "/" "Vegetable/Corn"',
    ]
    assert tree.alice.does('LIST (SUBSCRIBED) "" *') == wanted
    assert [one for one in tree.alice.does('LIST "" * RETURN (SUBSCRIBED)') if b"Subscribed" in one] == wanted
    assert tree.alice.does('LIST (REMOTE) "" Fruit/% RETURN (CHILDREN)') == [
        rb'* LIST (\HasNoChildren) "/" "Fruit/Apple"',
        rb'* LIST (\HasNoChildren) "/" "Fruit/Banana"',
    ]


def test_recursive_match_tells_of_what_is_below(tree: Player) -> None:  # RFC 5258 §3.5, §4
    assert tree.alice.does('LIST (SUBSCRIBED RECURSIVEMATCH) "" (F% V% Fruit/B%)') == [
        rb'* LIST (\HasChildren) "/" "Fruit" ("CHILDINFO" ("SUBSCRIBED"))',
        rb'* LIST (\HasNoChildren \Subscribed) "/" "Fruit/Banana"',
        rb'* LIST (\HasChildren) "/" "Vegetable" ("CHILDINFO" ("SUBSCRIBED"))',
    ]
    for options in ("RECURSIVEMATCH", "REMOTE RECURSIVEMATCH", "RECURSIVEMATCH SPECIAL-USE", "BOGUS"):
        assert tree.alice.refuses(f'LIST ({options}) "" *').startswith(b"BAD")


def test_several_patterns_name_each_mailbox_once(tree: Player) -> None:  # RFC 5258 §3
    assert tree.alice.does('LIST () "" (Fruit F* Fruit/Apple)') == [
        rb'* LIST (\HasChildren) "/" "Fruit"',
        rb'* LIST (\HasNoChildren) "/" "Fruit/Apple"',
        rb'* LIST (\HasNoChildren) "/" "Fruit/Banana"',
    ]


def test_status_follows_each_mailbox_that_was_selected(tree: Player) -> None:  # RFC 5819 §2
    tree.house.fill(2)
    assert tree.alice.does('LIST "" % RETURN (STATUS (MESSAGES UNSEEN UIDNEXT))')[:2] == [
        rb'* LIST (\HasNoChildren) "/" "INBOX"',
        b'* STATUS "INBOX" (MESSAGES 2 UNSEEN 2 UIDNEXT 3)',
    ]
    assert tree.alice.does('LIST (SUBSCRIBED RECURSIVEMATCH) "" F% RETURN (STATUS (MESSAGES))') == [
        rb'* LIST (\HasChildren) "/" "Fruit" ("CHILDINFO" ("SUBSCRIBED"))',
    ]
    for wrong in (
        "RETURN (STATUS)",
        "RETURN (STATUS ())",
        "RETURN (STATUS (BOGUS))",
        "RETURN STATUS",
        "RETURN",
    ):
        assert tree.alice.refuses(f'LIST "" % {wrong}').startswith(b"BAD")
