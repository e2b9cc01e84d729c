"""Finding letters: by the words people type (webmail), and by substring (IMAP SEARCH, RFC 9051 §6.4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from directory.model import Right
from mailsvc.model.errors import MailboxMissing
from mailsvc.model.ids import MessageId
from mailsvc.services import index_mail, letters, reading
from mailsvc.services.permissions import Place, rights_in
from mailsvc.services.scan import MAX_SCANNED_TEXT, Texts, containing, readable
from mailsvc.storage import mailboxes
from search.fold import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mailsvc.model.ids import AccountId, Uid
    from mailsvc.model.message import ListedLetter
    from mailsvc.services.permissions import Principal
    from mailsvc.storage.unit_of_work import Reader
    from search.engine import Engine, Hit, SubstringEngine
    from search.tree import Query

NARROWED_FROM = 100
"""Letters from which the index is asked before they are read."""
MAX_UNSEEN = 5_000
HEADLINE = ("subject", "from", "to", "cc", "bcc")
"""Lines of a letter's headline (`mailsvc.storage.messages`)."""


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


def matching(
    db: Reader, place: Place, uids: Sequence[Uid], field: str, needle: str, texts: Texts | None = None
) -> set[Uid]:
    """UIDs among `uids` whose field contains the needle (RFC 9051 §6.4.4: a substring, case does not matter).

    Fields: from, to, cc, bcc, subject, body, text, or `header:<name>`; an empty needle of a header field matches
    where the field is there at all. `uids` ascend; `texts` keeps what was read for the next search.
    """
    if not uids:
        return set()
    folded = _folded(needle)
    wanted = folded(needle)
    if field in HEADLINE and needle:
        uids = _in_headline(db, place, uids, HEADLINE.index(field), fold(needle))
        if folded is fold:
            return set(uids)
    return containing(db, place, uids, field.removeprefix("header:"), wanted, folded, texts or Texts())


def narrowed(
    db: Reader,
    engine: SubstringEngine,
    place: Place,
    uids: Sequence[Uid],
    field: str,
    needle: str,
    max_text: int,
) -> Sequence[Uid]:
    """Those of `uids`, which ascend, that can hold the needle in their text: the index's trigrams say so (design §5).

    Letters that the index has not seen, or of which it has only the beginning, stay among them; so do all where the
    index cannot tell. The text itself decides, in `matching`.
    """
    if len(uids) < NARROWED_FROM:
        return uids
    held = engine.candidates(needle, frozenset({int(place.mailbox.account_id)}))
    unseen = index_mail.waiting(db, engine, MAX_UNSEEN)
    if held is None or unseen is None:
        return uids
    among, wanted = frozenset(uids), fold(needle)
    rows = letters.columns(db, place, uids[0], uids[-1], ("message_id", "size", "trace"))
    return [
        uid
        for uid, message, size, trace in rows
        if uid in among
        and (
            message in held
            or message in unseen
            or size > max_text
            or (field == "text" and wanted in fold(readable(bytes(trace))))
        )
    ]


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
