"""A script carried out over a letter (RFC 5228 §2.10, §4, §5): nothing happens here, actions are gathered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote

from mailsvc.sieve.actions import Action, File, Notify, Outcome, Redirect, Reject, Vacation
from mailsvc.sieve.check import number_of
from mailsvc.sieve.errors import ScriptStoppedError
from mailsvc.sieve.letter import PROTECTED, HeaderField
from mailsvc.sieve.matching import Matcher
from mailsvc.sieve.questions import TESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mailsvc.sieve.check import Node, Script, Value
    from mailsvc.sieve.letter import Letter

MAX_STEPS: Final = 5_000
MAX_ACTIONS: Final = 32
MAX_REDIRECTS: Final = 4
MAX_VARIABLES: Final = 128
MAX_VALUE: Final = 4_000
MAX_INCLUDES: Final = 30
MAX_INCLUDED_DEPTH: Final = 5
DAY: Final = 86_400
_REFERENCE: Final = re.compile(
    r"\$\{(?:([0-9]{1,9})|((?:[A-Za-z_][A-Za-z0-9_]*\.)*[A-Za-z_][A-Za-z0-9_]*))\}"
)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FIELD_NAME: Final = re.compile(r"[!-9;-~]{1,100}")


class Surroundings(Protocol):
    """What a script may ask of the world around it."""

    def now(self) -> int:
        """Seconds since 1970 UTC."""

    def mailbox_exists(self, name: str) -> bool:
        """Whether a letter could be filed there."""

    def special_use_exists(self, use: str, mailbox: str | None) -> bool:
        """Whether there is a mailbox for this use; or, with a name, whether that one is for it."""

    def script(self, name: str, *, personal: bool) -> Script | None:
        """A script to be included."""

    def is_duplicate(self, handle: str, unique: str, seconds: int, *, last: bool) -> bool:
        """Whether this was seen within so many seconds; it is noted as seen (RFC 7352 §3)."""

    def environment(self, name: str) -> str | None:
        """What is known of where the script runs (RFC 5183 §4)."""


class _StopError(Exception):
    """`stop`."""


class _ReturnError(Exception):
    """`return`."""


@dataclass(slots=True)
class Run:
    """The state of one script over one letter."""

    letter: Letter
    around: Surroundings
    actions: list[Action] = field(default_factory=list)
    keeps: bool = True
    """The implicit keep (RFC 5228 §2.10.2)."""
    flags: tuple[str, ...] = ()
    """What `keep` and `fileinto` set where they do not say (RFC 5232 §2)."""
    variables: dict[str, str] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)
    """Global variables of included scripts (RFC 6609 §3.4)."""
    shared_names: set[str] = field(default_factory=set)
    captures: tuple[str, ...] = ()
    has_variables: bool = False
    steps: int = 0
    includes: int = 0
    depth: int = 0
    included: set[tuple[str, bool]] = field(default_factory=set)

    def expanded(self, text: str) -> str:
        """A string with its variables filled in (RFC 5229 §3)."""
        if not self.has_variables or "${" not in text:
            return text
        return _REFERENCE.sub(self._reference, text)[:MAX_VALUE]

    def words(self, value: Value | None) -> tuple[str, ...]:
        """A list of strings, filled in."""
        if isinstance(value, tuple):
            return tuple(map(self.expanded, value))
        return (self.expanded(value),) if isinstance(value, str) else ()

    def word(self, value: Value | None) -> str:
        """One string, filled in; empty where there is none."""
        return self.expanded(value) if isinstance(value, str) else ""

    def _reference(self, match: re.Match[str]) -> str:
        if match[1] is not None:
            number = int(match[1])
            return self.captures[number] if number < len(self.captures) else ""
        return self.variable(match[2].lower())

    def variable(self, name: str) -> str:
        """The value of a variable; empty where it has none."""
        if name.startswith("global."):
            return self.shared.get(name.removeprefix("global."), "")
        if name.startswith("env."):
            return self.around.environment(name.removeprefix("env.")) or ""
        return self.shared.get(name, "") if name in self.shared_names else self.variables.get(name, "")

    def set_variable(self, node: Node, name: str, value: str) -> None:
        """Set one; ScriptStoppedError where there would be too many."""
        name = name.lower()
        target = self.shared if name in self.shared_names or name.startswith("global.") else self.variables
        name = name.removeprefix("global.")
        if not _NAME.fullmatch(name):
            raise ScriptStoppedError(node.line, f"'{name}' is not the name of a variable")
        if name not in target and len(target) >= MAX_VARIABLES:
            raise ScriptStoppedError(node.line, f"more than {MAX_VARIABLES} variables")
        target[name] = value[:MAX_VALUE]


def run(script: Script, letter: Letter, around: Surroundings) -> Outcome:
    """Carry out a script. One that is stopped by an error keeps the letter, whatever it had decided before."""
    state = Run(letter, around, has_variables="variables" in script.required)
    try:
        _block(state, script.commands)
    except (_StopError, _ReturnError):
        pass
    except ScriptStoppedError as error:
        return Outcome((File(),), None, str(error))
    actions = list(dict.fromkeys(state.actions))
    if state.keeps:
        actions.append(File(flags=state.flags))
    refuses = any(isinstance(action, Reject) for action in actions)
    if refuses and any(isinstance(action, File | Redirect | Vacation) for action in actions):
        return Outcome((File(),), None, "reject goes with no other action")  # RFC 5429 §2.2
    return Outcome(tuple(actions), letter.header() if letter.is_changed else None)


def _block(state: Run, commands: Sequence[Node]) -> None:
    taken = False
    for node in commands:
        state.steps += 1
        if state.steps > MAX_STEPS:
            raise ScriptStoppedError(node.line, "the script takes too long")
        if node.name in {"if", "elsif", "else"}:
            if node.name == "if":
                taken = False
            if not taken and (node.name == "else" or ask(state, node.tests[0])):
                taken = True
                _block(state, node.block)
            continue
        _COMMANDS[node.name](state, node)
        if len(state.actions) > MAX_ACTIONS:
            raise ScriptStoppedError(node.line, f"more than {MAX_ACTIONS} actions")


def ask(state: Run, test: Node) -> bool:
    """Whether a test holds; captures of `:matches` stay for `${1}` (RFC 5229 §3.2)."""
    state.steps += 1
    if state.steps > MAX_STEPS:
        raise ScriptStoppedError(test.line, "the script takes too long")
    match test.name:
        case "not":
            return not ask(state, test.tests[0])
        case "allof":
            return all(ask(state, inner) for inner in test.tests)
        case "anyof":
            return any(ask(state, inner) for inner in test.tests)
    matcher = Matcher(test.tags)
    holds = TESTS[test.name](state, test, matcher)
    if holds and matcher.captures is not None:
        state.captures = matcher.captures
    return holds


def _act(state: Run, action: Action, node: Node) -> None:
    if ":copy" not in node.tags:
        state.keeps = False
    state.actions.append(action)


def _flags_of(state: Run, node: Node) -> tuple[str, ...]:
    if ":flags" not in node.tags:
        return state.flags
    return _split_flags(state.words(node.tags[":flags"]))


def _split_flags(values: Sequence[str]) -> tuple[str, ...]:
    """Flags, each once in any case; several may stand in one string (RFC 5232 §2)."""
    found = {flag.lower(): flag for value in values for flag in value.split()}
    return tuple(found.values())


def _keep(state: Run, node: Node) -> None:
    state.keeps = False
    state.actions.append(File(flags=_flags_of(state, node)))


def _discard(state: Run, _node: Node) -> None:
    state.keeps = False


def _fileinto(state: Run, node: Node) -> None:
    action = File(
        state.word(node.values[0]),
        _flags_of(state, node),
        create=":create" in node.tags,
        special_use=state.word(node.tags.get(":specialuse")),
    )
    _act(state, action, node)


def _redirect(state: Run, node: Node) -> None:
    if sum(isinstance(action, Redirect) for action in state.actions) >= MAX_REDIRECTS:
        raise ScriptStoppedError(node.line, f"more than {MAX_REDIRECTS} redirects")
    _act(state, Redirect(state.word(node.values[0]).strip()), node)


def _reject(state: Run, node: Node) -> None:
    state.keeps = False
    state.actions.append(Reject(state.word(node.values[0]), in_protocol=node.name == "ereject"))


def _vacation(state: Run, node: Node) -> None:
    if any(isinstance(action, Vacation) for action in state.actions):
        raise ScriptStoppedError(node.line, "vacation may be said once")  # RFC 5230 §4.7
    tags = node.tags
    seconds = 7 * DAY
    if ":seconds" in tags:
        seconds = number_of(tags[":seconds"])
    elif ":days" in tags:
        seconds = max(number_of(tags[":days"]), 1) * DAY
    reason = state.word(node.values[0])
    said = f"{state.word(tags.get(':subject'))}\n{state.word(tags.get(':from'))}\n{':mime' in tags}\n{reason}"
    state.actions.append(
        Vacation(
            reason,
            min(seconds, 366 * DAY),
            state.word(tags.get(":subject")),
            state.word(tags.get(":from")),
            state.words(tags.get(":addresses")),
            ":mime" in tags,
            state.word(tags.get(":handle")) or said,  # RFC 5230 §4.2
        )
    )


def _notify(state: Run, node: Node) -> None:
    state.actions.append(
        Notify(
            state.word(node.values[0]),
            state.word(node.tags.get(":message")),
            state.word(node.tags.get(":importance")) or "2",
            state.word(node.tags.get(":from")),
        )
    )


def _change_flags(
    change: Callable[[tuple[str, ...], tuple[str, ...]], tuple[str, ...]],
) -> Callable[[Run, Node], None]:
    def command(state: Run, node: Node) -> None:
        given = _split_flags(state.words(node.values[1]))
        if node.values[0] is None:
            state.flags = change(state.flags, given)
        else:
            name = state.word(node.values[0])
            held = _split_flags((state.variable(name.lower()),))
            state.set_variable(node, name, " ".join(change(held, given)))

    return command


def _without(held: tuple[str, ...], given: tuple[str, ...]) -> tuple[str, ...]:
    gone = {flag.lower() for flag in given}
    return tuple(flag for flag in held if flag.lower() not in gone)


def _set(state: Run, node: Node) -> None:
    value = state.word(node.values[1])
    # In the order of precedence of RFC 5229 §4.1, RFC 5435 §6.
    for tag, change in _MODIFIERS:
        if tag in node.tags:
            value = change(value)
    state.set_variable(node, state.word(node.values[0]), value)


_MODIFIERS: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    (":lower", str.lower),
    (":upper", str.upper),
    (":lowerfirst", lambda value: value[:1].lower() + value[1:]),
    (":upperfirst", lambda value: value[:1].upper() + value[1:]),
    (":quotewildcard", lambda value: re.sub(r"([*?\\])", r"\\\1", value)),
    (":encodeurl", lambda value: quote(value, safe="-._~")),
    (":length", lambda value: str(len(value))),
)


def _add_header(state: Run, node: Node) -> None:
    name, value = state.word(node.values[0]), state.word(node.values[1])
    if not _FIELD_NAME.fullmatch(name):
        raise ScriptStoppedError(node.line, f"'{name}' is not the name of a header field")
    if name.lower() in PROTECTED:
        return  # RFC 5293 §6: ignored
    added = HeaderField(name, " ".join(value.split()))
    state.letter.fields.insert(len(state.letter.fields) if ":last" in node.tags else 0, added)
    state.letter.is_changed = True


def _delete_header(state: Run, node: Node) -> None:
    name = state.word(node.values[0]).lower()
    if name in PROTECTED:
        return
    fields = state.letter.fields
    held = [number for number, one in enumerate(fields) if one.name.lower() == name]
    if ":index" in node.tags:
        number = number_of(node.tags[":index"])
        if ":last" in node.tags:
            held = held[-number : len(held) - number + 1 or None] if number <= len(held) else []
        else:
            held = held[number - 1 : number]
    if node.values[1] is not None:
        keys = state.words(node.values[1])
        matcher = Matcher(node.tags)
        held = [number for number in held if matcher.any([fields[number].value], keys)]
    gone = frozenset(held)
    if gone:
        fields[:] = [one for number, one in enumerate(fields) if number not in gone]
        state.letter.is_changed = True


def _include(state: Run, node: Node) -> None:
    name, personal = state.word(node.values[0]), ":global" not in node.tags
    if ":once" in node.tags and (name, personal) in state.included:
        return
    state.includes += 1
    if state.includes > MAX_INCLUDES or state.depth >= MAX_INCLUDED_DEPTH:
        raise ScriptStoppedError(node.line, "too many scripts are included")
    script = state.around.script(name, personal=personal)
    if script is None:
        if ":optional" in node.tags:
            return
        raise ScriptStoppedError(node.line, f"there is no script '{name}' to include")
    state.included.add((name, personal))
    # RFC 6609 §3.4: variables and captures are each script's own.
    outer = state.variables, state.captures, state.shared_names, state.has_variables
    state.variables, state.captures, state.shared_names = {}, (), set()
    state.has_variables = "variables" in script.required
    state.depth += 1
    try:
        _block(state, script.commands)
    except _ReturnError:
        pass
    finally:
        state.depth -= 1
        state.variables, state.captures, state.shared_names, state.has_variables = outer


def _global(state: Run, node: Node) -> None:
    state.shared_names.update(name.lower() for name in state.words(node.values[0]))


def _stop(_state: Run, _node: Node) -> None:
    raise _StopError


def _return(_state: Run, _node: Node) -> None:
    raise _ReturnError


def _error(state: Run, node: Node) -> None:
    raise ScriptStoppedError(node.line, state.word(node.values[0]))


_COMMANDS: Final[dict[str, Callable[[Run, Node], None]]] = {
    "addflag": _change_flags(lambda held, given: _split_flags((*held, *given))),
    "addheader": _add_header,
    "deleteheader": _delete_header,
    "discard": _discard,
    "ereject": _reject,
    "error": _error,
    "fileinto": _fileinto,
    "global": _global,
    "include": _include,
    "keep": _keep,
    "notify": _notify,
    "redirect": _redirect,
    "reject": _reject,
    "removeflag": _change_flags(_without),
    "return": _return,
    "set": _set,
    "setflag": _change_flags(lambda _held, given: given),
    "stop": _stop,
    "vacation": _vacation,
}
