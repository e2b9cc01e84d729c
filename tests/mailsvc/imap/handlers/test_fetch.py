import pytest

from tests.mailsvc.imap.player import Player

MIXED = b"""Subject: =?utf-8?B?xJHDqG4=?=
From: An <an@x.vn>
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

one
--b
Content-Type: message/rfc822

Subject: inner
Content-Type: text/plain

two
--b--
""".replace(b"\n", b"\r\n")


@pytest.fixture(scope="module")
def letter(shared_imap: Player) -> Player:
    imap = shared_imap
    imap.alice.appends(MIXED, flags=r'(\Seen) " 7-Feb-1994 21:52:25 -0800"')
    imap.alice.does("SELECT INBOX")
    return imap


@pytest.mark.parametrize(
    ("item", "reply"),
    [
        ("UID", "UID 1"),
        ("FLAGS", r"FLAGS (\Seen)"),
        ("INTERNALDATE", 'INTERNALDATE "08-Feb-1994 12:52:25 +0700"'),
        ("RFC822.SIZE", f"RFC822.SIZE {len(MIXED)}"),
        ("BODY[]", f"BODY[] {{{len(MIXED)}}}\r\n{MIXED.decode()}"),
        ("RFC822", f"RFC822 {{{len(MIXED)}}}\r\n{MIXED.decode()}"),
        ("BODY.PEEK[]<2.3>", "BODY[]<2> {3}\r\nbje"),
        ("BODY[]<9999.3>", "BODY[]<9999> {0}\r\n"),
        ("BODY[HEADER.FIELDS (from X)]", "BODY[HEADER.FIELDS (FROM X)] {22}\r\nFrom: An <an@x.vn>\r\n\r\n"),
        ("BODY[1]", "BODY[1] {3}\r\none"),
        ("BODY[1.MIME]", "BODY[1.MIME] {28}\r\nContent-Type: text/plain\r\n\r\n"),
        ("BODY[2.HEADER]", "BODY[2.HEADER] {44}\r\nSubject: inner\r\nContent-Type: text/plain\r\n\r\n"),
        ("BODY[2.HEADER.FIELDS.NOT (Subject)]", "BODY[2.HEADER.FIELDS.NOT (SUBJECT)] {28}\r\nContent-Type: text/plain\r\n\r\n"),
        ("BODY[2.1]", "BODY[2.1] {3}\r\ntwo"),
        ("BODY[2.TEXT]", "BODY[2.TEXT] {3}\r\ntwo"),
        ("BODY[3]", "BODY[3] NIL"),
        ("BODY[1.HEADER]", "BODY[1.HEADER] NIL"),
        ("(UID RFC822.SIZE)", f"UID 1 RFC822.SIZE {len(MIXED)}"),
    ],
)  # fmt: skip
def test_items_are_answered_as_rfc_3501_6_4_5_says(letter: Player, item: str, reply: str) -> None:
    assert letter.alice.does(f"FETCH 1 {item}") == [f"* 1 FETCH ({reply})".encode()]


def test_envelope_and_structures_come_ready_made(letter: Player) -> None:
    (reply,) = letter.alice.does("FETCH 1 (ENVELOPE BODY BODYSTRUCTURE)")
    assert b'ENVELOPE (NIL "=?utf-8?B?xJHDqG4=?=" (("An" NIL "an" "x.vn"))' in reply
    assert b'BODY (("TEXT" "PLAIN"' in reply.upper()
    assert b" BODYSTRUCTURE ((" in reply


def test_reading_marks_as_read_and_peeking_does_not(imap: Player) -> None:
    imap.house.fill(3)
    imap.alice.does("SELECT INBOX")
    imap.alice.does("FETCH 1 BODY.PEEK[]")
    imap.alice.does("FETCH 1 (RFC822.HEADER ENVELOPE)")
    assert imap.alice.does("FETCH 1 FLAGS") == [b"* 1 FETCH (FLAGS ())"]
    replies = imap.alice.does("UID FETCH 2:3 BODY[TEXT]")
    assert replies[2:] == [rb"* 2 FETCH (UID 2 FLAGS (\Seen))", rb"* 3 FETCH (UID 3 FLAGS (\Seen))"]


def test_a_delivered_letter_is_trace_and_content(imap: Player) -> None:
    imap.house.fill(1)
    imap.alice.does("SELECT INBOX")
    (whole,) = imap.alice.does("FETCH 1 BODY.PEEK[]")
    (header,) = imap.alice.does("FETCH 1 BODY.PEEK[HEADER]")
    (text,) = imap.alice.does("FETCH 1 BODY.PEEK[TEXT]")
    assert b"\r\nDelivered-To: alice@" in whole
    assert b"\r\nDelivered-To: alice@" in header
    octets = [part.partition(b"}\r\n")[2][:-1] for part in (whole, header, text)]
    assert octets[0] == octets[1] + octets[2]
    (size,) = imap.alice.does("FETCH 1 RFC822.SIZE")
    assert size == b"* 1 FETCH (RFC822.SIZE %d)" % len(octets[0])


def test_uids_that_are_not_there_are_passed_over_and_numbers_are_not(imap: Player) -> None:
    imap.house.fill(2)
    imap.alice.does("SELECT INBOX")
    assert imap.alice.does("UID FETCH 7:9 FLAGS") == []
    assert imap.alice.does("UID FETCH 9:* UID") == [b"* 2 FETCH (UID 2)"]
    assert imap.alice.refuses("FETCH 3 FLAGS").startswith(b"BAD")
    assert imap.alice.does("FETCH 2,1:* UID") == [b"* 1 FETCH (UID 1)", b"* 2 FETCH (UID 2)"]
    imap.alice.does("SELECT Trash")
    assert imap.alice.does("FETCH 1:* UID") == []
    assert imap.alice.refuses("FETCH 1 UID").startswith(b"BAD")


def test_sparse_sets_are_answered_in_order(imap: Player) -> None:
    imap.house.fill(60)
    imap.alice.does("SELECT INBOX")
    wanted = [1, 3, 4, 5, 20, *range(30, 45), 59]
    replies = imap.alice.does(f"UID FETCH {','.join(map(str, wanted))} (FLAGS RFC822.SIZE)")
    assert [int(reply.split()[1]) for reply in replies] == wanted
    replies = imap.alice.does(f"UID FETCH {','.join(map(str, wanted))} (BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    assert [int(reply.split(b"so ")[1].split()[0]) for reply in replies] == wanted


def test_a_client_that_reads_slowly_gets_all_of_it(imap: Player) -> None:
    imap.alice.appends(b"Subject: large\r\n\r\n" + b"x" * 2_000_000 + b"\r\n")
    imap.alice.does("SELECT INBOX")
    for tag in range(10):
        imap.alice.sends(f"a{tag} FETCH 1 BODY.PEEK[]")
    for tag in range(10):
        assert len(imap.alice.line()) > 2_000_000
        imap.alice.gets(f"a{tag} OK ...")


def test_a_damaged_letter_does_not_hide_those_behind_it(imap: Player) -> None:
    imap.house.fill(2)
    imap.alice.appends(b"Subject: broken\r\n\r\n" + bytes(range(1, 250)) * 40)
    imap.alice.appends(b"Subject: last\r\n\r\n")
    (segment,) = (imap.house.data_dir / "segments").iterdir()
    octets = bytearray(segment.read_bytes())
    at = octets.rindex(bytes(range(150, 200)))
    octets[at] ^= 1
    segment.write_bytes(octets)
    imap.alice.does("SELECT INBOX")
    replies = imap.alice.asks("FETCH 1:* (UID BODY.PEEK[])")
    assert [reply.split()[1] for reply in replies[:-1]] == [b"1", b"2", b"4"]
    assert replies[-1].startswith(b"t NO [CONTACTADMIN]")
