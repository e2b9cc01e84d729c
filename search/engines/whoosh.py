"""The reference engine: Whoosh alone, small and slow, that the tests hold the others against."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from whoosh import fields, index
from whoosh import query as whoosh_query
from whoosh.analysis import SpaceSeparatedTokenizer

from search.engine import MANY, Document, Hit, Owners, Rank, normal_owners, tiers
from search.match import hit_order
from search.tree import And, Dates, Field, Not, Or, Phrase, Query

_MARK: Final = "watermark"  # the one entry that is no document
_Kept = TypeVar("_Kept")


def _schema() -> Any:
    columns = {
        f"{form}_{field.value}": fields.TEXT(analyzer=SpaceSeparatedTokenizer())
        for form in ("exact", "folded")
        for field in Field
    }
    return fields.Schema(
        key=fields.ID(unique=True, stored=True),
        document=fields.STORED,
        date=fields.NUMERIC(int, bits=64, signed=True),
        **columns,
    )


class WhooshEngine:
    """`Engine` on a Whoosh index. Its commits are not synced to disk, and one process writes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        there = index.exists_in(str(folder))
        self._index = index.open_dir(str(folder)) if there else index.create_in(str(folder), _schema())

    def index(self, documents: Iterable[Document], *, watermark: int | None = None) -> None:
        """Add or replace the documents, and move the watermark, in one commit."""
        ready = {document.id: (document, document.streams()) for document in documents}
        writer = self._index.writer()
        for document, words in ready.values():
            columns = {f"exact_{field.value}": words[field].exact for field in Field} | {
                f"folded_{field.value}": words[field].folded for field in Field
            }
            kept = _stored(document)
            writer.update_document(key=str(document.id), document=kept, date=document.date, **columns)
        if watermark is not None:
            writer.update_document(key=_MARK, document=str(watermark))
        writer.commit()

    def set_owners(self, owners: Mapping[int, Owners]) -> frozenset[int]:
        """Say who has these documents now; they are kept whole here, so they are simply indexed again."""
        found = [
            replace(document, owners=now)
            for id_, now in owners.items()
            for document in self._documents(whoosh_query.Term("key", str(id_)), lambda document: document)
        ]
        if found:
            self.index(found)
        return frozenset(document.id for document in found)

    def delete(self, ids: Collection[int]) -> None:
        """Forget the documents; unknown ids are ignored."""
        writer = self._index.writer()
        for id_ in ids:
            writer.delete_by_term("key", str(id_))
        writer.commit()

    def search(
        self, query: Query, owners: frozenset[int], *, limit: int, before: Hit | None = None
    ) -> list[Hit]:
        """Documents of these owners or of many: by rank, then newest first, going on after `before`."""
        best: dict[int, Hit] = {}
        for tier in tiers(query) if owners else ():
            for hit in self._documents(_whoosh(tier.query, exact=tier.exact), _hit_for(owners, tier.rank)):
                best.setdefault(hit.id, hit)
        ordered = sorted(best.values(), key=hit_order)
        return [hit for hit in ordered if before is None or hit_order(hit) > hit_order(before)][:limit]

    def watermark(self) -> int:
        """What the last indexing call stored; 0 for a new index."""
        with self._index.searcher() as searcher:
            found = searcher.document(key=_MARK)
            return int(found["document"]) if found else 0

    def stale(self, limit: int) -> list[int]:
        """Nothing ever: owners are indexed at once."""
        del limit
        return []

    def optimise(self) -> bool:
        """Whoosh merges in one step."""
        self._index.optimize()
        return False

    def close(self) -> None:
        """Let go of the files."""
        self._index.close()

    def _documents(self, query: Any, keep: Callable[[Document], _Kept | None]) -> list[_Kept]:
        with self._index.searcher() as searcher:
            found = [searcher.stored_fields(number) for number in searcher.docs_for_query(query)]
        documents = [_restored(entry["document"]) for entry in found if entry["key"] != _MARK]
        return [kept for document in documents if (kept := keep(document)) is not None]


def _hit_for(owners: frozenset[int], rank: Rank) -> Callable[[Document], Hit | None]:
    def hit(document: Document) -> Hit | None:
        has = normal_owners(document.owners)
        if has is MANY:
            return Hit(document.id, document.date, rank, shared=True)
        return Hit(document.id, document.date, rank) if owners & set(has) else None

    return hit


def _stored(document: Document) -> str:
    owners = None if document.owners is MANY else list(document.owners)
    return json.dumps({**asdict(replace(document, owners=())), "owners": owners})


def _restored(stored: str) -> Document:
    values = json.loads(stored)
    owners = MANY if values["owners"] is None else tuple(values["owners"])
    return Document(**{**values, "owners": owners})


def _whoosh(query: Query, *, exact: bool, negated: bool = False) -> Any:
    match query:
        case Phrase():
            return whoosh_query.Or(
                [_phrase(query, field, query.marked and (exact or negated)) for field in query.fields]
            )
        case Dates(start, end):
            return whoosh_query.NumericRange("date", start, end, endexcl=True)
        case And(parts):
            return whoosh_query.And([_whoosh(part, exact=exact, negated=negated) for part in parts])
        case Or(parts):
            return whoosh_query.Or([_whoosh(part, exact=exact, negated=negated) for part in parts])
        case Not(part):
            refused = _whoosh(part, exact=exact, negated=not negated)
            return whoosh_query.And([whoosh_query.Every(), whoosh_query.Not(refused)])


def _phrase(phrase: Phrase, field: Field, exact: bool) -> Any:
    column = f"exact_{field.value}" if exact else f"folded_{field.value}"
    *words, last = phrase.exact if exact else phrase.folded
    ending = whoosh_query.Prefix(column, last) if phrase.prefix else whoosh_query.Term(column, last)
    if not words:
        return ending
    return whoosh_query.Sequence([*(whoosh_query.Term(column, word) for word in words), ending])
