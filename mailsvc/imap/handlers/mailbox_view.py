"""The open mailbox as one client knows it: numbers, flags, and what it has still to be told (RFC 3501 §7.4.1)."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from itertools import chain
from typing import TYPE_CHECKING

from directory.model import Right
from mailsvc.imap.wire import replies
from mailsvc.imap.wire.grammar import SYSTEM_FLAGS
from mailsvc.imap.wire.replies import FlagLists
from mailsvc.imap.wire.sequence import STAR, resolve
from mailsvc.model.mailbox import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mailsvc.imap.handlers.context import Parts
    from mailsvc.imap.handlers.contexts import UpdatedResult
    from mailsvc.imap.wire.sequence import SequenceSet
    from mailsvc.model.mailbox import FlagsSet
    from mailsvc.services.permissions import Place

_NOBODY: frozenset[int] = frozenset()
_flag_lists: dict[tuple[str | None, ...], FlagLists] = {}


class MailboxView:
    """What this client has been told of the mailbox.

    `known` is a snapshot in the client's numbering. While EXPUNGE may not be told it can hold letters that are
    gone: they keep their numbers until it may.
    """

    __slots__ = (
        "_end_watch",
        "_wake",
        "flag_lists",
        "ghosts",
        "is_stale",
        "known",
        "name",
        "place",
        "read_only",
        "saved",
        "updated",
    )

    def __init__(
        self, place: Place, known: Snapshot, *, name: str, read_only: bool, wake: Callable[[], None]
    ) -> None:
        """`name` is what this person calls it; `wake` is called when it changed and the client may want to know."""
        self.name = name
        self.place = place
        self.known = known
        self.read_only = read_only
        self.flag_lists = flag_lists_for(known.keywords)
        self.ghosts = _NOBODY
        """UIDs of letters that are gone and not yet told of."""
        self.saved: Sequence[int] = ()
        """UIDs that the last SEARCH with SAVE found, ascending: `$` (RFC 5182 §2.1)."""
        self.updated: dict[bytes, UpdatedResult] = {}
        """Results of searches that are kept up to date, by tag (RFC 5267 §4.3)."""
        self.is_stale = False
        self._wake = wake
        self._end_watch: Callable[[], None] | None = None

    def watch(self, parts: Parts) -> None:
        """Learn of changes from now on."""
        self._end_watch = parts.watch.mailbox(self.place.mailbox.id, self._changed)

    def close(self) -> None:
        """Learn of nothing any more."""
        if self._end_watch is not None:
            self._end_watch()
            self._end_watch = None

    def _changed(self) -> None:
        self.is_stale = True
        self._wake()

    # -- which letters a command means

    def indexes(self, messages: SequenceSet, *, uid: bool) -> list[range]:
        """Ascending runs of indexes into the snapshot; None of the numbers is out of bounds, or ValueError.

        UIDs that are not there are passed over; message numbers that are not there are an error
        (RFC 3501 §6.4.8, §9 seq-number).
        """
        uids = self.known.uids
        count = len(uids)
        runs: list[range] = []
        if uid:
            largest = uids[-1] if count else int(self.known.uid_next)
            for low, high in resolve(messages, largest):
                run = range(bisect_left(uids, low), bisect_right(uids, high))
                if run:
                    runs.append(run)
            return runs
        for low, high in resolve(messages, count):
            if low < 1 or high > count:
                raise ValueError(messages)
            runs.append(range(low - 1, high))
        return runs

    def indexes_of_saved(self) -> list[range]:
        """Runs of indexes of what `$` stands for; letters that are gone are no part of it (RFC 5182 §2.1)."""
        uids = self.known.uids
        count = len(uids)
        runs: list[range] = []
        for uid in self.saved:
            index = bisect_left(uids, uid)
            if index == count or uids[index] != uid or uid in self.ghosts:
                continue
            if runs and runs[-1].stop == index:
                runs[-1] = range(runs[-1].start, index + 1)
            else:
                runs.append(range(index, index + 1))
        return runs

    def uid_ranges(self, runs: Sequence[range]) -> list[tuple[int, int]]:
        """Runs of indexes as ranges of UIDs, for services."""
        uids = self.known.uids
        return [(uids[run.start], uids[run.stop - 1]) for run in runs]

    # -- what the client has still to be told

    def news(
        self, parts: Parts, *, expunges: bool, condstore: bool, by_uid: bool = False, flags: bool = True
    ) -> bytes:
        """EXPUNGE, FETCH and EXISTS for what changed since (RFC 3501 §5.2); without `flags` no FETCH."""
        if not self.is_stale and not (expunges and self.ghosts):
            return b""
        latest = self.latest(parts)
        return self.advance(latest, expunges=expunges, condstore=condstore, by_uid=by_uid, flags=flags)

    def latest(self, parts: Parts, just_set: FlagsSet | None = None) -> Snapshot:
        """The mailbox as it is now, after a change of ours; MailboxMissing once it is deleted."""
        self.is_stale = False
        return parts.snapshots.of(parts.bridge.reader, self.place, just_set)

    def advance(
        self,
        new: Snapshot,
        *,
        expunges: bool,
        condstore: bool,
        by_uid: bool = False,
        flags: bool = True,
        untold: frozenset[int] = _NOBODY,
    ) -> bytes:
        """Take over a newer snapshot and say what differs; of the UIDs `untold` the caller tells flags itself.

        What is gone is told with EXPUNGE, or `by_uid` with VANISHED (RFC 7162 §3.2.10).
        """
        old = self.known
        if new is old:
            return b""
        out: list[bytes] = []
        if new.keywords != old.keywords:
            self.flag_lists = flag_lists_for(new.keywords)
            out.extend(self.flags_replies(new.keywords))
        kept = len(old.uids)
        old_flags = old.flags
        if old.uids is not new.uids and old.uids != new.uids[:kept]:
            there = frozenset(new.uids)
            gone = [index for index, uid in enumerate(old.uids) if uid not in there]
            if expunges:
                if by_uid and gone:
                    out.append(replies.vanished([old.uids[index] for index in gone]))
                else:
                    out.extend([replies.expunge(index + 1) for index in reversed(gone)])
                dropped = frozenset(gone)
                old_flags = array("q", [bits for index, bits in enumerate(old.flags) if index not in dropped])
                kept = len(old_flags)
                self.ghosts = _NOBODY
            else:
                self.ghosts = frozenset([old.uids[index] for index in gone])
                new = _with_ghosts(new, old, gone)
        else:
            self.ghosts = _NOBODY
        if flags:
            self._tell_flags(
                out, old.highest_mod_seq, old_flags, new, kept, condstore=condstore, untold=untold
            )
        if len(new.uids) > kept:
            out.append(replies.exists(len(new.uids)))
        self.known = new
        return b"".join(out)

    def _tell_flags(
        self,
        out: list[bytes],
        told: int,
        old_flags: array[int],
        new: Snapshot,
        kept: int,
        *,
        condstore: bool,
        untold: frozenset[int],
    ) -> None:
        flags, uids, lists, mod_seqs = new.flags, new.uids, self.flag_lists, new.mod_seqs
        for index in _changed_since(new, told, kept):
            mod_seq = mod_seqs[index]
            if uids[index] in untold:
                continue
            if condstore:
                # RFC 7162 §3.2: an unsolicited FETCH then carries MODSEQ.
                items = b"UID %d MODSEQ (%d) %b" % (uids[index], mod_seq, lists[flags[index]])
            elif flags[index] != old_flags[index]:
                items = b"UID %d %b" % (uids[index], lists[flags[index]])
            else:
                continue
            out.append(replies.fetch(index + 1, items))

    def flags_replies(self, keywords: Sequence[str | None]) -> list[bytes]:
        """FLAGS and PERMANENTFLAGS (RFC 3501 §7.2.6, §7.1)."""
        named = " ".join(chain(SYSTEM_FLAGS.values(), (name for name in keywords if name is not None)))
        if self.read_only:
            lasting = ""
        elif self.place.rights & Right.ACT:
            lasting = f"{named} \\*"
        else:
            # Who may only read a shared box still has \Seen of their own.
            lasting = "\\Seen" if self.place.is_shared else ""
        return [
            replies.line(f"FLAGS ({named})".encode("ascii")),
            replies.untagged("OK", "Flags that are kept", f"PERMANENTFLAGS ({lasting})"),
        ]


def flag_lists_for(keywords: tuple[str | None, ...]) -> FlagLists:
    """The ready-made FLAGS items for these keywords, shared by all sessions that have the same."""
    known = _flag_lists.get(keywords)
    if known is None:
        if len(_flag_lists) >= 1024:
            _flag_lists.clear()
        known = _flag_lists[keywords] = FlagLists(keywords)
    return known


def star_is_meaningless(messages: SequenceSet, *, is_empty: bool) -> bool:
    """Whether `*` was written of an empty mailbox (RFC 3501 §9, seq-number)."""
    return is_empty and any(STAR in pair for pair in messages)


_last_look: list[tuple[Snapshot, int, int, list[int]]] = []
"""The answer that was asked for last: many sessions that idle in one mailbox all ask the same."""


def _changed_since(new: Snapshot, told: int, kept: int) -> list[int]:
    """Indexes of the first `kept` letters that have a mod-sequence above `told`."""
    if _last_look:
        snapshot, since, count, changed = _last_look[0]
        if snapshot is new and since == told and count == kept:
            return changed
    mod_seqs = new.mod_seqs
    where = new.changed if 0 <= new.since <= told else (range(kept),)
    changed = [index for run in where for index in run if index < kept and mod_seqs[index] > told]
    _last_look[:] = [(new, told, kept, changed)]
    return changed


def _with_ghosts(new: Snapshot, old: Snapshot, gone: list[int]) -> Snapshot:
    """The newer snapshot with the letters that are gone still in their places."""
    merged = [*zip(new.uids, new.flags, new.mod_seqs, strict=True)]
    merged += [(old.uids[index], old.flags[index], old.mod_seqs[index]) for index in gone]
    merged.sort()
    return Snapshot(
        mailbox_id=new.mailbox_id,
        uid_validity=new.uid_validity,
        uid_next=new.uid_next,
        highest_mod_seq=new.highest_mod_seq,
        uids=array("Q", [row[0] for row in merged]),
        flags=array("q", [row[1] for row in merged]),
        mod_seqs=array("Q", [row[2] for row in merged]),
        keywords=new.keywords,
    )
