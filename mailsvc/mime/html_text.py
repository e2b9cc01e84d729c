"""HTML to plain text for previews and search: quick, tolerant, linear. Not a sanitiser: nothing of it is shown as HTML."""

import html
import re
from typing import Final

_TOKEN = re.compile(r"<!--|<(/?)([a-zA-Z][a-zA-Z0-9]*)[^>]*+>?|<[!?/][^>]*+>?|[^<]++|<")
_HIDDEN: Final = frozenset({"script", "style", "title", "head", "template", "noscript", "object"})
_NEVER_CLOSED: Final = frozenset(
    {"head"}
)  # its parts are skipped one by one; an unclosed head must not eat the letter
_BREAKS: Final = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "br",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    ]
)
_CELLS: Final = frozenset({"td", "th", "option"})
_BLANKS = re.compile(r"[ \t\r\n\f\u00a0\u200b\ufeff]+")
_LINES = re.compile(r" *\n[ \n]*")


def html_to_text(markup: str) -> str:
    """What a reader would see, block by block on lines of their own, white space collapsed."""
    out: list[str] = []
    lowered: str | None = None
    pos, end = 0, len(markup)
    while pos < end:
        match = _TOKEN.match(markup, pos)
        assert match is not None
        found, name = match.group(), match.group(2)
        pos = match.end()
        if name is not None:
            tag = name.lower()
            if tag in _BREAKS:
                out.append("\n")
            elif tag in _CELLS:
                out.append(" ")
            elif tag in _HIDDEN and tag not in _NEVER_CLOSED and not match.group(1):
                if lowered is None:
                    # Folding ASCII alone keeps the length, so that offsets agree.
                    lowered = markup.translate(_ASCII_LOWER)
                close = lowered.find("</" + tag, pos)
                pos = end if close < 0 else close
        elif found == "<!--":
            close = markup.find("-->", pos)
            pos = end if close < 0 else close + 3
        elif found[0] != "<" or found == "<":
            out.append(_BLANKS.sub(" ", html.unescape(found) if "&" in found else found))
    return _LINES.sub("\n", re.sub(" +", " ", "".join(out))).strip()


_ASCII_LOWER: Final = {upper: upper + 32 for upper in range(0x41, 0x5B)}
