"""What a reader types into the search box, as a tree. The language is Whoosh's; words, fields and dates are ours."""

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final

from whoosh import query as whoosh_query
from whoosh.qparser import (
    FieldsPlugin,
    GroupPlugin,
    OperatorsPlugin,
    PhrasePlugin,
    PrefixPlugin,
    QueryParser,
    RangePlugin,
)

from search.days import VIETNAM, BadDateError, days_of, seconds_of
from search.fold import fold, tokens
from search.tree import ALL_FIELDS, NOTHING, And, Dates, Field, Not, Or, Phrase, Query

MAX_QUERY_CHARS: Final = 1_000
MAX_TERMS: Final = 64
MAX_DEPTH: Final = 8
MIN_PREFIX: Final = 3  # th* walks a tenth of the index, 0.3 s in 120,000 letters; it means the syllable th


class Fault(StrEnum):
    """Why a query was refused; the page has the words."""

    TOO_LONG = "too_long"
    TOO_MANY_TERMS = "too_many_terms"
    TOO_DEEP = "too_deep"
    BAD_DATE = "bad_date"


class QueryError(ValueError):
    """A query that cannot be answered as it stands; everything else that is odd is searched as words."""

    def __init__(self, fault: Fault, culprit: str = "") -> None:
        super().__init__(f"{fault.value}: {culprit}" if culprit else fault.value)
        self.fault = fault
        self.culprit = culprit


class _Day(StrEnum):
    ON = "on"
    BEFORE = "before"
    AFTER = "after"


# Folded names, so that Từ:, từ: and tu: are one. A name counts only right before its value: "Số: 05" is two words.
_FIELD_NAMES: Final[dict[str, tuple[Field, ...]]] = {
    **dict.fromkeys(("tu", "nguoi gui", "from"), (Field.SENDER,)),
    **dict.fromkeys(("den", "nguoi nhan", "to"), (Field.RECIPIENTS,)),
    **dict.fromkeys(("nguoi", "people"), (Field.SENDER, Field.RECIPIENTS)),
    **dict.fromkeys(("chu de", "chude", "trich yeu", "subject"), (Field.SUBJECT,)),
    **dict.fromkeys(("tep", "file", "filename"), (Field.FILES,)),
    **dict.fromkeys(("noi dung", "noidung", "body"), (Field.BODY,)),
}
_DATE_NAMES: Final[dict[str, _Day]] = {
    **dict.fromkeys(("ngay", "date"), _Day.ON),
    **dict.fromkeys(("truoc", "before"), _Day.BEFORE),
    **dict.fromkeys(("sau", "after"), _Day.AFTER),
}
_NAMES: Final = (*_FIELD_NAMES, *_DATE_NAMES)
_LETTER: Final = r"[^\W\d_][\u0300-\u036f]*"
_NAMED: Final = re.compile(
    rf"(?<![\w\u0300-\u036f])(?P<name>(?:{_LETTER}){{2,8}}(?:[ ](?:{_LETTER}){{2,5}})?):(?=[^\s:])"
)
# What stands for a field name while Whoosh parses: a control character, which no query text still holds then.
_CODE: Final = {name: f"\x02f{number}" for number, name in enumerate(_NAMES)}
_NAME_OF: Final = {code: name for name, code in _CODE.items()}
_CODED: Final = re.compile(r"\x02f\d+")
_CURLY: Final = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})


def _parser() -> Any:
    """Whoosh's parser with the syntax that we promise, and no more: what is left out stays plain text."""
    return QueryParser(
        None,
        None,  # no schema: words go through our own tokens afterwards
        plugins=[
            FieldsPlugin(r"(?P<text>\x02\w+):", remove_unknown=False),
            PhrasePlugin(),
            # Only a range that names both its ends: "[Khẩn] họp" is text.
            RangePlugin(
                re.compile(
                    r"(?P<open>[\[{])(?P<start>[^\[\]{}]{1,40}?)\s(?:TO|ĐẾN)\s(?P<end>[^\[\]{}]{1,40})(?P<close>[\]}])"
                )
            ),
            GroupPlugin(),
            _WordBeginning(),
            OperatorsPlugin(AndNot=None, AndMaybe=None, Require=None),
        ],
    )


class _WordBeginning(PrefixPlugin):  # type: ignore[misc]  # Whoosh has no types
    """word* anywhere a word may stand; Whoosh's own expression swallows brackets and quotes."""

    expr = r"(?P<text>[^\s*()\"\x02]+)[*](?=[\s)]|$)"


_PARSER: Final = _parser()


def parse_query(text: str, *, today: date | None = None) -> Query:
    """The meaning of a search as typed; `NOTHING` if it holds no word.

    Fields: từ: đến: người: chủ đề: nội dung: tệp: (also without marks, and from: to: people: subject: body: file:);
    days: ngày:05/11/2026, ngày:11/2026, ngày:2026, ngày:01/11/2026..05/11/2026, ngày:[01/11/2026 TO 05/11/2026],
    trước:, sau: (date: before: after:). "…" is a phrase, word* a beginning of three letters or more, AND OR NOT and brackets combine.
    Quotes or brackets without a partner are ignored. Raises QueryError for bad dates and for limits only.
    """
    if len(text) > MAX_QUERY_CHARS:
        raise QueryError(Fault.TOO_LONG)
    plain = "".join(max(letter, " ") for letter in text).translate(_CURLY)
    if _depth(plain) > MAX_DEPTH:
        raise QueryError(Fault.TOO_DEEP)
    reader = _Reader(today or datetime.now(UTC).astimezone(VIETNAM).date())
    try:
        parsed = _PARSER.parse(_NAMED.sub(_code, plain), normalize=False)
    except IndexError:  # Whoosh on "NOT NOT a"
        return reader.read_words(plain) or NOTHING
    return reader.read(parsed) or NOTHING


def _depth(text: str) -> int:
    """How deep brackets nest; Whoosh recurses on them."""
    depth = deepest = 0
    for letter in text:
        if letter == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif letter == ")":
            depth = max(0, depth - 1)
    return deepest


def _code(match: re.Match[str]) -> str:
    """The field name as a code that Whoosh takes for one; words that name no field stay."""
    name = match["name"]
    if code := _CODE.get(fold(name)):
        return f"{code}:"
    before, space, last = name.rpartition(" ")  # "bão từ:an" is bão and từ:an
    if space and (code := _CODE.get(fold(last))):
        return f"{before} {code}:"
    return match.group()


def _uncode(text: str) -> str:
    """The text with the names put back that stood where no field can be named, as in quotation marks."""
    return _CODED.sub(lambda match: _NAME_OF[match.group()], text)


class _Reader:
    """Turns one parsed query into our tree, counting its terms."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._terms = 0

    def read(self, parsed: Any) -> Query | None:
        """Our tree for a Whoosh query; None where it holds no word."""
        field = _NAME_OF.get(getattr(parsed, "fieldname", None) or "")
        match parsed:
            case whoosh_query.And() | whoosh_query.Or():
                parts = [part for child in parsed.subqueries if (part := self.read(child)) is not None]
                return _joined(parts) if isinstance(parsed, whoosh_query.And) else _either(parts)
            case whoosh_query.Not():
                part = self.read(parsed.query)
                return None if part is None else Not(part)
            case whoosh_query.TermRange():
                return self._range(parsed, field)
            case whoosh_query.Phrase():
                return self._value(_uncode(" ".join(parsed.words)), field, quoted=True)
            case whoosh_query.Prefix():
                return self._value(_uncode(parsed.text), field, prefix=True)
            case whoosh_query.Term():
                return self._value(_uncode(parsed.text), field)
            case _:
                return None

    def read_words(self, text: str) -> Query | None:
        """Plain words, all of them asked for: what is left of a query whose signs make no sense."""
        return _joined([part for word in text.split() if (part := self._words(word, ALL_FIELDS)) is not None])

    def _value(
        self, text: str, field: str | None, *, prefix: bool = False, quoted: bool = False
    ) -> Query | None:
        if field in _DATE_NAMES:
            self._count(1)
            return self._dates(text, _DATE_NAMES[field])
        fields = ALL_FIELDS if field is None else _FIELD_NAMES[field]
        return self._words(text, fields, prefix=prefix, quoted=quoted)

    def _words(
        self, text: str, fields: tuple[Field, ...], *, prefix: bool = False, quoted: bool = False
    ) -> Query | None:
        """A phrase of the syllables; a whole reference number is looked for as a whole and by its parts."""
        found = list(tokens(text))
        parts = tuple(token.text for token in found if not token.whole)
        wholes = [token for token in found if token.whole]
        self._count(len(parts))
        if not parts:
            return None
        prefix = prefix and (bool(wholes) or len(parts[-1]) >= MIN_PREFIX)
        phrase = _phrase(parts, fields, prefix=prefix, quoted=quoted)
        spans = wholes and (wholes[0].start <= found[0].start and wholes[0].end >= found[len(parts) - 1].end)
        if not spans:
            return phrase
        whole = _phrase((wholes[0].text,), fields, prefix=prefix, quoted=True)
        # An address is known whole: a.b@c is not meant by b@c. A reference may be written with other signs.
        return whole if "@" in wholes[0].text else Or((whole, phrase))

    def _count(self, terms: int) -> None:
        self._terms += terms
        if self._terms > MAX_TERMS:
            raise QueryError(Fault.TOO_MANY_TERMS)

    def _range(self, parsed: Any, field: str | None) -> Query | None:
        if field not in _DATE_NAMES:
            return self.read_words(f"{parsed.start} {parsed.end}")
        self._count(1)
        first, last = self._days(parsed.start), self._days(parsed.end)
        start = first[1] if parsed.startexcl else first[0]
        end = last[0] if parsed.endexcl else last[1]
        if start > end:
            raise QueryError(Fault.BAD_DATE, f"{parsed.start} > {parsed.end}")
        return Dates(seconds_of(start), seconds_of(end))

    def _dates(self, text: str, side: _Day) -> Dates:
        if side is _Day.BEFORE:
            return Dates(None, seconds_of(self._days(text)[0]))
        if side is _Day.AFTER:
            return Dates(seconds_of(self._days(text)[1]), None)
        first, dots, last = text.partition("..")
        if not first and not last:
            raise QueryError(Fault.BAD_DATE, text)
        start = self._days(first)[0] if first else None
        end = self._days(last if dots else first)[1] if last or not dots else None
        if start and end and start >= end:
            raise QueryError(Fault.BAD_DATE, text)
        return Dates(seconds_of(start), seconds_of(end))

    def _days(self, text: str) -> tuple[date, date]:
        try:
            return days_of(text, self._today)
        except BadDateError as error:
            raise QueryError(Fault.BAD_DATE, text) from error


def _phrase(forms: tuple[str, ...], fields: tuple[Field, ...], *, prefix: bool, quoted: bool) -> Phrase:
    return Phrase(forms, tuple(fold(form) for form in forms), fields, prefix, quoted)


def _joined(parts: list[Query]) -> Query | None:
    """All of the parts, nested groups laid flat so that neighbours can be seen."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,))]
    return And(tuple(flat)) if len(flat) > 1 else next(iter(flat), None)


def _either(parts: list[Query]) -> Query | None:
    return Or(tuple(parts)) if len(parts) > 1 else next(iter(parts), None)
