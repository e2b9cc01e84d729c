"""Where the parts of a letter are (RFC 2045, RFC 2046), for any octets."""

from hypothesis import given
from hypothesis import strategies as st

from mailsvc.mime.body_structure import body_structure
from mailsvc.mime.parse import MAX_HEADER_FIELDS, MAX_PARTS, field_value, parse
from mailsvc.mime.pieces import cut, join
from mailsvc.mime.section import section
from mailsvc.mime.summary import summarise
from mailsvc.mime.text import readable_parts, searchable_text, walk

SHARDS = [
    b"\r\n", b"\n", b"\r", b"--b", b"--", b"Content-Type: ", b"multipart/mixed; boundary=b", b"message/rfc822", b"text/html",
    b"\r\n\r\n", b"Subject: ", b"From: ", b"To: ", b"a@b", b"<", b">", b'"', b"(", b")", b"\\", b":", b";", b",", b"=?utf-8?b?",
    b"?=", b"\xc3\xaa", b"\xff", b"\0", b"filename*0*=utf-8''%C3", b"Content-Disposition: attachment", b"base64",
    b"Content-Transfer-Encoding: ", b" ", b"x", b"<style>", b"&amp;", b"\r\n--b\r\n", b"\r\n--b--\r\n",
]  # fmt: skip
letters = st.lists(st.sampled_from(SHARDS) | st.binary(max_size=8), max_size=60).map(b"".join)


@given(letters)
def test_any_octets_give_a_whole_letter(content):
    entity = parse(content)
    summarise(content, entity)
    readable_parts(content, entity)
    searchable_text(content, entity)
    header, text = section(content, entity, kind="HEADER"), section(content, entity, kind="TEXT")
    assert header + text == content
    assert join(cut(content, entity)) == content
    for path, part in walk(entity):
        assert (
            section(content, entity, tuple(map(int, path.split(".")))) == content[part.body_start : part.end]
        )
        assert entity.header_start <= part.header_start <= part.body_start <= part.end <= entity.end


def test_parts_lie_between_their_delimiters():
    content = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n"
        b"--b\r\n\r\none\r\n--b\r\nContent-Type: TEXT/HTML\r\n\r\n<p>two\r\n\r\n--b--\r\nepilogue\r\n"
    )
    entity = parse(content)
    assert [content[part.body_start : part.end] for part in entity.children] == [b"one", b"<p>two\r\n"]
    assert [part.subtype for part in entity.children] == ["plain", "html"]


def test_lf_lines_and_a_missing_blank_line_are_borne():
    entity = parse(b"Subject: x\nTo: y")
    assert [field.lower for field in entity.fields] == [b"subject", b"to"]
    assert entity.body_start == entity.end == 16


def test_an_outer_delimiter_ends_inner_parts():
    content = (
        b"Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n"
        b"--in\r\n\r\nnever closed\r\n--out\r\n\r\nlast\r\n--out--\r\n"
    )
    first, second = parse(content).children
    assert content[first.children[0].body_start : first.children[0].end] == b"never closed"
    assert content[second.body_start : second.end] == b"last"


def test_the_longest_open_boundary_wins():
    """RFC 2046 §5.1.2 wants inner boundaries to differ; many senders make them by adding to the outer one."""
    content = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\n"
        b"--b1\r\n\r\none\r\n--b1\r\n\r\ntwo\r\n--b1--\r\n--b--\r\n"
    )
    (inner,) = parse(content).children
    assert len(inner.children) == 2


def test_mime_nested_a_thousand_deep_is_opaque_below_a_hundred():
    content = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (at, at) for at in range(1000)
    )
    entity, depth = parse(content), 0
    while entity.children:
        entity, depth = entity.children[0], depth + 1
    assert (depth, entity.media_type, entity.subtype) == (100, "application", "octet-stream")
    assert b'"octet-stream"' in body_structure(content, parse(content), extended=True)


def test_enclosed_letters_nested_a_thousand_deep_are_borne():
    content = b"Content-Type: message/rfc822\r\n\r\n" * 1000
    assert summarise(content, parse(content)).body


def test_a_hundred_thousand_header_fields_are_read_up_to_the_limit():
    content = b"".join(b"X-%d: a\r\n" % at for at in range(100_000)) + b"\r\nbody"
    entity = parse(content)
    assert len(entity.fields) == MAX_HEADER_FIELDS
    assert content[entity.body_start :] == b"body"


def test_parts_are_counted():
    entity = parse(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 20_000)
    assert len(entity.children) < MAX_PARTS


def test_folded_values_are_read_on_one_line():
    content = b"Subject: one\r\n two\r\n\r\n"
    assert field_value(content, parse(content).fields[0]) == b"one two"
