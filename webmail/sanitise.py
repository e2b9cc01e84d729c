"""The HTML of letters made safe to show.

nh3 (html5ever) parses and writes it as the very last step: nothing edits the text afterwards, for edits after
sanitising have broken webmails (CVE-2024-42009).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html import escape, unescape
from typing import TYPE_CHECKING, Final

import nh3

from webmail.css_filter import filter_style

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_HTML_CHARS: Final = 512 * 1024
"""Of one HTML body; what follows is cut, and the page says so. Attachments are not counted."""
MAX_DEPTH: Final = 2_000
"""Elements left open at once. html5ever's time grows with the square of the depth: 200,000 take minutes."""
MAX_DATA_IMAGE_CHARS: Final = 256 * 1024

_BLOCK_ATTRIBUTES: Final = {"align", "bgcolor", "dir", "height", "lang", "style", "title", "valign", "width"}
_TAGS: Final = frozenset(
    [
        "a",
        "abbr",
        "address",
        "b",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "div",
        "dl",
        "dt",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "wbr",
    ]
)
_DROPPED_WITH_CONTENT: Final = frozenset(
    [
        "applet",
        "audio",
        "canvas",
        "embed",
        "frame",
        "frameset",
        "head",
        "iframe",
        "math",
        "noembed",
        "noframes",
        "noscript",
        "object",
        "script",
        "select",
        "style",
        "svg",
        "template",
        "textarea",
        "title",
        "video",
        "xml",
        "xmp",
    ]
)
_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "*": _BLOCK_ATTRIBUTES,
    "a": {"href"},
    "col": {"span"},
    "colgroup": {"span"},
    "font": {"color", "face", "size"},
    "hr": {"color", "size"},
    "img": {"alt", "border", "src"},
    "li": {"value"},
    "ol": {"start", "type"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "nowrap", "rowspan"},
    "th": {"colspan", "nowrap", "rowspan", "scope"},
    "ul": {"type"},
}
_ADDED: Final = {"a": {"target": "_blank"}, "img": {"loading": "lazy", "referrerpolicy": "no-referrer"}}
_OURS: Final = frozenset({"rel", "target", "loading", "referrerpolicy"})
_SCHEMES: Final = {"http", "https", "mailto", "cid", "data"}
_LINK: Final = re.compile(r"(?:https?://[^\s\\]+|mailto:[^\s\\]+)\Z", re.IGNORECASE)
_DATA_IMAGE: Final = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+\Z", re.IGNORECASE)
_PLAIN_VALUE: Final = re.compile(r"[\w#%.,:;()/ +\-]*\Z")
_TOKEN: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<(/?)([a-zA-Z][^\s/>]*)(?:\"[^\"]*\"|'[^']*'|[^'\">])*>", re.DOTALL
)
_SELF_CLOSING: Final = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "dd",
        "dt",
        "embed",
        "hr",
        "img",
        "input",
        "li",
        "link",
        "meta",
        "p",
        "param",
        "source",
        "track",
        "wbr",
    ]
)


@dataclass(frozen=True, slots=True)
class SafeHtml:
    """A body that may be put into a sandboxed response."""

    html: str
    blocked_images: int
    """Pictures that would have been loaded from elsewhere and told the sender of the reading."""
    cut: bool
    """True when the letter was longer, or more deeply nested, than we show."""


@dataclass(slots=True)
class _Filter:
    """Decides on each attribute while nh3 writes; remembers what it kept back."""

    inline_images: Mapping[str, str]
    remote_images: bool
    blocked: set[str] = field(default_factory=set)
    data_left: int = MAX_DATA_IMAGE_CHARS

    def __call__(self, _tag: str, attribute: str, value: str) -> str | None:
        if attribute in _OURS:
            return value
        if attribute == "style":
            return filter_style(value) or None
        if attribute == "href":
            return value.strip() if _LINK.match(value.strip()) else None
        if attribute == "src":
            return self._image(value.strip())
        if attribute in {"alt", "title"}:
            return value[:1_000]
        return value if len(value) < 100 and _PLAIN_VALUE.match(value) else None

    def _image(self, url: str) -> str | None:
        scheme = url.partition(":")[0].lower()
        if scheme == "cid":
            return self.inline_images.get(url[4:].strip("<> "))
        if scheme in {"http", "https"}:
            if self.remote_images and _LINK.match(url):
                return url
            self.blocked.add(url)
            return None
        if scheme == "data" and len(url) <= self.data_left and _DATA_IMAGE.match(url):
            self.data_left -= len(url)
            return url
        return None


def sanitise_letter(
    html: str, *, inline_images: Mapping[str, str] | None = None, remote_images: bool = False
) -> SafeHtml:
    """A letter's HTML as it may be shown: no code, no forms, no style sheets, nothing loaded from elsewhere.

    `inline_images` maps a Content-ID (RFC 2392) to an address of ours. Pictures of other servers are left out
    and counted unless `remote_images`. What is nested too deeply for linear time is shown as its text.
    """
    cut = len(html) > MAX_HTML_CHARS
    source = html[:MAX_HTML_CHARS].replace("\0", "")
    if deepest_nesting(source) > MAX_DEPTH:
        source, cut = f"<pre>{escape(text_of(source))}</pre>", True
    attribute_filter = _Filter(inline_images or {}, remote_images)
    safe = nh3.clean(
        source,
        tags=set(_TAGS),
        clean_content_tags=set(_DROPPED_WITH_CONTENT),
        attributes=_ATTRIBUTES,
        attribute_filter=attribute_filter,
        set_tag_attribute_values=_ADDED,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    return SafeHtml(safe, len(attribute_filter.blocked), cut)


def deepest_nesting(html: str) -> int:
    """How many elements are open at once at most, by a linear look at the tags, name by name."""
    open_by_name: Counter[str] = Counter()
    depth = deepest = 0
    for match in _TOKEN.finditer(html):
        name = match[2]
        if not name or name.lower() in _SELF_CLOSING:
            continue
        name = name.lower()
        if not match[1]:
            open_by_name[name] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif open_by_name[name]:
            open_by_name[name] -= 1
            depth -= 1
    return deepest


_BREAK: Final = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/table|/blockquote|hr)\b[^>]*>", re.IGNORECASE)
_INVISIBLE: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|head|title|svg|math)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL
)
_ANY_TAG: Final = re.compile(r"<[/!?a-zA-Z][^>]*>?")
_MANY_BREAKS: Final = re.compile(r"[ \t]*\n(?:[ \t]*\n)+")


def text_of(html: str) -> str:
    """The words of an HTML body, for quoting and for what cannot be shown. Plain text: escape it again."""
    source = _INVISIBLE.sub("", html[:MAX_HTML_CHARS])
    source = " ".join(source.split(" ")).replace("\r", "").replace("\n", " ")
    source = _ANY_TAG.sub("", _BREAK.sub("\n", source.replace("</td>", " </td>").replace("</th>", " </th>")))
    lines = (" ".join(line.split()) for line in unescape(source).split("\n"))
    return _MANY_BREAKS.sub("\n\n", "\n".join(lines)).strip()
