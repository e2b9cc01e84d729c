from tests.mailsvc.imap.player import Player


def names(replies: list[bytes]) -> list[str]:
    return [reply.decode().split('"')[-2] for reply in replies]


def test_list_tells_children_and_special_use(imap: Player) -> None:  # RFC 3348, RFC 6154
    imap.alice.does("CREATE a/b/c")
    assert imap.alice.does('LIST "" *') == [
        rb'* LIST (\HasNoChildren) "/" "INBOX"',
        rb'* LIST (\HasNoChildren \Archive) "/" "Archive"',
        rb'* LIST (\HasNoChildren \Drafts) "/" "Drafts"',
        rb'* LIST (\HasNoChildren \Junk) "/" "Junk"',
        rb'* LIST (\HasNoChildren \Sent) "/" "Sent"',
        rb'* LIST (\HasNoChildren \Trash) "/" "Trash"',
        rb'* LIST (\HasChildren) "/" "a"',
        rb'* LIST (\HasChildren) "/" "a/b"',
        rb'* LIST (\HasNoChildren) "/" "a/b/c"',
    ]
    assert imap.alice.does('LIST "" ""') == [rb'* LIST (\Noselect) "/" ""']
    assert names(imap.alice.does("LIST a/ %")) == ["a/b"]
    assert names(imap.alice.does('LIST "" inbox')) == ["INBOX"]
    assert names(imap.alice.does('LIST "" a*c')) == ["a/b/c"]
    assert names(imap.alice.does('LIST "" %/%')) == ["a/b"]
    assert imap.alice.refuses('LIST "" ' + "*a" * 30).startswith(b"NO [LIMIT]")
    assert names(imap.alice.does('LIST (SPECIAL-USE) "" *')) == ["Archive", "Drafts", "Junk", "Sent", "Trash"]
    assert imap.alice.does('LIST "" (INBOX a) RETURN (SUBSCRIBED STATUS (MESSAGES))') == [
        rb'* LIST (\HasNoChildren \Subscribed) "/" "INBOX"',
        b'* STATUS "INBOX" (MESSAGES 0)',
        rb'* LIST (\HasChildren) "/" "a"',
        b'* STATUS "a" (MESSAGES 0)',
    ]


def test_subscriptions_are_listed_with_what_is_above_them(imap: Player) -> None:  # RFC 3501 §6.3.9
    imap.alice.does("CREATE x/y")
    imap.alice.does("SUBSCRIBE x/y")
    assert rb'* LSUB () "/" "x/y"' in imap.alice.does('LSUB "" *')
    assert rb'* LSUB (\Noselect) "/" "x"' in imap.alice.does('LSUB "" %')
    imap.alice.does("UNSUBSCRIBE x/y")
    assert imap.alice.does("LSUB x %") == []
    assert imap.alice.refuses("SUBSCRIBE nowhere").startswith(b"NO [NONEXISTENT]")


def test_vietnamese_names_travel_in_modified_utf7(imap: Player) -> None:
    imap.alice.does('CREATE "C&APQ-ng v&AQM-n"')
    assert imap.alice.does('LIST "" C*') == [rb'* LIST (\HasNoChildren) "/" "C&APQ-ng v&AQM-n"']
    assert imap.alice.refuses("CREATE &AGE-").startswith(b"NO [CANNOT]")
    assert imap.alice.refuses('CREATE "C&APQ-ng v&AQM-n"').startswith(b"NO [ALREADYEXISTS]")
    imap.alice.does('RENAME "C&APQ-ng v&AQM-n" x')
    assert names(imap.alice.does('LIST "" x')) == ["x"]


def test_what_may_not_be_is_refused_with_its_code(imap: Player) -> None:  # RFC 5530 §3
    for command, code in [
        ("CREATE INBOX", b"ALREADYEXISTS"),
        ("CREATE a//b", b"CANNOT"),
        ("DELETE INBOX", b"CANNOT"),
        ("DELETE nowhere", b"NONEXISTENT"),
        ("RENAME nowhere x", b"NONEXISTENT"),
        ("RENAME Sent x", b"CANNOT"),
        ("RENAME INBOX Trash", b"ALREADYEXISTS"),
        ("STATUS nowhere (MESSAGES)", b"NONEXISTENT"),
    ]:
        assert imap.alice.refuses(command).startswith(b"NO [" + code + b"]"), command


def test_renaming_inbox_moves_its_letters_out(imap: Player) -> None:  # RFC 3501 §6.3.5
    imap.house.fill(2)
    imap.alice.does("RENAME INBOX old")
    assert imap.alice.does("STATUS old (MESSAGES)") == [b'* STATUS "old" (MESSAGES 2)']
    assert imap.alice.does("STATUS INBOX (MESSAGES)") == [b'* STATUS "INBOX" (MESSAGES 0)']


def test_status_tells_counters(imap: Player) -> None:
    imap.house.fill(2)
    imap.alice.appends(b"x" * 700, flags=r"(\Seen \Deleted)")
    (reply,) = imap.alice.does("STATUS inbox (MESSAGES RECENT UIDNEXT UNSEEN DELETED DELETED-STORAGE)")
    assert reply == b'* STATUS "INBOX" (MESSAGES 3 RECENT 0 UIDNEXT 4 UNSEEN 2 DELETED 1 DELETED-STORAGE 700)'
    imap.alice.does("SELECT INBOX")
    sizes = [int(line.split()[-1][:-1]) for line in imap.alice.does("FETCH 1:* RFC822.SIZE")]
    assert imap.alice.does("STATUS INBOX (SIZE)") == [b'* STATUS "INBOX" (SIZE %d)' % sum(sizes)]


def test_namespace_id_and_check(imap: Player) -> None:
    assert imap.alice.does("NAMESPACE") == [b'* NAMESPACE (("" "/")) NIL NIL']
    assert imap.alice.does('ID ("name" "x")') == [b'* ID ("name" "Congvu")']
    imap.alice.does("SELECT INBOX")
    assert imap.alice.does("CHECK") == []
