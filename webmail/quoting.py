"""What a reply or a forward begins with: recipients, subject, and the words of the other letter."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final, cast

from webmail.ports import DraftFields, Party
from webmail.recipients import write_people
from webmail.sanitise import sanitise_letter, text_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Literal

    from webmail.i18n import Catalog
    from webmail.ports import Body, Letter

_PREFIXES: Final = re.compile(
    r"\s*(?:(?:re|fw|fwd|tl|tr|v/v trả lời|trả lời|chuyển tiếp)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE
)
MAX_QUOTED: Final = 60_000


def answer_fields(
    mode: str, letter: Letter, body: Body, catalog: Catalog, when: str, own: Collection[str]
) -> DraftFields:
    """The composer for an answer. `own` are one's addresses, folded; they are left out of a reply to all."""
    text = text_of(body.text) if body.kind == "html" else body.text.replace("\r\n", "\n")
    text = text[:MAX_QUOTED].strip("\n")
    subject = _PREFIXES.sub("", letter.row.subject, count=1)
    author = letter.reply_to or (letter.row.sender,)
    if mode == "forward":
        head = _forward_head(letter, catalog, when)
        return DraftFields(
            account_id=0,
            subject=f"Fwd: {subject}",
            text=f"\n\n{head}\n\n{text}\n",
            html=_forward_html(head, body.text) if body.kind == "html" else "",
            answers=f"{letter.row.mailbox_id}-{letter.row.uid}",
            mode="forward",
        )
    if letter.row.sender.address.casefold() in own:  # answering one's own letter goes on to its readers
        author = letter.to or author
    to = author
    cc: tuple[Party, ...] = ()
    if mode == "reply_all":
        taken = {one.address.casefold() for one in author} | set(own)
        cc = tuple(_others((*letter.to, *letter.cc), taken))
    head = catalog("reply_head", date=when, who=letter.row.sender.shown)
    quoted = "\n".join(f">{line}" if line.startswith(">") else f"> {line}" for line in text.split("\n"))
    return DraftFields(
        account_id=0,
        to=write_people(to),
        cc=write_people(cc),
        subject=f"Re: {subject}",
        text=f"\n\n{head}\n{quoted}\n",
        in_reply_to=letter.message_id,
        references=(*letter.references, letter.message_id)[-30:] if letter.message_id else letter.references,
        answers=f"{letter.row.mailbox_id}-{letter.row.uid}",
        mode=cast("Literal['reply', 'reply_all']", mode),
    )


def _forward_html(head: str, html: str) -> str:
    """The other letter as it looked, its tables too; nothing in it is loaded from elsewhere."""
    lines = "".join(f"<div>{escape(line)}</div>" for line in head.split("\n"))
    return f"<div><br></div><div><br></div>{lines}<div><br></div>{sanitise_letter(html).html}"


def _others(people: tuple[Party, ...], taken: set[str]) -> list[Party]:
    found: list[Party] = []
    for one in people:
        if one.address.casefold() not in taken:
            taken.add(one.address.casefold())
            found.append(one)
    return found


def _forward_head(letter: Letter, catalog: Catalog, when: str) -> str:
    lines = [
        catalog("forwarded_head"),
        f"{catalog('from')}: {write_people((letter.row.sender,))}",
        f"{catalog('date')}: {when}",
        f"{catalog('subject')}: {letter.row.subject}",
        f"{catalog('to')}: {write_people(letter.to[:20])}",
    ]
    if letter.cc:
        lines.append(f"{catalog('cc')}: {write_people(letter.cc[:20])}")
    return "\n".join(lines)
