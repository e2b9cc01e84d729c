"""A script whose every command is known, takes what it may, and was required (RFC 5228 §2.6, §3.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mailsvc.sieve.errors import SieveError
from mailsvc.sieve.parser import Number, Strings, Tag, Written, parse
from mailsvc.sieve.words import ALWAYS, COMMANDS, EXTENSIONS, TESTS, Rule, Take

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.sieve.parser import Argument

Value = int | str | tuple[str, ...] | bool
RELATIONS: Final = frozenset({"gt", "ge", "lt", "le", "eq", "ne"})
COMPARATORS: Final = frozenset({"i;octet", "i;ascii-casemap", "i;ascii-numeric"})
_ENCODED = re.compile(r"\$\{(hex|unicode):[ \t\r\n]*([0-9a-fA-F \t\r\n]+)\}", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Node:
    """A command or test, checked: what it takes is bound to what it means."""

    name: str
    line: int
    values: tuple[Value | None, ...] = ()
    """Positional arguments; None for one that may be left out and was."""
    tags: dict[str, Value] = field(default_factory=dict)
    tests: tuple[Node, ...] = ()
    block: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """A script that can be run."""

    commands: tuple[Node, ...]
    required: frozenset[str]


def compile_script(octets: bytes) -> Script:
    """Read and check a script; SieveError says the line and what is wrong."""
    checker = _Checker()
    commands = checker.block(parse(octets), top=True)
    return Script(commands, frozenset(checker.required))


class _Checker:
    """What has been required so far."""

    def __init__(self) -> None:
        self.required: set[str] = set()

    def block(self, written: Sequence[Written], *, top: bool = False) -> tuple[Node, ...]:
        found: list[Node] = []
        before = ""
        may_require = top
        for one in written:
            if one.name == "require":
                if not may_require:
                    raise SieveError(one.line, "require comes before all other commands")
                self._require(one)
                continue
            may_require = False
            if one.name in {"elsif", "else"} and before not in {"if", "elsif"}:
                raise SieveError(one.line, f"{one.name} has no if before it")
            found.append(self._command(one))
            before = one.name
        return tuple(found)

    def _require(self, written: Written) -> None:
        wanted = self._bind(written, COMMANDS["require"]).values[0]
        assert isinstance(wanted, tuple)
        unknown = [name for name in wanted if name not in EXTENSIONS]
        if unknown:
            raise SieveError(written.line, f"unknown extension '{unknown[0]}'")
        self.required.update(wanted)

    def _command(self, written: Written) -> Node:
        rule = self._rule(written, COMMANDS, "command")
        if rule.block is not (written.block is not None):
            raise SieveError(written.line, f"{written.name} {'needs' if rule.block else 'takes no'} block")
        bound = self._bind(written, rule)
        if written.block is None:
            return bound
        if bound.tests and bound.tests[0].name == "ihave" and not _is_known(bound.tests[0]):
            # RFC 5463 §4: what depends on an unknown extension is not looked at.
            return bound
        return Node(bound.name, bound.line, bound.values, bound.tags, bound.tests, self.block(written.block))

    def _test(self, written: Written) -> Node:
        if written.block is not None:
            raise SieveError(written.line, "a test has no block")
        bound = self._bind(written, self._rule(written, TESTS, "test"))
        if bound.name == "ihave" and _is_known(bound):
            names = bound.values[0]
            assert isinstance(names, tuple)
            self.required.update(names)
        return bound

    def _rule(self, written: Written, known: dict[str, Rule], what: str) -> Rule:
        rule = known.get(written.name)
        if rule is None:
            raise SieveError(written.line, f"unknown {what} '{written.name}'")
        if rule.needs and not self.required.intersection(rule.needs.split()):
            raise SieveError(written.line, f'{written.name} needs: require "{rule.needs.split()[0]}";')
        return rule

    def _bind(self, written: Written, rule: Rule) -> Node:
        tags: dict[str, Value] = {}
        groups: dict[str, str] = {}
        positional: list[Number | Strings] = []
        arguments = iter(written.arguments)
        for argument in arguments:
            if not isinstance(argument, Tag):
                positional.append(argument)
                continue
            if positional:
                raise SieveError(argument.line, f"{argument.name} comes before the other arguments")
            self._bind_tag(
                written,
                rule,
                argument,
                next(arguments, None) if self._takes(rule, argument) else None,
                tags,
                groups,
            )
        values = self._bind_positional(written, rule, positional)
        low, high = rule.tests
        if not low <= len(written.tests) <= high:
            raise SieveError(written.line, f"{written.name} takes {low if low == high else 'some'} tests")
        tests = tuple([self._test(test) for test in written.tests])
        node = Node(written.name, written.line, values, tags, tests)
        self._check_meaning(node)
        return node

    def _takes(self, rule: Rule, tag: Tag) -> bool:
        known = rule.tags.get(tag.name)
        return known is not None and known.takes is not None

    def _bind_tag(
        self,
        written: Written,
        rule: Rule,
        tag: Tag,
        argument: Argument | None,
        tags: dict[str, Value],
        groups: dict[str, str],
    ) -> None:
        known = rule.tags.get(tag.name)
        if known is None:
            raise SieveError(tag.line, f"{written.name} has no {tag.name}")
        if known.needs and known.needs not in self.required:
            raise SieveError(tag.line, f'{tag.name} needs: require "{known.needs}";')
        other = groups.get(known.group) if known.group else None
        if tag.name in tags or other is not None:
            raise SieveError(tag.line, f"{tag.name} together with {other or tag.name}")
        groups[known.group] = tag.name
        if known.takes is None:
            tags[tag.name] = True
            return
        if argument is None or isinstance(argument, Tag):
            raise SieveError(tag.line, f"{tag.name} needs a value")
        value = self._value(argument, known.takes, tag.line, tag.name)
        if known.constant and "variables" in self.required and _VARIABLE.search(str(value)):
            raise SieveError(tag.line, f"{tag.name} takes no variable")  # RFC 5229 §3
        tags[tag.name] = value

    def _bind_positional(
        self, written: Written, rule: Rule, found: list[Number | Strings]
    ) -> tuple[Value | None, ...]:
        wanted = list(rule.positional)
        missing = len(wanted) - len(found)
        before, after = 0, 0
        if 0 < missing <= rule.optional:
            before = missing
        elif missing == 1 and rule.last_optional:
            after = 1
        elif missing:
            raise SieveError(written.line, f"{written.name} takes {len(wanted)} arguments, not {len(found)}")
        kinds = wanted[before : len(wanted) - after]
        values = [
            self._value(argument, kind, written.line, written.name)
            for argument, kind in zip(found, kinds, strict=True)
        ]
        return (*[None] * before, *values, *[None] * after)

    def _value(self, argument: Number | Strings, kind: Take, line: int, name: str) -> Value:
        if kind is Take.NUMBER:
            if not isinstance(argument, Number):
                raise SieveError(line, f"{name} takes a number")
            return argument.value
        if not isinstance(argument, Strings) or (kind is Take.STRING and argument.is_list):
            raise SieveError(line, f"{name} takes a {'string' if kind is Take.STRING else 'list of strings'}")
        values = argument.values
        if "encoded-character" in self.required:
            values = tuple([_ENCODED.sub(lambda match: _decoded(match, line), value) for value in values])
        return values[0] if kind is Take.STRING else values

    def _check_meaning(self, node: Node) -> None:
        comparator = node.tags.get(":comparator")
        if comparator is not None:
            if comparator not in COMPARATORS:
                raise SieveError(node.line, f"unknown comparator '{comparator}'")
            capability = f"comparator-{comparator}"
            if capability not in self.required | ALWAYS:
                raise SieveError(node.line, f'{comparator} needs: require "{capability}";')
            if comparator == "i;ascii-numeric" and (":contains" in node.tags or ":matches" in node.tags):
                raise SieveError(node.line, "i;ascii-numeric compares whole numbers")  # RFC 4790 §9.1
        for tag in (":value", ":count"):
            if tag in node.tags and node.tags[tag] not in RELATIONS:
                raise SieveError(node.line, f"{tag} takes one of gt, ge, lt, le, eq, ne")
        if node.name == "size" and not node.tags:
            raise SieveError(node.line, "size needs :over or :under")
        if (
            ":last" in node.tags
            and ":index" not in node.tags
            and node.name in {"header", "address", "date", "deleteheader"}
        ):
            raise SieveError(node.line, ":last goes with :index")  # RFC 5260 §6


def number_of(value: Value | None) -> int:
    """A numeric argument; the check has seen that it is one."""
    assert isinstance(value, int)
    return value


def _is_known(test: Node) -> bool:
    names = test.values[0]
    return isinstance(names, tuple) and EXTENSIONS.issuperset(names)


def _decoded(match: re.Match[str], line: int) -> str:
    """`${hex: c3 a1}` and `${unicode: e1}`; what is no such thing stays as it is (RFC 5228 §2.4.2.4)."""
    numbers = match[2].split()
    if match[1].lower() == "hex":
        if any(len(one) > 2 for one in numbers):
            return match[0]
        octets = bytes(int(one, 16) for one in numbers)
        try:
            return octets.decode("utf-8")
        except UnicodeDecodeError:
            raise SieveError(line, f"{match[0]} is not UTF-8") from None
    points = [int(one, 16) for one in numbers if len(one) <= 8]
    if len(points) != len(numbers) or any(point > 0x10FFFF or 0xD800 <= point < 0xE000 for point in points):
        raise SieveError(line, f"{match[0]} is no character")
    return "".join(map(chr, points))
