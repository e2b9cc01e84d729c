"""Authentication-Results of ours say what we found, and nobody else's pass for ours."""

import time

import pytest

from mailsvc.sender_auth.results import Finding, authserv_id, results_field, without_forged

OWN = ("mx.example.vn", "example.vn")


def test_the_field_reads_as_rfc_8601_writes_it() -> None:
    field = results_field(
        "mx.example.vn",
        [
            Finding("spf", "pass", (("smtp.mailfrom", "an@example.com"), ("smtp.helo", ""))),
            Finding("dkim", "fail", (("header.d", "example.com"),), reason='the "body" was changed'),
        ],
    )
    assert field == (
        b"Authentication-Results: mx.example.vn;\r\n"
        b"\tspf=pass smtp.mailfrom=an@example.com;\r\n"
        b'\tdkim=fail reason="the \\"body\\" was changed" header.d=example.com\r\n'
    )
    assert results_field("mx.example.vn", []) == b"Authentication-Results: mx.example.vn;\r\n\tnone\r\n"


@pytest.mark.parametrize(
    "value", ["a\r\nBcc: x", "a; dkim=pass", "a (", 'a" x=y', "a\\", "\x00", "a b@c", "tên@x", "x" * 9000]
)
def test_no_value_breaks_out_of_its_place(value: str) -> None:
    field = results_field("mx", [Finding("spf", "pass", (("smtp.helo", value),), reason=value)])
    assert field.count(b"\r\n") == 2
    assert len(field) < 1200
    assert b"\x00" not in field
    text = field.decode().replace('\\"', "").replace("\\\\", "")
    assert "dkim=pass" not in "".join(text.split('"')[::2])


@pytest.mark.parametrize(
    "forged",
    [
        b"Authentication-Results: mx.example.vn; dkim=pass\r\n",
        b"authentication-RESULTS : MX.Example.VN. 1;\r\n\tspf=pass\r\n",
        b"Authentication-Results: (a (nested) \\) one)\r\n mx.example.vn (x) 1; none\r\n",
        b'Authentication-Results: "mx.ex\\ample.vn"; none\r\n',
        b"Authentication-Results: example.vn\r\n",
        b"Authentication-Results: (never ends mx.example.vn; dkim=pass\r\n",
        b"Authentication-Results:\r\n",
        b"Authentication-Results: ; dkim=pass\r\n",
    ],
)
def test_what_claims_to_be_ours_is_taken_out(forged: bytes) -> None:
    rest = b"Subject: a\r\n b\r\nTo: c\r\n"
    body = b"\r\nAuthentication-Results: mx.example.vn; stays in the body\r\n"
    assert without_forged(forged + rest + body, OWN) == rest + body
    assert without_forged(rest + forged + body, OWN) == rest + body
    assert without_forged(rest + forged, OWN) == rest


@pytest.mark.parametrize(
    "other",
    [
        b"Authentication-Results: mx.example.com; dkim=pass\r\n",
        b"Authentication-Results: mx.example.vn.evil.com; none\r\n",
        b"X-Authentication-Results: mx.example.vn; none\r\n",
        b"ARC-Authentication-Results: i=1; mx.example.vn; none\r\n",
    ],
)
def test_what_others_said_stays(other: bytes) -> None:
    assert without_forged(other + b"\r\nbody", OWN) == other + b"\r\nbody"


def test_a_letter_without_header_stays() -> None:
    letter = b"\r\nAuthentication-Results: mx.example.vn; none\r\n\r\n"
    assert without_forged(letter, OWN) == letter


def test_who_speaks_and_what() -> None:
    assert authserv_id(b" MX.example.vn 1; spf=pass;\r\n dkim=none") == (
        "mx.example.vn",
        "spf=pass; dkim=none",
    )
    assert authserv_id(b" (") is None


@pytest.mark.parametrize(
    "header",
    [
        b"Authentication-Results: " + b"(" * 500_000 + b"\r\n",
        b"Authentication-Results: other.vn; none\r\n" * 30_000,
        b"Authentication-Results: other.vn;" + b"\r\n " * 300_000 + b"\r\n",
        b'Authentication-Results: "' + b"\\" * 500_001 + b"\r\n",
        b"authentication-results" * 30_000 + b"\r\n",
        b"authentication-results" + b" " * 1_000_000 + b"\r\n",
    ],
)
def test_stripping_costs_linear_time(header: bytes) -> None:
    before = time.process_time()
    without_forged(header + b"\r\nbody", OWN)
    assert time.process_time() - before < 2
