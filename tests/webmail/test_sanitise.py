"""What a letter may do to its reader: nothing. Payloads by class of published webmail holes, and plain letters."""

import re
import time
from html.parser import HTMLParser

import pytest

from webmail.css_filter import filter_style
from webmail.plain_text import show_text
from webmail.sanitise import MAX_HTML_CHARS, deepest_nesting, sanitise_letter, text_of

PAYLOADS = [
    # script in all its clothes
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\0>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "<img src=x onerror=alert`1`>",
    '<img/src="x"/onerror=alert(1)>',
    "<img src=x:x onerror=alert(1)//",
    "<body onload=alert(1)>",
    "<body background='//evil.example/x.png'>",
    "<div onpointerenter=alert(1) style=width:100%>x</div>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<input autofocus onfocus=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='java&Tab;script:alert(1)'>x</a>",
    "<a href='&#1;javascript:alert(1)'>x</a>",
    "<a href='&#x6a;avascript:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='/compose?to=x'>x</a>",
    "<a href='cid:x'>x</a>",
    "<a href=https://ok.example ping=//evil.example onclick=alert(1)>x</a>",
    "<img src='javascript:alert(1)'>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<img src='data:text/html;base64,PHNjcmlwdD4='>",
    "<img src='blob:https://evil.example/1'>",
    "<img src='//evil.example/x.gif'>",
    "<img src='/sign-out'>",
    "<img srcset='https://evil.example/a.png 1x'>",
    "<img src='https://evil.example/a.png'>",
    "<img src='HTTPS://evil.example/a.png'>",
    "<img dynsrc=//evil.example lowsrc=//evil.example longdesc=//evil.example>",
    "<iframe src=//evil.example></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=//evil.example></object>",
    "<embed src=//evil.example>",
    "<applet code=x></applet>",
    "<form action=//evil.example><input name=q><button formaction=javascript:alert(1)>x</button></form>",
    "<button form=x formaction=//evil.example>x</button>",
    "<textarea name=x autofocus></textarea>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example>",
    "<link rel=prefetch href=//evil.example><link rel=dns-prefetch href=//evil.example>",
    "<video src=//evil.example poster=//evil.example autoplay></video>",
    "<audio src=//evil.example></audio>",
    "<picture><source srcset=//evil.example><img></picture>",
    "<table background=//evil.example><td background=//evil.example>x</table>",
    # SVG and MathML: CVE-2023-5631, CVE-2024-37383, CVE-2025-68461
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><a><animate attributeName=href values='javascript:alert(1)'/><text>x</text></a></svg>",
    "<svg><use href='data:image/svg+xml;base64,PHN2Zz4=#x'/></svg>",
    "<svg><image href='//evil.example'/></svg>",
    "<svg><feImage href='//evil.example'/></svg>",
    "<svg><foreignObject><iframe src=javascript:alert(1)></foreignObject></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<math href='javascript:alert(1)'>x</math>",
    "<math><annotation-xml encoding='text/html'><script>alert(1)</script></annotation-xml></math>",
    # mutation: what one parser writes, another reads otherwise
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<title><a title='</title><img src=x onerror=alert(1)>'></title>",
    "<textarea><a title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<xmp><a title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "<plaintext><img src=x onerror=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<?xml version='1.0'><img src=x onerror=alert(1)>",
    "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;",
    "<template><script>alert(1)</script></template>",
    "<p title='\"><img src=x onerror=alert(1)>'>x</p>",
    "<img alt='`><script>alert(1)</script>'>",
    "<a title='</a><script>alert(1)</script>' href='https://ok.example'>x</a>",
    # style: CVE-2024-42010, CVE-2025-66376, CVE-2026-48846
    "<style>@import '//evil.example';</style>",
    "<style>body{background:url(//evil.example)}</style>",
    "<div style='background:url(//evil.example)'>x</div>",
    "<div style='background-image:url(&quot;//evil.example&quot;)'>x</div>",
    "<div style='background:image-set(\"//evil.example\" 1x)'>x</div>",
    "<div style='background:u\\72l(//evil.example)'>x</div>",
    "<div style='list-style:url(//evil.example)'>x</div>",
    "<div style='cursor:url(//evil.example),auto'>x</div>",
    "<div style='width:expression(alert(1))'>x</div>",
    "<div style='-moz-binding:url(//evil.example)'>x</div>",
    "<div style='behavior:url(//evil.example)'>x</div>",
    "<div style='--x:url(//evil.example);background:var(--x)'>x</div>",
    "<div style='color:var(--x,url(//evil.example))'>x</div>",
    "<div style='position:fixed;top:0;left:0;width:100%;height:100%'>x</div>",
    "<div style='margin-top:-999px'>x</div>",
    "<div style='margin:-1px 0 0 -99em'>x</div>",
    "<div style='z-index:99999;opacity:0'>x</div>",
    "<div style='animation:x 1s;transition:all 1s'>x</div>",
    "<div style='content:attr(title);filter:url(#x)'>x</div>",
    "<div style='font-family:\"x;}</style><script>alert(1)</script>\"'>x</div>",
    "<div style='color:red;}body{background:url(//evil.example)'>x</div>",
    "<div style='color:red!important;@import \"//evil.example\"'>x</div>",
    "<font color='red;background:url(//evil.example)' face='x&quot;onload=alert(1)'>x</font>",
    # clobbering and look-alikes of our own page
    "<a id=congvu name=csrf href=https://ok.example>x</a>",
    "<img name=getElementById id=body>",
    "<div class='bar button primary' hx-get=/x data-hx-post=/y hx-trigger=load>x</div>",
    "<div data-act=delete contenteditable draggable=true tabindex=1 accesskey=s>x</div>",
]

TAGS = re.compile(
    r"script|style|svg|math|iframe|object|embed|form|input|button|textarea|link|meta|base|template|video|audio"
)
ATTRIBUTES = re.compile(r"on.*|srcdoc|srcset|action|formaction|id|name|class|background|ping|hx-.*|data-.*")
ADDRESS = re.compile(r"https?://|mailto:|data:image/(?:png|gif|jpeg|webp);base64,", re.IGNORECASE)
STYLE = re.compile(r"url|var\(|expression|import|position|important|@|\\\\|:\s*-\d|//", re.IGNORECASE)


class Dangers(HTMLParser):
    """An independent reader of what the sanitiser wrote."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        if TAGS.fullmatch(tag):
            self.found.append(tag)
        for name, value in attrs:
            if ATTRIBUTES.fullmatch(name):
                self.found.append(name)
            if name in {"href", "src"} and not ADDRESS.match(value or ""):
                self.found.append(f"{name}={value}")
            if name == "style" and STYLE.search(value or ""):
                self.found.append(value)
            if name in {"src", "style", "background"} and "evil.example" in (value or ""):
                self.found.append(value)

    def handle_comment(self, data):
        self.found.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


class Shape(HTMLParser):
    """Tags and words, whatever the order of the attributes."""

    def __init__(self, html):
        super().__init__()
        self.events = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.events.append((tag, sorted(attrs)))

    def handle_data(self, data):
        self.events.append(data)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_that_acts_is_left_of_a_payload(payload):
    for wrapped in (payload, f"<p>Kính gửi</p>{payload}<p>Trân trọng</p>", f"<table><tr><td>{payload}"):
        shown = sanitise_letter(wrapped).html
        assert Dangers(shown).found == [], shown


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_second_pass_finds_nothing_more(payload):
    once = sanitise_letter(payload, remote_images=True).html
    twice = sanitise_letter(once, remote_images=True).html
    assert Shape(twice).events == Shape(once).events


def test_a_usual_letter_keeps_its_look():
    letter = (
        '<div style="font-family:\'Times New Roman\',serif;font-size:13pt;color:#1f497d"><p align="center"><b>GIẤY MỜI</b></p>'
        '<table border="1" cellpadding="4" style="border-collapse:collapse"><tr><td colspan="2" bgcolor="#ffff00">'
        'Số 05/GM-UBND</td></tr></table><a href="https://lamdong.gov.vn/?a=1&amp;b=2">Cổng</a></div>'
    )
    shown = sanitise_letter(letter).html
    for kept in (
        "font-family:'Times New Roman',serif",
        "font-size:13pt",
        "color:#1f497d",
        'colspan="2"',
        'bgcolor="#ffff00"',
        'href="https://lamdong.gov.vn/?a=1&amp;b=2"',
        'target="_blank"',
        'rel="noopener noreferrer"',
        "border-collapse:collapse",
    ):
        assert kept in shown


def test_remote_images_are_blocked_and_counted_once_each_until_asked_for():
    letter = '<img src="https://a.example/1.png"><img src="https://a.example/1.png"><img src="http://b.example/2.gif">'
    blocked = sanitise_letter(letter)
    assert (blocked.blocked_images, "example" in blocked.html) == (2, False)
    asked = sanitise_letter(letter, remote_images=True)
    assert asked.blocked_images == 0
    assert asked.html.count('src="http') == 3
    assert asked.html.count('referrerpolicy="no-referrer"') == 3


def test_pictures_inside_the_letter_are_mapped_to_our_address():
    shown = sanitise_letter(
        '<img src="cid:logo@x"><img src="cid:other">', inline_images={"logo@x": "/mail/1/2/part/1.2?inline"}
    )
    assert 'src="/mail/1/2/part/1.2?inline"' in shown.html
    assert "cid:" not in shown.html


def test_important_is_taken_off_and_the_colour_stays():
    assert filter_style("color: red !important; width: 10px") == "color:red;width:10px"


def test_style_is_bounded_and_escapes_are_refused():
    assert filter_style("color:red;" * 1_000) == ""
    assert filter_style("c\\6flor:red") == ""
    assert filter_style("width:99999px;height:5cm") == "height:5cm"


def test_depth_and_length_are_bounded_in_time():
    for hostile in ("<div>" * 200_000, "<div><!--</div>-->" * 20_000, "<b>" * 200_000, "<p>" * 300_000):
        started = time.process_time()
        assert sanitise_letter(hostile).cut or len(hostile) <= MAX_HTML_CHARS
        assert time.process_time() - started < 10


def test_deep_letters_are_shown_as_their_words():
    shown = sanitise_letter("<div>" * 3_000 + "Bão số 5 <b>khẩn</b>")
    assert shown.cut
    assert "Bão số 5 khẩn" in shown.html
    assert deepest_nesting("<p>" * 5_000 + "<br>" * 5_000) == 0


def test_plain_text_links_cannot_become_markup():
    shown = show_text(
        'Xem https://a.example/?q="onmouseover=alert(1)&lt; và <https://b.example/x>.\nwww.c.example, hết'
    ).html
    assert 'href="https://a.example/?q="' not in shown.replace('href="https://a.example/?q=" target', "")
    assert 'href="https://b.example/x"' in shown
    assert 'href="https://www.c.example"' in shown
    assert Dangers(shown).found == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads_in_plain_text_stay_text(payload):
    assert Dangers(show_text(f"> {payload}\nhttps://x.example/{payload}").html).found == []


def test_quotes_in_plain_text_become_nested_blocks():
    assert show_text("a\n> b\n>> c\nd\ne").html == (
        "a<blockquote>b<blockquote>c</blockquote></blockquote>d<br>e"
    )


def test_the_words_of_html_for_quoting():
    html = "<style>x{}</style><p>Kính gửi:<br>Sở&nbsp;Nội vụ</p>\n<div>a &lt;b&gt;</div><script>no()</script>"
    assert text_of(html) == "Kính gửi:\nSở Nội vụ\na <b>"
