"""Paths and parameters of MAIL and RCPT (RFC 5321 §4.1.2)."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.address import Address
from mailsvc.smtp.wire.address import (
    Body,
    MailFrom,
    Notify,
    OriginalRecipient,
    PathError,
    PathFault,
    RcptTo,
    Ret,
    format_path,
    parse_mail,
    parse_rcpt,
)


def rcpt(words: str) -> RcptTo:
    return parse_rcpt(words, home="lamdong.gov.vn")


@pytest.mark.parametrize(
    ("words", "local", "domain"),
    [
        ("TO:<annv@lamdong.gov.vn>", "annv", "lamdong.gov.vn"),
        ("to: <annv@lamdong.gov.vn>", "annv", "lamdong.gov.vn"),
        ('TO:<"van thu"@lamdong.gov.vn>', "van thu", "lamdong.gov.vn"),
        (r'TO:<"a\"b\\c"@x.vn>', r'a"b\c', "x.vn"),
        ('TO:<"a@b"@x.vn>', "a@b", "x.vn"),
        ('TO:<"a>b"@x.vn>', "a>b", "x.vn"),
        ("TO:<a@[192.0.2.1]>", "a", "[192.0.2.1]"),
        ("TO:<a@[IPv6:2001:DB8:0::1]>", "a", "[IPv6:2001:db8::1]"),
        ("TO:<@relay.vn,@b.vn:annv@x.vn>", "annv", "x.vn"),
        ("TO:<nguyễn.văn.an@đàlạt.vn>", "nguyễn.văn.an", "đàlạt.vn"),
        ("TO:<o'brien+tag/x=y@x.vn>", "o'brien+tag/x=y", "x.vn"),
        ("TO:<Postmaster>", "postmaster", "lamdong.gov.vn"),
    ],
)
def test_forward_paths_of_the_grammar_are_understood(words, local, domain):
    assert rcpt(words).forward_path == Address(local, domain)


@pytest.mark.parametrize(
    "words",
    [
        "TO:", "TO:<>", "TO:annv@x.vn", "TO:<annv>", "TO:<annv@>", "TO:<@x.vn>", "TO:<a b@x.vn>", "TO:<a..b@x.vn>",
        "TO:<.a@x.vn>", "TO:<a@-x.vn>", "TO:<a@x-.vn>", "TO:<a@x..vn>", "TO:<a@x.vn", "TO:<a@x.vn>SIZE=1", "TO:<a@[999.1.1.1]>",
        "TO:<a@[IPv6:zz]>", 'TO:<"a\\">', 'TO:<"a"b@x.vn>', "TO:<a@b@c>", "TO:<a\x00b@x.vn>", "TO:<a@x.vn> <b@y.vn>",
        "TO:<" + "a" * 65 + "@x.vn>", "TO:<a@" + "a." * 128 + "vn>", "TO:<a@" + "a" * 64 + ".vn>", "TO:<a\udcff@x.vn>",
        "TO:<\x80a@x.vn>", "FROM:<a@x.vn>", "TO <a@x.vn>",
    ],
)  # fmt: skip
def test_anything_else_is_a_path_error(words):
    with pytest.raises(PathError):
        rcpt(words)


def test_mail_gives_typed_parameters():
    words = "FROM:<annv@x.vn> SIZE=1234 body=8bitmime SMTPUTF8 AUTH=<> RET=HDRS ENVID=QQ+2B314"
    assert parse_mail(words) == MailFrom(
        Address("annv", "x.vn"),
        1234,
        Body.EIGHT_BIT,
        smtputf8=True,
        submitter="",
        ret=Ret.HEADERS,
        envid="QQ+314",
    )


def test_the_null_path_is_a_reverse_path_only():
    assert parse_mail("FROM:<>").reverse_path is None
    assert parse_mail("FROM:<> SIZE=5").size == 5


def test_rcpt_gives_typed_parameters():
    parsed = rcpt("TO:<a@x.vn> NOTIFY=FAILURE,delay ORCPT=rfc822;Bob+40x.vn")
    assert parsed.notify == {Notify.FAILURE, Notify.DELAY}
    assert parsed.original == OriginalRecipient("rfc822", "Bob@x.vn")


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ("SIZE", PathFault.PARAMETER),
        ("SIZE=x", PathFault.PARAMETER),
        ("SIZE=" + "9" * 21, PathFault.PARAMETER),
        ("SIZE=1 SIZE=2", PathFault.PARAMETER),
        ("BODY=BINARY", PathFault.PARAMETER),
        ("SMTPUTF8=1", PathFault.PARAMETER),
        ("RET=SOME", PathFault.PARAMETER),
        ("ENVID=a+4", PathFault.PARAMETER),
        ("ENVID=a+0D+0Ab", PathFault.PARAMETER),
        ("XFOO=1", PathFault.UNKNOWN_PARAMETER),
        ("-X=1", PathFault.SYNTAX),
        ("NOTIFY=NEVER", PathFault.UNKNOWN_PARAMETER),
    ],
)
def test_bad_parameters_are_told_apart(parameters, fault):
    with pytest.raises(PathError) as caught:
        parse_mail("FROM:<a@x.vn> " + parameters)
    assert caught.value.fault is fault


def test_never_does_not_stand_with_another():
    with pytest.raises(PathError):
        rcpt("TO:<a@x.vn> NOTIFY=NEVER,FAILURE")


locals_ = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=64)


@given(local=locals_)
def test_every_printable_local_part_survives_writing_and_reading(local):
    address = Address(local, "x.vn")
    assert rcpt("TO:" + format_path(address)).forward_path == address


@given(text=st.text(max_size=200))
def test_any_text_gives_a_path_or_a_path_error(text):
    for words in (text, "TO:" + text, "TO:<" + text + ">", "TO:<a@x.vn> " + text):
        with contextlib.suppress(PathError):
            rcpt(words)


@pytest.mark.parametrize(
    "hostile",
    [
        "TO:<" + "a" * 50_000, "TO:<" + "a." * 25_000 + "@", "TO:<@" + "a-" * 25_000, "TO:<@a" + ",@a" * 15_000,
        'TO:<"' + "\\a" * 25_000, "TO:<a@" + "a-" * 25_000 + ">", "TO:<a@x.vn> " + "A=" * 25_000, "TO:<a@x> " + "A " * 25_000,
        "TO:<@" + "a." * 25_000 + "b" + "-" * 20_000,
    ],
)  # fmt: skip
def test_hostile_paths_take_linear_time(hostile):
    start = time.perf_counter()
    with pytest.raises(PathError):
        rcpt(hostile)
    assert time.perf_counter() - start < 1.0
