"""Every address that a reader could take for the author's is found, however it is written (RFC 5322 §3.6.2)."""

import time

import pytest

from mailsvc.mime.authors import MAX_AUTHORS, authors_of


@pytest.mark.parametrize(
    ("header", "fields", "addresses", "readable"),
    [
        (b"From: an@x.vn\r\n", 1, ["an@x.vn"], True),
        (b"FROM : =?utf-8?Q?V=C4=83n?= <an@x.vn>\r\n", 1, ["an@x.vn"], True),
        (b"From:\r\n\tan@x.vn\r\n", 1, ["an@x.vn"], True),
        (b"From: a@x.vn,\r\n b@y.vn\r\n", 1, ["a@x.vn", "b@y.vn"], True),
        (b"From: a@x.vn\r\nTo: c@x.vn\r\nFrom: b@y.vn\r\n", 2, ["a@x.vn", "b@y.vn"], True),
        (b'From: "q r"@x.vn\r\n', 1, ["q r@x.vn"], True),
        (b'From: "an@ours.vn" <x@evil.com>\r\n', 1, ["x@evil.com"], True),
        (b"From: An (an@ours.vn) <x@evil.com>\r\n", 1, ["x@evil.com"], True),
        (b"To: a@x.vn\r\n", 0, [], True),
        (b"From: \r\n", 1, [], False),
        (b"From: <>\r\n", 1, [""], False),
        (b"From: undisclosed:;\r\n", 1, [], False),
        (b"From: an\r\n", 1, ["an"], False),
        (b"From: <a@x.vn> <b@ours.vn>\r\n", 1, ["a@x.vn"], False),
        (b"From: <@ours.vn:a@x.vn>\r\n", 1, ["a@x.vn"], False),
        (b"X-From: a@x.vn\r\nSubject: s\r\n From: b@x.vn\r\n", 0, [], True),
    ],
)
def test_authors_are_read_as_written(header, fields, addresses, readable):
    found = authors_of(header)
    assert found.from_fields == fields
    assert [one.address for one in found.people] == addresses
    assert found.is_readable is readable


def test_names_are_decoded_and_sender_is_told():
    found = authors_of("From: =?utf-8?B?xJDhurduZw==?= <a@x.vn>\r\nSender: Thư ký <b@x.vn>\r\n".encode())
    assert found.people[0].name == "Đặng"
    assert found.sender is not None
    assert found.sender.address == "b@x.vn"


def test_an_author_hides_behind_no_number_of_fields():
    header = b"X: y\r\n" * 100_000 + b"From: an@ours.vn\r\n"
    started = time.perf_counter()
    assert authors_of(header).domains == ("ours.vn",)
    assert time.perf_counter() - started < 1


def test_too_many_authors_are_none_to_be_believed():
    found = authors_of(b"From: " + b", ".join(b"a%d@x.vn" % number for number in range(5000)) + b"\r\n")
    assert len(found.people) == MAX_AUTHORS
    assert not found.is_readable
