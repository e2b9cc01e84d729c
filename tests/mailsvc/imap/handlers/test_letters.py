from mailsvc.storage import mailboxes
from tests.mailsvc.imap.player import Player


def test_append_keeps_flags_and_date_and_tells_the_uid(imap: Player) -> None:  # RFC 4315 §3
    reply = imap.alice.appends(b"Subject: a\r\n\r\nb\r\n", "Sent", r'(\Seen $X) "17-Jul-1996 02:44:25 -0700"')
    assert reply.startswith(b"t OK [APPENDUID ")
    assert reply.split()[4] == b"1]"
    imap.alice.does("SELECT Sent")
    assert imap.alice.does("FETCH 1 (FLAGS INTERNALDATE)") == [
        rb'* 1 FETCH (FLAGS (\Seen $X) INTERNALDATE "17-Jul-1996 16:44:25 +0700")'
    ]


def test_append_waits_for_its_literal(imap: Player) -> None:
    imap.alice.sends("a APPEND INBOX {12}").gets("+ ...").sends("Subject: x\r\n").gets("a OK [APPENDUID ...")
    imap.alice.sends(b"b APPEND INBOX {3+}\r\na\0b").gets("b BAD ...")
    imap.alice.sends("c APPEND INBOX {99999999}").gets("c NO [TOOBIG] ...")
    imap.alice.sends("d APPEND Nowhere {3+}\r\nabc").gets("d NO [TRYCREATE] ...")
    imap.alice.does("NOOP")


def test_append_to_the_open_mailbox_is_told_at_once(imap: Player) -> None:
    imap.alice.does("SELECT INBOX")
    imap.alice.sends("a APPEND INBOX {3+}\r\nabc").gets("* 1 EXISTS", "a OK ...")


def test_copy_tells_which_became_which(imap: Player) -> None:
    imap.house.fill(3)
    imap.alice.does("SELECT INBOX")
    imap.alice.does(r"STORE 1 +FLAGS.SILENT (\Seen $X)")
    assert b" 1,3 1:2]" in imap.alice.asks("COPY 3,1 Archive")[-1]
    assert imap.alice.refuses("COPY 1 Nowhere").startswith(b"NO [TRYCREATE]")
    assert imap.alice.asks("UID COPY 77 Archive")[-1].startswith(b"t OK Nothing")
    imap.alice.does("SELECT Archive")
    assert imap.alice.does("FETCH 1:2 FLAGS") == [rb"* 1 FETCH (FLAGS (\Seen $X))", b"* 2 FETCH (FLAGS ())"]


def test_move_is_copy_and_expunge_in_one(imap: Player) -> None:  # RFC 6851 §4.3
    imap.house.fill(3)
    imap.alice.does("SELECT INBOX")
    imap.alice.sends("a UID MOVE 1,3 Archive").gets(
        "* OK [COPYUID ... 1,3 1:2] ...", "* 3 EXPUNGE", "* 1 EXPUNGE", "a OK ..."
    )
    imap.alice.sends("b MOVE 1 Archive").gets("* OK [COPYUID ... 2 3] ...", "* 1 EXPUNGE", "b OK ...")
    assert imap.alice.does("STATUS Archive (MESSAGES UIDNEXT)") == [
        b'* STATUS "Archive" (MESSAGES 3 UIDNEXT 4)'
    ]


def test_expunge_of_some_uids_only(imap: Player) -> None:  # RFC 4315 §2.1
    imap.house.fill(3)
    imap.alice.does("SELECT INBOX")
    imap.alice.does(r"STORE 1:3 +FLAGS.SILENT (\Deleted)")
    assert imap.alice.does("UID EXPUNGE 2") == [b"* 2 EXPUNGE"]
    assert imap.alice.does("EXPUNGE") == [b"* 2 EXPUNGE", b"* 1 EXPUNGE"]
    assert imap.alice.does("EXPUNGE") == []


def test_a_full_box_says_overquota_and_lets_delete(imap: Player) -> None:
    with imap.house.store.write() as uow:
        mailboxes.set_quota(uow, imap.house.people["alice"], 1000)
    imap.alice.appends(b"x" * 900)
    imap.alice.sends("a APPEND INBOX {200+}\r\n" + "y" * 200).gets("a NO [OVERQUOTA] ...")
    imap.alice.does("SELECT INBOX")
    assert imap.alice.refuses("COPY 1 Trash").startswith(b"NO [OVERQUOTA]")
    imap.alice.does(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    imap.alice.does("EXPUNGE")
    imap.alice.appends(b"y" * 200)


def test_a_box_that_fills_is_told_in_time(imap: Player) -> None:
    with imap.house.store.write() as uow:
        mailboxes.set_quota(uow, imap.house.people["alice"], 1000)

    def alerts() -> list[bytes]:
        return [reply for reply in imap.alice.does("SELECT INBOX") if b"ALERT" in reply]

    imap.alice.appends(b"x" * 700)
    assert alerts() == []
    imap.alice.appends(b"x" * 100)
    assert alerts() == [b"* OK [ALERT] Hop thu da day 80 % / The box is 80 % full"]
    assert alerts() == []
    imap.alice.appends(b"x" * 150)
    assert alerts() == [b"* OK [ALERT] Hop thu da day 95 % / The box is 95 % full"]


def test_quota_is_told_by_root(imap: Player) -> None:  # RFC 9208 §4.1
    imap.alice.appends(b"x" * 1500)
    imap.alice.sends("a GETQUOTAROOT Sent").gets(
        '* QUOTAROOT "Sent" "alice@lamdong.example"',
        '* QUOTA "alice@lamdong.example" (STORAGE 2 1048576)',
        "a OK ...",
    )
    assert imap.alice.does("GETQUOTA alice@lamdong.example") == [
        b'* QUOTA "alice@lamdong.example" (STORAGE 2 1048576)'
    ]
    assert imap.alice.refuses("GETQUOTA bob@lamdong.example").startswith(b"NO [NONEXISTENT]")
    assert imap.alice.refuses("SETQUOTA alice@lamdong.example (STORAGE 1)").startswith(b"NO [NOPERM]")
