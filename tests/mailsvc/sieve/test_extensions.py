"""What Pigeonhole has not, or what depends on the world around: our own reading of the documents."""

import pytest

from mailsvc.sieve.actions import File, Notify, Redirect, Reject, Vacation
from mailsvc.sieve.check import compile_script
from mailsvc.sieve.errors import SieveError
from mailsvc.sieve.lexer import MAX_SCRIPT_OCTETS
from mailsvc.sieve.run import MAX_REDIRECTS, MAX_STEPS
from tests.mailsvc.sieve.asking import World, filed, outcome
from tests.mailsvc.sieve.scripts import LETTER


def test_dates_of_received_stand_behind_the_semicolon() -> None:  # RFC 5260 §6
    script = 'require ["fileinto","date","index"]; if date :index 2 :zone "+0000" "received" "second" "30" {fileinto "s";}'
    assert filed(script) == ["s"]
    script = 'require ["fileinto","date","variables"]; if currentdate :matches "hour" "*" {fileinto "${1}";}'
    assert filed(script) == ["08"]  # in the zone of the server


def test_where_it_runs_can_be_asked() -> None:  # RFC 5183 §4
    assert filed('require ["environment","fileinto"]; if environment "location" "MDA" {fileinto "a";}') == [
        "a"
    ]
    assert filed('require ["environment","variables","fileinto"]; fileinto "${env.domain}";') == [
        "tinh.example"
    ]


def test_a_letter_seen_before_is_known(monkeypatch: pytest.MonkeyPatch) -> None:  # RFC 7352 §3
    world = World()
    script = 'require ["duplicate","fileinto"]; if duplicate :seconds 100 {fileinto "again";}'
    assert [filed(script, world=world) for _ in range(2)] == [["INBOX"], ["again"]]
    world.time += 101
    assert filed(script, world=world) == ["INBOX"]
    by_header = 'require ["duplicate","fileinto"]; if duplicate :header "x-n" :handle "h" {fileinto "again";}'
    assert [filed(by_header, world=world) for _ in range(2)] == [["INBOX"], ["again"]]
    assert filed(
        'require ["duplicate","fileinto"]; if duplicate :header "x-none" {fileinto "no";}', world=world
    ) == ["INBOX"]


def test_mailboxes_are_found_by_name_and_by_use() -> None:  # RFC 5490 §3, RFC 8579 §3, §4
    assert filed(
        'require ["mailbox","fileinto"]; if mailboxexists ["INBOX","Archive"] {fileinto "Archive";}'
    ) == ["Archive"]
    script = r'require ["special-use","fileinto"]; if specialuse_exists "\\Archive" {fileinto :specialuse "\\Archive" "x";}'
    (action,) = outcome(script).actions
    assert action == File("x", special_use="\\Archive")
    assert filed(r'require "special-use"; if specialuse_exists "INBOX" "\\Archive" {discard;}') == ["INBOX"]


def test_scripts_include_others_and_share_what_they_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # RFC 6609 §3
    world = World(
        inner='require ["include","variables"]; global "box"; set "box" "Tinh"; set "own" "x"; return; discard;',
        global_inner='require ["fileinto"]; fileinto "chung";',
        loop='require "include"; include "loop";',
    )
    script = 'require ["include","variables","fileinto"]; global ["box"]; include "inner"; fileinto "${box}${own}";'
    assert filed(script, world=world) == ["Tinh"]
    assert filed('require "include"; include :global "inner";', world=world) == ["chung"]
    assert filed('require "include"; include :once "inner"; include :optional "none";', world=world) == [
        "INBOX"
    ]
    for name in ("none", "loop"):
        ended = outcome(f'require ["include","fileinto"]; fileinto "a"; include "{name}";', world=world)
        assert ended.actions == (File(),)
        assert ended.error


def test_a_letter_is_refused_alone_or_kept() -> None:  # RFC 5429 §2
    assert outcome('require "ereject"; ereject "không";').actions == (Reject("không", in_protocol=True),)
    ended = outcome('require ["reject"]; reject "x"; keep;')
    assert ended.actions == (File(),)
    assert "reject" in ended.error


def test_vacation_says_who_and_how_often() -> None:  # RFC 5230 §4, RFC 6131 §2
    (vacation, kept) = outcome(
        'require ["vacation","vacation-seconds"]; vacation :seconds 60 :handle "h" :from "a@b.example" "nghỉ";'
    ).actions
    assert isinstance(vacation, Vacation)
    assert (vacation.seconds, vacation.handle, vacation.sender, vacation.reason) == (
        60,
        "h",
        "a@b.example",
        "nghỉ",
    )
    assert kept == File()
    assert outcome('require "vacation"; vacation "a"; vacation "b";').error


def test_notify_asks_for_a_letter() -> None:  # RFC 5435 §3, RFC 5436 §2
    (notify, _) = outcome(
        'require "enotify"; if valid_notify_method "mailto:a@b.example" {notify :importance "1" :message "có thư" "mailto:a@b.example";}'
    ).actions
    assert notify == Notify("mailto:a@b.example", "có thư", "1", "")
    assert filed('require "enotify"; if valid_notify_method "xmpp:a@b.example" {discard;}') == ["INBOX"]


def test_what_is_not_touched_stays_octet_by_octet() -> None:  # RFC 5293 §4
    ended = outcome('require "editheader"; addheader :last "X-Nhãn-1" "a";')
    assert ended.error  # not the name of a field
    ended = outcome(
        'require "editheader"; addheader "X-A" "Báo cáo"; deleteheader "x-empty"; deleteheader "received";'
    )
    header = LETTER[: LETTER.index(b"\r\n\r\n") + 2]
    assert ended.header == b"X-A: =?utf-8?b?QsOhbyBjw6Fv?=\r\n" + header.replace(b"X-Empty:\r\n", b"")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("if size :over 99999999999 { keep; }", "number too large"),
        ("keep;\n# " + "x" * MAX_SCRIPT_OCTETS, "longer than"),
        ("if not " * 40 + "true { keep; }", "nested too deep"),
        ("if true { " * 20 + "keep;" + " }" * 20, "nested more than"),
        ('keep;\n\nredirect "a\x00";', "line 3: NUL"),
    ],
)
def test_what_is_too_much_is_refused_with_its_line(script: str, said: str) -> None:
    with pytest.raises(SieveError, match=said):
        compile_script(script.encode())


def test_a_script_that_asks_too_much_keeps_the_letter() -> None:  # RFC 5228 §2.10.6
    redirects = "".join(f'redirect "a{number}@b.example";' for number in range(MAX_REDIRECTS + 1))
    assert outcome(redirects).actions == (File(),)
    many = "if anyof (" + ",".join(["false"] * 64) + ") {keep;}"
    assert outcome(many * (MAX_STEPS // 60)).error
    assert sum(isinstance(one, Redirect) for one in outcome('redirect "a@b.example";' * 3).actions) == 1


def test_stars_do_not_take_for_ever() -> None:
    value, pattern = "a" * 3000, "*a" * 30 + "b"
    script = f'require ["variables","fileinto"]; if string :matches "{value}" "{pattern}" {{fileinto "no";}}'
    assert filed(script) == ["INBOX"]
