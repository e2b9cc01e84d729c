"""What a person fills in becomes a script that means just that, whatever the words are."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsvc.services.rules.forms import (
    BoxRules,
    Condition,
    Forwarding,
    MailRule,
    Vacation,
    Where,
    read_script,
    write_script,
)
from mailsvc.sieve.check import compile_script
from mailsvc.sieve.lexer import Kind, tokens
from mailsvc.sieve.write import quoted
from tests.mailsvc.sieve.scripts import RECIPIENT
from tests.mailsvc.sieve.test_against_pigeonhole import asked, peer

__all__ = ["peer"]
ANY = (Condition(Where.TO, RECIPIENT.partition("+")[0]),)

NASTY = st.text(st.sampled_from('"\\${}#;:\r\n.ăĐ\u2028/*'), min_size=1, max_size=30) | st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30
)


@given(NASTY)
def test_a_quoted_string_is_one_string_that_says_the_same(text: str) -> None:
    """RFC 5228 §2.4.2; only NUL is left out, and a line ends in CRLF."""
    found = list(tokens(quoted(text).encode()))
    assert [one.kind for one in found] == [Kind.STRING, Kind.END]
    clean = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    assert found[0].text == clean.replace("\n", "\r\n")


@pytest.mark.parametrize("subject", ["Họp ủy ban", "HỌP ỦY BAN", "họp ủy ban", "Họp Ủy Ban"])
def test_words_are_found_in_any_case(subject: str) -> None:
    rule = MailRule((Condition(Where.SUBJECT, "họp ủy ban"),), trash=True)
    assert f'"{subject}"' in write_script(BoxRules(rules=(rule,))).decode()


@given(NASTY, NASTY, NASTY)
def test_every_form_compiles_and_is_read_back(one: str, two: str, three: str) -> None:
    rules = BoxRules(
        rules=(
            MailRule(
                (Condition(Where.SUBJECT, one), Condition(Where.FROM, two)),
                folder=three,
                flag=True,
                read=True,
            ),
            MailRule((Condition(Where.TO, three),), trash=True),
        ),
        vacation=Vacation(one, two, date(2026, 12, 1), date(2026, 12, 9)),
        forwarding=Forwarding("huong@lamdong.example"),
        junk=("quangcao@example.com", "example.net"),
    )
    script = write_script(rules)
    compile_script(script)
    assert read_script(script) == rules


def test_an_empty_form_is_a_script_too() -> None:
    assert read_script(write_script(BoxRules())) == BoxRules()
    compile_script(write_script(BoxRules()))


def test_what_was_changed_by_hand_is_not_ours_any_more() -> None:
    script = write_script(BoxRules(junk=("example.net",)))
    assert read_script(script.replace(b"stop;", b"keep;")) is None
    assert read_script(script + b"discard;\r\n") is None
    assert read_script(b"keep;\r\n") is None
    assert read_script(b"") is None


@pytest.mark.peer
def test_dovecots_sieve_understands_the_script_too(peer: Path) -> None:
    """An independent reader: it wants what the form says."""
    rules = BoxRules(
        rules=(
            MailRule((Condition(Where.SUBJECT, 'khác "\\'),), trash=True),
            MailRule(ANY, folder="Bão lũ", flag=True),
        ),
        vacation=Vacation("Tôi đi vắng.", "Vắng mặt", date(2020, 1, 1), date(2099, 1, 1)),
        forwarding=Forwarding("huong@lamdong.example"),
        junk=("quangcao@example.com", "example.net"),
    )
    answer = asked(peer, write_script(rules).decode())
    assert answer.returncode == 0, answer.stderr
    assert "store message in folder: Bão lũ" in answer.stdout
    assert "redirect message to: <huong@lamdong.example>" in answer.stdout
    assert "send vacation" in answer.stdout
