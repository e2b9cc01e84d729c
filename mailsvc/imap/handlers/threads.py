"""Letters put into conversations: pure, and never deeper in calls than one (RFC 5256 §3, THREAD)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Letter:
    """What threading needs of a letter."""

    number: int
    """As the reply names it: message number or UID."""
    sent: int
    base_subject: str
    """Case-folded."""
    message_id: bytes = b""
    """Empty where the letter has none that is valid."""
    references: tuple[bytes, ...] = ()
    is_reply: bool = False
    """The subject was that of a reply or forward (RFC 5256 §2.1)."""


class Node:
    """A place in a tree; without a letter it is a dummy."""

    __slots__ = ("children", "letter", "parent")

    def __init__(self, letter: Letter | None = None) -> None:
        self.letter = letter
        self.parent: Node | None = None
        self.children: list[Node] = []

    def first(self) -> Letter:
        """The letter that stands for this place: its own, or that of a dummy's first child."""
        return self.letter or self.children[0].first()

    def adopt(self, child: Node) -> None:
        """Make it a child, wherever it was before."""
        child.release()
        child.parent = self
        self.children.append(child)

    def release(self) -> None:
        """Leave the parent, if there is one."""
        if self.parent is not None:
            self.parent.children.remove(self)
            self.parent = None

    def is_below(self, other: Node) -> bool:
        """Whether `other` is this place, or above it."""
        above: Node | None = self
        while above is not None:
            if above is other:
                return True
            above = above.parent
        return False


def by_subject(letters: Iterable[Letter]) -> list[Node]:
    """ORDEREDSUBJECT: one thread a base subject, its first letter above all others."""
    ordered = sorted(letters, key=lambda one: (one.base_subject, one.sent, one.number))
    threads: list[Node] = []
    for _, same in groupby(ordered, key=lambda one: one.base_subject):
        top, *others = map(Node, same)
        for other in others:
            top.adopt(other)
        threads.append(top)
    threads.sort(key=_when)
    return threads


def by_references(letters: Sequence[Letter]) -> list[Node]:
    """REFERENCES, in the six steps of RFC 5256 §3."""
    tops = _pruned(_linked(letters))
    for top in tops:
        if top.letter is None:
            top.children.sort(key=_when)
    tops.sort(key=_when)
    tops = _merged(tops)
    for node in reversed(_all(tops)):
        node.children.sort(key=_when)
    tops.sort(key=_when)
    return tops


def write(top: Node) -> bytes:
    """One thread in parentheses (RFC 5256 §4, THREAD)."""
    out: list[bytes] = []
    stack: list[Node | bytes] = [b")", top, b"("]
    while stack:
        node = stack.pop()
        if isinstance(node, bytes):
            out.append(node)
            continue
        while node.letter is not None and len(node.children) == 1:
            out.append(b"%d " % node.letter.number)
            node = node.children[0]
        if node.letter is not None:
            out.append(b"%d" % node.letter.number)
            if node.children:
                out.append(b" ")
        for child in reversed(node.children):
            stack += [b")", child, b"("]
    return b"".join(out)


def _when(node: Node) -> tuple[int, int]:
    letter = node.first()
    return letter.sent, letter.number


def _linked(letters: Sequence[Letter]) -> list[Node]:
    """Steps 1 and 2: parents and children by reference; those without a parent."""
    named: dict[bytes, Node] = {}
    nodes: list[Node] = []
    own: list[Node] = []
    for letter in letters:
        # The second letter of an id is linked as one without an id (step 1.A).
        node = Node(letter)
        if letter.message_id and letter.message_id not in named:
            named[letter.message_id] = node
        nodes.append(node)
        own.append(node)
    for node, letter in zip(own, letters, strict=True):
        above: Node | None = None
        for name in letter.references:
            current = named.get(name)
            if current is None:
                current = named[name] = Node()
                nodes.append(current)
            if above is not None and current.parent is None and not above.is_below(current):
                above.adopt(current)
            above = current
        node.release()
        # A letter without children cannot make a loop, unless it names itself.
        if above is not None and above is not node and not (node.children and above.is_below(node)):
            above.adopt(node)
    return [node for node in nodes if node.parent is None]


def _all(tops: Iterable[Node]) -> list[Node]:
    """Every place, parents before their children."""
    found = list(tops)
    for node in found:
        found.extend(node.children)
    return found


def _pruned(tops: list[Node]) -> list[Node]:
    """Step 3: without dummies, except those that hold several threads together at the top."""
    for node in reversed(_all(tops)):
        kept: list[Node] = []
        for child in node.children:
            kept += [child] if child.letter is not None else child.children
        for child in kept:
            child.parent = node
        node.children = kept
    result: list[Node] = []
    for top in tops:
        if top.letter is None and len(top.children) <= 1:
            for child in top.children:
                child.parent = None
            result += top.children
        else:
            result.append(top)
    return result


def _merged(tops: list[Node]) -> list[Node]:
    """Step 5: threads of one base subject become one."""
    table: dict[str, Node] = {}
    for top in tops:
        subject = top.first().base_subject
        if not subject:
            continue
        held = table.get(subject)
        if held is None or (held.letter is not None and (top.letter is None or _answers(held, top))):
            table[subject] = top
    merged = list(tops)
    for top in tops:
        subject = top.first().base_subject
        held = table.get(subject, top)
        if not subject or held is top:
            continue
        if held.letter is None and top.letter is None:
            for child in tuple(top.children):
                held.adopt(child)
        elif held.letter is None or _answers(top, held):
            held.adopt(top)
        else:
            both = Node()
            both.adopt(held)
            both.adopt(top)
            table[subject] = both
            merged.append(both)
    return [top for top in merged if top.parent is None and (top.letter is not None or top.children)]


def _answers(node: Node, other: Node) -> bool:
    """Whether the one is a reply or forward and the other is not."""
    return (
        node.letter is not None
        and node.letter.is_reply
        and other.letter is not None
        and not other.letter.is_reply
    )
