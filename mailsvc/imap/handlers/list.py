"""LIST and LSUB (RFC 3501 §6.3.8, §6.3.9; RFC 3348, RFC 5258, RFC 6154, RFC 8440)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.imap.handlers.acl import rights_letters
from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.imap.handlers.status import status_line
from mailsvc.imap.wire import replies
from mailsvc.imap.wire.list import ListMailboxes
from mailsvc.imap.wire.status import StatusItem
from mailsvc.services import mailbox_tree
from mailsvc.services.permissions import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.list import ListSubscribed
    from mailsvc.services.mailbox_tree import Listed

SEPARATOR = mailbox_tree.SEPARATOR
MAX_WILDCARDS = 20
_WILDCARDS = re.compile(r"[*%]+")


_PLAIN = ListMailboxes(b"", "", (), frozenset(), frozenset({"SUBSCRIBED"}), (), extended=True)


@dataclass(frozen=True, slots=True)
class _Node:
    """A name in the tree; without a mailbox it is there only because something is below it."""

    name: str
    listed: Listed | None
    has_children: bool

    @property
    def subscribed(self) -> bool:
        return self.listed is not None and self.listed.mailbox.subscribed


async def list_mailboxes(cmd: ListMailboxes, ctx: Context) -> Done:
    """LIST."""
    if cmd.patterns == ("",) and not cmd.selection:
        return Done("Separator told", untagged=replies.list_root(b"LIST"))
    if StatusItem.HIGHESTMODSEQ in cmd.status:
        ctx.condstore = True  # RFC 7162 §3.1: as STATUS does
    tree = _tree(ctx)
    matches = [_matcher(cmd.reference, pattern) for pattern in cmd.patterns]
    out: list[bytes] = []
    for node in tree.values():
        if not any(match(node.name) for match in matches):
            continue
        chosen = _is_selected(node, cmd.selection)
        below: tuple[str, ...] = ()
        if "RECURSIVEMATCH" in cmd.selection and _has_selected_below(tree, node, cmd.selection):
            below = tuple(cmd.selection & {"SUBSCRIBED"})
        if not chosen and not below:
            continue
        out.append(replies.list_line(b"LIST", _attributes(node, cmd), ctx.name(node.name), below))
        if node.listed is None or not chosen:
            continue
        place = Place(node.listed.mailbox, ctx.principal.account_id, node.listed.rights)
        if "MYRIGHTS" in cmd.returning:  # RFC 8440 §3
            letters = rights_letters(place.rights, own_seen=place.is_shared)
            out.append(replies.my_rights(ctx.name(node.name), letters))
        if cmd.status:
            out.append(status_line(ctx, node.name, place, cmd.status))
    return Done("Mailboxes told", untagged=b"".join(out))


def list_of_one(ctx: Context, name: str, *, written: str) -> bytes:
    """LIST of a mailbox that was opened or made, with what the client called it (RFC 9051 §6.3.2, §6.3.9.7)."""
    old_name = None if written == name else ctx.name(written)
    return replies.list_line(b"LIST", _attributes(_tree(ctx)[name], _PLAIN), ctx.name(name), (), old_name)


async def list_subscribed(cmd: ListSubscribed, ctx: Context) -> Done:
    r"""LSUB; a name above subscribed ones is told as \Noselect where `%` cuts them off (RFC 3501 §6.3.9)."""
    if not cmd.pattern:
        return Done("Separator told", untagged=replies.list_root(b"LSUB"))
    match = _matcher(cmd.reference, cmd.pattern)
    told: dict[str, tuple[str, ...]] = {}
    for node in _tree(ctx).values():
        if not node.subscribed:
            continue
        if match(node.name):
            told[node.name] = ()
        elif cmd.pattern.endswith("%"):
            for above in _names_above(node.name):
                if match(above):
                    told.setdefault(above, ("\\Noselect",))
    return Done(
        "Subscriptions told",
        untagged=b"".join([replies.list_line(b"LSUB", told[name], ctx.name(name)) for name in sorted(told)]),
    )


def _tree(ctx: Context) -> dict[str, _Node]:
    listed = {one.name: one for one in mailbox_tree.listing(ctx.parts.bridge.reader, ctx.principal)}
    parents: set[str] = set()
    for name in listed:
        parents.update(_names_above(name))
    names = sorted(parents.union(listed), key=lambda name: (name != "INBOX", name))
    return {name: _Node(name, listed.get(name), name in parents) for name in names}


def _names_above(name: str) -> list[str]:
    levels = name.split(SEPARATOR)
    return [SEPARATOR.join(levels[:depth]) for depth in range(1, len(levels))]


def _is_selected(node: _Node, selection: frozenset[str]) -> bool:
    """The selection options of RFC 5258 §3.1 and RFC 6154 §3."""
    if "SUBSCRIBED" in selection and not node.subscribed:
        return False
    return "SPECIAL-USE" not in selection or (
        node.listed is not None and node.listed.mailbox.special_use is not None
    )


def _has_selected_below(tree: dict[str, _Node], node: _Node, selection: frozenset[str]) -> bool:
    prefix = node.name + SEPARATOR
    return any(one.name.startswith(prefix) and _is_selected(one, selection) for one in tree.values())


def _attributes(node: _Node, cmd: ListMailboxes) -> Iterable[str]:
    if node.listed is None:
        # RFC 5258 §3.4: \\NonExistent implies \\Noselect; clients of old know only that one.
        yield "\\NonExistent" if cmd.extended else "\\Noselect"
    yield "\\HasChildren" if node.has_children else "\\HasNoChildren"
    # Those of shared boxes are not the person's own: a client would file its drafts there.
    if (
        node.listed is not None
        and node.listed.mailbox.special_use
        and not node.listed.mailbox.per_person_seen
    ):
        yield node.listed.mailbox.special_use.value
    if node.subscribed and ("SUBSCRIBED" in cmd.selection or "SUBSCRIBED" in cmd.returning):
        yield "\\Subscribed"


def _matcher(reference: str, pattern: str) -> Callable[[str], object]:
    """Whether a name matches: `*` anything, `%` anything within a level (RFC 3501 §6.3.8).

    Runs of wildcards mean as much as one of them; that keeps the search linear for hostile patterns.
    """
    whole = reference + pattern
    if whole[:5].upper() == "INBOX" and whole[5:6] in {"", SEPARATOR}:
        whole = "INBOX" + whole[5:]
    runs = _WILDCARDS.findall(whole)
    if len(runs) > MAX_WILDCARDS:
        raise RefusedError("Too many wildcards", "LIMIT")
    parts = [re.escape(part) for part in _WILDCARDS.split(whole)]
    joints = [".*" if "*" in run else f"[^{SEPARATOR}]*" for run in runs]
    joints.append("")
    return re.compile(
        "".join([part + joint for part, joint in zip(parts, joints, strict=True)]), re.DOTALL
    ).fullmatch
