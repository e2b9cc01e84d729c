from tests.mailsvc.imap.player import Player


def test_store_answers_with_the_flags_that_are_now_there(imap: Player) -> None:
    imap.house.fill(2)
    imap.alice.does("SELECT INBOX")
    assert imap.alice.does(r"STORE 1:2 +FLAGS (\Seen $Label)")[-2:] == [
        rb"* 1 FETCH (FLAGS (\Seen $Label))",
        rb"* 2 FETCH (FLAGS (\Seen $Label))",
    ]
    assert imap.alice.does(r"UID STORE 2 -FLAGS \Seen") == [b"* 2 FETCH (UID 2 FLAGS ($Label))"]
    assert imap.alice.does(r"STORE 2 FLAGS (\Answered)") == [rb"* 2 FETCH (FLAGS (\Answered))"]
    assert imap.alice.does(r"STORE 2 FLAGS ()") == [b"* 2 FETCH (FLAGS ())"]


def test_a_new_keyword_is_announced_before_it_is_used(imap: Player) -> None:
    imap.house.fill(1)
    imap.alice.does("SELECT INBOX")
    imap.alice.sends("a STORE 1 +FLAGS (Khan)").gets(
        r"* FLAGS (\Seen \Answered \Flagged \Deleted \Draft Khan)",
        r"* OK [PERMANENTFLAGS (\Seen \Answered \Flagged \Deleted \Draft Khan \*)] ...",
        "* 1 FETCH (FLAGS (Khan))",
        "a OK ...",
    )
    assert imap.alice.does("SEARCH KEYWORD khan") == [b"* SEARCH 1"]


def test_silent_is_silent_towards_the_one_and_not_the_other(imap: Player) -> None:
    imap.house.fill(1)
    imap.alice.does("SELECT INBOX")
    imap.alice2.does("SELECT INBOX")
    assert imap.alice.does(r"STORE 1 +FLAGS.SILENT (\Flagged)") == []
    assert imap.alice2.does("NOOP") == [rb"* 1 FETCH (UID 1 FLAGS (\Flagged))"]
    assert imap.alice.does("NOOP") == []


def test_condstore_tells_and_obeys_mod_sequences(imap: Player) -> None:  # RFC 7162 §3.1.3
    imap.house.fill(3)
    imap.alice.sends("a ENABLE CONDSTORE").gets("* ENABLED CONDSTORE", "a OK ...")
    imap.alice.does("SELECT INBOX")
    imap.alice2.does("SELECT INBOX (CONDSTORE)")
    assert imap.alice.does("FETCH 1:3 (MODSEQ)") == [
        b"* %d FETCH (MODSEQ (%d))" % (n, n + 1) for n in (1, 2, 3)
    ]
    assert imap.alice.does(r"STORE 2 +FLAGS (\Seen)") == [rb"* 2 FETCH (UID 2 MODSEQ (5) FLAGS (\Seen))"]
    assert imap.alice2.does("NOOP") == [rb"* 2 FETCH (UID 2 MODSEQ (5) FLAGS (\Seen))"]
    assert imap.alice.does(r"STORE 3 +FLAGS.SILENT (\Seen)") == [b"* 3 FETCH (UID 3 MODSEQ (6))"]
    imap.alice2.sends(r"b STORE 1:3 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\Flagged)").gets(
        r"* 3 FETCH (UID 3 MODSEQ (6) FLAGS (\Seen))",
        "* 1 FETCH (UID 1 MODSEQ (7))",
        "* 2 FETCH (UID 2 MODSEQ (7))",
        "b OK [MODIFIED 3] ...",
    )
    assert imap.alice.does("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 6)")[-2:] == [
        rb"* 1 FETCH (UID 1 FLAGS (\Flagged) MODSEQ (7))",
        rb"* 2 FETCH (UID 2 FLAGS (\Seen \Flagged) MODSEQ (7))",
    ]
    assert imap.alice.does("SEARCH MODSEQ 6") == [b"* SEARCH 1 2 3 (MODSEQ 7)"]
    assert imap.alice.does("SEARCH MODSEQ 8") == [b"* SEARCH"]
    assert imap.alice.does("STATUS INBOX (HIGHESTMODSEQ)") == [b'* STATUS "INBOX" (HIGHESTMODSEQ 7)']
    imap.alice.does(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    imap.alice.sends("c EXPUNGE").gets("* 1 EXPUNGE", "c OK [HIGHESTMODSEQ 9] ...")
    assert imap.alice.does("UID STORE 2 (UNCHANGEDSINCE 0) +FLAGS (x)") == []
