"""THREAD (RFC 5256 §3)."""

from mailsvc.imap.handlers.threads import Letter, by_references, by_subject, write
from tests.mailsvc.imap.player import Player


def told(*letters: Letter) -> bytes:
    return b"".join(map(write, by_references(letters)))


def one(
    number: int, *above: str, subject: str = "", name: str = "", sent: int = 0, re: bool = False
) -> Letter:
    name = name or str(number)
    return Letter(
        number, sent or number, subject or f"s{number}", name.encode(), tuple(a.encode() for a in above), re
    )


def test_answers_hang_below_what_they_answer() -> None:
    assert told(one(1), one(2, "1"), one(3, "1", "2"), one(4)) == b"(1 2 3)(4)"
    assert told(one(2), one(3, "2"), one(6, "2", "3"), one(4, "6"), one(44, "6"), one(7, "44")) == (
        b"(2 3 6 (4)(44 7))"
    )


def test_letters_may_come_before_those_they_answer() -> None:
    assert told(one(1, "3"), one(2, "3", "1"), one(3)) == b"(3 1 2)"


def test_a_letter_that_is_not_there_holds_its_answers_together() -> None:  # step 3
    assert told(one(3, "gone"), one(5, "gone")) == b"((3)(5))"
    assert told(one(3, "gone")) == b"(3)"
    assert told(one(1), one(3, "1", "gone"), one(5, "1", "gone")) == b"(1 (3)(5))"


def test_loops_are_not_made() -> None:  # step 1.A
    assert told(one(1, "2"), one(2, "1")) == b"(2 1)"
    assert told(one(1, "1")) == b"(1)"
    assert told(one(1, "2", "3"), one(2, "3", "1"), one(3, "1", "2")).count(b"1") == 1


def test_the_second_letter_of_an_id_stands_alone() -> None:  # step 1.A
    assert told(one(1, name="x"), one(2, name="x"), one(3, "x")) == b"(1 3)(2)"


def test_threads_are_in_the_order_of_their_first_letter() -> None:  # steps 4 and 6
    assert told(one(1, sent=9), one(2, "1", sent=1), one(3, sent=5), one(4, "1", sent=0)) == b"(3)(1 (2)(4))"


def test_threads_of_one_subject_are_joined() -> None:  # step 5.C
    assert told(one(1, subject="a"), one(2, subject="a", re=True)) == b"(1 2)"
    assert told(one(1, subject="a", re=True), one(2, subject="a")) == b"(2 1)"
    assert told(one(1, subject="a"), one(2, subject="a")) == b"((1)(2))"
    assert told(one(1, subject="a"), one(2, subject="a"), one(3, subject="a")) == b"((1)(2)(3))"
    both_gone = [one(n, gone, subject="a") for n, gone in ((1, "x"), (2, "x"), (3, "y"), (4, "y"))]
    assert told(*both_gone) == b"((1)(2)(3)(4))"
    assert told(one(1, subject=""), Letter(2, 2, "", b"2"), Letter(3, 3, "", b"3")) == b"(1)(2)(3)"


def test_a_long_chain_is_no_deep_call() -> None:
    chain = [one(1)] + [one(number, str(number - 1)) for number in range(2, 5_001)]
    assert told(*chain) == b"(" + b" ".join(b"%d" % number for number in range(1, 5_001)) + b")"
    assert told(*reversed(chain)).count(b" ") == 4_999


def test_ordered_subject_has_no_grandchildren() -> None:
    letters = [
        Letter(number, sent, subject)
        for number, sent, subject in [(1, 5, "b"), (2, 3, "a"), (3, 1, "b"), (4, 9, "a"), (5, 7, "b")]
    ]
    assert b"".join(map(write, by_subject(letters))) == b"(3 (1)(5))(2 4)"


def letter(number: int, subject: str, rest: str = "") -> bytes:
    return (
        f"From: a@x.vn\r\nSubject: {subject}\r\nDate: {number} Nov 2026 10:00:00 +0700\r\n"
        f"Message-ID: <{number}@x.vn>\r\n{rest}\r\nx\r\n"
    ).encode()


def test_both_algorithms_over_the_wire(imap: Player) -> None:
    alice = imap.alice
    assert alice.does("SELECT Sent")
    assert alice.does("THREAD REFERENCES UTF-8 ALL") == [b"* THREAD"]
    for content in (
        letter(1, "bao cao"),
        letter(2, "hop"),
        letter(3, "Re: bao cao", "In-Reply-To: <1@x.vn>\r\n"),
        letter(4, "khac", 'References: <0@x.vn>\r\n\t<"3"@x.vn>\r\n'),
        letter(5, "Fwd: hop"),
    ):
        alice.appends(content, "Sent")
    assert alice.does("THREAD REFERENCES UTF-8 ALL") == [b"* THREAD (1 3 4)(2 5)"]
    assert alice.does("THREAD ORDEREDSUBJECT UTF-8 ALL") == [b"* THREAD (1 3)(2 5)(4)"]
    assert alice.does("UID THREAD REFERENCES US-ASCII 3:5") == [b"* THREAD (3 4)(5)"]
    for wrong in ("BOGUS UTF-8 ALL", "REFERENCES", "REFERENCES UTF-8", "REFERENCES UTF-8 BOGUS"):
        assert alice.refuses(f"THREAD {wrong}").startswith(b"BAD")
    assert alice.refuses("THREAD REFERENCES X-NONE ALL").startswith(b"NO [BADCHARSET")
