"""Letters as people read and find them."""

from mailsvc.mime.html_text import html_to_text
from mailsvc.mime.parse import parse
from mailsvc.mime.text import readable_parts, searchable_text
from mailsvc.mime.transfer import decode_base64

LINES = (
    "Content-Type: multipart/mixed; boundary=m", "", "--m", "Content-Type: multipart/alternative; boundary=a", "",
    "--a", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "", "B=C3=A3o =", "s=E1=BB=91 5",
    "--a", "Content-Type: multipart/related; boundary=r", "", "--r", "Content-Type: text/html; charset=utf-8", "",
    "<style>p{}</style><p>Bão&nbsp;số <b>5</b></p><img src='cid:logo@x'>",
    "--r", "Content-Type: image/png; name=logo.png", "Content-ID: <logo@x>", "Content-Transfer-Encoding: base64", "", "iVBORw0=",
    "--r--", "--a--", "--m", "Content-Type: application/pdf", "Content-Disposition: attachment;",
    " filename*0*=utf-8''C%C3%B4ng%20;", " filename*1*=v%C4%83n.pdf", "Content-Transfer-Encoding: base64", "", "JVBERi0=",
    "--m", "Content-Type: text/plain", "", "footer", "--m", "Content-Type: message/rfc822", "", "Subject: =?utf-8?b?QsOjbw==?=", "", "enclosed words", "--m--", "",
)  # fmt: skip
LETTER = "\r\n".join(LINES).encode()


def test_alternatives_are_one_block_and_files_are_listed():
    shown = readable_parts(LETTER, parse(LETTER))
    assert [(block.plain, (block.html or "")[-25:]) for block in shown.blocks] == [
        ("Bão số 5", "></p><img src='cid:logo@x'>"[-25:]),
        ("footer", ""),
    ]
    assert [(a.path, a.file_name, a.media_type, a.size, a.inline) for a in shown.attachments] == [
        ("1.2.2", "logo.png", "image/png", 5, True),
        ("2", "Công văn.pdf", "application/pdf", 5, False),
        (
            "4",
            "Bão.eml",
            "message/rfc822",
            len(b"Subject: =?utf-8?b?QsOjbw==?=\r\n\r\nenclosed words"),
            False,
        ),
    ]
    assert dict(shown.cids) == {"logo@x": "1.2.2"}


def test_search_sees_texts_file_names_and_enclosed_letters():
    text = searchable_text(LETTER, parse(LETTER))
    for words in ("Bão số 5", "Công văn.pdf", "footer", "enclosed words"):
        assert words in text
    assert "p{}" not in text
    assert len(searchable_text(LETTER, parse(LETTER), limit=10)) <= 10


def test_file_names_have_no_directories_and_no_direction_tricks():
    content = b'Content-Disposition: attachment; filename="..\\\\..\\\\a/b\xe2\x80\xaegpj.exe"\r\n\r\nx'
    (attachment,) = readable_parts(content, parse(content)).attachments
    assert attachment.file_name == "bgpj.exe"


def test_html_becomes_lines_of_text():
    markup = "<head><title>t</title></head><p>a<br>b</p><script>x<p></script><!-- c --><td>d<td>e &lt;&#x1EA1;&gt; <"
    assert html_to_text(markup) == "a\nb\nd e <ạ> <"
    assert html_to_text("<style>never closed") == ""


def test_broken_base64_gives_what_it_holds():
    assert decode_base64(b"QU JD\r\n!RA") == b"ABCD"
    assert decode_base64(b"QUJDR") == b"ABC"
