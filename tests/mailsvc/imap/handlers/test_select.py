from tests.mailsvc.imap.player import Player


def test_select_tells_all_that_rfc_3501_6_3_1_asks_for(imap: Player) -> None:
    imap.house.fill(2)
    imap.alice.sends("a SELECT INBOX").gets(
        r"* FLAGS (\Seen \Answered \Flagged \Deleted \Draft)",
        r"* OK [PERMANENTFLAGS (\Seen \Answered \Flagged \Deleted \Draft \*)] ...",
        "* 2 EXISTS",
        "* 0 RECENT",
        "* OK [UNSEEN 1] ...",
        "* OK [UIDVALIDITY ...] ...",
        "* OK [UIDNEXT 3] ...",
        "* OK [HIGHESTMODSEQ 3] ...",
        "* OK [MAILBOXID (F...)] ...",
        "a OK [READ-WRITE] ...",
    )


def test_examine_lets_nothing_be_changed(imap: Player) -> None:
    imap.house.fill(1)
    replies = imap.alice.asks("EXAMINE INBOX")
    assert b"* OK [PERMANENTFLAGS ()] Flags that are kept" in replies
    assert replies[-1].startswith(b"t OK [READ-ONLY]")
    assert imap.alice.refuses(r"STORE 1 +FLAGS (\Seen)").startswith(b"NO")
    assert imap.alice.refuses("EXPUNGE").startswith(b"NO")
    imap.alice.does("FETCH 1 BODY[]")
    assert imap.alice.does("FETCH 1 FLAGS") == [b"* 1 FETCH (FLAGS ())"]


def test_a_failed_select_leaves_no_mailbox_open(imap: Player) -> None:
    imap.alice.does("SELECT INBOX")
    assert imap.alice.refuses("SELECT nowhere").startswith(b"NO [NONEXISTENT]")
    assert imap.alice.refuses("FETCH 1 FLAGS").startswith(b"BAD")


def test_close_expunges_in_silence_and_unselect_does_not(imap: Player) -> None:
    imap.house.fill(2)
    imap.alice.does("SELECT INBOX")
    imap.alice.does(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    assert imap.alice.does("UNSELECT") == []
    assert b"* 2 EXISTS" in imap.alice.does("SELECT INBOX")
    assert imap.alice.does("CLOSE") == []
    assert b"* 1 EXISTS" in imap.alice.does("SELECT INBOX")


def test_news_come_with_any_command_and_while_idling(imap: Player) -> None:  # RFC 2177
    imap.house.fill(1)
    imap.alice.does("SELECT INBOX")
    imap.alice2.does("SELECT INBOX")
    imap.alice.sends("a IDLE").gets("+ idling")
    imap.alice2.sends(r"b STORE 1 +FLAGS (\Seen)").gets(r"* 1 FETCH (FLAGS (\Seen))", "b OK ...")
    imap.alice.gets(r"* 1 FETCH (UID 1 FLAGS (\Seen))")
    imap.alice2.appends(b"Subject: x\r\n\r\nx\r\n")
    imap.alice.gets("* 2 EXISTS").sends("DONE").gets("a OK ...")
    imap.alice2.does(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    assert imap.alice.does("NOOP") == [rb"* 1 FETCH (UID 1 FLAGS (\Seen \Deleted))"]
    assert imap.alice2.does("EXPUNGE") == [b"* 1 EXPUNGE"]
    assert imap.alice.does("NOOP") == [b"* 1 EXPUNGE"]


def test_a_letter_that_another_process_delivers_wakes_an_idling_client(imap: Player) -> None:
    imap.alice.does("SELECT INBOX")
    imap.alice.sends("a IDLE").gets("+ idling")
    imap.house.fill(1)
    imap.alice.gets("* 1 EXISTS").sends("DONE").gets("a OK ...")


def test_expunge_is_not_told_during_fetch_store_and_search_by_number(imap: Player) -> None:  # RFC 3501 §7.4.1
    imap.house.fill(3)
    imap.alice.does("SELECT INBOX")
    imap.alice2.does("SELECT INBOX")
    imap.alice2.does(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    imap.alice2.does("EXPUNGE")
    assert imap.alice.does("FETCH 3 UID") == [b"* 3 FETCH (UID 3)"]
    assert imap.alice.does("SEARCH ALL") == [b"* SEARCH 2 3"]
    assert imap.alice.refuses("FETCH 1 ENVELOPE").startswith(b"NO [EXPUNGEISSUED]")
    imap.house.fill(1)
    assert imap.alice.does(r"STORE 2 +FLAGS (\Seen)")[-1] == rb"* 2 FETCH (FLAGS (\Seen))"
    imap.alice.sends("a UID FETCH 3 FLAGS").gets("* 3 FETCH (UID 3 FLAGS ())", "* 1 EXPUNGE", "a OK ...")
    assert imap.alice.does("FETCH 1:* UID") == [
        b"* 1 FETCH (UID 2)",
        b"* 2 FETCH (UID 3)",
        b"* 3 FETCH (UID 4)",
    ]


def test_a_mailbox_that_another_client_deletes_ends_the_session(imap: Player) -> None:  # RFC 2180 §3.3
    imap.alice.does("CREATE x")
    imap.alice.appends(b"Subject: x\r\n\r\n", "x")
    imap.alice.does("SELECT x")
    imap.alice2.does("DELETE x")
    imap.alice.sends("a NOOP").gets("* BYE ...").ends()


def test_deleting_the_open_mailbox_closes_it(imap: Player) -> None:
    imap.alice.does("CREATE x")
    imap.alice.does("SELECT x")
    imap.alice.sends("a DELETE x").gets("* OK [CLOSED] ...", "a OK ...").sends("b CHECK").gets("b BAD ...")
