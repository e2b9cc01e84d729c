"""MULTIAPPEND (RFC 3502)."""

from tests.mailsvc.imap.player import Player
from tests.support.mail import letter


def literal(content: bytes, before: str = "") -> bytes:
    return before.encode() + b"{%d+}\r\n" % len(content) + content


def test_letters_come_in_order_with_their_own_flags_and_dates(imap: Player) -> None:  # RFC 3502 §6.3.11
    alice = imap.alice
    command = b" ".join(
        [
            b"APPEND Sent",
            literal(letter(1), r"(\Seen) "),
            literal(letter(2), r'(\Flagged Khan) " 7-Feb-1994 22:43:04 -0800" '),
            literal(letter(3)),
        ]
    )
    alice.sends(b"a " + command).gets("a OK [APPENDUID ... 1:3] ...")
    alice.does("SELECT Sent")
    assert alice.does("FETCH 1:* FLAGS") == [
        rb"* 1 FETCH (FLAGS (\Seen))",
        rb"* 2 FETCH (FLAGS (\Flagged Khan))",
        b"* 3 FETCH (FLAGS ())",
    ]
    assert b'"08-Feb-1994 13:43:04 +0700"' in alice.does("FETCH 2 INTERNALDATE")[0]
    assert alice.does("FETCH 3 BODY.PEEK[]")[0].endswith(letter(3) + b")")


def test_a_client_that_waits_for_each_literal(imap: Player) -> None:
    first, second = letter(1), letter(2)
    imap.alice.sends(f"a APPEND Sent {{{len(first)}}}").gets("+ ...")
    imap.alice.sends(first + f" {{{len(second)}}}".encode()).gets("+ ...")
    imap.alice.sends(second).gets("a OK [APPENDUID ... 1:2] ...")


def test_all_or_none(imap: Player) -> None:  # RFC 3502 §6.3.11
    alice = imap.alice
    for last in (literal(b""), literal(b"a\x00b"), rb"(\Bogus) " + literal(b"x"), b"x"):
        reply = alice.refuses(b"APPEND Sent " + literal(letter(1)) + b" " + last)
        assert reply.startswith((b"NO", b"BAD")), reply
    assert alice.refuses(b"APPEND Nowhere " + literal(letter(1)) + b" " + literal(letter(2))).startswith(
        b"NO [TRYCREATE]"
    )
    many = " ".join(f"k{number}" for number in range(80))
    assert alice.refuses(
        b"APPEND Sent " + literal(letter(1)) + b" " + literal(letter(2), f"({many}) ")
    ).startswith(b"NO [LIMIT]")
    assert alice.does("STATUS Sent (MESSAGES)") == [b'* STATUS "Sent" (MESSAGES 0)']
