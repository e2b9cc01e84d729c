"""Finding letters: by the words people type (webmail), and by substring (IMAP SEARCH, RFC 9051 §6.4.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from directory.model import Right
from mailsvc.mime.charsets import guess
from mailsvc.mime.encoded_word import decode_words
from mailsvc.mime.parse import parse
from mailsvc.mime.section import header_fields
from mailsvc.mime.text import searchable_text
from mailsvc.model.errors import MailboxMissing
from mailsvc.model.ids import MessageId
from mailsvc.services import index_mail, letters, reading
from mailsvc.services.permissions import Place, rights_in
from mailsvc.storage import mailboxes
from search.fold import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mailsvc.model.ids import AccountId, Uid
    from mailsvc.model.message import Entry, ListedLetter
    from mailsvc.services.permissions import Principal
    from mailsvc.storage.unit_of_work import Reader
    from search.engine import Engine, Hit
    from search.tree import Query

MAX_SCANNED_TEXT = 1_000_000
HEADLINE = ("subject", "from", "to", "cc", "bcc")
"""Lines of a letter's headline (`mailsvc.storage.messages`)."""
_FIELD_NAME = re.compile(rb"^[^\s:]+[ \t]*:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of letters that match, best first, with the query as a tree for highlighting."""

    letters: tuple[ListedLetter, ...]
    query: Query
    next: Hit | None


def search(
    db: Reader,
    engine: Engine,
    principal: Principal,
    account: AccountId,
    text: str,
    *,
    before: Hit | None = None,
    limit: int = reading.PAGE,
    max_text: int = MAX_SCANNED_TEXT,
) -> Found:
    """Letters of one box that match what was typed; search.query.QueryError says what could not be understood.

    What the index returns is checked against what the reader holds now: an index never gives a right.
    """
    rights = rights_in(db, principal, account)
    if not rights & Right.READ:
        raise MailboxMissing(str(account))
    from search.query import (
        parse_query,  # Whoosh's parser is 17 MB that a process without searches does not need
    )

    query = parse_query(text)
    index_mail.catch_up(db, engine, account, max_text)
    place = Place(mailboxes.by_name(db, account, "INBOX"), principal.account_id, rights)
    found: list[ListedLetter] = []
    last = before
    while len(found) < limit:
        hits = engine.search(query, frozenset({int(account)}), limit=limit, before=last)
        for hit in hits:
            last = hit
            held = reading.holdings(db, place, MessageId(hit.id))
            if held:
                found.append(held[-1])
                if len(found) == limit:
                    break
        if len(hits) < limit:
            return Found(tuple(found), query, last if len(found) == limit else None)
    return Found(tuple(found), query, last)


def _folded(needle: str) -> Callable[[str], str]:
    """How both sides are folded: without marks where the needle has none (i;unicode-casemap and more)."""
    if fold(needle) == needle.casefold():
        return fold
    return str.casefold


def matching(db: Reader, place: Place, uids: Sequence[Uid], field: str, needle: str) -> set[Uid]:
    """UIDs among `uids` whose field contains the needle (RFC 9051 §6.4.4: a substring, case does not matter).

    Fields: from, to, cc, bcc, subject, body, text, or `header:<name>`; an empty needle of a header field matches
    where the field is there at all.
    """
    if not uids:
        return set()
    folded = _folded(needle)
    wanted = folded(needle)
    if field in {"body", "text"}:
        return _in_text(db, place, uids, wanted, folded, with_header=field == "text")
    name = field.removeprefix("header:").encode("ascii", "replace")
    if field in HEADLINE and needle:
        uids = _in_headline(db, place, uids, HEADLINE.index(field), fold(needle))
        if folded is fold:
            return set(uids)
    return {
        held.uid
        for held in _entries(db, place, uids)
        if _in_header(letters.header(db, held), name, wanted, folded)
    }


def _in_headline(db: Reader, place: Place, uids: Sequence[Uid], line: int, wanted: str) -> list[Uid]:
    """UIDs whose line of the headline holds the needle, both without marks; nothing is opened.

    What is past the bounds of the headline (2,000 characters of a subject, 4,000 of addresses) is not looked at.
    """
    among = set(uids)
    found: list[Uid] = []
    for uid, headline in letters.columns(db, place, min(uids), max(uids), ("headline",)):
        if wanted in headline and uid in among and wanted in headline.split("\n")[line]:
            found.append(uid)
    return found


def _entries(db: Reader, place: Place, uids: Sequence[Uid]) -> Iterable[Entry]:
    for uid in uids:
        held = letters.entry(db, place, uid)
        if held is not None:
            yield held


def _in_header(header: bytes, name: bytes, wanted: str, folded: Callable[[str], str]) -> bool:
    fields = header_fields(header, (name,))
    if not fields.strip():
        return False
    return wanted in folded(decode_words(_FIELD_NAME.sub(b"", fields))) if wanted else True


def _in_text(
    db: Reader,
    place: Place,
    uids: Sequence[Uid],
    wanted: str,
    folded: Callable[[str], str],
    *,
    with_header: bool,
) -> set[Uid]:
    found: set[Uid] = set()
    texts: dict[MessageId, bool] = {}
    for held in _entries(db, place, uids):
        known = texts.get(held.message_id)
        if known is None:
            content = letters.content(db, held.message_id)
            known = wanted in folded(searchable_text(content, parse(content), MAX_SCANNED_TEXT))
            texts[held.message_id] = known
        if known or (with_header and wanted in folded(_readable_header(letters.header(db, held)))):
            found.add(held.uid)
    return found


def _readable_header(header: bytes) -> str:
    return decode_words(header) if b"=?" in header else guess(header)
