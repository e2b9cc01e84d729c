"""Plain text letters as HTML: escaped, with links and quotes told apart, then through the same sanitiser."""

from __future__ import annotations

import re
from html import escape
from typing import Final

from webmail.sanitise import MAX_HTML_CHARS, SafeHtml, sanitise_letter

_URL: Final = re.compile(r"\b(?:https?://|www\.)[^\s<>\"'`{}|\\^\x00-\x1f]{1,2000}", re.IGNORECASE)
_TRAILING: Final = ".,;:!?)]»”’…"
_QUOTE: Final = re.compile(r"^((?:> ?)+)(.*)$")
MAX_QUOTE_DEPTH: Final = 8


def show_text(text: str) -> SafeHtml:
    """The text with its line breaks, its addresses as links and its quotes (RFC 3676 §4.5) as blocks.

    Each piece is escaped before it is joined and the whole is sanitised last, so that an address in the text
    cannot become markup (CVE-2023-43770).
    """
    out: list[str] = []
    depth = 0
    for line in text[:MAX_HTML_CHARS].replace("\r\n", "\n").split("\n"):
        quoted = _QUOTE.match(line)
        level = min(quoted[1].count(">"), MAX_QUOTE_DEPTH) if quoted else 0
        body = quoted[2] if quoted else line
        opened, closed = "<blockquote>" * (level - depth), "</blockquote>" * (depth - level)
        if out and not opened and not closed:
            out.append("<br>")
        out += [opened, closed, _linked(body)]
        depth = level
    out.append("</blockquote>" * depth)
    safe = sanitise_letter("".join(out))
    return SafeHtml(safe.html, 0, safe.cut or len(text) > MAX_HTML_CHARS)


def _linked(line: str) -> str:
    parts: list[str] = []
    position = 0
    for match in _URL.finditer(line):
        url = match[0].rstrip(_TRAILING)
        if len(url) < 10 or "." not in url:
            continue
        target = url if url.lower().startswith("http") else f"https://{url}"
        parts += [escape(line[position : match.start()]), f'<a href="{escape(target)}">{escape(url)}</a>']
        position = match.start() + len(url)
    parts.append(escape(line[position:]))
    text = "".join(parts)
    return re.sub(r" (?= )|^ ", "\u00a0", text)
