"""Rules as a person fills them in, and the script that they become.

The script carries the form in its second line and a hash of the rest in its first: what somebody changed by hand
(RFC 5804) is then known to be theirs, and no form writes over it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from mailsvc.sieve.write import listed, quoted, require

NAME: Final = "webmail"
ZONE: Final = "+0700"
MAX_RULES: Final = 40
MAX_JUNK: Final = 200
MAX_WORDS: Final = 100
MAX_SUBJECT: Final = 200
MAX_TEXT: Final = 4_000
VACATION_DAYS: Final = 4
"""One answer to each sender in so many days (RFC 5230 §4.1)."""
_MARK: Final = b"# congvu-webmail 1 "
_FORM: Final = b"# "


class Where(StrEnum):
    """What of a letter is looked at."""

    FROM = "from"
    TO = "to"
    SUBJECT = "subject"


HEADERS: Final = {Where.FROM: ("from",), Where.TO: ("to", "cc"), Where.SUBJECT: ("subject",)}


@dataclass(frozen=True, slots=True)
class Condition:
    """Words that stand there."""

    where: Where
    words: str


@dataclass(frozen=True, slots=True)
class MailRule:
    """Quy tắc: letters that match all conditions are filed and marked. The first that matches is the one."""

    conditions: tuple[Condition, ...]
    folder: str = ""
    """Empty: the letter stays in INBOX."""
    flag: bool = False
    read: bool = False
    trash: bool = False


@dataclass(frozen=True, slots=True)
class Vacation:
    """Trả lời tự động while somebody is away."""

    text: str
    subject: str = ""
    since: date | None = None
    until: date | None = None
    """The last day of it."""


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Chuyển tiếp: a copy of each letter, or the letter itself."""

    address: str
    keep: bool = True


@dataclass(frozen=True, slots=True)
class BoxRules:
    """All that the forms hold."""

    rules: tuple[MailRule, ...] = ()
    vacation: Vacation | None = None
    forwarding: Forwarding | None = None
    junk: tuple[str, ...] = ()
    """Addresses and domains whose letters go to Junk."""

    @property
    def is_empty(self) -> bool:
        """Whether no script is needed."""
        return not (self.rules or self.vacation or self.forwarding or self.junk)


def write_script(rules: BoxRules) -> bytes:
    """The script, with the form in its second line."""
    form = json.dumps(asdict(rules), ensure_ascii=False, default=str, separators=(",", ":"))
    rest = _FORM + form.encode() + b"\r\n" + _script(rules).encode()
    return _MARK + sha256(rest).hexdigest().encode() + b"\r\n" + rest


def read_script(octets: bytes) -> BoxRules | None:
    """The form of a script that a form wrote; None for every other."""
    first, _, rest = octets.partition(b"\r\n")
    if first != _MARK + sha256(rest).hexdigest().encode():
        return None
    return _rules_of(json.loads(rest.partition(b"\r\n")[0].removeprefix(_FORM)))


def _rules_of(values: dict[str, Any]) -> BoxRules:
    vacation, forwarding = values["vacation"], values["forwarding"]
    return BoxRules(
        rules=tuple(_rule_of(one) for one in values["rules"]),
        vacation=vacation
        and Vacation(vacation["text"], vacation["subject"], _day(vacation["since"]), _day(vacation["until"])),
        forwarding=forwarding and Forwarding(forwarding["address"], forwarding["keep"]),
        junk=tuple(values["junk"]),
    )


def _rule_of(values: dict[str, Any]) -> MailRule:
    conditions = tuple(Condition(Where(one["where"]), one["words"]) for one in values["conditions"])
    return MailRule(conditions, values["folder"], values["flag"], values["read"], values["trash"])


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _script(rules: BoxRules) -> str:
    needed: set[str] = set()
    parts = [_junk(rules.junk, needed), _chain(rules.rules, needed)]
    if rules.vacation is not None:
        parts.append(_vacation(rules.vacation, needed))
    if rules.forwarding is not None:
        parts.append(_forwarding(rules.forwarding, needed))
    return require(needed) + "".join(parts)


def _junk(senders: tuple[str, ...], needed: set[str]) -> str:
    """Whole addresses and domains; nothing else is done with these letters."""
    if not senders:
        return ""
    needed |= {"fileinto", "special-use"}
    addresses = [one for one in senders if "@" in one.lstrip("@")]
    domains = [one.lstrip("@") for one in senders if "@" not in one.lstrip("@")]
    tests = [
        f'address :{part} :is "from" {listed(found)}'
        for part, found in (("all", addresses), ("domain", domains))
        if found
    ]
    return f"if anyof({', '.join(tests)}) {{\r\n  {_into_use('Junk')}  stop;\r\n}}\r\n"


def _chain(rules: tuple[MailRule, ...], needed: set[str]) -> str:
    found = []
    for number, rule in enumerate(rules):
        tests = ", ".join(
            f"header :contains {listed(HEADERS[one.where])} {listed(_cases(one.words))}"
            for one in rule.conditions
        )
        word = "elsif" if number else "if"
        acts = "".join(f"  {line}" for line in _acts(rule, needed))
        found.append(f"{word} allof({tests}) {{\r\n{acts}}}\r\n")
    return "".join(found)


def _cases(words: str) -> list[str]:
    """The words as people write them: i;ascii-casemap takes Ộ and ộ for two letters (RFC 4790 §9.2.1)."""
    return list(dict.fromkeys((words, words.lower(), words.upper(), words.capitalize(), words.title())))


def _acts(rule: MailRule, needed: set[str]) -> list[str]:
    acts = []
    flags = [flag for flag, wanted in (("\\Flagged", rule.flag), ("\\Seen", rule.read)) if wanted]
    if flags:
        needed.add("imap4flags")
        acts.append(f"addflag {listed(flags)};\r\n")
    if rule.trash:
        needed |= {"fileinto", "special-use"}
        acts.append(_into_use("Trash"))
    elif rule.folder:
        needed |= {"fileinto", "mailbox"}
        acts.append(f"fileinto :create {quoted(rule.folder)};\r\n")
    return acts


def _into_use(use: str) -> str:
    return f'fileinto :specialuse {quoted(chr(92) + use)} "INBOX";\r\n'


def _vacation(vacation: Vacation, needed: set[str]) -> str:
    """Between its days, both included, as they are in Việt Nam (RFC 5260 §4)."""
    needed.add("vacation")
    tests = [
        f'currentdate :zone {quoted(ZONE)} :value "{relation}" "date" {quoted(day.isoformat())}'
        for relation, day in (("ge", vacation.since), ("le", vacation.until))
        if day is not None
    ]
    subject = f":subject {quoted(vacation.subject)} " if vacation.subject else ""
    answer = f"vacation :days {VACATION_DAYS} {subject}{quoted(vacation.text)};\r\n"
    if not tests:
        return answer
    needed |= {"date", "relational"}
    return f"if allof({', '.join(tests)}) {{\r\n  {answer}}}\r\n"


def _forwarding(forwarding: Forwarding, needed: set[str]) -> str:
    if not forwarding.keep:
        return f"redirect {quoted(forwarding.address)};\r\n"
    needed.add("copy")
    return f"redirect :copy {quoted(forwarding.address)};\r\n"
